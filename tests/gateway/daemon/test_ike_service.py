"""The responder on an event loop: CHILD SAs reach the dataplane before the response leaves."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from gateway.daemon import ike_service
from gateway.daemon.ike_service import Carrier, IkeService
from gateway.dataplane.counters import Traffic
from ike.config import CookieMode, Lifetimes, Limits, PeerConfig
from ike.events import ChildSaEstablished, Event, IkeSaClosed, PathChanged
from ike.flood import BURST
from ike.path import Path
from ike.responder import Responder
from tests.ike.initiator import Initiator
from tests.ike.world import CPE, PATH_500, PEER, World

if TYPE_CHECKING:
    from gateway.dataplane.userspace import Userspace
    from gateway.endpoint import Endpoint


DEFAULTS = Limits()


class Carried:
    """An endpoint and a dataplane that write down what they are asked, in order."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.calls: list[tuple[str, Any]] = []
        self.datagrams: list[tuple[bytes, Path]] = []
        self.news: list[Traffic] = []

    def open(self) -> None:
        self.calls.append(("open", None))

    def close(self) -> None:
        self.calls.append(("close", None))

    def send_ike(self, datagrams: Sequence[bytes], path: Path) -> None:
        self.calls.append(("send_ike", path))
        self.datagrams += [(each, path) for each in datagrams]

    def send_keepalive(self, path: Path) -> None:
        self.calls.append(("send_keepalive", path))

    def install(self, tunnel: str, sa: Any, *, replaces: int | None, initiated_by_us: bool) -> None:
        self.calls.append(("install", (tunnel, sa.spi_in, replaces, initiated_by_us)))

    def move(self, spi_in: int, path: Path, *, udp_encapsulation: bool) -> None:
        self.calls.append(("move", (spi_in, path, udp_encapsulation)))

    def remove(self, spi_in: int) -> None:
        self.calls.append(("remove", spi_in))

    def traffic(self) -> list[Traffic]:
        news, self.news = self.news, []
        return news

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


class Listening(Responder):
    """A responder that writes down what the dataplane's side tells it, and says where a peer is at once."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.told: list[tuple[Any, ...]] = []
        self.later: list[Event] = []

    def saw_traffic(self, spi_in: int, at: float) -> None:
        self.told.append(("saw_traffic", spi_in, at))

    def packets_sent(self, spi_in: int, count: int, now: float) -> None:  # noqa: ARG002 - as in Responder
        self.told.append(("packets_sent", spi_in, count))

    def handle_timer(self, now: float) -> None:
        self.told.append(("handle_timer",))
        super().handle_timer(now)

    def peer_moved(self, spi_in: int, path: Path, now: float) -> None:  # noqa: ARG002
        old = path._replace(remote_port=4500)
        moved = PathChanged(path=path, old=old, new=path, spis_in=(spi_in, 2), udp_encapsulation=True)
        self.later.append(moved)

    def next_event(self) -> Event | None:
        return super().next_event() or (self.later.pop() if self.later else None)


class Scene:
    """An ``IkeService`` where an ``Initiator`` expects a ``World``; ``address`` is our own."""

    def __init__(
        self,
        address: str,
        peer: PeerConfig = PEER,
        keepalive: float = 0.02,
        limits: Limits = DEFAULTS,
    ) -> None:
        self.carried = Carried(address)
        self.events: list[Event] = []
        peers = {(address, CPE): peer}
        self.service = IkeService(
            lambda path: peers.get((path.local_ip, path.remote_ip)),
            self.events.append,
            limits=limits,
            keepalive_seconds=keepalive,
        )
        carrier = Carrier(endpoint=cast("Endpoint", self.carried), dataplane=cast("Userspace", self.carried))
        self.service.serve(carrier)
        self.cpe = Initiator(cast("World", self))

    def deliver(self, data: bytes, path: Path) -> list[tuple[bytes, Path]]:
        self.carried.datagrams.clear()
        self.service.receive([(data, path._replace(local_ip=self.carried.address))])
        return list(self.carried.datagrams)


GATEWAY, BEHIND_NAT = "198.51.100.20", "10.0.0.5"
Play = Callable[[Scene], None]


@pytest.fixture
def play() -> Callable[..., Scene]:
    """Runs a play with a scene on an event loop and returns the scene."""

    def run(
        act: Play,
        *,
        address: str = GATEWAY,
        wait: float = 0.0,
        peer: PeerConfig = PEER,
        keepalive: float = 0.02,
        limits: Limits = DEFAULTS,
    ) -> Scene:
        async def whole() -> Scene:
            scene = Scene(address, peer, keepalive, limits)
            act(scene)
            await asyncio.sleep(wait)
            await scene.service.stop()
            return scene

        return asyncio.run(whole())

    return run


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ike_service, "DELETE_SECONDS", 0.01)


def connect(scene: Scene) -> None:
    scene.cpe.connect()


def test_a_child_sa_is_installed_before_the_response_that_creates_it_leaves(
    play: Callable[..., Scene],
) -> None:
    scene = play(connect)
    assert scene.carried.names[:4] == ["open", "send_ike", "install", "send_ike"]
    (established,) = [event for event in scene.events if isinstance(event, ChildSaEstablished)]
    assert ("install", (PEER.name, established.spi_in, None, False)) in scene.carried.calls


def test_what_one_message_did_is_carried_out_before_the_next_is_looked_at(
    play: Callable[..., Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    ike_sas_at_each_answer: list[int] = []

    def act(scene: Scene) -> None:
        def note(_datagrams: Sequence[bytes], _path: Path) -> None:
            ike_sas_at_each_answer.append(len([*scene.service._responder.ike_sas()]))

        monkeypatch.setattr(scene.carried, "send_ike", note)
        other = Initiator(cast("World", scene), seed="other")
        scene.service.receive([(cpe.init_request(), PATH_500) for cpe in (scene.cpe, other)])

    play(act)
    assert ike_sas_at_each_answer == [1, 2]


def test_answers_to_a_flood_that_wait_for_the_same_address_leave_together(play: Callable[..., Scene]) -> None:
    def act(scene: Scene) -> None:
        request = scene.cpe.init_request()
        flood = [((number + 1).to_bytes(8, "big") + request[8:], PATH_500) for number in range(BURST + 20)]
        scene.service.receive(flood[:BURST])
        scene.carried.calls.clear()
        scene.service.receive(flood[BURST:])

    scene = play(act, limits=Limits(cookies=CookieMode.ALWAYS))
    assert scene.carried.calls == [("send_ike", PATH_500), ("close", None)]
    assert len(scene.carried.datagrams) == BURST + 20


def test_a_stopping_gateway_deletes_its_ike_sas_and_closes_the_sockets_last(
    play: Callable[..., Scene],
) -> None:
    scene = play(connect)
    assert scene.carried.names[-2:] == ["send_ike", "close"]


def test_a_stopping_gateway_opens_no_new_ike_sa() -> None:
    async def whole() -> list[tuple[bytes, Path]]:
        scene = Scene(GATEWAY)
        connect(scene)
        stopping = asyncio.create_task(scene.service.stop())
        await asyncio.sleep(0)
        again = Initiator(cast("World", scene), seed="again")
        answers = scene.deliver(again.init_request(), again.path)
        await stopping
        return answers

    assert asyncio.run(whole()) == []


def test_a_child_sa_that_the_cpe_deletes_is_removed(play: Callable[..., Scene]) -> None:
    def act(scene: Scene) -> None:
        connect(scene)
        scene.cpe.delete_ike()

    scene = play(act)
    assert "remove" in scene.carried.names
    assert [event for event in scene.events if isinstance(event, IkeSaClosed)]


def test_a_gateway_behind_a_nat_keeps_the_mapping(play: Callable[..., Scene]) -> None:
    scene = play(connect, address=BEHIND_NAT, wait=0.1)
    assert ("send_keepalive", Path(BEHIND_NAT, 4500, CPE, 4500)) in scene.carried.calls


def test_after_a_rekey_of_the_ike_sa_the_mapping_is_kept_all_the_same(play: Callable[..., Scene]) -> None:
    def act(scene: Scene) -> None:
        connect(scene)
        scene.cpe.rekey_ike()
        scene.carried.calls.clear()

    scene = play(act, address=BEHIND_NAT, wait=0.1)
    assert "send_keepalive" in scene.carried.names


def test_without_a_nat_on_our_side_no_keepalive_is_sent(play: Callable[..., Scene]) -> None:
    scene = play(connect, wait=0.1)
    assert "send_keepalive" not in scene.carried.names


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> list[Listening]:
    """The responders that were made."""
    made: list[Listening] = []

    def make(*arguments: Any) -> Listening:
        made.append(Listening(*arguments))
        return made[-1]

    monkeypatch.setattr(ike_service, "Responder", make)
    monkeypatch.setattr(ike_service, "TRAFFIC_SECONDS", 0.02)
    return made


def test_a_cpe_that_moved_gets_its_esp_where_the_responder_says(
    play: Callable[..., Scene], listening: list[Listening]
) -> None:
    new = Path(GATEWAY, 4500, CPE, 1024)
    scene = play(lambda scene: scene.service.peer_moved(1, new))
    assert listening
    assert [call for call in scene.carried.calls if call[0] == "move"] == [
        ("move", (1, new, True)),
        ("move", (2, new, True)),
    ]


def test_the_responder_hears_what_child_sas_carried(
    play: Callable[..., Scene], listening: list[Listening]
) -> None:
    def act(scene: Scene) -> None:
        scene.carried.news = [
            Traffic(spi_in=1, heard_at=5.0, sent=7),
            Traffic(spi_in=2, heard_at=None, sent=1),
        ]

    play(act, wait=0.1)
    told = [call for call in listening[0].told if call[0] != "handle_timer"]
    assert told == [("saw_traffic", 1, 5.0), ("packets_sent", 1, 7), ("packets_sent", 2, 1)]


def test_the_responder_hears_of_traffic_before_its_timers_are_due(
    play: Callable[..., Scene], listening: list[Listening], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ike_service, "TRAFFIC_SECONDS", 60)

    def act(scene: Scene) -> None:
        listening[0].next_timer = lambda: 0.0  # type: ignore[method-assign]
        scene.carried.news = [Traffic(spi_in=1, heard_at=5.0, sent=7)]
        connect(scene)

    play(act, wait=0.05)
    told = [call[0] for call in listening[0].told]
    assert told[:3] == ["saw_traffic", "packets_sent", "handle_timer"]


def test_when_sas_are_due_for_rekeying_is_told_by_their_spis(play: Callable[..., Scene]) -> None:
    due: dict[str, float] = {}

    def act(scene: Scene) -> None:
        connect(scene)
        due.update(scene.service.rekeyings())

    scene = play(act, peer=replace(PEER, lifetimes=Lifetimes()))
    (established,) = [event for event in scene.events if isinstance(event, ChildSaEstablished)]
    assert set(due) == {established.ike_spi, f"{established.spi_in:08x}"}
    assert due[established.ike_spi] > due[f"{established.spi_in:08x}"] > 0


def test_a_cpe_is_asked_for_a_sign_of_life_on_request(play: Callable[..., Scene]) -> None:
    def act(scene: Scene) -> None:
        scene.cpe.connect()
        scene.carried.datagrams.clear()
        scene.service.check_liveness("another/cpe/0")
        assert scene.carried.datagrams == []
        scene.service.check_liveness(PEER.name)
        assert len(scene.carried.datagrams) == 1

    play(act)
