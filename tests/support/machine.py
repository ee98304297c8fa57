"""What tests may leave behind on a machine: a picture of it, to be compared with a later one."""

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.doctor.programs import find

MARKER = "GSALAB_TEST_SESSION"
"""Environment variable that every process started by a test inherits."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The state that outlives a process, as seen from this network and mount namespace."""

    interfaces: frozenset[str]
    named_namespaces: frozenset[str]
    mounts: frozenset[str]
    rules: str
    processes: frozenset[str]


def picture(session: str) -> Machine:
    """What is there now; of processes, those that carry ``MARKER=session``, or a longer value."""
    return Machine(
        interfaces=frozenset(name for _, name in socket.if_nameindex()),
        named_namespaces=frozenset(file.name for file in Path("/run/netns").glob("*")),
        mounts=frozenset(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()),
        rules=_rules(),
        processes=frozenset(_marked_processes(f"{MARKER}={session}".encode())),
    )


def _rules() -> str:
    """Tables of the packet filter; only root can read, or change, those of this namespace."""
    if os.geteuid() != 0:
        return ""
    listing = [find("nft") or "nft", "list", "tables"]
    return subprocess.run(listing, capture_output=True, text=True, check=False).stdout


def _marked_processes(mark: bytes) -> Iterator[str]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended meanwhile, or is another user's
            continue
        marked = any(variable.startswith(mark) for variable in environment)
        if marked and command and int(folder.name) != os.getpid():
            yield f"{folder.name} {command.strip()}"


def differences(before: Machine, after: Machine) -> list[str]:
    """What was left behind or is gone, one line each; empty when nothing is."""
    lines = []
    for kind in ("interfaces", "named_namespaces", "mounts", "processes"):
        old, new = getattr(before, kind), getattr(after, kind)
        lines += [f"{kind}: {item} was left behind" for item in sorted(new - old)]
        lines += [f"{kind}: {item} is gone" for item in sorted(old - new)]
    if before.rules != after.rules:
        lines.append(f"rules: {before.rules!r} became {after.rules!r}")
    return lines
