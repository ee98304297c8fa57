"""What the tables of deviations are made of: a case, and what is expected of the gateway."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.interop.independent.deviation import HONEST, Deviation
from tests.interop.independent.ike_sa import Answer
from tests.interop.independent.initiator import Initiator
from tests.interop.independent.payloads import Notify, Part


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the gateway must do.

    Args:
        error: Name of the error notification that must be in the answer; "" for an answer without one; None
            for no answer.
        data: The notification's data, where it is fixed.
        drop: Reason of the record that must say why the message was dropped; None for no such record.
        may_answer: With a drop: the unprotected error notification that the RFC allows besides, or None.
        ends: Whether the IKE SA is gone afterwards.
        holds: What must be true of the answer besides.
    """

    error: str | None
    data: bytes | None = None
    drop: str | None = None
    may_answer: str | None = None
    ends: bool = False
    holds: Callable[[Answer], bool] = lambda _: True

    @property
    def succeeds(self) -> bool:
        """Whether the exchange succeeds and the IKE SA lives on."""
        return self.error == "" and not self.ends


ACCEPTED = Expected(error="")
ENDED = Expected(error="", ends=True)
"""Answered without an error, and the IKE SA is gone."""


def accepted(holds: Callable[[Answer], bool]) -> Expected:
    """Success, with an answer of which something is true."""
    return Expected(error="", holds=holds)


def refused(error: str, data: bytes | None = None) -> Expected:
    """An error notification; the IKE SA, where there is one, lives on."""
    return Expected(error=error, data=data)


def fatal(error: str) -> Expected:
    """An error notification, and the IKE SA is gone."""
    return Expected(error=error, ends=True)


def dropped(reason: str, *, may_answer: str | None = None) -> Expected:
    """No answer, and a record with the reason; what was there before still works."""
    return Expected(error=None, drop=reason, may_answer=may_answer)


@dataclass(frozen=True)
class Case:
    """One row of a table.

    Args:
        name: What is wrong with the message.
        how: The deviation, or a function that makes it for this CPE.
        expected: What the gateway must do.
        source: RFC and section that say so.
        link: The device link that the CPE uses.
        options: Arguments of ``Initiator``.
        content: INFORMATIONAL only: makes the payloads of the request.
    """

    name: str
    how: Deviation | Callable[[Initiator], Deviation]
    expected: Expected
    source: str
    link: str = "default"
    options: dict[str, Any] = field(default_factory=dict)
    content: Callable[[Initiator], Sequence[Part]] = lambda _: ()

    def deviation(self, cpe: Initiator) -> Deviation:
        """The deviation for a CPE."""
        return self.how if isinstance(self.how, Deviation) else self.how(cpe)


@dataclass(frozen=True)
class EspCase:
    """One row of the table of ESP.

    Args:
        name: What is wrong with the packet.
        packets: Makes them; ``knock`` of the CPE is not among them.
        expected: What the gateway must do with the last one.
        source: RFC and section that say so.
        link: The device link that the CPE uses.
        options: Arguments of ``Initiator``.
        udp: Carry the packets in UDP or not; None: as the SA wants.
        counted: So many packets are only counted as dropped, and no record is published.
        delivered: So many inner packets must come out of the tunnel.
    """

    name: str
    packets: Callable[[Initiator], Sequence[bytes]]
    expected: Expected
    source: str
    link: str = "default"
    options: dict[str, Any] = field(default_factory=dict)
    udp: bool | None = None
    counted: int = 0
    delivered: int = 0


def number_of(notify: str) -> int:
    """The number of a notify message type."""
    number: int = getattr(Notify, notify)
    return number


def informational(
    name: str, content: Callable[[Initiator], Sequence[Part]], expected: Expected, source: str
) -> Case:
    """An INFORMATIONAL request whose only deviation is what it carries."""
    return Case(name, HONEST, expected, source, content=content)
