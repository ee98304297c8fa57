"""SK and SKF payloads: encrypts and decrypts messages of one IKE SA.

Source: RFC 7296 section 3.14, RFC 5282, RFC 7383 section 2.5.
"""

import itertools
from collections.abc import Callable, Sequence
from functools import partial

from ike.codec import (
    CodecError,
    EncryptedFragmentPayload,
    EncryptedPayload,
    Header,
    Message,
    Payload,
    build_payloads,
    encrypted_prefix,
    fragment_prefix,
    parse_payloads,
)
from ike.constants import HEADER_LENGTH, Encr, PayloadType, TransformType, name_of
from ike.crypto.keys import IkeKeys
from ike.crypto.protection import Protection
from ike.selection import Selection

_GENERIC_LENGTH = 4
_NUMBERS_LENGTH = 4


class NotEncryptedError(CodecError):
    """A message of an IKE SA without an SK payload."""


class Sealer:
    """Both directions of the SK and SKF payloads of one IKE SA.

    Args:
        inbound: Opens what the peer sends (SK_ei, SK_ai when the peer is the initiator).
        outbound: Seals what we send.
        next_iv: Returns the IV of the next message or fragment, given its length in octets.
    """

    def __init__(self, inbound: Protection, outbound: Protection, next_iv: Callable[[int], bytes]) -> None:
        self._inbound = inbound
        self._outbound = outbound
        self._next_iv = next_iv

    def open(self, data: bytes, message: Message) -> bytes:
        """Decrypt the SK payload of a message.

        Args:
            data: The whole message as received.
            message: The same, parsed; its last payload is the SK payload.

        Returns:
            The inner payloads with their padding, for ``parse_inner``.

        Raises:
            NotEncryptedError: The message has no SK payload.
            CodecError: It is too short.
            IntegrityError: The checksum does not verify.
        """
        sk = message.payloads[-1] if message.payloads else None
        if not isinstance(sk, EncryptedPayload):
            raise NotEncryptedError("the message has no SK payload")
        return self._open(data, sk)

    def open_fragment(self, data: bytes, fragment: EncryptedFragmentPayload) -> bytes:
        """Decrypt one fragment (RFC 7383 section 2.6).

        Args:
            data: The whole datagram as received.
            fragment: Its SKF payload.

        Returns:
            Its part of the inner payloads, without padding.

        Raises:
            CodecError: It is too short, or the pad length is wrong.
            IntegrityError: The checksum does not verify.
        """
        return _without_padding(self._open(data, fragment), PayloadType.SKF)

    def _open(self, data: bytes, payload: EncryptedPayload | EncryptedFragmentPayload) -> bytes:
        iv_length, icv_length = self._inbound.iv_length, self._inbound.icv_length
        body = payload.body
        if len(body) < iv_length + icv_length + 1:
            name = name_of(PayloadType, payload.type)
            raise CodecError(
                f"{name} payload of {len(body)} octets is shorter than IV, pad length and checksum"
            )
        start = len(data) - len(body)
        return self._inbound.open(
            body[:iv_length], data[:start], body[iv_length : len(body) - icv_length], body[-icv_length:]
        )

    def seal(self, header: Header, payloads: Sequence[Payload]) -> bytes:
        """Build a message whose payloads are all inside one SK payload.

        Args:
            header: Header of the message; next payload and length are filled in.
            payloads: The inner payloads, none for an empty message.
        """
        first, inner = build_payloads(payloads)
        return self._seal(partial(encrypted_prefix, header, first), inner)

    def seal_within(self, header: Header, payloads: Sequence[Payload], limit: int) -> tuple[bytes, ...]:
        """Build a message of which no datagram is longer than ``limit`` octets (RFC 7383 section 2.5).

        A message that fits is not cut. Each fragment has its own IV, padding and checksum.

        Raises:
            ValueError: No fragment of ``limit`` octets can carry anything.
        """
        first, inner = build_payloads(payloads)
        if HEADER_LENGTH + _GENERIC_LENGTH + self._body_length(len(inner)) <= limit:
            return (self._seal(partial(encrypted_prefix, header, first), inner),)
        room = self._fragment_room(limit)
        total = -(-len(inner) // room)
        return tuple(
            self._seal(
                partial(
                    fragment_prefix,
                    header,
                    EncryptedFragmentPayload(first if number == 1 else PayloadType.NONE, number, total, b""),
                ),
                inner[(number - 1) * room : number * room],
            )
            for number in range(1, total + 1)
        )

    def _fragment_room(self, limit: int) -> int:
        """Octets of inner payloads in a fragment whose datagram has at most ``limit`` octets."""
        outside = HEADER_LENGTH + _GENERIC_LENGTH + _NUMBERS_LENGTH
        outside += self._outbound.iv_length + self._outbound.icv_length
        inside = limit - outside
        room = inside - inside % self._outbound.block_length - 1  # the pad length takes one octet
        if room < 1:
            raise ValueError(f"a fragment of {limit} octets has no room for content")
        return room

    def _body_length(self, content: int) -> int:
        """Octets of IV, ciphertext and checksum for that many octets of content."""
        plaintext = content + 1 + -(content + 1) % self._outbound.block_length
        return self._outbound.iv_length + plaintext + self._outbound.icv_length

    def _seal(self, prefix_for: Callable[[int], bytes], content: bytes) -> bytes:
        prefix = prefix_for(self._body_length(len(content)))
        padding = -(len(content) + 1) % self._outbound.block_length
        iv = self._next_iv(self._outbound.iv_length)
        return prefix + iv + self._outbound.seal(iv, prefix, content + bytes(padding) + bytes([padding]))


def make_sealer(
    selection: Selection, keys: IkeKeys, random: Callable[[int], bytes], *, we_initiated: bool = False
) -> Sealer:
    """The sealer of an IKE SA; ``we_initiated`` when we are its original initiator.

    The IVs of an AEAD are a counter, since none may ever repeat (RFC 5282 section 3.1); CBC has random ones.
    """
    encr, integ = selection.transform(TransformType.ENCR), selection.transform(TransformType.INTEG)
    if encr is None:
        raise ValueError("an IKE SA has an encryption transform")
    count = itertools.count(1)
    aead = Encr(encr.id).is_aead
    of_initiator = Protection(encr, integ, keys.SK_ei, keys.SK_ai)
    of_responder = Protection(encr, integ, keys.SK_er, keys.SK_ar)
    return Sealer(
        of_responder if we_initiated else of_initiator,
        of_initiator if we_initiated else of_responder,
        (lambda length: next(count).to_bytes(length, "big")) if aead else random,
    )


def parse_inner(message: Message, plaintext: bytes) -> tuple[Payload, ...]:
    """Remove the padding of what ``Sealer.open`` returned for the message, and parse the rest.

    Raises:
        CodecError: The pad length is wrong, or as raised by ``parse_payloads``. The message is authentic.
    """
    inner = _without_padding(plaintext, PayloadType.SK)
    sk = message.payloads[-1]
    return parse_payloads(sk.first_inner if isinstance(sk, EncryptedPayload) else 0, inner)


def _without_padding(plaintext: bytes, payload: PayloadType) -> bytes:
    if not plaintext or plaintext[-1] >= len(plaintext):
        raise CodecError("the pad length exceeds the content", payload=payload)
    return plaintext[: len(plaintext) - 1 - plaintext[-1]]
