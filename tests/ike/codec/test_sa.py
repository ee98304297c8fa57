"""Security Association payload (RFC 7296 section 3.3)."""

import pytest

from ike.codec import CodecError, SaPayload
from ike.constants import Encr, ProtocolId, TransformType
from ike.proposal import Proposal, Transform
from tests.ike.codec.wire import body, octets

GCM_256 = Transform(TransformType.ENCR, Encr.AES_GCM_16, 256)
NO_ESN = Transform(TransformType.ESN, 0)
ESP = Proposal(1, ProtocolId.ESP, octets("c0ffee01"), (GCM_256, NO_ESN))
ESP_WIRE = (
    "00 00 0020 01 03 04 02 c0ffee01",
    "03 00 000c 01 00 0014 800e 0100",
    "00 00 0008 05 00 0000",
)


def one_transform(*fields: str, length: str = "000c") -> tuple[str, str]:
    """An IKE proposal with one transform of that length whose attributes are ``fields``."""
    proposal_length = f"{8 + int(length, 16):04x}"
    return f"00 00 {proposal_length} 01 01 00 01", f"00 00 {length} 01 00 000c" + "".join(fields)


def test_proposals_stand_as_in_rfc_7296_section_3_3() -> None:
    assert SaPayload.parse(body(*ESP_WIRE)) == SaPayload((ESP,))
    assert SaPayload((ESP,)).build() == octets(*ESP_WIRE)


def test_several_proposals_keep_their_order() -> None:
    first = Proposal(1, ProtocolId.IKE, b"", (GCM_256,))
    second = Proposal(2, ProtocolId.IKE, b"", ())
    wire = ("02 00 0014 01 01 00 01 00 00 000c 01 00 0014 800e 0100", "00 00 0008 02 01 00 00")
    assert SaPayload((first, second)).build() == octets(*wire)
    assert SaPayload.parse(body(*wire)).proposals == (first, second)


@pytest.mark.parametrize("seen", ["02", "03"])
def test_a_last_proposal_that_announces_more_is_refused(seen: str) -> None:
    with pytest.raises(CodecError, match=f"of the proposal is {int(seen, 16)}, expected 0"):
        SaPayload.parse(body(seen + ESP_WIRE[0][2:], *ESP_WIRE[1:]))


def test_a_proposal_after_the_last_one_is_refused() -> None:
    with pytest.raises(CodecError, match='"last substructure" of the proposal is 0, expected 2'):
        SaPayload.parse(body(*ESP_WIRE, *ESP_WIRE))


@pytest.mark.parametrize(("seen", "position", "expected"), [("00", 1, 3), ("02", 1, 3), ("03", 2, 0)])
def test_the_last_field_of_transforms_must_agree_with_what_follows(
    seen: str, position: int, expected: int
) -> None:
    wire = list(ESP_WIRE)
    wire[position] = seen + wire[position][2:]
    with pytest.raises(CodecError, match=f"of the transform is {int(seen, 16)}, expected {expected}"):
        SaPayload.parse(body(*wire))


@pytest.mark.parametrize(
    ("count", "complaint"),
    [
        ("01", "8 octets after the end of the last of 1 transforms"),
        ("03", "transform header needs 8 octets, 0"),
    ],
)
def test_the_number_of_transforms_must_be_right(count: str, complaint: str) -> None:
    header = f"00 00 0020 01 03 04 {count} c0ffee01"
    with pytest.raises(CodecError, match=complaint):
        SaPayload.parse(body(header, *ESP_WIRE[1:]))


@pytest.mark.parametrize("length", ["0000", "0007", "001f", "0021", "ffff"])
def test_a_proposal_length_that_is_not_its_own_is_refused(length: str) -> None:
    with pytest.raises(CodecError):
        SaPayload.parse(body(f"00 00 {length} 01 03 04 02 c0ffee01", *ESP_WIRE[1:]))


@pytest.mark.parametrize("length", ["0000", "0007", "000b", "000d", "ffff"])
def test_a_transform_length_that_is_not_its_own_is_refused(length: str) -> None:
    with pytest.raises(CodecError):
        SaPayload.parse(body(ESP_WIRE[0], f"03 00 {length} 01 00 0014 800e 0100", ESP_WIRE[2]))


@pytest.mark.parametrize(
    ("protocol", "size", "complaint"),
    [
        ("01", "04", "IKE SPI of 4 octets, expected 0 or 8"),
        ("02", "00", "AH SPI of 0 octets, expected 4"),
        ("03", "08", "ESP SPI of 8 octets, expected 4"),
    ],
)
def test_an_spi_has_the_size_of_its_protocol(protocol: str, size: str, complaint: str) -> None:
    with pytest.raises(CodecError, match=complaint):
        SaPayload.parse(body(f"00 00 0010 01 {protocol} {size} 00", bytes(8).hex()))


def test_an_unknown_protocol_may_have_an_spi_of_any_size() -> None:
    (proposal,) = SaPayload.parse(body("00 00 000b 01 09 03 00 aabbcc")).proposals
    assert (proposal.protocol, proposal.spi) == (9, octets("aabbcc"))


def test_an_empty_payload_is_refused() -> None:
    with pytest.raises(CodecError, match="proposal header needs 8 octets, 0 left"):
        SaPayload.parse(body())


def test_reserved_octets_are_ignored() -> None:
    wire = ("00 ff 0020 01 03 04 02 c0ffee01", "03 ff 000c 01 ff 0014 800e 0100", "00 ff 0008 05 ff 0000")
    assert SaPayload.parse(body(*wire)) == SaPayload((ESP,))


def test_unknown_attributes_are_kept() -> None:
    wire = one_transform("800e 0080", "8abc 0102", "0abc 0003 010203", length="0017")
    (proposal,) = SaPayload.parse(body(*wire)).proposals
    (transform,) = proposal.transforms
    assert transform.key_bits == 128
    assert transform.other_attributes == ((0x8ABC, b"\x01\x02"), (0x0ABC, b"\x01\x02\x03"))
    assert SaPayload((proposal,)).build() == octets(*wire)


def test_a_key_length_in_the_long_format_is_an_unknown_attribute() -> None:
    (proposal,) = SaPayload.parse(body(*one_transform("000e 0002 0100", length="000e"))).proposals
    assert proposal.transforms[0].key_bits is None
    assert proposal.transforms[0].other_attributes == ((14, b"\x01\x00"),)


def test_a_second_key_length_is_an_unknown_attribute() -> None:
    (proposal,) = SaPayload.parse(body(*one_transform("800e 0100", "800e 0080", length="0010"))).proposals
    assert proposal.transforms[0].key_bits == 256
    assert proposal.transforms[0].other_attributes == ((0x800E, b"\x00\x80"),)


def test_an_attribute_that_leaves_its_transform_is_refused() -> None:
    with pytest.raises(CodecError, match="transform attribute value needs 5 octets, 1 left"):
        SaPayload.parse(body(*one_transform("0abc 0005 01", length="000d")))


def test_64_proposals_are_accepted_and_no_more() -> None:
    more, last = "02 00 0008 01 01 00 00", "00 00 0008 01 01 00 00"
    assert len(SaPayload.parse(body(more * 63, last)).proposals) == 64
    with pytest.raises(CodecError, match="more than 64 proposals"):
        SaPayload.parse(body(more * 64, last))


def test_a_short_attribute_has_two_octets() -> None:
    transform = Transform(1, 12, other_attributes=((0x8001, b"abc"),))
    with pytest.raises(CodecError, match="short attribute 0x8001 with a value of 3 octets, expected 2"):
        SaPayload((Proposal(1, 1, b"", (transform,)),)).build()


def test_description() -> None:
    odd = Transform(77, 5, other_attributes=((0x8ABC, b"\x01\x02"),))
    assert SaPayload((ESP, Proposal(2, 9, b"", (odd,)))).describe() == {
        "payload": "SA",
        "proposals": [
            {
                "number": 1,
                "protocol": "ESP",
                "spi": "c0ffee01",
                "transforms": [
                    {"type": "ENCR", "id": 20, "name": "AES_GCM_16-256"},
                    {"type": "ESN", "id": 0, "name": "NO_ESN"},
                ],
            },
            {
                "number": 2,
                "protocol": "ProtocolId(9)",
                "spi": "",
                "transforms": [
                    {
                        "type": "TransformType(77)",
                        "id": 5,
                        "name": "transform type 77 id 5",
                        "unknown_attributes": [{"type": 0x0ABC, "value": "0102"}],
                    }
                ],
            },
        ],
    }
