"""Requests of ours, and the one that waits for its response (RFC 7296 sections 2.1 to 2.4)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ike.codec import Payload
    from ike.config import Limits
    from ike.constants import ExchangeType
    from ike.context import Context
    from ike.ike_sa import IkeSa


class Request(ABC):
    """An exchange that we start inside an IKE SA.

    It is queued by ``Context.want``; what it needs to know is looked up when its turn has come.
    """

    exchange: ClassVar[ExchangeType]
    moves_with_children: ClassVar[bool] = False
    """Whether a successor of the IKE SA inherits the request while it waits."""

    @abstractmethod
    def payloads(self, sa: IkeSa, ctx: Context) -> Sequence[Payload] | None:
        """The payloads of the request; None when there is nothing left to ask for."""

    @abstractmethod
    def answered(self, sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> None:
        """Take the response.

        Raises:
            NotifyError: The response cannot be used; the IKE SA ends.
        """

    def abandoned(self, sa: IkeSa, ctx: Context) -> None:  # noqa: B027 - most have nothing to do
        """The IKE SA ends without a response, or without one that can be used."""


@dataclass(slots=True)
class OutstandingRequest:
    """One request under way. The window is 1: the next one waits for it (RFC 7296 section 2.3).

    Args:
        request: What was asked.
        message_id: Its message ID.
        datagrams: The message as it was sent last; each of its two forms stays the same to the bit.
        other: Its other form, larger or smaller; empty when there is one only.
        retry_at: When to retransmit, on the caller's clock.
        attempt: Retransmissions so far.
    """

    request: Request
    message_id: int
    datagrams: tuple[bytes, ...]
    other: tuple[bytes, ...]
    retry_at: float
    attempt: int = 0
    is_smaller: bool = False
    """Whether it was sent last in smaller fragments than at first."""

    def schedule_next(self, now: float, limits: Limits, chance: float) -> bool:
        """Count a retransmission at ``now``; False when the tries are used up.

        ``chance`` is a random number from 0 to 1.
        """
        if self.attempt >= limits.retransmit_tries:
            return False
        self.attempt += 1
        # A loss says little about the path, so the first retransmission is the same. Later ones take turns: a
        # peer whose response was lost may answer the form alone that it has answered before.
        if self.other and self.attempt > 1:
            self.datagrams, self.other = self.other, self.datagrams
            self.is_smaller = not self.is_smaller
        self.retry_at = now + limits.retransmit_wait(self.attempt, chance)
        return True
