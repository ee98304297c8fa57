"""The gateway asks whether ESP passes when BGP has fallen silent."""

import asyncio
from ipaddress import IPv4Address

from scapy.layers.inet import ICMP, IP

from gateway.daemon.esp_probe import PINGS, Asked, EspProbes, echo_request
from gateway.records import Stream

TUNNEL = "branch/cpe/0"
OURS, THEIRS = IPv4Address("10.2.0.4"), IPv4Address("10.1.0.4")


class Silent:
    """A gateway whose CPE answers nothing in ESP, unless told otherwise."""

    def __init__(self, *, answers: bool = False) -> None:
        self.answers = answers
        self.sent: list[bytes] = []
        self.checked: list[str] = []
        self.heard: float | None = None
        self.stream = Stream()

    def probes(self) -> EspProbes:
        """Its probes, without waiting."""
        asked = Asked(send=self._send, heard_at=lambda _: self.heard, check_liveness=self.checked.append)
        return EspProbes(self.stream.publish, asked, {TUNNEL: (OURS, THEIRS)}, interval=0.0)

    def _send(self, tunnel: str, packets: list[bytes]) -> None:
        assert tunnel == TUNNEL
        self.sent += packets
        if self.answers:
            self.heard = asyncio.get_running_loop().time()

    def after(
        self, name: str, tunnel: str = TUNNEL, **data: int
    ) -> list[tuple[str, str | None, dict[str, object]]]:
        """What is published after a record."""

        async def run() -> None:
            probes = self.probes()
            self.stream.subscribe(probes.on_record)
            self.stream.publish("bgp", name, tunnel=tunnel, **data)
            self.stream.publish("bgp", name, tunnel=tunnel, **data)
            for _ in range(20):
                await asyncio.sleep(0)
            await probes.stop()

        asyncio.run(run())
        return [(r.name, r.tunnel, r.data) for r in self.stream.history if r.category == "esp"]


def test_a_session_that_ended_by_its_hold_timer_has_the_tunnel_probed_once() -> None:
    gateway = Silent()
    assert gateway.after("notification_sent", code=4) == [
        ("esp_probed", TUNNEL, {"answered": False, "pings": PINGS})
    ]
    assert gateway.checked == [TUNNEL]
    assert len(gateway.sent) == PINGS


def test_any_packet_from_the_cpe_is_an_answer() -> None:
    assert Silent(answers=True).after("notification_sent", code=4)[0][2]["answered"] is True


def test_a_packet_from_before_the_probe_is_none() -> None:
    gateway = Silent()
    gateway.heard = 0.0
    assert gateway.after("notification_sent", code=4)[0][2]["answered"] is False


def test_a_session_that_ended_otherwise_is_no_reason_to_ask() -> None:
    assert Silent().after("notification_sent", code=6) == []
    assert Silent().after("notification_received", code=4) == []


def test_a_probe_ends_with_the_gateway() -> None:
    gateway = Silent()

    async def run() -> None:
        probes = EspProbes(
            gateway.stream.publish,
            Asked(send=lambda *_: None, heard_at=lambda _: None, check_liveness=lambda _: None),
            {TUNNEL: (OURS, THEIRS)},
            interval=60.0,
        )
        probes.on_record(gateway.stream.publish("bgp", "notification_sent", tunnel=TUNNEL, code=4))
        await asyncio.sleep(0)
        await probes.stop()

    asyncio.run(asyncio.wait_for(run(), 5))
    assert [r.name for r in gateway.stream.history] == ["notification_sent"]


def test_a_probe_that_fails_is_told_and_followed_by_another() -> None:
    gateway = Silent()
    told: list[str] = []

    def fail_once(tunnel: str, packets: list[bytes]) -> None:
        if not told:
            raise KeyError(tunnel)
        gateway.sent += packets

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context["message"]))
        asked = Asked(send=fail_once, heard_at=lambda _: None, check_liveness=gateway.checked.append)
        probes = EspProbes(gateway.stream.publish, asked, {TUNNEL: (OURS, THEIRS)}, interval=0.0)
        gateway.stream.subscribe(probes.on_record)
        for _ in range(2):
            gateway.stream.publish("bgp", "notification_sent", tunnel=TUNNEL, code=4)
            for _ in range(20):
                await asyncio.sleep(0)

    asyncio.run(run())
    assert told == [f"the ESP probe of {TUNNEL} ended by an error"]
    assert gateway.checked == [TUNNEL, TUNNEL]
    assert len(gateway.sent) == PINGS


def test_a_ping_is_a_right_one() -> None:
    packet = IP(echo_request(OURS, THEIRS, 2))
    assert (packet.src, packet.dst, packet[ICMP].type, packet[ICMP].seq) == ("10.2.0.4", "10.1.0.4", 8, 2)
    sent = packet.chksum, packet[ICMP].chksum
    del packet.chksum
    del packet[ICMP].chksum
    again = IP(bytes(packet))
    assert (again.chksum, again[ICMP].chksum) == sent
