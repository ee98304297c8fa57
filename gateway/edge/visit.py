"""What the edge knows about one request that reached it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Literal

from gateway.edge.coverage import Match

Kind = Literal["http", "dns"]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request.

    Args:
        kind: Of the request.
        time: When it was seen.
        source: Address in the branch.
        destination: The address that was asked, or whose page was asked for.
        host: Name of the host or of the question.
        match: What covers the destination; None when the profiles changed under way.
        tunnel: Name of the tunnel whose CPE announced the source, when known.
    """

    kind: Kind
    time: float
    source: IPv4Address
    destination: IPv4Address
    host: str
    match: Match | None
    tunnel: str | None

    def facts(self) -> dict[str, str | None]:
        """What a page and a record tell: JSON-compatible."""
        return {
            "source": str(self.source),
            "destination": str(self.destination),
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


Describe = Callable[[Kind, IPv4Address, IPv4Address, str], Visit]
"""Makes a visit of kind, source, destination and host, and makes it known."""
