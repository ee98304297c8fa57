"""MOBIKE, the responder's side (RFC 4555)."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from ike.codec import DeletePayload, NotifyPayload, Payload
from ike.constants import HeaderFlag, NotifyType, ProtocolId
from ike.events import PathChanged, RequestRefused, RoutabilityChecked
from ike.nat import detection_hash
from ike.path import Path
from tests.ike.initiator import Initiator, notified
from tests.ike.world import CPE, GATEWAY, PATH_4500, PEER, World

ELSEWHERE = "203.0.113.77"
MOVED = Path(GATEWAY, 4500, ELSEWHERE, 4500)
AGAIN = Path(GATEWAY, 4500, "203.0.113.78", 4500)
SUPPORTED = NotifyPayload(NotifyType.MOBIKE_SUPPORTED)
UPDATE = NotifyPayload(NotifyType.UPDATE_SA_ADDRESSES)


def mobile(world: World | None = None, *extras: Payload) -> tuple[Initiator, list[int]]:
    """A CPE that announced MOBIKE, and the notifications of the answer."""
    cpe = Initiator(world or World())
    cpe.send_init()
    answer = cpe.send_auth([*cpe.auth_payloads(), SUPPORTED, *extras])
    return cpe, notified(answer)


def nat_hashes(cpe: Initiator, source: tuple[str, int], destination: tuple[str, int]) -> list[Payload]:
    """NAT detection as an update carries it: over both SPIs."""
    return [
        NotifyPayload(kind, detection_hash(cpe.spi_i, cpe.spi_r, *end))
        for kind, end in (
            (NotifyType.NAT_DETECTION_SOURCE_IP, source),
            (NotifyType.NAT_DETECTION_DESTINATION_IP, destination),
        )
    ]


def update(cpe: Initiator, path: Path, *extras: Payload) -> list[int]:
    """Send UPDATE_SA_ADDRESSES from a path, with the hashes of a path without NAT; the answer's types."""
    hashes = nat_hashes(cpe, (path.remote_ip, path.remote_port), (GATEWAY, 4500))
    (data, back), *_ = cpe.world.deliver(cpe.request(37, [UPDATE, *hashes, *extras]), path)
    assert back == path
    return notified(cpe.open(data))


def asked_after(cpe: Initiator, path: Path) -> list[tuple[bytes, Path]]:
    """Move the CPE; the requests with which the gateway answers, beside its response."""
    hashes = nat_hashes(cpe, (path.remote_ip, path.remote_port), (GATEWAY, 4500))
    sent = cpe.world.deliver(cpe.request(37, [UPDATE, *hashes]), path)
    return [(data, to) for data, to in sent if not data[19] & HeaderFlag.RESPONSE]


def test_support_is_answered_with_support() -> None:
    assert mobile()[1] == [NotifyType.MOBIKE_SUPPORTED]


def test_a_peer_that_does_not_announce_it_is_told_nothing() -> None:
    cpe = Initiator(World())
    assert notified(cpe.connect()) == []


def test_the_configuration_can_forbid_it() -> None:
    world = World(peers={CPE: replace(PEER, mobike=False)})
    cpe, answered = mobile(world)
    assert answered == []
    update(cpe, MOVED)
    assert world.sas[0].path == PATH_4500


def test_an_update_moves_the_ike_sa_and_its_child_sas() -> None:
    cpe, _ = mobile()
    assert update(cpe, MOVED) == [
        NotifyType.NAT_DETECTION_SOURCE_IP,
        NotifyType.NAT_DETECTION_DESTINATION_IP,
    ]
    (sa,) = cpe.world.sas
    assert sa.path == MOVED
    assert [child.esp.path for child in sa.children.values()] == [MOVED]
    event = cpe.world.last(PathChanged)
    assert (event.old, event.new, event.spis_in) == (PATH_4500, MOVED, tuple(sa.children))


def test_an_update_behind_a_nat_turns_udp_encapsulation_on_and_one_without_turns_it_off() -> None:
    cpe, _ = mobile()
    assert not cpe.world.sas[0].nat.detected
    inside = nat_hashes(cpe, ("192.168.1.2", 4500), (GATEWAY, 4500))
    cpe.world.deliver(cpe.request(37, [UPDATE, *inside]), MOVED)
    assert cpe.world.last(PathChanged).udp_encapsulation
    assert all(child.esp.udp_encapsulation for child in cpe.world.sas[0].children.values())
    update(cpe, PATH_4500)
    assert not cpe.world.last(PathChanged).udp_encapsulation


def test_a_forged_update_moves_nothing() -> None:
    cpe, _ = mobile()
    data = cpe.request(37, [UPDATE])
    cpe.world.deliver(data[:-1] + bytes([data[-1] ^ 1]), MOVED)
    assert cpe.world.sas[0].path == PATH_4500
    assert cpe.world.of(PathChanged) == []


def test_a_replayed_update_moves_nothing() -> None:
    cpe, _ = mobile()
    data = cpe.request(37, [UPDATE])
    cpe.world.deliver(data, MOVED)
    update(cpe, PATH_4500)
    cpe.world.deliver(data, MOVED)
    assert cpe.world.sas[0].path == PATH_4500


def test_without_an_update_a_mobile_peer_is_not_followed_even_behind_a_nat() -> None:
    cpe = Initiator(World())
    cpe.send_init(cpe.init_payloads(nat=cpe.nat_payloads(source=("192.168.1.2", 500))))
    cpe.send_auth([*cpe.auth_payloads(), SUPPORTED])
    cpe.world.deliver(cpe.request(37, []), PATH_4500._replace(remote_port=61000))
    assert cpe.world.sas[0].path == PATH_4500


def test_the_new_address_is_checked_with_a_cookie_that_must_come_back() -> None:
    cpe, _ = mobile()
    ((check, path),) = asked_after(cpe, MOVED)
    assert path == MOVED
    (cookie,) = cpe.open(check)
    assert isinstance(cookie, NotifyPayload)
    assert (cookie.notify_type, len(cookie.data)) == (NotifyType.COOKIE2, 16)
    cpe.world.deliver(cpe.answer(check, [cookie]), MOVED)
    assert cpe.world.last(RoutabilityChecked).ok


@pytest.mark.parametrize(
    "returned", [[NotifyPayload(NotifyType.COOKIE2, bytes(16))], []], ids=["another", "none"]
)
def test_a_peer_that_does_not_return_the_cookie_loses_its_ike_sa(returned: list[Payload]) -> None:
    cpe, _ = mobile()
    ((check, _),) = asked_after(cpe, MOVED)
    ((delete, path),) = cpe.world.deliver(cpe.answer(check, returned), MOVED)
    assert not cpe.world.last(RoutabilityChecked).ok
    assert (path, cpe.open(delete)) == (MOVED, (DeletePayload(ProtocolId.IKE, 0),))
    cpe.world.deliver(cpe.answer(delete), MOVED)
    assert cpe.world.is_empty


def test_the_cookie_of_a_check_that_went_to_two_addresses_proves_neither_and_the_next_check_does() -> None:
    """The answer to a request that was sent to several addresses says nothing of any (section 3.7)."""
    cpe, _ = mobile()
    ((check, _),) = asked_after(cpe, MOVED)
    assert asked_after(cpe, AGAIN) == [], "the window is 1"
    ((again, path),) = cpe.world.deliver(cpe.answer(check, cpe.open(check)), AGAIN)
    assert path == AGAIN
    assert cpe.world.of(RoutabilityChecked) == []
    cpe.world.deliver(cpe.answer(again, cpe.open(again)), AGAIN)
    assert [event.ok for event in cpe.world.of(RoutabilityChecked)] == [True]


def test_a_cookie_of_the_peer_is_returned() -> None:
    cpe, _ = mobile()
    (answer,) = cpe.send_informational(NotifyPayload(NotifyType.COOKIE2, b"12345678"))
    assert answer == NotifyPayload(NotifyType.COOKIE2, b"12345678")


def test_nat_detection_in_a_liveness_check_is_answered_with_ours_and_moves_nothing() -> None:
    cpe, _ = mobile()
    answer = cpe.send_informational(*nat_hashes(cpe, (CPE, 4500), (GATEWAY, 4500)))
    assert answer == (
        NotifyPayload(
            NotifyType.NAT_DETECTION_SOURCE_IP, detection_hash(cpe.spi_i, cpe.spi_r, GATEWAY, 4500)
        ),
        NotifyPayload(
            NotifyType.NAT_DETECTION_DESTINATION_IP, detection_hash(cpe.spi_i, cpe.spi_r, CPE, 4500)
        ),
    )
    assert cpe.world.of(PathChanged) == []


def no_nats(source: str, port: int = 4500) -> NotifyPayload:
    """NO_NATS_ALLOWED with the addresses and ports that the CPE believes in."""
    addresses = IPv4Address(source).packed + IPv4Address(GATEWAY).packed
    data = addresses + port.to_bytes(2, "big") + (4500).to_bytes(2, "big")
    return NotifyPayload(NotifyType.NO_NATS_ALLOWED, data)


def test_no_nats_allowed_with_the_right_addresses_is_accepted() -> None:
    cpe, _ = mobile()
    assert update(cpe, MOVED, no_nats(ELSEWHERE))
    assert cpe.world.sas[0].path == MOVED


def test_no_nats_allowed_refuses_an_update_through_a_nat() -> None:
    cpe, _ = mobile()
    assert update(cpe, MOVED, no_nats("192.168.1.2")) == [NotifyType.UNEXPECTED_NAT_DETECTED]
    assert cpe.world.sas[0].path == PATH_4500
    assert "allows no NAT" in cpe.world.last(RequestRefused).reason


def test_no_nats_allowed_refuses_ike_auth_through_a_nat() -> None:
    cpe, answered = mobile(None, no_nats("192.168.1.2"))
    assert answered == [NotifyType.UNEXPECTED_NAT_DETECTED]
    assert cpe.world.is_empty


@pytest.mark.parametrize(
    "notify", [NotifyType.ADDITIONAL_IP4_ADDRESS, NotifyType.NO_ADDITIONAL_ADDRESSES], ids=lambda n: n.name
)
def test_additional_addresses_of_the_peer_are_taken_note_of_and_answered_empty(notify: NotifyType) -> None:
    cpe, _ = mobile()
    data = b"\xc0\x00\x02\x07" if notify is NotifyType.ADDITIONAL_IP4_ADDRESS else b""
    assert cpe.send_informational(NotifyPayload(notify, data)) == ()


def test_a_successor_of_the_ike_sa_is_mobile_too() -> None:
    cpe, _ = mobile()
    new = cpe.rekey_ike()
    cpe.delete_ike()
    update(new, MOVED)
    assert cpe.world.sas[0].path == MOVED
