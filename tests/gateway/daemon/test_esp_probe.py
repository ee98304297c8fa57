"""The gateway asks whether ESP passes: when BGP has fallen silent, and when no ESP packet ever came."""

import asyncio
from collections.abc import Callable
from ipaddress import IPv4Address

from gateway.daemon.esp_probe import PINGS, Asked, EspProbes
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
        asked = Asked(
            send=self._send,
            heard_at=lambda _: self.heard,
            ever_heard=lambda _: self.heard is not None,
            check_liveness=self.checked.append,
        )
        return EspProbes(self.stream.publish, asked, {TUNNEL: (OURS, THEIRS)}, interval=0.0, patience=0.0)

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
            Asked(
                send=lambda *_: None,
                heard_at=lambda _: None,
                ever_heard=lambda _: False,
                check_liveness=lambda _: None,
            ),
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
        asked = Asked(
            send=fail_once,
            heard_at=lambda _: None,
            ever_heard=lambda _: False,
            check_liveness=gateway.checked.append,
        )
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


# The first ESP packet


def child_up(gateway: Silent, *, in_udp: bool = False, spi: str = "01", replaces: str | None = None) -> None:
    """A CHILD SA is established."""
    gateway.stream.publish(
        "ike",
        "child_sa_established",
        tunnel=TUNNEL,
        spi_in=spi,
        replaces=replaces,
        udp_encapsulation=in_udp,
    )


def told(gateway: Silent, *steps: Callable[[], object], turns: int = 20) -> list[str]:
    """Names of the ESP records after some steps, between which everything that can happen does."""

    async def run() -> None:
        probes = gateway.probes()
        gateway.stream.subscribe(probes.on_record)
        for step in steps:
            step()
            for _ in range(turns):
                await asyncio.sleep(0)
        await probes.stop()

    asyncio.run(run())
    return [record.name for record in gateway.stream.history if record.category == "esp"]


def test_a_cpe_without_any_esp_is_asked_in_ike_and_through_the_tunnel() -> None:
    gateway = Silent()
    assert told(gateway, lambda: child_up(gateway)) == ["no_esp_seen", "esp_probed"]
    assert gateway.checked == [TUNNEL]
    assert len(gateway.sent) == PINGS
    assert gateway.stream.history[-1].data == {"answered": False, "pings": PINGS}


def test_a_cpe_that_had_nothing_to_send_answers_the_ping() -> None:
    gateway = Silent(answers=True)
    assert told(gateway, lambda: child_up(gateway)) == ["no_esp_seen", "esp_probed", "esp_seen"]


def test_esp_that_comes_late_is_told() -> None:
    gateway = Silent()

    def send_esp() -> None:
        gateway.heard = 1.0

    assert told(gateway, lambda: child_up(gateway), send_esp) == ["no_esp_seen", "esp_probed", "esp_seen"]


def test_a_cpe_that_has_sent_esp_is_not_asked() -> None:
    gateway = Silent()
    gateway.heard = 1.0
    assert told(gateway, lambda: child_up(gateway)) == []
    assert (gateway.checked, gateway.sent) == ([], [])


def test_where_esp_comes_in_udp_its_absence_is_no_reason_to_ask() -> None:
    gateway = Silent()
    assert told(gateway, lambda: child_up(gateway, in_udp=True)) == []


def test_a_tunnel_that_went_down_is_not_asked_any_more() -> None:
    gateway = Silent()

    def close() -> None:
        gateway.stream.publish("ike", "child_sa_closed", tunnel=TUNNEL, spi_in="01")

    assert told(gateway, lambda: child_up(gateway), close, turns=0) == []


def test_a_rekeyed_child_sa_is_waited_for_like_its_predecessor() -> None:
    gateway = Silent()

    def rekey() -> None:
        child_up(gateway, spi="02", replaces="01")
        gateway.stream.publish("ike", "child_sa_closed", tunnel=TUNNEL, spi_in="01")

    def send_esp() -> None:
        gateway.heard = 1.0

    seen = told(gateway, lambda: child_up(gateway), rekey, send_esp)
    assert seen == ["no_esp_seen", "esp_probed", "esp_seen"]
