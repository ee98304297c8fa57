"""The bandwidth tier of a device link, enforced by dropping (RFC 2697 with one bucket)."""

BURST_SECONDS = 0.05
"""Depth of the bucket at the link's rate.

The event loop may be busy elsewhere for tens of milliseconds and then finds all that arrived meanwhile:
a flow within its rate must not lose packets for that. TCP also needs about a round trip's worth of burst to
hold a policed rate. Over one second the depth adds 5 %.
"""


class TokenBucket:
    """One direction of one tunnel.

    Args:
        rate_mbps: Megabits (10**6) of inner IP packets per second.
        now: Seconds on the clock that ``admit`` is called with.
    """

    def __init__(self, rate_mbps: int, now: float) -> None:
        self._rate = rate_mbps * 125_000
        self._depth = self._rate * BURST_SECONDS
        self._tokens = self._depth
        self._filled = now

    def admit(self, packets: list[bytes], octets: int, now: float) -> list[bytes]:
        """The packets that conform, in order.

        Args:
            packets: What is to be sent now.
            octets: Their lengths together.
            now: Seconds.
        """
        tokens = min(self._depth, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if octets <= tokens:
            self._tokens = tokens - octets
            return packets
        conforming = []
        for packet in packets:
            if len(packet) <= tokens:
                tokens -= len(packet)
                conforming.append(packet)
        self._tokens = tokens
        return conforming
