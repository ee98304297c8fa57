"""What a lab asks of the technology that makes its nodes; nothing else here knows which it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.lab.topology import NodePlan, Topology


class CommandError(Exception):
    """A program of the lab's set-up failed; the text carries the command, the node and what it printed."""


@dataclass(frozen=True, kw_only=True)
class Completed:
    """A program that has ended; ``status`` is its exit status, 124 when it was stopped for its time limit."""

    status: int
    output: str
    errors: str


class Node(Protocol):
    """A running machine of the lab."""

    plan: NodePlan
    pid: int
    """A process that stays in the node as long as it exists, by its number inside the lab."""

    def path(self, inside: str) -> Path:
        """Where the lab's main process finds what the node sees as ``inside``, a path under ``/run``."""

    def write(self, inside: str, text: str, *, mode: int = 0o644) -> None:
        """Write a file under the node's ``/run``, with its folders."""

    async def cover(self, path: str, inside: str) -> None:
        """Have the node see its ``inside``, a file or folder under ``/run``, at another existing path."""

    async def run(self, *argv: str, limit: float = 10.0, stdin: str | None = None) -> Completed:
        """Run a program for at most ``limit`` seconds; a failure is for the caller to judge."""

    async def check(self, *argv: str, limit: float = 10.0, stdin: str | None = None) -> str:
        """Run a program that has to succeed and return its output; raises ``CommandError``."""

    async def start(self, *argv: str, log: str) -> "Daemon":
        """Start a program that stays; its output goes to the file ``log`` under the node's ``/run``."""

    def entry(self) -> dict[str, object]:
        """What a later command needs to enter the node: JSON-compatible, kept in the lab's state file."""


class Daemon(Protocol):
    """A program that a node keeps running."""

    @property
    def status(self) -> int | None:
        """Its exit status, None while it runs."""

    async def stop(self) -> None:
        """Ask it to end (SIGTERM), insist (SIGKILL), and wait."""


class Backend(Protocol):
    """Makes the nodes of a topology."""

    async def create(self, topology: Topology) -> Mapping[str, Node]:
        """Nodes by name, linked, addressed and routed; raises ``CommandError``."""


def shell_words(argv: Sequence[str]) -> str:
    """A command for people to read."""
    return " ".join(argv)
