"""NAT boxes for tests, with helpers that send one packet and look at what leaves."""

from typing import Any

from gateway.lab.natbox.box import Direction, NatBox
from gateway.lab.natbox.settings import read_impairments, read_nat
from tests.gateway.lab.natbox.packets import CPE, GATEWAY, PUBLIC, ends, udp


def nat_box(personality: str = "static", *, impair: dict[str, str] | None = None, **nat: str) -> NatBox:
    """A box that translates 192.168.1.0/24 to 198.51.100.10."""
    settings = {"toward": "internet", "source": "192.168.1.0/24", "to": PUBLIC, "personality": personality}
    line = None if impair is None else read_impairments({"toward": "internet", **impair})
    return NatBox(read_nat(settings | nat), line, 0.0)


def through(box: NatBox, packet: bytes, direction: str = "out", now: float = 0.0) -> list[bytes]:
    """What leaves the box at once."""
    box.receive_packet(packet, Direction(direction), now)
    return [data for data, _ in box.packets_to_send()]


def outside(
    box: NatBox, port: int, *, host: str = CPE, to: int | None = None, now: float = 0.0
) -> str | None:
    """Address and port that a UDP packet from ``host:port`` leaves with; None when it does not."""
    left = through(box, udp(host, port, GATEWAY, to or port, b"\0" * 40), now=now)
    return ends(left[0]).split(" > ")[0] if left else None


def answers(box: NatBox, port: int, *, of: int, now: float = 0.0) -> str | None:
    """Whom inside a UDP packet of the gateway to an outside port reaches."""
    left = through(box, udp(GATEWAY, of, PUBLIC, port, b"\0" * 40), "in", now)
    return ends(left[0]).split(" > ")[1] if left else None


def told(box: NatBox) -> list[tuple[str, dict[str, Any]]]:
    """Name and facts of all events so far."""
    events = []
    while (event := box.next_event()) is not None:
        events.append((event.name, dict(event.data)))
    return events
