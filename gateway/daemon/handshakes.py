"""Publishes what the TCP handshakes inside the tunnels show, at a bounded rate."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.dataplane.counters import Direction
from gateway.dataplane.handshake import Handshake, read_handshake

BGP_PORT = 179
LARGEST_MSS = 1390
"""A full segment and its headers, sealed in ESP in UDP, just fits a path of 1500 octets."""
BURST = 20
"""Records of one kind and tunnel at once."""
RATE = 0.5
"""Records of one kind and tunnel a second after that."""


@dataclass
class _Allowance:
    tokens: float
    refilled: float


class Handshakes:
    """Follows the handshakes of all tunnels.

    A SYN to port 179 is the CPE's attempt at BGP, ``bgp/tcp_syn_seen``; our SYN-ACK to it is
    ``bgp/tcp_syn_answered``. Nothing here opens connections towards a branch, so a SYN-ACK out of a tunnel
    answers a SYN that went another way: ``edge/syn_ack_without_syn``. A SYN that asks for segments too large
    for the tunnel is ``edge/large_mss_offered``.

    Args:
        publish: ``Stream.publish``.
        clock: Returns seconds, monotonic.
    """

    def __init__(self, publish: Callable[..., object], clock: Callable[[], float] = time.monotonic) -> None:
        self._publish = publish
        self._clock = clock
        self._allowances: dict[tuple[str, str], _Allowance] = {}

    def on_tcp_syn(self, tunnel: str, direction: Direction, packet: bytes) -> None:
        """Take a SYN or SYN-ACK of a tunnel; for the dataplane."""
        seen = read_handshake(packet)
        if direction is Direction.OUT:
            if seen.is_answer and seen.source_port == BGP_PORT:
                self._tell("bgp", "tcp_syn_answered", tunnel, seen)
        elif seen.is_answer:
            self._tell("edge", "syn_ack_without_syn", tunnel, seen)
        elif seen.destination_port == BGP_PORT:
            self._tell(
                "bgp", "tcp_syn_seen", tunnel, seen, ttl=seen.ttl, authentication=seen.authentication.value
            )
        elif seen.mss is not None and seen.mss > LARGEST_MSS:
            self._tell("edge", "large_mss_offered", tunnel, seen, mss=seen.mss)

    def _tell(self, category: str, name: str, tunnel: str, seen: Handshake, **facts: object) -> None:
        if self._is_allowed(tunnel, name):
            self._publish(
                category,
                name,
                tunnel=tunnel,
                source=f"{seen.source}:{seen.source_port}",
                destination=f"{seen.destination}:{seen.destination_port}",
                **facts,
            )

    def _is_allowed(self, tunnel: str, name: str) -> bool:
        now = self._clock()
        allowance = self._allowances.setdefault((tunnel, name), _Allowance(BURST, now))
        allowance.tokens = min(BURST, allowance.tokens + (now - allowance.refilled) * RATE)
        allowance.refilled = now
        if allowance.tokens < 1:
            return False
        allowance.tokens -= 1
        return True
