"""The NAT box, sans-IO: packets and a clock in, packets and events out."""

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.lab.natbox.kind import Kind, describe, kind_of, refused
from gateway.lab.natbox.line import Line
from gateway.lab.natbox.packet import Packet, address
from gateway.lab.natbox.personality import BEHAVIOURS, Behaviour, Personality
from gateway.lab.natbox.settings import Impairments, NatSettings
from gateway.lab.natbox.translate import Translator, UntranslatableError
from gateway.lab.natbox.values import SettingsError


class Direction(StrEnum):
    """Which way a packet goes through the box."""

    OUT = "out"
    IN = "in"


@dataclass(frozen=True, kw_only=True)
class NatEvent:
    """Something that happened in the box.

    Args:
        name: In snake case: ``nat_mapping_created``.
        data: JSON-compatible facts.
    """

    name: str
    data: Mapping[str, Any]


class NatBox:
    """A router between inside and outside.

    Outbound packets are translated and then sent along the line outside, inbound ones come by it before.

    Args:
        nat: The translation, None for a router without.
        impairments: The line outside, None for a good one.
        now: The clock; all calls use the same one, in seconds.
    """

    def __init__(self, nat: NatSettings | None, impairments: Impairments | None, now: float) -> None:
        self.impairments = impairments
        self._translator = None if nat is None else Translator(nat, self._tell)
        self._lines: dict[Direction, Line] = {}
        self._queue: list[tuple[float, int, Direction, bytes]] = []
        self._order = itertools.count()
        self._ready: deque[tuple[bytes, Direction]] = deque()
        self._events: deque[NatEvent] = deque()
        self._drops: Counter[tuple[Direction, Kind, str]] = Counter()
        self.passed: Counter[Direction] = Counter()
        self._rebind_at: float | None = None
        if impairments is not None:
            self._lines = {direction: Line(impairments, direction) for direction in Direction}
        self._schedule_rebind(now)

    @property
    def nat(self) -> NatSettings | None:
        """The settings of the translation."""
        return None if self._translator is None else self._translator.settings

    def receive_packet(self, data: bytes, direction: Direction, now: float) -> None:
        """Take a packet; what is no IPv4 is dropped."""
        self._expire(now)
        try:
            packet = Packet(data, stale=self._behaviour.stale_checksum)
        except ValueError:
            return
        reason = refused(packet, self._behaviour.drop)
        if reason is not None:
            self._drop(packet, direction, f"drops {reason}")
        elif direction is Direction.IN or self._translated(packet, direction, now):
            self._send_along(packet, direction, now)

    def packets_to_send(self) -> list[tuple[bytes, Direction]]:
        """What leaves the box now, in order."""
        ready = list(self._ready)
        self._ready.clear()
        return ready

    def next_event(self) -> NatEvent | None:
        """The next thing to tell."""
        return self._events.popleft() if self._events else None

    def next_timer(self) -> float | None:
        """When ``handle_timer`` is to be called; None for not at all."""
        due = [self._queue[0][0]] if self._queue else []
        if self._rebind_at is not None:
            due.append(self._rebind_at)
        if self._translator is not None:
            expiry = self._translator.mappings.next_expiry(self._behaviour)
            due += [] if expiry is None else [expiry]
        return min(due, default=None)

    def handle_timer(self, now: float) -> None:
        """Let through what is due, expire mappings, change them."""
        self._expire(now)
        while self._queue and self._queue[0][0] <= now:
            _, _, direction, data = heapq.heappop(self._queue)
            self._arrive(Packet(data, stale=self._behaviour.stale_checksum), direction, now)
        if self._rebind_at is not None and self._rebind_at <= now:
            self.rebind()
            self._schedule_rebind(now)

    def rebind(self) -> None:
        """Give every UDP mapping another port; raises ``SettingsError`` where there is no NAT."""
        self._with_nat().rebind()

    def change_nat(self, settings: NatSettings, now: float) -> None:
        """Go on with other settings; raises ``SettingsError`` where there is no NAT."""
        self._with_nat().change(settings)
        self._expire(now)
        self._schedule_rebind(now)

    def change_impairments(self, impairments: Impairments) -> None:
        """Go on with another line; packets that are under way keep their fate."""
        self.impairments = impairments
        for direction in Direction:
            self._lines.setdefault(direction, Line(impairments, direction)).change(impairments)

    def status(self) -> dict[str, Any]:
        """Settings, mappings and counters as a JSON object."""
        drops = [
            {"direction": direction, "kind": kind, "reason": reason, "packets": count}
            for (direction, kind, reason), count in self._drops.items()
        ]
        return {
            "nat": None if self.nat is None else self.nat.as_json(),
            "impair": None if self.impairments is None else self.impairments.as_json(),
            "mappings": [] if self._translator is None else self._translator.rows(),
            "passed": {str(direction): self.passed[direction] for direction in Direction},
            "drops": drops,
        }

    @property
    def _behaviour(self) -> Behaviour:
        return BEHAVIOURS[Personality.NONE] if self.nat is None else self.nat.behaviour

    def _with_nat(self) -> Translator:
        if self._translator is None:
            raise SettingsError("this router has no nat: give it one in the scenario")
        return self._translator

    def _schedule_rebind(self, now: float) -> None:
        every = 0.0 if self.nat is None else self.nat.rebind_every
        self._rebind_at = now + every if every else None

    def _expire(self, now: float) -> None:
        if self._translator is not None:
            self._translator.expire(now)

    def _translated(self, packet: Packet, direction: Direction, now: float) -> bool:
        """Rewrite a packet, in place; False when it is dropped."""
        if self._translator is None:
            return True
        try:
            if direction is Direction.OUT:
                self._translator.outbound(packet, now)
            else:
                self._translator.inbound(packet, now)
        except UntranslatableError as error:
            self._drop(packet, direction, str(error))
            return False
        return True

    def _send_along(self, packet: Packet, direction: Direction, now: float) -> None:
        """Along the line outside: lost, late, twice, or as it is."""
        if direction not in self._lines:
            self._arrive(packet, direction, now)
            return
        kind = kind_of(packet)
        fate = self._lines[direction].fate(kind, len(packet.data), now)
        if not fate.due:
            self._lose(packet, direction, "the line's queue is full" if fate.overflow else "lost")
        for due in fate.due:
            if due <= now and not self._queue:
                self._arrive(Packet(packet.data, stale=packet.stale), direction, now)
            else:
                heapq.heappush(self._queue, (due, next(self._order), direction, bytes(packet.data)))

    def _arrive(self, packet: Packet, direction: Direction, now: float) -> None:
        """At the end of the line: what came in is translated now."""
        if direction is Direction.IN and not self._translated(packet, direction, now):
            return
        self.passed[direction] += 1
        self._ready.append((bytes(packet.data), direction))

    def _drop(self, packet: Packet, direction: Direction, reason: str) -> None:
        self._count("nat_packet_dropped", packet, direction, reason, always=False)

    def _lose(self, packet: Packet, direction: Direction, reason: str) -> None:
        self._count("line_packet_lost", packet, direction, reason, always=kind_of(packet) is Kind.IKE)

    def _count(self, name: str, packet: Packet, direction: Direction, reason: str, *, always: bool) -> None:
        """Count a packet; of what repeats only the 1st, 2nd, 4th, 8th ... is told, unless ``always``."""
        kind = kind_of(packet)
        self._drops[direction, kind, reason] += 1
        count = self._drops[direction, kind, reason]
        if not always and count & (count - 1):
            return
        self._tell(
            name,
            {
                "reason": reason,
                "packet": describe(packet),
                "direction": str(direction),
                "source": _endpoint(packet.source, packet.ports[0]),
                "destination": _endpoint(packet.destination, packet.ports[1]),
                "count": count,
            },
        )

    def _tell(self, name: str, data: Mapping[str, Any]) -> None:
        self._events.append(NatEvent(name=name, data=data))


def _endpoint(host: int, port: int) -> str:
    return f"{address(host)}:{port}" if port else address(host)
