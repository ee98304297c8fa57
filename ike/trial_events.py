"""What is reported of trials, see ``ike.trials``; all other events are in ``ike.events``."""

from dataclasses import dataclass

from ike.events import Event


@dataclass(frozen=True, kw_only=True)
class TrialRekeyRefused(Event):
    """The peer refused the trial rekeying of a CHILD SA, which goes on.

    Args:
        spi_in: Our inbound SPI of the CHILD SA.
        notify: Name of the notify type of the answer.
        group: Name of the DH group of our KE payload; empty without PFS.
        wanted_group: Name of the DH group that the peer asks for by INVALID_KE_PAYLOAD; else empty.
        ends_after: Seconds until the lifetime of the CHILD SA is over; None when it has none.
    """

    spi_in: int
    notify: str
    group: str
    wanted_group: str
    ends_after: float | None


@dataclass(frozen=True, kw_only=True)
class TrialRekeyOmitted(Event):
    """A CHILD SA is not tried.

    Args:
        spi_in: Our inbound SPI of the CHILD SA.
        reason: Why.
    """

    spi_in: int
    reason: str
