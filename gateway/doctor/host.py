"""What the operating system offers, read without changing anything."""

import os
import platform
import re
from pathlib import Path

from gateway.doctor.check import Check

IKE_PORTS = (500, 4500)
IKE_DAEMONS = frozenset({"charon", "charon-systemd", "charon-nm", "pluto", "iked", "racoon"})
OLDEST_PYTHON = (3, 11)
UP_CAPABILITIES = {"CAP_NET_BIND_SERVICE": 10, "CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_SYS_ADMIN": 21}
"""What ``gsalab up`` uses outside a lab: name and bit."""

CONFINED = ("usr.sbin.charon-systemd", "usr.sbin.swanctl")
"""AppArmor profiles that Debian and Ubuntu ship with strongSwan."""


def check_linux() -> Check:
    """The operating system is Linux."""
    saw = f"{platform.system()} {platform.release()} {platform.machine()}"
    if platform.system() == "Linux":
        return Check(name="Linux", ok=True, saw=saw)
    fix = "run it in a Linux virtual machine: Lima or Multipass on macOS, WSL 2 on Windows"
    return Check(name="Linux", ok=False, saw=f"{saw}; a lab needs Linux", fix=fix)


def check_python() -> Check:
    """The interpreter is new enough."""
    wanted = ".".join(map(str, OLDEST_PYTHON))
    current = tuple(map(int, platform.python_version_tuple()[:2]))
    if current >= OLDEST_PYTHON:
        return Check(name="Python", ok=True, saw=platform.python_version())
    saw = f"{platform.python_version()}, and {wanted} or newer is needed"
    return Check(name="Python", ok=False, saw=saw, fix=f"make clean; PYTHON=python{wanted} make lab")


def check_tun(device: Path = Path("/dev/net/tun")) -> Check:
    """The TUN driver is there and this user may open it."""
    try:
        os.close(os.open(device, os.O_RDWR))
    except FileNotFoundError:
        fix = f"sudo modprobe tun\nin a container, start it with: --device {device}"
        return Check(name=str(device), ok=False, saw="not there", fix=fix)
    except OSError as error:
        fix = (
            f"sudo chmod 666 {device}   (Debian's default)\nin a container, start it with: --device {device}"
        )
        return Check(name=str(device), ok=False, saw=f"cannot be opened: {error.strerror}", fix=fix)
    return Check(name=str(device), ok=True, saw="can be opened")


def ports_in_use(table: str) -> set[int]:
    """Which of the IKE ports a table in the format of /proc/net/udp has a socket for."""
    local = re.findall(r"^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) ", table, re.MULTILINE)
    return {int(port, 16) for port in local} & set(IKE_PORTS)


def check_ike_ports(proc: Path = Path("/proc")) -> Check:
    """Nothing else on this host answers IKE; matters for ``gsalab up`` only."""
    tables = (proc / "net/udp", proc / "net/udp6")
    used = set[int]().union(*(ports_in_use(table.read_text()) for table in tables if table.exists()))
    name = "UDP 500 and 4500"
    if not used:
        return Check(name=name, ok=True, saw="free", required=False)
    daemons = sorted({comm.read_text().strip() for comm in proc.glob("[0-9]*/comm")} & IKE_DAEMONS)
    owner = f" ({', '.join(daemons)} is running)" if daemons else ""
    saw = f"{' and '.join(map(str, sorted(used)))} in use{owner}"
    fix = (
        "labs are not affected\nbefore `gsalab up`, stop the other IKE daemon: sudo systemctl stop strongswan"
    )
    return Check(name=name, ok=False, saw=saw, fix=fix, required=False)


def check_capabilities(status: Path = Path("/proc/self/status")) -> Check:
    """This process may do what ``gsalab up`` does outside a lab."""
    match = re.search(r"^CapEff:\s*([0-9a-f]+)$", status.read_text(), re.MULTILINE)
    effective = int(match[1], 16) if match else 0
    missing = [name for name, bit in UP_CAPABILITIES.items() if not effective >> bit & 1]
    name = "rights of gsalab up"
    if not missing:
        return Check(name=name, ok=True, saw=", ".join(UP_CAPABILITIES), required=False)
    fix = "labs are not affected\nrun `gsalab up` as root, with sudo"
    if missing == ["CAP_SYS_ADMIN"]:
        fix += "\nor, in a container with a single remote network: gsalab up --namespaces shared"
    return Check(name=name, ok=False, saw=f"without {', '.join(missing)}", fix=fix, required=False)


def check_apparmor(root: Path = Path("/")) -> Check:
    """No AppArmor profile keeps strongSwan's programs from the files of a lab.

    Args:
        root: Where the file system of the machine begins.
    """
    switch = root / "sys/module/apparmor/parameters/enabled"
    if not switch.exists() or switch.read_text().strip() != "Y":
        return Check(name="AppArmor", ok=True, saw="not active", required=False)
    folder = root / "etc/apparmor.d"
    enforced = [str(folder / name) for name in CONFINED if _is_enforced(folder, name)]
    if not enforced:
        return Check(name="AppArmor", ok=True, saw="does not confine strongSwan", required=False)
    actions = [f"sudo apparmor_parser -R {file}; sudo ln -s {file} {folder}/disable/" for file in enforced]
    saw = f"confines strongSwan to its own folders, by {' and '.join(enforced)}"
    fix = "\n".join(["if strongSwan cannot read the files of a lab:", *actions])
    return Check(name="AppArmor", ok=False, saw=saw, fix=fix, required=False)


def _is_enforced(folder: Path, profile: str) -> bool:
    file = folder / profile
    if not file.exists() or (folder / "disable" / profile).exists():
        return False
    return not re.search(r"flags=\([^)]*\bcomplain\b", file.read_text())
