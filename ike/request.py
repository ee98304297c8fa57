"""A request of ours that waits for its response (RFC 7296 sections 2.1 and 2.4)."""

from dataclasses import dataclass
from enum import Enum, auto

from ike.config import Limits
from ike.path import Path


class Purpose(Enum):
    """What a request of ours is for."""

    PROBE = auto()
    """Liveness: an empty INFORMATIONAL request (RFC 7296 section 2.4)."""
    DELETE = auto()
    """Delete of the IKE SA (RFC 7296 section 1.4.1)."""


@dataclass(slots=True)
class OutstandingRequest:
    """One request under way. The window is 1: the next one waits for it (RFC 7296 section 2.3).

    Args:
        purpose: What it is for.
        message_id: Its message ID.
        datagrams: The message as sent; retransmissions are identical to the bit.
        smaller: The message in smaller fragments, to be sent from the first retransmission on; may be empty.
        path: Where it was sent.
        retry_at: When to retransmit, on the caller's clock.
        attempt: Retransmissions so far.
    """

    purpose: Purpose
    message_id: int
    datagrams: tuple[bytes, ...]
    smaller: tuple[bytes, ...]
    path: Path
    retry_at: float
    attempt: int = 0

    def schedule_next(self, now: float, limits: Limits) -> bool:
        """Count a retransmission at ``now``; False when the tries are used up."""
        if self.attempt >= limits.retransmit_tries:
            return False
        self.attempt += 1
        if self.smaller and self.attempt == 1:
            self.datagrams = self.smaller
        self.retry_at = now + limits.retransmit_timeout * limits.retransmit_base**self.attempt
        return True
