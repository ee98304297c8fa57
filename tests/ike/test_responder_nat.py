"""NAT detection, the move to port 4500, and where ESP goes (RFC 7296 section 2.23)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ike.codec import NotifyPayload, Payload
from ike.constants import ExchangeType, NotifyType
from ike.events import ChildSaEstablished, NatDetection
from ike.nat import NatStatus, detection_hash
from ike.path import Path
from tests.ike.initiator import NO_SPI, Initiator
from tests.ike.world import CPE, GATEWAY, PATH_500, PATH_4500, PEER, World

INSIDE = "10.0.0.2"
NO_NAT = NatStatus(supported=True, remote_behind_nat=False, local_behind_nat=False)
REMOTE = NatStatus(supported=True, remote_behind_nat=True, local_behind_nat=False)
LOCAL = NatStatus(supported=True, remote_behind_nat=False, local_behind_nat=True)
UNSUPPORTED = NatStatus(supported=False, remote_behind_nat=False, local_behind_nat=False)


def source_hash(data: bytes) -> NotifyPayload:
    return NotifyPayload(NotifyType.NAT_DETECTION_SOURCE_IP, data)


def status_after(cpe: Initiator, nat: Sequence[Payload]) -> NatStatus:
    cpe.send_init(cpe.init_payloads(nat=nat))
    return cpe.world.last(NatDetection).status


def hashes_of(answer: Sequence[Payload], kind: NotifyType) -> list[bytes]:
    return [p.data for p in answer if isinstance(p, NotifyPayload) and p.notify_type == kind]


def behind_nat(world: World | None = None) -> Initiator:
    """A CPE whose private address a NAT rewrites, up to IKE_SA_INIT."""
    cpe = Initiator(world or World())
    assert status_after(cpe, cpe.nat_payloads(source=(INSIDE, 500))) == REMOTE
    return cpe


# Detection


def test_hashes_of_the_addresses_and_ports_that_we_see_mean_no_nat() -> None:
    cpe = Initiator(World())
    assert status_after(cpe, cpe.nat_payloads()) == NO_NAT


@pytest.mark.parametrize("source", [(INSIDE, 500), (CPE, 501), (INSIDE, 501)])
def test_another_source_address_or_port_means_that_the_peer_is_behind_a_nat(source: tuple[str, int]) -> None:
    cpe = Initiator(World())
    assert status_after(cpe, cpe.nat_payloads(source=source)) == REMOTE


@pytest.mark.parametrize("destination", [("192.0.2.1", 500), (GATEWAY, 501)])
def test_another_destination_address_or_port_means_that_we_are_behind_a_nat(
    destination: tuple[str, int],
) -> None:
    cpe = Initiator(World())
    assert status_after(cpe, cpe.nat_payloads(destination=destination)) == LOCAL


def test_a_random_source_hash_forces_encapsulation() -> None:
    cpe = Initiator(World())
    _, destination = cpe.nat_payloads()
    assert status_after(cpe, [source_hash(bytes(20)), destination]) == REMOTE


def test_one_matching_source_hash_of_several_is_enough() -> None:
    cpe = Initiator(World())
    source, destination = cpe.nat_payloads()
    assert status_after(cpe, [source_hash(bytes(20)), source, destination]) == NO_NAT


def test_several_source_hashes_of_which_none_matches_mean_a_nat() -> None:
    cpe = Initiator(World())
    _, destination = cpe.nat_payloads()
    assert status_after(cpe, [source_hash(bytes(20)), source_hash(b"x" * 20), destination]) == REMOTE


@pytest.mark.parametrize("kept", [[], [0], [1]], ids=["none", "source alone", "destination alone"])
def test_a_peer_without_both_notifications_does_no_nat_traversal(kept: list[int]) -> None:
    cpe = Initiator(World())
    nat = cpe.nat_payloads(source=(INSIDE, 500), destination=("192.0.2.1", 500))
    answer = cpe.send_init(cpe.init_payloads(nat=[nat[index] for index in kept]))
    assert cpe.world.last(NatDetection).status == UNSUPPORTED
    assert hashes_of(answer.payloads, NotifyType.NAT_DETECTION_SOURCE_IP) == []


def test_the_hashes_are_reported_as_evidence() -> None:
    cpe = Initiator(World())
    source, destination = hash_pair(cpe)
    cpe.send_init()
    event = cpe.world.last(NatDetection)
    assert (event.source_hash, event.destination_hash) == (source.hex(), destination.hex())
    assert event.spis == (cpe.spi_i + NO_SPI).hex()


def hash_pair(cpe: Initiator) -> tuple[bytes, bytes]:
    return detection_hash(cpe.spi_i, NO_SPI, CPE, 500), detection_hash(cpe.spi_i, NO_SPI, GATEWAY, 500)


def test_an_advertised_address_counts_as_ours_in_both_directions() -> None:
    world = World(peers={CPE: replace(PEER, advertised_ip="192.0.2.1")})
    cpe = Initiator(world)
    answer = cpe.send_init(cpe.init_payloads(nat=cpe.nat_payloads(destination=("192.0.2.1", 500))))
    assert world.last(NatDetection).status == NO_NAT
    ours = detection_hash(cpe.spi_i, answer.header.spi_r, "192.0.2.1", 500)
    assert hashes_of(answer.payloads, NotifyType.NAT_DETECTION_SOURCE_IP) == [ours]


def test_our_hashes_are_of_the_addresses_of_the_datagram_and_of_both_spis() -> None:
    path = PATH_500._replace(remote_port=1012)
    cpe = Initiator(World(), path=path)
    answer = cpe.send_init()
    spis = cpe.spi_i, answer.header.spi_r
    assert hashes_of(answer.payloads, NotifyType.NAT_DETECTION_SOURCE_IP) == [
        detection_hash(*spis, GATEWAY, 500)
    ]
    assert hashes_of(answer.payloads, NotifyType.NAT_DETECTION_DESTINATION_IP) == [
        detection_hash(*spis, CPE, 1012)
    ]


# What follows from it


@pytest.mark.parametrize(
    ("source", "destination", "encapsulated"),
    [
        ((CPE, 500), (GATEWAY, 500), False),
        ((INSIDE, 500), (GATEWAY, 500), True),
        ((CPE, 500), ("192.0.2.1", 500), True),
    ],
    ids=["no nat", "peer behind nat", "we are behind nat"],
)
def test_esp_goes_in_udp_when_there_is_a_nat(
    source: tuple[str, int], destination: tuple[str, int], *, encapsulated: bool
) -> None:
    cpe = Initiator(World())
    cpe.send_init(cpe.init_payloads(nat=cpe.nat_payloads(source, destination)))
    cpe.send_auth()
    event = cpe.world.last(ChildSaEstablished)
    esp = cpe.world.responder.esp_parameters(event.spi_in)
    assert esp is not None
    assert event.udp_encapsulation == esp.udp_encapsulation == encapsulated


def test_the_child_sa_sends_to_where_ike_auth_came_from() -> None:
    cpe = behind_nat()
    moved = Path(GATEWAY, 4500, CPE, 61000)
    cpe.world.deliver(cpe.request(ExchangeType.IKE_AUTH, cpe.auth_payloads()), moved)
    (sa,) = cpe.world.sas
    assert sa.path == moved
    assert [child.esp.path for child in sa.children.values()] == [moved]


def test_the_answer_to_ike_auth_goes_to_the_new_port() -> None:
    cpe = behind_nat()
    sent = cpe.world.deliver(cpe.request(ExchangeType.IKE_AUTH, cpe.auth_payloads()), PATH_4500)
    assert [path for _, path in sent] == [PATH_4500]


def test_an_ike_auth_request_with_a_bad_checksum_does_not_move_the_sa() -> None:
    cpe = behind_nat()
    data = cpe.request(ExchangeType.IKE_AUTH, cpe.auth_payloads())
    cpe.world.deliver(data[:-1] + bytes([data[-1] ^ 1]), PATH_4500)
    assert cpe.world.sas[0].path == PATH_500


def test_a_new_mapping_of_the_peers_nat_is_followed() -> None:
    cpe = behind_nat()
    cpe.send_auth()
    rebound = PATH_4500._replace(remote_port=61001)
    cpe.world.deliver(cpe.request(ExchangeType.INFORMATIONAL, []), rebound)
    assert cpe.world.sas[0].path == rebound
    cpe.world.responder.probe(cpe.world.sas[0], cpe.world.now)
    assert [path for _, path in cpe.world.take()] == [rebound]


def test_a_repeated_request_does_not_move_the_sa() -> None:
    cpe = behind_nat()
    cpe.send_auth()
    data = cpe.request(ExchangeType.INFORMATIONAL, [])
    cpe.world.deliver(data, PATH_4500)
    cpe.world.deliver(data, PATH_4500._replace(remote_port=61001))
    assert cpe.world.sas[0].path == PATH_4500


@pytest.mark.parametrize("source", [(CPE, 500), (INSIDE, 500)], ids=["no nat", "both behind nat"])
def test_without_a_nat_on_the_peers_side_alone_the_sa_stays_where_it_is(source: tuple[str, int]) -> None:
    cpe = Initiator(World())
    destination = (GATEWAY, 500) if source[0] == CPE else ("192.0.2.1", 500)
    cpe.send_init(cpe.init_payloads(nat=cpe.nat_payloads(source, destination)))
    cpe.send_auth()
    elsewhere = PATH_4500._replace(remote_port=61001)
    ((_, path),) = cpe.world.deliver(cpe.request(ExchangeType.INFORMATIONAL, []), elsewhere)
    assert path == elsewhere
    assert cpe.world.sas[0].path == PATH_4500
