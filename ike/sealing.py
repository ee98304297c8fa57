"""The SK payload: encrypts and decrypts messages of one IKE SA (RFC 7296 section 3.14, RFC 5282)."""

import itertools
from collections.abc import Callable, Sequence

from ike.codec import (
    CodecError,
    EncryptedPayload,
    Header,
    Message,
    Payload,
    build_payloads,
    encrypted_prefix,
    parse_payloads,
)
from ike.constants import Encr, PayloadType, TransformType
from ike.crypto.keys import IkeKeys
from ike.crypto.protection import Protection
from ike.selection import Selection


class NotEncryptedError(CodecError):
    """A message of an IKE SA without an SK payload."""


class Sealer:
    """Both directions of the SK payload of one IKE SA.

    Args:
        inbound: Opens what the peer sends (SK_ei, SK_ai when the peer is the initiator).
        outbound: Seals what we send.
        next_iv: Returns the IV of the next message, given its length in octets.
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
        iv_length, icv_length = self._inbound.iv_length, self._inbound.icv_length
        body = sk.body
        if len(body) < iv_length + icv_length + 1:
            raise CodecError(f"SK payload of {len(body)} octets is shorter than IV, pad length and checksum")
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
        block = self._outbound.block_length
        padding = -(len(inner) + 1) % block
        plaintext = inner + bytes(padding) + bytes([padding])
        iv_length = self._outbound.iv_length
        body_length = iv_length + len(plaintext) + self._outbound.icv_length
        prefix = encrypted_prefix(header, first, body_length)
        iv = self._next_iv(iv_length)
        return prefix + iv + self._outbound.seal(iv, prefix, plaintext)


def make_sealer(selection: Selection, keys: IkeKeys, random: Callable[[int], bytes]) -> Sealer:
    """The sealer of an IKE SA in which the peer is the original initiator.

    The IVs of an AEAD are a counter, since none may ever repeat (RFC 5282 section 3.1); CBC has random ones.
    """
    encr, integ = selection.transform(TransformType.ENCR), selection.transform(TransformType.INTEG)
    if encr is None:
        raise ValueError("an IKE SA has an encryption transform")
    count = itertools.count(1)
    aead = Encr(encr.id).is_aead
    return Sealer(
        Protection(encr, integ, keys.SK_ei, keys.SK_ai),
        Protection(encr, integ, keys.SK_er, keys.SK_ar),
        (lambda length: next(count).to_bytes(length, "big")) if aead else random,
    )


def parse_inner(message: Message, plaintext: bytes) -> tuple[Payload, ...]:
    """Remove the padding of what ``Sealer.open`` returned for the message, and parse the rest.

    Raises:
        CodecError: The pad length is wrong, or as raised by ``parse_payloads``. The message is authentic.
    """
    if not plaintext or plaintext[-1] >= len(plaintext):
        raise CodecError("the pad length exceeds the content", payload=PayloadType.SK)
    sk = message.payloads[-1]
    inner = plaintext[: len(plaintext) - 1 - plaintext[-1]]
    return parse_payloads(sk.first_inner if isinstance(sk, EncryptedPayload) else 0, inner)
