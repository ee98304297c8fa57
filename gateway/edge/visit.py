"""What the edge knows about one request that reached it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Literal

from gateway.edge.coverage import Match

Kind = Literal["http", "dns"]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A datagram or a connection: between whom, and how it came in.

    Args:
        source: Address in the branch.
        destination: The address that was asked, or whose page was asked for.
        interface: Index of the interface through which it came.
    """

    source: IPv4Address
    destination: IPv4Address
    interface: int


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request.

    Args:
        kind: Of the request.
        time: When it was seen.
        flow: What brought it.
        host: Name of the host or of the question.
        match: What covers the destination; None when the profiles changed under way.
        tunnel: Name of the tunnel that it came through, when known.
    """

    kind: Kind
    time: float
    flow: Flow
    host: str
    match: Match | None
    tunnel: str | None

    def facts(self) -> dict[str, str | None]:
        """What a page and a record tell: JSON-compatible."""
        return {
            "source": str(self.flow.source),
            "destination": str(self.flow.destination),
            "host": self.host,
            "profile": self.match.profile if self.match else None,
            "prefix": str(self.match.prefix) if self.match else None,
            "tunnel": self.tunnel,
        }

    @property
    def time_text(self) -> str:
        """The time as RFC 3339, in UTC, to the millisecond."""
        moment = datetime.fromtimestamp(self.time, UTC).replace(tzinfo=None)
        return f"{moment.isoformat(timespec='milliseconds')}Z"


Describe = Callable[[Kind, Flow, str], Visit]
"""Makes a visit of kind, flow and host, and makes it known."""
