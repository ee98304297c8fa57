"""Source NAT of packets (RFC 3022): out by the table of mappings, back in by the same, ICMP errors too."""

from collections.abc import Callable
from collections.abc import Mapping as Table
from typing import Any

from gateway.lab.natbox.mappings import Endpoint, Mapping, Mappings, PinnedError
from gateway.lab.natbox.packet import ECHO_REQUEST, ICMP, ICMP_ERRORS, NAMES, Packet, address
from gateway.lab.natbox.settings import NatSettings

_FRAGMENTED = 256
"""Fragmented packets whose later fragments are still expected."""

Tell = Callable[[str, Table[str, Any]], None]


class UntranslatableError(Exception):
    """The packet goes no further; the text says why."""


class Translator:
    """The NAT itself.

    Args:
        settings: How it behaves.
        tell: Told what happens to mappings: a name, and the facts.
    """

    def __init__(self, settings: NatSettings, tell: Tell) -> None:
        self.settings = settings
        self.mappings = Mappings(settings.port)
        self._inside = int(settings.source.network_address), int(settings.source.netmask)
        self._tell = tell
        self._fragments: dict[tuple[int, int, int, int], Mapping] = {}

    def change(self, settings: NatSettings) -> None:
        """Behave differently from now on; mappings are forgotten where the ports would be others."""
        before, self.settings = self.settings, settings
        if (before.personality, before.to, before.port) != (settings.personality, settings.to, settings.port):
            self.mappings.clear()
            self._fragments.clear()

    def outbound(self, packet: Packet, now: float) -> None:
        """Rewrite what leaves, in place; raises ``UntranslatableError``."""
        if not self._translates(packet):
            return
        if packet.icmp_type in ICMP_ERRORS:
            self._error_outbound(packet)
            return
        if not packet.begins:
            row = self._of_first(packet)
            packet.set_source(int(self.settings.to), row.port)
            return
        source, target = packet.ports
        ends = (packet.source, source), (packet.destination, target)
        key = packet.fragment_key
        row = self._row(packet.proto, *ends, now)
        if packet.is_fragment:
            self._remember(key, row)
        packet.set_source(int(self.settings.to), row.port)

    def inbound(self, packet: Packet, now: float) -> None:
        """Rewrite what arrives, in place; raises ``UntranslatableError``."""
        if not self.settings.behaviour.translates or packet.destination != int(self.settings.to):
            return
        if packet.icmp_type in ICMP_ERRORS:
            self._error_inbound(packet)
            return
        if packet.icmp_type == ECHO_REQUEST:
            return  # it is for the router itself
        key = packet.fragment_key
        if packet.begins:
            remote_port, port = packet.ports
            row = self.mappings.inbound(packet.proto, (packet.source, remote_port), port, now)
            if row is None:
                raise UntranslatableError("no mapping")
            if packet.is_fragment:
                self._remember(key, row)
        else:
            row = self._of_first(packet)
        packet.set_destination(*row.inside)

    def expire(self, now: float) -> None:
        """Forget the mappings that were idle for too long."""
        for row in self.mappings.expire(self.settings.behaviour, now):
            self._say("nat_mapping_expired", row, idle=self.settings.behaviour.idle)

    def rebind(self) -> None:
        """Give every UDP mapping another port."""
        for row in self.mappings.rebind():
            self._say("nat_mapping_changed", row)

    def rows(self) -> list[dict[str, Any]]:
        """The mappings as JSON objects."""
        return [self._facts(row) for row in self.mappings]

    def _row(self, proto: int, inside: Endpoint, remote: Endpoint, now: float) -> Mapping:
        behaviour = self.settings.behaviour
        try:
            row, new = self.mappings.outbound(proto, inside, remote, behaviour, now)
        except PinnedError as pinned:
            raise UntranslatableError(f"port {inside[1]} is pinned to {pinned.owner}") from pinned
        for gone in self.mappings.gone:
            self._say("nat_mapping_stolen", gone, by=address(inside[0]))
        self.mappings.gone.clear()
        if new:
            self._say("nat_mapping_created" if row.was is None else "nat_mapping_changed", row)
        return row

    def _translates(self, packet: Packet) -> bool:
        """Whether it is from the translated addresses, and leaves them."""
        if not self.settings.behaviour.translates:
            return False
        network, mask = self._inside
        return packet.source & mask == network != packet.destination & mask

    def _remember(self, key: tuple[int, int, int, int], row: Mapping) -> None:
        self._fragments[key] = row
        if len(self._fragments) > _FRAGMENTED:
            del self._fragments[next(iter(self._fragments))]

    def _of_first(self, packet: Packet) -> Mapping:
        found = self._fragments.get(packet.fragment_key)
        if found is None:
            raise UntranslatableError("the packet's first fragment did not pass")
        return found

    def _error_inbound(self, packet: Packet) -> None:
        """An error about a packet of ours: what it quotes left as ours, and becomes the inside host's."""
        quoted = packet.quoted()
        if quoted is None:
            raise UntranslatableError("an ICMP error that quotes too little")
        port, remote_port = quoted.ports
        row = self.mappings.find(quoted.proto, (quoted.destination, remote_port), port)
        if row is None:
            raise UntranslatableError("an ICMP error about no mapping")
        quoted.set_source(*row.inside)
        packet.quote(quoted)
        packet.set_destination(row.inside[0], None)

    def _error_outbound(self, packet: Packet) -> None:
        """An inside host's error about a packet that it was sent."""
        quoted = packet.quoted()
        rows = (
            []
            if quoted is None
            else [
                row
                for row in self.mappings
                if row.proto == quoted.proto
                and row.inside == (quoted.destination, quoted.ports[1])
                and (quoted.source, quoted.ports[0]) in row.remotes
            ]
        )
        if quoted is None or not rows:
            raise UntranslatableError("an ICMP error about no mapping")
        quoted.set_destination(int(self.settings.to), rows[0].port)
        packet.quote(quoted)
        packet.set_source(int(self.settings.to), None)

    def _say(self, name: str, row: Mapping, **more: object) -> None:
        self._tell(name, self._facts(row) | more)

    def _facts(self, row: Mapping) -> dict[str, Any]:
        outside = int(self.settings.to), row.port
        facts = {
            "protocol": NAMES.get(row.proto, str(row.proto)),
            "inside": _say_endpoint(row.inside, row.proto),
            "outside": _say_endpoint(outside, row.proto),
            "remote": _say_endpoint(row.remote, row.proto),
        }
        return facts if row.was is None else facts | {"was": _say_endpoint((outside[0], row.was), row.proto)}


def _say_endpoint(end: Endpoint, proto: int) -> str:
    """``address:port``; of ICMP and ESP the address alone."""
    return address(end[0]) if proto == ICMP or not end[1] else f"{address(end[0])}:{end[1]}"
