"""Tries inside new namespaces what a lab does there; run as a script, by ``gateway.doctor.namespaces``.

It imports nothing but the standard library, because it is started as ``python -I -S`` to be quick. Its output
is one JSON object: step -> null, or the error as text.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

TUNSETIFF = 0x400454CA
TUNSETOFFLOAD = 0x400454D0
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6 = 0x01, 0x02, 0x04
UDP_GRO = 104
IPPROTO_ESP = 50
RULES = """
table ip probe {
    chain nat { type nat hook postrouting priority 100; policy accept; udp dport 500 masquerade; }
    chain filter { type filter hook forward priority 0; policy drop; ct state established counter accept; }
}
"""


def open_tun() -> None:
    """A TUN device with the offloads of the dataplane."""
    fd = os.open("/dev/net/tun", os.O_RDWR)
    try:
        request = struct.pack("16sH22x", b"probe0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR)
        fcntl.ioctl(fd, TUNSETIFF, request)
        fcntl.ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
    finally:
        os.close(fd)


def run(*command: str, text: str = "") -> None:
    """Run a program; its error output becomes the error of the step."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=10, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip().splitlines()[0] if done.stderr.strip() else f"{command[0]} failed")


def make_links() -> None:
    """A pair of virtual Ethernet interfaces."""
    run("ip", "link", "add", "probe1", "type", "veth", "peer", "name", "probe2")


def load_rules() -> None:
    """Address translation and connection tracking."""
    run("nft", "-f", "-", text=RULES)


def mount_run() -> None:
    """A /run of its own."""
    run("mount", "-t", "tmpfs", "tmpfs", "/run")


def forward() -> None:
    """The right to set the sysctls of the namespace."""
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def open_raw_socket() -> None:
    """ESP without UDP."""
    socket.socket(socket.AF_INET, socket.SOCK_RAW, IPPROTO_ESP).close()


def receive_batches() -> None:
    """UDP generic receive offload."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)


STEPS: dict[str, Callable[[], None]] = {
    "TUN device": open_tun,
    "veth interfaces": make_links,
    "nftables": load_rules,
    "mounts": mount_run,
    "sysctls": forward,
    "raw sockets": open_raw_socket,
    "UDP GRO": receive_batches,
}


def attempt(step: Callable[[], None]) -> str | None:
    """The error of a step as text, or None."""
    try:
        step()
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return None


if __name__ == "__main__":
    json.dump({name: attempt(step) for name, step in STEPS.items()}, sys.stdout)
