"""ESP packets: their form, the order of the checks, and what is dropped for which reason."""

import hashlib
import hmac
import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from gateway.dataplane.esp import EspDrop, InboundSa, OutboundSa, SequenceExhausted
from ike.child_sa import EspParameters
from ike.constants import Encr, Integ
from ike.path import Path as UnderlayPath

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "esp_aes_gcm.json").read_text())["tests"]
SPI = 0xC0FFEE01
HMAC_KEY = bytes(range(32))


def gcm_key(bits: int) -> bytes:
    return bytes(range(bits // 8 + 4))


def parameters(bits: int | None = 256, *, esn: bool = False, key: bytes | None = None) -> EspParameters:
    """Both directions with the same SPI and keys; without bits NULL and HMAC-SHA2-256-128."""
    encr_key = b"" if bits is None else key or gcm_key(bits)
    integ_key = HMAC_KEY if bits is None else b""
    return EspParameters(
        spi_in=SPI,
        spi_out=SPI,
        encr=Encr.NULL if bits is None else Encr.AES_GCM_16,
        encr_key_bits=bits,
        integ=Integ.HMAC_SHA2_256_128 if bits is None else None,
        encr_key_in=encr_key,
        integ_key_in=integ_key,
        encr_key_out=encr_key,
        integ_key_out=integ_key,
        esn=esn,
        udp_encapsulation=True,
        path=UnderlayPath("198.51.100.1", 4500, "198.51.100.2", 4500),
    )


ALL = [parameters(bits, esn=esn) for bits in (128, 192, 256, None) for esn in (False, True)]


def name(params: EspParameters) -> str:
    return f"{params.encr.name}-{params.encr_key_bits or 0}{'-ESN' if params.esn else ''}"


every_transform = pytest.mark.parametrize("params", ALL, ids=name)


def ipv4(size: int = 84, fill: int = 0x5A) -> bytes:
    """An IPv4 packet as far as ESP looks at one: version and total length."""
    return b"\x45\0" + size.to_bytes(2, "big") + bytes((fill,)) * (size - 4)


def ipv6(size: int = 80) -> bytes:
    return b"\x60\0\0\0" + (size - 40).to_bytes(2, "big") + b"\x5a" * (size - 6)


def seal_raw(plaintext: bytes, sequence: int = 1) -> bytes:
    """An authentic AES-GCM packet around any plaintext, trailer included."""
    key, head = gcm_key(256), struct.pack("!IIQ", SPI, sequence, sequence)
    return head + AESGCM(key[:-4]).encrypt(key[-4:] + head[8:], plaintext, head[:8])


def drops_of(*packets: bytes) -> dict[EspDrop, int]:
    """The drops counted by a fresh SA, which must pass nothing on."""
    inbound = InboundSa(parameters())
    assert inbound.open(packets) == []
    assert (inbound.packets, inbound.bytes) == (0, 0)
    return dict(inbound.drops)


# ---- published packets


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["comment"])
def test_draft_mcgrew_gcm_packets_open(vector: dict[str, Any]) -> None:
    key = bytes.fromhex(vector["key"])
    inbound = InboundSa(parameters(len(key) * 8, esn=vector["esn"], key=key + bytes.fromhex(vector["salt"])))
    sequence = int(vector["sequence"], 16)
    inbound.window.top = sequence - 1
    wire_sequence = (sequence & 0xFFFFFFFF).to_bytes(4, "big")
    body = bytes.fromhex(vector["iv"] + vector["ciphertext"] + vector["icv"])
    packet = bytes.fromhex(vector["spi"]) + wire_sequence + body
    assert inbound._transform.open(sequence, packet) == bytes.fromhex(vector["plaintext"])
    # The draft's inner protocol is 1, so a tunnel takes these packets as authentic and no further.
    assert inbound.open([packet]) == []
    assert inbound.drops == {EspDrop.NEXT_HEADER: 1}
    assert inbound.window.top == sequence


# ---- form of the packets


def test_gcm_packet_is_spi_sequence_iv_ciphertext_icv() -> None:
    outbound = OutboundSa(parameters(256))
    outbound.seal([ipv4()] * 6)
    (packet,) = outbound.seal([ipv4(83)])
    key = gcm_key(256)
    assert packet[:16] == struct.pack("!IIQ", SPI, 7, 7)
    assert AESGCM(key[:-4]).decrypt(key[-4:] + packet[8:16], packet[16:], packet[:8]) == (
        ipv4(83) + b"\1\2\3\3\4"
    )


def test_gcm_with_esn_authenticates_the_64_bit_number_and_sends_its_low_half() -> None:
    outbound = OutboundSa(parameters(256, esn=True))
    outbound.sequence = (5 << 32) + 6
    (packet,) = outbound.seal([ipv4()])
    key = gcm_key(256)
    assert packet[:8] == struct.pack("!II", SPI, 7)
    aad = struct.pack("!IQ", SPI, (5 << 32) + 7)
    assert AESGCM(key[:-4]).decrypt(key[-4:] + packet[8:16], packet[16:], aad).startswith(ipv4())


def test_null_packet_is_readable_and_its_icv_covers_everything_before_it() -> None:
    (packet,) = OutboundSa(parameters(None)).seal([ipv4(82)])
    assert packet[:-16] == struct.pack("!II", SPI, 1) + ipv4(82) + b"\0\4"
    assert packet[-16:] == hmac.new(HMAC_KEY, packet[:-16], hashlib.sha256).digest()[:16]


def test_null_with_esn_appends_the_high_half_to_what_the_icv_covers() -> None:
    outbound = OutboundSa(parameters(None, esn=True))
    outbound.sequence = (5 << 32) + 6
    (packet,) = outbound.seal([ipv4()])
    covered = packet[:-16] + struct.pack("!I", 5)
    assert packet[4:8] == struct.pack("!I", 7)
    assert packet[-16:] == hmac.new(HMAC_KEY, covered, hashlib.sha256).digest()[:16]


@pytest.mark.parametrize(
    ("size", "trailer"),
    [(84, b"\1\2\2\4"), (83, b"\1\2\3\3\4"), (82, b"\0\4"), (81, b"\1\1\4")],
    ids=["2 octets", "3 octets", "none", "1 octet"],
)
def test_padding_counts_from_1_and_aligns_to_4(size: int, trailer: bytes) -> None:
    (packet,) = OutboundSa(parameters(None)).seal([ipv4(size)])
    assert packet[8:-16] == ipv4(size) + trailer
    assert len(packet) % 4 == 0


def test_next_header_tells_ipv4_from_ipv6() -> None:
    four, six = OutboundSa(parameters(None)).seal([ipv4(), ipv6()])
    assert four[-17] == 4
    assert six[-17] == 41


@every_transform
def test_no_iv_and_no_sequence_number_is_used_twice(params: EspParameters) -> None:
    outbound = OutboundSa(params)
    packets = [packet for _ in range(4) for packet in outbound.seal([ipv4()] * 8)]
    assert [int.from_bytes(packet[4:8], "big") for packet in packets] == list(range(1, 33))
    assert len({packet[8:16] for packet in packets}) == (32 if params.encr is Encr.AES_GCM_16 else 1)


@pytest.mark.parametrize("packet", [b"", b"\x00", b"\x15" * 20, b"\xff" * 60])
def test_what_is_no_ip_packet_is_left_out_and_counted(packet: bytes) -> None:
    outbound = OutboundSa(parameters())
    assert len(outbound.seal([ipv4(), packet, ipv6()])) == 2
    assert outbound.drops == {EspDrop.INNER_PACKET: 1}
    assert (outbound.packets, outbound.bytes, outbound.sequence) == (2, 164, 2)


# ---- the end of the sequence numbers


@pytest.mark.parametrize(("esn", "last"), [(False, (1 << 32) - 1), (True, (1 << 64) - 1)])
def test_sequence_numbers_never_wrap(*, esn: bool, last: int) -> None:
    outbound = OutboundSa(parameters(esn=esn))
    outbound.sequence = last - 1
    with pytest.raises(SequenceExhausted, match="1 sequence numbers left for 2 packets: rekey"):
        outbound.seal([ipv4()] * 2)
    assert outbound.sequence == last - 1
    assert len(outbound.seal([ipv4()])) == 1
    with pytest.raises(SequenceExhausted, match="0 sequence numbers left for 1 packets"):
        outbound.seal([ipv4()])


def test_esn_goes_on_past_32_bits() -> None:
    params = parameters(esn=True)
    outbound, inbound = OutboundSa(params), InboundSa(params)
    outbound.sequence = inbound.window.top = (1 << 32) - 4
    assert inbound.open(outbound.seal([ipv4()] * 8)) == [ipv4()] * 8
    assert inbound.window.top == (1 << 32) + 4


def test_esn_opens_packets_reordered_across_the_32_bit_boundary() -> None:
    params = parameters(esn=True)
    outbound, inbound = OutboundSa(params), InboundSa(params)
    outbound.sequence = inbound.window.top = (1 << 32) - 4
    packets = outbound.seal([ipv4()] * 8)
    assert len(inbound.open(packets[::-1])) == 8
    assert inbound.open(packets) == []
    assert inbound.drops == {EspDrop.REPLAY: 8}


# ---- opening


@every_transform
@given(sizes=st.lists(st.integers(20, 1500), max_size=12))
def test_what_was_sealed_opens(params: EspParameters, sizes: list[int]) -> None:
    packets = [ipv4(size) if index % 2 else ipv6(size + 20) for index, size in enumerate(sizes)]
    outbound, inbound = OutboundSa(params), InboundSa(params)
    assert inbound.open(outbound.seal(packets)) == packets
    assert not inbound.drops
    assert (inbound.packets, inbound.bytes) == (len(packets), sum(map(len, packets)))
    assert (outbound.packets, outbound.bytes) == (inbound.packets, inbound.bytes)


@every_transform
@pytest.mark.parametrize("buffer", [bytes, bytearray, memoryview])
def test_packets_may_be_any_buffer(params: EspParameters, buffer: Callable[[bytes], memoryview]) -> None:
    sealed = OutboundSa(params).seal([buffer(ipv4()), buffer(ipv6())])
    opened = InboundSa(params).open([buffer(packet) for packet in sealed])
    assert opened == [ipv4(), ipv6()]
    assert all(type(packet) is bytes for packet in opened)


@every_transform
@given(data=st.data())
def test_a_packet_with_any_changed_bit_is_dropped(params: EspParameters, data: st.DataObject) -> None:
    (packet,) = OutboundSa(params).seal([ipv4(40)])
    bit = data.draw(st.integers(0, len(packet) * 8 - 1))
    forged = bytearray(packet)
    forged[bit // 8] ^= 1 << bit % 8
    inbound = InboundSa(params)
    assert inbound.open([forged]) == []
    assert set(inbound.drops) <= {EspDrop.AUTHENTICATION, EspDrop.REPLAY}
    assert inbound.open([packet]) == [ipv4(40)]


@every_transform
@given(packet=st.binary(max_size=120))
def test_any_octets_are_dropped_without_an_error(params: EspParameters, packet: bytes) -> None:
    inbound = InboundSa(params)
    assert inbound.open([packet]) == []
    assert inbound.drops.total() == 1


@every_transform
def test_every_truncated_packet_is_dropped(params: EspParameters) -> None:
    (packet,) = OutboundSa(params).seal([ipv4(40)])
    inbound = InboundSa(params)
    assert inbound.open([packet[:length] for length in range(len(packet))]) == []
    assert set(inbound.drops) == {EspDrop.MALFORMED, EspDrop.AUTHENTICATION}


def test_another_key_is_an_authentication_drop() -> None:
    sealed = OutboundSa(replace(parameters(), encr_key_out=bytes(36))).seal([ipv4()])
    assert drops_of(*sealed) == {EspDrop.AUTHENTICATION: 1}


def test_another_salt_is_an_authentication_drop() -> None:
    sealed = OutboundSa(replace(parameters(), encr_key_out=gcm_key(256)[:-4] + b"salt")).seal([ipv4()])
    assert drops_of(*sealed) == {EspDrop.AUTHENTICATION: 1}


@every_transform
def test_a_replayed_packet_is_dropped(params: EspParameters) -> None:
    sealed = OutboundSa(params).seal([ipv4()] * 3)
    inbound = InboundSa(params)
    assert len(inbound.open([*sealed, *sealed, sealed[1]])) == 3
    assert inbound.drops == {EspDrop.REPLAY: 4}


@every_transform
def test_packets_out_of_order_within_the_window_open(params: EspParameters) -> None:
    outbound, inbound = OutboundSa(params), InboundSa(params)
    sealed = outbound.seal([ipv4()] * 1025)
    assert len(inbound.open(sealed[1:][::-1])) == 1024
    assert inbound.open(sealed[:1]) == []
    # Left of the window, an extended number means the next subspace, where the ICV does not fit.
    assert inbound.drops == {EspDrop.AUTHENTICATION if params.esn else EspDrop.REPLAY: 1}


def test_a_forged_high_number_does_not_move_the_window() -> None:
    inbound = InboundSa(parameters())
    sealed = OutboundSa(parameters()).seal([ipv4()] * 2)
    forged = sealed[0][:4] + b"\xff\xff\xff\xff" + sealed[0][8:]
    assert inbound.open([forged, *sealed]) == [ipv4()] * 2
    assert inbound.drops == {EspDrop.AUTHENTICATION: 1}


@pytest.mark.parametrize(
    "trailer",
    [b"\1\2\3\2\4", b"\0\0\0\3\4", b"\1\3\3\3\4", b"\2\1\4\x01\4", b"\xff\4"],
    ids=["wrong length", "zeros", "wrong octet", "not from 1", "longer than the packet"],
)
def test_wrong_padding_is_dropped(trailer: bytes) -> None:
    plaintext = ipv4(84 - len(trailer)) + trailer
    assert drops_of(seal_raw(plaintext)) == {EspDrop.PADDING: 1}


@pytest.mark.parametrize("plaintext", [b"", ipv4(83) + b"\0\4"], ids=["empty", "not a multiple of 4"])
def test_authentic_packets_of_an_impossible_length_are_malformed(plaintext: bytes) -> None:
    assert drops_of(seal_raw(plaintext)) == {EspDrop.MALFORMED: 1}


@pytest.mark.parametrize("octets", [b"\0\0\2\4", b"\0\0\3\4", b"\1\2\xff\4", b"\0\0\xfe\4"])
def test_a_pad_length_beyond_the_payload_is_wrong_padding(octets: bytes) -> None:
    assert drops_of(seal_raw(octets)) == {EspDrop.PADDING: 1}


def test_dummy_packets_are_dropped_as_such_and_count_as_arrived() -> None:
    inbound = InboundSa(parameters())
    dummy = seal_raw(b"\xa5" * 10 + b"\0\x3b")
    assert inbound.open([dummy, dummy]) == []
    assert inbound.drops == {EspDrop.DUMMY: 1, EspDrop.REPLAY: 1}


@pytest.mark.parametrize("next_header", [0, 1, 6, 17, 50, 255])
def test_other_next_headers_are_not_tunnel_mode(next_header: int) -> None:
    assert drops_of(seal_raw(ipv4(82) + bytes((0, next_header)))) == {EspDrop.NEXT_HEADER: 1}


@pytest.mark.parametrize(
    "plaintext",
    [
        ipv6(82) + b"\0\4",
        ipv4(82) + b"\0\x29",
        b"\x45\0\x05\xdc" + ipv4(82)[4:] + b"\0\4",
        b"\x45\0\0\x13" + ipv4(82)[4:] + b"\0\4",
        b"\x60\0\0\0\xff\xff" + ipv6(82)[6:] + b"\0\x29",
        b"\x45\0\0\x06\0\0\0\4",
        b"\x60\0\0\0\0\0\0\x29",
        b"\x45\0\0\4",
        b"\x60\0\0\x29",
        b"\1\2\2\4",
    ],
    ids=[
        "IPv6 as IPv4",
        "IPv4 as IPv6",
        "longer than the payload",
        "shorter than a header",
        "IPv6 longer than the payload",
        "IPv4 stub",
        "IPv6 stub",
        "two octets of IPv4",
        "two octets of IPv6",
        "empty",
    ],
)
def test_inner_packets_that_are_no_ip_packets_are_dropped(plaintext: bytes) -> None:
    assert drops_of(seal_raw(plaintext)) == {EspDrop.INNER_PACKET: 1}


@pytest.mark.parametrize(("packet", "next_header"), [(ipv4(60), 4), (ipv6(60), 41)], ids=["IPv4", "IPv6"])
def test_traffic_flow_confidentiality_padding_is_cut_off(packet: bytes, next_header: int) -> None:
    inbound = InboundSa(parameters())
    plaintext = packet + b"\xee" * 38 + bytes((0, next_header))
    assert inbound.open([seal_raw(plaintext)]) == [packet]
    assert (inbound.packets, inbound.bytes) == (1, 60)


def test_good_packets_of_a_batch_pass_beside_bad_ones() -> None:
    sealed = OutboundSa(parameters()).seal([ipv4(fill=n) for n in range(4)])
    inbound = InboundSa(parameters())
    batch = [sealed[0], b"short", sealed[1], bytes(60), sealed[0], sealed[2][:-1] + b"?", sealed[3]]
    assert inbound.open(batch) == [ipv4(fill=n) for n in (0, 1, 3)]
    assert (inbound.packets, inbound.bytes) == (3, 252)


# ---- parameters that cannot be carried


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encr": Encr.AES_CBC, "encr_key_bits": 256}, "ESP with AES_CBC and no integrity"),
        ({"integ": Integ.HMAC_SHA2_256_128}, "ESP with AES_GCM_16 and HMAC_SHA2_256_128"),
        ({"encr": Encr.NULL}, "ESP with NULL and no integrity"),
        ({"encr_key_out": bytes(32)}, "key of 32 octets for 256 bits"),
        ({"encr_key_bits": 128}, "key of 36 octets for 128 bits"),
        ({"encr_key_bits": None}, "key of 36 octets for None bits"),
        (
            {"encr": Encr.NULL, "integ": Integ.HMAC_SHA2_256_128, "integ_key_out": bytes(20)},
            "key of 20 octets: 32 expected",
        ),
    ],
    ids=["CBC", "GCM with HMAC", "NULL alone", "no salt", "other length", "no length", "short HMAC key"],
)
def test_unsupported_parameters_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OutboundSa(replace(parameters(), **changes))
