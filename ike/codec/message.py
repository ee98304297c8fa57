"""Whole messages: header and payloads (RFC 7296 section 3.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ike.codec.chain import GENERIC, build_payloads, generic_header, parse_chain
from ike.codec.encrypted import EncryptedFragmentPayload
from ike.codec.errors import CodecError
from ike.codec.header import LENGTH_OFFSET, Header, parse_header
from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import HEADER_LENGTH, PayloadType


@dataclass(frozen=True, slots=True)
class Message:
    """A message as on the wire; when it is encrypted, its last payload is the SK or SKF payload.

    Args:
        header: The IKE header.
        payloads: In their order on the wire.
    """

    header: Header
    payloads: tuple[Payload, ...]

    def describe(self) -> dict[str, Json]:
        """Header and payloads for people, JSON-compatible."""
        return {
            "header": self.header.describe(),
            "payloads": [payload.describe() for payload in self.payloads],
        }


def parse_message(data: bytes) -> Message:
    """Read one datagram's message, without the non-ESP marker.

    The version is not looked at: check ``parse_header(data).major`` first.

    Raises:
        CodecError: The octets are no message of RFC 7296 section 3. No octets make it raise another error.
    """
    header = parse_header(data)
    if header.length != len(data):
        raise CodecError(
            f"the header says {header.length} octets, the datagram has {len(data)}", LENGTH_OFFSET
        )
    return Message(header, parse_chain(header.next_payload, Reader(data, HEADER_LENGTH)))


def build_message(header: Header, payloads: Sequence[Payload]) -> bytes:
    """Write a message; ``next_payload`` and ``length`` of its header are made here.

    Raises:
        CodecError: A part is longer than its length field can say.
    """
    first, chain = build_payloads(payloads)
    return header.build(first, HEADER_LENGTH + len(chain)) + chain


def encrypted_prefix(header: Header, first_inner: int, body_length: int) -> bytes:
    """What precedes the IV in a message whose only outer payload is SK: IKE header and SK's generic header.

    The result is also the AEAD's associated data (RFC 5282 section 5.1), and with the IV and ciphertext after
    it what the integrity algorithm covers otherwise (RFC 7296 section 3.14). The message is
    ``encrypted_prefix(...) + IV + ciphertext + ICV``.

    Args:
        header: Its ``next_payload`` and ``length`` are made here.
        first_inner: Type of the first payload inside, from ``build_payloads``.
        body_length: Octets of IV, ciphertext (padding and pad length included) and ICV.

    Raises:
        CodecError: The SK payload would be longer than 65535 octets.
    """
    generic = generic_header(PayloadType.SK, first_inner, body_length)
    length = HEADER_LENGTH + GENERIC.size + body_length
    return header.build(PayloadType.SK, length) + generic


def fragment_prefix(header: Header, fragment: EncryptedFragmentPayload, body_length: int) -> bytes:
    """What precedes the IV in a fragment: IKE header, SKF's generic header and the fragment numbers.

    It is authenticated as ``encrypted_prefix`` is (RFC 7383 section 2.5).

    Args:
        header: Its ``next_payload`` and ``length`` are made here.
        fragment: Numbers and first inner payload; its body goes in front of the IV, so it is empty.
        body_length: Octets of IV, ciphertext (padding and pad length included) and ICV.

    Raises:
        CodecError: The SKF payload would be longer than 65535 octets.
    """
    numbers = fragment.build()
    generic = generic_header(PayloadType.SKF, fragment.first_inner, len(numbers) + body_length)
    length = HEADER_LENGTH + GENERIC.size + len(numbers) + body_length
    return header.build(PayloadType.SKF, length) + generic + numbers
