"""Two network namespaces joined by a veth pair, each with a dataplane process and a TUN device.

    left  203.0.113.1 ---- veth, MTU 1500 ---- 203.0.113.2  right        underlay
          10.9.0.1    ==== ESP tunnel =======  10.9.0.2                  inside

The namespaces live as long as this process: their holders end when their standard input closes.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
LEFT, RIGHT = "203.0.113.1", "203.0.113.2"
INNER_LEFT, INNER_RIGHT = "10.9.0.1", "10.9.0.2"
TUN = "tun0"
TUN_MTU = 1400


class Namespace:
    """A network namespace held open by a process that waits in it.

    Args:
        inside: A namespace whose user namespace the new one shares; None makes a new user namespace when
            the caller is not root.
    """

    def __init__(self, inside: "Namespace | None" = None) -> None:
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        command = ["unshare", *([] if inside else user), "--net", "sh", "-c", "echo; exec cat"]
        self._holder = subprocess.Popen(
            [*(inside.enter if inside else []), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        _stream(self._holder.stdout).readline()
        self.enter: list[str] = ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "--"]
        if user:
            self.enter[1:1] = [f"--user=/proc/{self._holder.pid}/ns/user", "--preserve-credentials"]
        self.pid = self._holder.pid

    def run(self, *command: str) -> str:
        """Run a program inside; its output."""
        done = subprocess.run([*self.enter, *command], check=True, capture_output=True, text=True, timeout=30)
        return done.stdout

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program inside, with pipes for standard input and output."""
        return subprocess.Popen(
            [*self.enter, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, bufsize=0
        )

    def close(self) -> None:
        """Let the holder end."""
        _end(self._holder)


class Dataplane:
    """A ``dataplane_node`` inside a namespace."""

    def __init__(self, namespace: Namespace, address: str, options: dict[str, Any]) -> None:
        self.namespace = namespace
        self.address = address
        config = {"address": address, "tun": TUN, **options}
        self._node = namespace.start(sys.executable, "-m", "tests.interop.dataplane_node", json.dumps(config))
        _stream(self._node.stdout).readline()

    def ask(self, do: str, **arguments: Any) -> Any:
        """One request to the node and its result."""
        _stream(self._node.stdin).write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        return json.loads(_stream(self._node.stdout).readline())

    def state(self) -> dict[str, Any]:
        """Counters and records of the node."""
        state: dict[str, Any] = self.ask("state")
        return state

    def close(self) -> None:
        """Let the node end."""
        _end(self._node)


class World:
    """Both sides; ``left`` and ``right`` are there after ``start``."""

    left: Dataplane
    right: Dataplane

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self.left_namespace = Namespace()
        stack.callback(self.left_namespace.close)
        self.right_namespace = Namespace(self.left_namespace)
        stack.callback(self.right_namespace.close)
        peer = ["peer", "name", "under0", "netns", str(self.right_namespace.pid)]
        self.left_namespace.run("ip", "link", "add", "under0", "type", "veth", *peer)
        for namespace, address in ((self.left_namespace, LEFT), (self.right_namespace, RIGHT)):
            namespace.run("ip", "link", "set", "lo", "up")
            namespace.run("ip", "address", "add", f"{address}/24", "dev", "under0")
            namespace.run("ip", "link", "set", "under0", "up")

    def start(
        self, *, vnet_hdr: bool = True, rate_mbps: int | None = None, segmentation: bool = True
    ) -> None:
        """Start a dataplane on both sides; the bandwidth tier is that of the left one."""
        options = {"vnet_hdr": vnet_hdr, "segmentation": segmentation}
        self.left = self.dataplane(self.left_namespace, LEFT, **options, rate_mbps=rate_mbps)
        self.right = self.dataplane(self.right_namespace, RIGHT, **options)

    def dataplane(
        self,
        namespace: Namespace,
        address: str,
        *,
        vnet_hdr: bool = True,
        rate_mbps: int | None = None,
        segmentation: bool = True,
    ) -> Dataplane:
        """Start a dataplane with its TUN device on one side; ``segmentation`` is UDP_SEGMENT and UDP_GRO."""
        options = {"vnet_hdr": vnet_hdr, "rate_mbps": rate_mbps, "segmentation": segmentation}
        dataplane = Dataplane(namespace, address, options)
        self._stack.callback(dataplane.close)
        inner, peer = (INNER_LEFT, INNER_RIGHT) if address == LEFT else (INNER_RIGHT, INNER_LEFT)
        namespace.run("ip", "address", "add", inner, "peer", peer, "dev", TUN)
        # A long queue: a busy machine may let a dataplane wait for longer than 500 packets.
        namespace.run("ip", "link", "set", TUN, "up", "mtu", str(TUN_MTU), "txqueuelen", "10000")
        return dataplane

    def sa(self, number: int, *, udp: bool = True, bits: int | None = 256) -> tuple[dict[str, Any], ...]:
        """The two ends, left and right, of CHILD SA ``number``, with keys made from the number."""
        length = bits // 8 + 4 if bits else 32
        to_right, to_left = (bytes([number, way] * length)[:length].hex() for way in (1, 2))
        port = 4500 if udp else 0
        common = {"encr_key_bits": bits, "udp": udp}
        left = {"spi_in": 0x1000 + number, "spi_out": 0x2000 + number, "key_in": to_left, "key_out": to_right}
        right = {
            "spi_in": 0x2000 + number,
            "spi_out": 0x1000 + number,
            "key_in": to_right,
            "key_out": to_left,
        }
        return (
            {**common, **left, "path": (LEFT, port, RIGHT, port)},
            {**common, **right, "path": (RIGHT, port, LEFT, port)},
        )

    def install(self, number: int, *, udp: bool = True, bits: int | None = 256) -> None:
        """Install CHILD SA ``number``, the first one, on both sides."""
        left, right = self.sa(number, udp=udp, bits=bits)
        self.left.ask("install", sa=left, replaces=None)
        self.right.ask("install", sa=right, replaces=None)


@contextlib.contextmanager
def world() -> Iterator[World]:
    """A ``World`` that is gone afterwards."""
    with contextlib.ExitStack() as stack:
        yield World(stack)


def ready(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Wait until a program has said that it is ready."""
    _stream(process.stdout).readline()
    return process


def finish(process: subprocess.Popen[bytes], timeout: float = 30) -> bytes:
    """Wait for a program's end; its output. ``CalledProcessError`` when it failed."""
    try:
        output, _ = process.communicate(timeout=timeout)
    finally:
        _end(process)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, output)
    return output


def pump(*arguments: str) -> Sequence[str]:
    """The command of ``tests.interop.traffic``."""
    return [sys.executable, "-m", "tests.interop.traffic", *arguments]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that ends with its standard input, or kill it."""
    if process.stdin and not process.stdin.closed:
        process.stdin.close()
    try:
        process.wait(timeout=3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def _stream(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the process was started without a pipe")
    return pipe
