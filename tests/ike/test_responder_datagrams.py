"""What the front door does with datagrams that belong to no IKE SA, or are no messages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ike.codec import Header, build_message, parse_message
from ike.config import Limits
from ike.constants import ExchangeType, HeaderFlag, NotifyType
from ike.events import DatagramDropped, DropReason, MessageReceived, RequestRefused
from tests.ike.initiator import Initiator, connected, notified
from tests.ike.world import PATH_500, PEER, World

STRANGER = PATH_500._replace(remote_ip="192.0.2.77")
NO_SPI = bytes(8)


def with_octet(data: bytes, offset: int, value: int) -> bytes:
    return data[:offset] + bytes([value]) + data[offset + 1 :]


def a_request() -> tuple[World, bytes]:
    world = World()
    return world, Initiator(world).init_request()


def test_an_ike_sa_init_request_truncated_anywhere_is_dropped_without_a_trace() -> None:
    world, data = a_request()
    for length in range(len(data)):
        assert world.deliver(data[:length]) == []
    assert world.is_empty
    assert set(world.drops) == {DropReason.TOO_SHORT, DropReason.MALFORMED}
    assert world.drops.count(DropReason.TOO_SHORT) == 28


def test_a_truncated_ike_auth_request_changes_nothing() -> None:
    cpe = Initiator(World())
    cpe.send_init()
    data = cpe.request(ExchangeType.IKE_AUTH, cpe.auth_payloads())
    for length in range(len(data)):
        assert cpe.world.deliver(data[:length]) == []
    assert len(cpe.world.deliver(data)) == 1


def test_a_datagram_longer_than_the_limit_is_dropped() -> None:
    world = World(limits=Limits(max_datagram=1000))
    assert world.deliver(Initiator(world).init_request() + bytes(1000)) == []
    assert world.drops == [DropReason.TOO_LONG]
    assert world.is_empty


def test_octets_behind_the_message_make_it_malformed() -> None:
    world, data = a_request()
    assert world.deliver(data + b"\0") == []
    assert (world.drops, world.is_empty) == ([DropReason.MALFORMED], True)


@pytest.mark.parametrize("difference", [-1, 1, 1000])
def test_a_header_length_that_is_not_the_datagrams_is_malformed(difference: int) -> None:
    world, data = a_request()
    wrong = data[:24] + (len(data) + difference).to_bytes(4, "big") + data[28:]
    assert world.deliver(wrong) == []
    assert world.drops == [DropReason.MALFORMED]
    assert str(len(data)) in world.last(DatagramDropped).detail


def test_ikev1_is_dropped_and_named() -> None:
    world, data = a_request()
    assert world.deliver(with_octet(data, 17, 0x10)) == []
    assert world.drops == [DropReason.OLD_VERSION]
    assert "IKE version 1.0" in world.last(DatagramDropped).detail


def test_a_higher_major_version_is_answered_with_the_version_that_we_support() -> None:
    world, data = a_request()
    ((answer, path),) = world.deliver(with_octet(data, 17, 0x30))
    message = parse_message(answer)
    assert (message.header.major, message.header.minor) == (2, 0)
    assert message.header.is_response
    assert notified(message.payloads) == [NotifyType.INVALID_MAJOR_VERSION]
    assert path == PATH_500
    assert "IKE version 3.0" in world.last(RequestRefused).reason
    assert world.is_empty


def test_a_response_of_a_higher_major_version_is_never_answered() -> None:
    world, data = a_request()
    assert world.deliver(with_octet(with_octet(data, 17, 0x30), 19, HeaderFlag.RESPONSE)) == []
    assert world.drops == [DropReason.MALFORMED]


def test_a_higher_minor_version_is_ignored() -> None:
    world, data = a_request()
    assert len(world.deliver(with_octet(data, 17, 0x2F))) == 1
    assert len(world.sas) == 1


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        (0x10, DropReason.OLD_VERSION),
        (0x20, DropReason.UNKNOWN_SOURCE),
        (0x30, DropReason.UNKNOWN_SOURCE),
    ],
)
def test_an_unknown_source_address_gets_silence_whatever_the_version(
    version: int, reason: DropReason
) -> None:
    world, data = a_request()
    assert world.deliver(with_octet(data, 17, version), STRANGER) == []
    assert (world.drops, world.is_empty) == ([reason], True)
    assert world.last(DatagramDropped).peer == ""


def test_an_unknown_source_address_is_reported_with_the_address() -> None:
    world, data = a_request()
    world.deliver(data, STRANGER)
    event = world.last(DatagramDropped)
    assert event.reason is DropReason.UNKNOWN_SOURCE
    assert event.path == STRANGER
    assert "192.0.2.77:500" in event.detail
    assert world.of(MessageReceived) == []


def test_a_drop_names_the_tunnel_that_the_source_belongs_to() -> None:
    world, data = a_request()
    world.deliver(data[:20])
    assert world.last(DatagramDropped).peer == PEER.name


@pytest.mark.parametrize("flags", [HeaderFlag.INITIATOR, HeaderFlag.INITIATOR | HeaderFlag.RESPONSE])
@pytest.mark.parametrize(
    "exchange", [ExchangeType.IKE_AUTH, ExchangeType.CREATE_CHILD_SA, ExchangeType.INFORMATIONAL, 99]
)
def test_an_unknown_spi_gets_silence(exchange: int, flags: int) -> None:
    world = World()
    header = Header(spi_i=b"initiato", spi_r=b"responde", exchange=exchange, flags=flags, message_id=1)
    assert world.deliver(build_message(header, [])) == []
    assert world.drops == [DropReason.UNKNOWN_SPI]
    assert ("response" in world.last(DatagramDropped).detail) == bool(flags & HeaderFlag.RESPONSE)


def spi_i_of_another(header: Header) -> Header:
    return replace(header, spi_i=b"otherspi")


def spi_r_of_another(header: Header) -> Header:
    return replace(header, spi_r=b"otherspi")


def no_spi_r(header: Header) -> Header:
    return replace(header, spi_r=NO_SPI)


def swapped_spis(header: Header) -> Header:
    return replace(header, spi_i=header.spi_r, spi_r=header.spi_i)


def initiator_flag_missing(header: Header) -> Header:
    return replace(header, flags=0)


@pytest.mark.parametrize(
    "change", [spi_i_of_another, spi_r_of_another, no_spi_r, swapped_spis, initiator_flag_missing]
)
def test_both_spis_and_the_initiator_flag_must_be_those_of_the_ike_sa(
    change: Callable[[Header], Header],
) -> None:
    cpe = connected()
    header = change(cpe.header(ExchangeType.INFORMATIONAL, 2))
    assert cpe.world.deliver(cpe.sealer.seal(header, [])) == []
    assert cpe.world.drops == [DropReason.UNKNOWN_SPI]
    assert cpe.send_informational() == ()


def test_our_own_messages_reflected_at_us_are_dropped() -> None:
    cpe = connected()
    cpe.world.responder.probe(cpe.world.sas[0], cpe.world.now)
    ((probe, _),) = cpe.world.take()
    assert cpe.world.deliver(probe) == []
    assert cpe.world.deliver(cpe.init_response) == []
    assert cpe.world.drops == [DropReason.UNKNOWN_SPI] * 2


def test_an_ike_sa_is_known_at_the_address_where_it_was_made_only() -> None:
    cpe = connected()
    other = cpe.path._replace(local_ip="198.51.100.21")
    assert cpe.world.deliver(cpe.request(ExchangeType.INFORMATIONAL, []), other) == []
    assert cpe.world.drops == [DropReason.UNKNOWN_SPI]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"flags": 0}, DropReason.MALFORMED),
        ({"message_id": 1}, DropReason.MALFORMED),
        ({"spi_i": NO_SPI}, DropReason.MALFORMED),
        ({"flags": HeaderFlag.RESPONSE}, DropReason.UNEXPECTED_RESPONSE),
        ({"flags": HeaderFlag.RESPONSE | HeaderFlag.INITIATOR}, DropReason.UNEXPECTED_RESPONSE),
    ],
    ids=["no initiator flag", "message id 1", "no spi", "response", "response of an initiator"],
)
def test_a_first_request_has_its_flags_message_id_0_and_an_spi(
    change: dict[str, Any], reason: DropReason
) -> None:
    world = World()
    cpe = Initiator(world)
    header = replace(cpe.header(ExchangeType.IKE_SA_INIT, 0), **change)
    assert world.deliver(build_message(header, cpe.init_payloads())) == []
    assert (world.drops, world.is_empty) == ([reason], True)


def test_ike_sa_init_is_refused_beyond_the_limit_of_half_open_sas() -> None:
    world = World(limits=Limits(max_half_open=2))
    for seed in ("one", "two"):
        Initiator(world, seed=seed).send_init()
    assert world.deliver(Initiator(world, seed="three").init_request()) == []
    assert world.drops == [DropReason.TOO_MANY_HALF_OPEN]
    assert len(world.sas) == 2


def test_established_sas_do_not_count_as_half_open() -> None:
    world = World(limits=Limits(max_half_open=1))
    connected(world)
    Initiator(world, seed="two").connect()
    assert len(world.sas) == 2


def test_there_is_room_again_when_half_open_sas_have_timed_out() -> None:
    world = World(limits=Limits(max_half_open=1))
    Initiator(world, seed="one").send_init()
    world.advance(world.limits.half_open_timeout)
    Initiator(world, seed="two").connect()
    assert len(world.sas) == 1
