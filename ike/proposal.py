"""Proposals and transforms of an SA payload, and the policy they are matched against.

Source: RFC 7296 sections 2.7 and 3.3.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from ike.constants import TRANSFORM_IDS, Encr, ProtocolId, TransformType, name_of


@dataclass(frozen=True, order=True)
class Transform:
    """One transform: its type, its ID and, where the algorithm has one, the key length in bits.

    ``other_attributes`` holds attributes of unknown meaning as (type, value) so that parse and build agree;
    a transform that carries any is never chosen (RFC 7296 section 3.3.6).
    """

    type: int
    id: int
    key_bits: int | None = None
    other_attributes: tuple[tuple[int, bytes], ...] = ()

    @cached_property
    def name(self) -> str:
        """The IANA name with the key length: ``AES_GCM_16-256``, ``HMAC_SHA2_384``, ``MODP_2048``."""
        try:
            registry = TRANSFORM_IDS[TransformType(self.type)]
        except ValueError:
            return f"transform type {self.type} id {self.id}"
        base = name_of(registry, self.id)
        return base if self.key_bits is None else f"{base}-{self.key_bits}"


@dataclass(frozen=True)
class Proposal:
    """One proposal as it stands in an SA payload.

    Args:
        number: Proposal number; the first is 1.
        protocol: A ``ProtocolId`` or an unknown number.
        spi: The sender's SPI; empty in IKE_SA_INIT, 8 octets for an IKE SA rekey, 4 for ESP.
        transforms: In the order in which they were sent.
    """

    number: int
    protocol: int
    spi: bytes
    transforms: tuple[Transform, ...]

    def of_type(self, transform_type: int) -> tuple[Transform, ...]:
        """The alternatives offered for one transform type, in the sender's order."""
        return tuple(t for t in self.transforms if t.type == transform_type)

    def with_spi(self, spi: bytes) -> "Proposal":
        """The same with another SPI."""
        return Proposal(self.number, self.protocol, spi, self.transforms)

    @property
    def text(self) -> str:
        """One line for people: ``AES_GCM_16-256 / HMAC_SHA2_384 / MODP_2048``."""
        return " / ".join(t.name for t in self.transforms)


@dataclass(frozen=True)
class Suite:
    """One combination that a policy allows: per transform type the acceptable alternatives.

    A type that is absent must not be offered, except as NONE (RFC 7296 section 3.3.3).

    Args:
        name: What the policy calls it, for events and findings: ``default phase 1 combination 5``.
        protocol: IKE or ESP.
        transforms: Transform type to the allowed transforms, best first.
    """

    name: str
    protocol: ProtocolId
    transforms: dict[TransformType, tuple[Transform, ...]] = field(hash=False)

    @property
    def text(self) -> str:
        """One line for people, alternatives joined by ``|``."""
        return " / ".join("|".join(t.name for t in ts) for ts in self.transforms.values())


def encr(algorithm: Encr, key_bits: int | None = None) -> Transform:
    """An encryption transform; ``key_bits`` is required for AES."""
    return Transform(TransformType.ENCR, algorithm, key_bits)


def alternatives(transform_type: TransformType, ids: Iterable[int]) -> tuple[Transform, ...]:
    """Transforms of one type without attributes."""
    return tuple(Transform(transform_type, number) for number in ids)
