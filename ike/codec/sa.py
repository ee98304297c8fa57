"""Security Association payload: proposals, transforms, attributes (RFC 7296 section 3.3)."""

from dataclasses import dataclass
from struct import Struct
from typing import ClassVar, Self

from ike.codec.errors import CodecError
from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import KEY_LENGTH_ATTRIBUTE, PayloadType, ProtocolId, TransformType, name_of
from ike.proposal import Proposal, Transform

MAX_PROPOSALS = 64
"""Proposals accepted in one payload."""
MAX_TRANSFORMS = 512
"""Transforms accepted in one payload, over all proposals."""

_PROPOSAL = Struct("!BxHBBBB")  # last or more, length, number, protocol, SPI size, number of transforms
_TRANSFORM = Struct("!BxHBxH")  # last or more, length, type, ID
_ATTRIBUTE = Struct("!HH")  # format bit and type, value or length
_MORE_PROPOSALS, _MORE_TRANSFORMS = 2, 3
_SHORT_FORMAT = 0x8000  # the attribute's value stands in place of its length
_SHORT_KEY_LENGTH = _SHORT_FORMAT | KEY_LENGTH_ATTRIBUTE
_SHORT_VALUE_OCTETS = 2
_SPI_SIZES = {ProtocolId.IKE: (0, 8), ProtocolId.AH: (4,), ProtocolId.ESP: (4,)}


@dataclass(frozen=True, slots=True)
class SaPayload(Payload):
    """The proposals offered, or the one proposal accepted.

    Attributes of transforms other than the key length are kept in ``Transform.other_attributes``; their type
    includes the format bit (0x8000) as on the wire, and the value of an attribute in the short format has
    2 octets.

    Parsing refuses an SPI whose size is not that of its protocol, counts and lengths that disagree and wrong
    "last substructure" fields. How proposals are numbered is not checked: requests and responses differ.
    """

    type: ClassVar[PayloadType] = PayloadType.SA
    proposals: tuple[Proposal, ...]

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read all proposals; at least one is required."""
        proposals: list[Proposal] = []
        room = MAX_TRANSFORMS
        while reader.remaining or not proposals:
            if len(proposals) == MAX_PROPOSALS:
                raise reader.error(f"more than {MAX_PROPOSALS} proposals")
            proposal = _parse_proposal(reader)
            proposals.append(proposal)
            room -= len(proposal.transforms)
            if room < 0:
                raise reader.error(f"more than {MAX_TRANSFORMS} transforms")
        return cls(tuple(proposals))

    def build(self) -> bytes:
        """The proposals in their order."""
        last = len(self.proposals) - 1
        return b"".join(
            _build_proposal(proposal, 0 if index == last else _MORE_PROPOSALS)
            for index, proposal in enumerate(self.proposals)
        )

    def facts(self) -> dict[str, Json]:
        """Every proposal with every transform."""
        return {"proposals": [_describe_proposal(proposal) for proposal in self.proposals]}


def _parse_proposal(reader: Reader) -> Proposal:
    more, length, number, protocol, spi_size, count = reader.unpack(_PROPOSAL, "proposal header")
    body = reader.sub(_body_length(reader, length, _PROPOSAL, "proposal"), "proposal body")
    _check_more(reader, more, _MORE_PROPOSALS, "proposal")
    expected = _SPI_SIZES.get(protocol)
    if expected is not None and spi_size not in expected:
        wanted = " or ".join(map(str, expected))
        raise body.error(f"{name_of(ProtocolId, protocol)} SPI of {spi_size} octets, expected {wanted}")
    spi = body.take(spi_size, "SPI")
    transforms = tuple(_parse_transform(body) for _ in range(count))
    body.expect_end(f"last of {count} transforms")
    return Proposal(number, protocol, spi, transforms)


def _parse_transform(reader: Reader) -> Transform:
    more, length, transform_type, transform_id = reader.unpack(_TRANSFORM, "transform header")
    body_length = _body_length(reader, length, _TRANSFORM, "transform")
    body = reader.sub(body_length, "transform attributes") if body_length else None
    _check_more(reader, more, _MORE_TRANSFORMS, "transform")
    if body is None:
        return Transform(transform_type, transform_id)
    key_bits: int | None = None
    others: list[tuple[int, bytes]] = []
    while body.remaining:
        attribute, value = body.unpack(_ATTRIBUTE, "transform attribute")
        if attribute == _SHORT_KEY_LENGTH and key_bits is None:
            key_bits = value
        elif attribute & _SHORT_FORMAT:
            others.append((attribute, value.to_bytes(_SHORT_VALUE_OCTETS, "big")))
        else:
            others.append((attribute, body.take(value, "transform attribute value")))
    return Transform(transform_type, transform_id, key_bits, tuple(others))


def _body_length(reader: Reader, length: int, header: Struct, structure: str) -> int:
    if length < header.size:
        raise reader.error(f"{structure} length {length}, expected at least {header.size}")
    return length - header.size


def _check_more(reader: Reader, seen: int, more: int, structure: str) -> None:
    """Require the "last substructure" field to agree with what follows (RFC 7296 section 3.3.1)."""
    expected = more if reader.remaining else 0
    if seen != expected:
        raise reader.error(f'"last substructure" of the {structure} is {seen}, expected {expected}')


def _build_proposal(proposal: Proposal, more: int) -> bytes:
    last = len(proposal.transforms) - 1
    transforms = b"".join(
        _build_transform(transform, 0 if index == last else _MORE_TRANSFORMS)
        for index, transform in enumerate(proposal.transforms)
    )
    length = _PROPOSAL.size + len(proposal.spi) + len(transforms)
    header = _PROPOSAL.pack(
        more, length, proposal.number, proposal.protocol, len(proposal.spi), len(proposal.transforms)
    )
    return header + proposal.spi + transforms


def _build_transform(transform: Transform, more: int) -> bytes:
    parts = []
    if transform.key_bits is not None:
        parts.append(_ATTRIBUTE.pack(_SHORT_KEY_LENGTH, transform.key_bits))
    for attribute, value in transform.other_attributes:
        if not attribute & _SHORT_FORMAT:
            parts.append(_ATTRIBUTE.pack(attribute, len(value)) + value)
        elif len(value) == _SHORT_VALUE_OCTETS:
            parts.append(attribute.to_bytes(2, "big") + value)
        else:
            raise CodecError(
                f"short attribute {attribute:#x} with a value of {len(value)} octets, expected 2",
                payload=PayloadType.SA,
            )
    attributes = b"".join(parts)
    return _TRANSFORM.pack(more, _TRANSFORM.size + len(attributes), transform.type, transform.id) + attributes


def _describe_proposal(proposal: Proposal) -> dict[str, Json]:
    return {
        "number": proposal.number,
        "protocol": name_of(ProtocolId, proposal.protocol),
        "spi": proposal.spi.hex(),
        "transforms": [_describe_transform(transform) for transform in proposal.transforms],
    }


def _describe_transform(transform: Transform) -> dict[str, Json]:
    facts: dict[str, Json] = {
        "type": name_of(TransformType, transform.type),
        "id": transform.id,
        "name": transform.name,
    }
    if transform.other_attributes:
        facts["unknown_attributes"] = [
            {"type": attribute & ~_SHORT_FORMAT, "value": value.hex()}
            for attribute, value in transform.other_attributes
        ]
    return facts
