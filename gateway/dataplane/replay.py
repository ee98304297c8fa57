"""Anti-replay window of one inbound ESP SA (RFC 4303 sections 3.4.3 and A2)."""

from array import array

WINDOW = 1024
"""Default size in packets. A sender never sees it, so it may be wider than the 32 or 64 of RFC 4303."""

_LOW = 1 << 32


class ReplayWindow:
    """Remembers which of the latest ``size`` sequence numbers have arrived.

    As in RFC 6479 the window moves by index and nothing is ever shifted. A slot holds the number itself
    instead of a bit, so a number is forgotten when its slot is used again, and nothing is ever cleared.

    Args:
        size: Packets in the window, a power of two.
    """

    __slots__ = ("_mask", "_size", "_slots", "top")

    def __init__(self, size: int = WINDOW) -> None:
        if size < 1 or size & (size - 1):
            raise ValueError(f"replay window of {size} packets: must be a power of two")
        self._size = size
        self._mask = size - 1
        self._slots = array("Q", bytes(8 * size))
        self.top = 0
        """The highest sequence number that was authenticated; 0 before the first."""

    def check(self, sequence: int) -> bool:
        """Whether a packet may be new: right of the window, or inside it and not seen. Number 0 never is."""
        top = self.top
        return sequence > top or (
            sequence > top - self._size and self._slots[sequence & self._mask] != sequence
        )

    def update(self, sequence: int) -> None:
        """Record a number that passed ``check`` and whose packet was authenticated."""
        self._slots[sequence & self._mask] = sequence
        if sequence > self.top:  # noqa: PLR1730 - max() is a call, and this runs for every packet
            self.top = sequence

    def extend(self, low: int) -> int:
        """The 64-bit number meant by the 32 bits on the wire (RFC 4303 section A2.2).

        Returns:
            The number nearest the window, or 0 (never acceptable) when it would lie before the first packet.
        """
        bottom = self.top - self._size + 1
        high = bottom // _LOW
        if low < bottom % _LOW:
            high += 1
        return high * _LOW + low if high >= 0 else 0
