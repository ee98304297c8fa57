"""What the front door reports beside drops and messages; see ``ike.events`` for all the rest."""

from dataclasses import dataclass

from ike.events import DropReason, Event


@dataclass(frozen=True, kw_only=True)
class CookieRequested(Event):
    """An IKE_SA_INIT request was answered with a cookie to return; no state is kept.

    Args:
        reason: Why a cookie is wanted.
        returned: Whether the request held one, which did not verify.
    """

    reason: str
    returned: bool


@dataclass(frozen=True, kw_only=True)
class EventsSuppressed(Event):
    """Events of one kind came too often to be reported one by one; ``path`` is that of the last one.

    Args:
        kind: Class of the events, for example ``DatagramDropped``.
        reason: The reason that they share when datagrams were dropped, else None.
        count: How many were not reported.
        seconds: In which time.
    """

    kind: str
    reason: DropReason | None
    count: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class VendorsNamed(Event):
    """The peer sent vendor IDs in IKE_SA_INIT (RFC 7296 section 3.12).

    Args:
        known: What is known to send them, without repetition.
        unknown: The others, in hexadecimal.
    """

    known: tuple[str, ...]
    unknown: tuple[str, ...]
