"""What a lab asks of the technology that makes its nodes; nothing else here knows which it is."""

from asyncio import StreamReader
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.control.client import Writer
from gateway.lab.state import KeptLab
from gateway.lab.topology import NodePlan, Topology

Hear = Callable[[str, Any], None]
"""Told what a lab has to say: the kind of the message, and its body, which fits into JSON."""


TIMED_OUT = 124
"""Exit status of a program that was stopped for its time limit."""


class CommandError(Exception):
    """A program of the lab's set-up failed; the text carries the command, the node and what it printed."""


@dataclass(frozen=True, kw_only=True)
class Completed:
    """A program that has ended; ``status`` is its exit status, or ``TIMED_OUT``."""

    status: int
    output: str
    errors: str


class Node(Protocol):
    """A running machine of the lab."""

    plan: NodePlan

    async def write(self, inside: str, text: str, *, mode: int = 0o644) -> None:
        """Write a file under the node's ``/run``, with its folders, and never with more rights."""

    async def read(self, inside: str) -> bytes:
        """A file under the node's ``/run``, empty when there is none."""

    async def listens(self, socket: str) -> bool:
        """Whether a program of the node listens on this unix socket."""

    async def connect(self, socket: str) -> tuple[StreamReader, Writer]:
        """Connect to a unix socket of the node on which a program listens; raises ``OSError``."""

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


class NodeMaker(Protocol):
    """Makes the nodes of a topology."""

    async def create(self, topology: Topology) -> Mapping[str, Node]:
        """Nodes by name, linked, addressed and routed; raises ``CommandError``."""


Program = Callable[[Hear], Coroutine[Any, Any, Mapping[str, Node] | None]]
"""What makes nodes and works with them; what it returns can be kept."""


class Backend(NodeMaker, Protocol):
    """A technology for labs, and the room in which one lab lives."""

    gsalab: tuple[str, ...]
    """Starts ``gsalab`` in a node with the role gateway."""

    def require(self) -> None:
        """Do nothing where such a lab can run; raises ``EnvironmentProblem`` elsewhere."""

    def run(self, name: str, program: Program, hear: Hear, *, keep: bool) -> KeptLab | None:
        """Run the program of a lab where its nodes can be made.

        Args:
            name: The lab's.
            program: Runs to its end; nodes exist only inside it, unless they are kept.
            hear: Called in this process with what the program says.
            keep: Leave the nodes that the program returns running, and remember them.

        Returns:
            The lab that was kept.

        Raises:
            EnvironmentProblem: The machine refuses such a lab.
        """


def shell_words(argv: Sequence[str]) -> str:
    """A command for people to read."""
    return " ".join(argv)
