"""Chains of payloads: the generic payload header and what it links (RFC 7296 section 3.2)."""

from collections.abc import Callable, Sequence
from struct import Struct

from ike.codec.auth import AuthPayload
from ike.codec.cert import CertPayload
from ike.codec.certreq import CertReqPayload
from ike.codec.cp import CpPayload
from ike.codec.delete import DeletePayload
from ike.codec.eap import EapPayload
from ike.codec.encrypted import EncryptedFragmentPayload, EncryptedPayload
from ike.codec.errors import CodecError
from ike.codec.identity import IDiPayload, IDrPayload
from ike.codec.ke import KePayload
from ike.codec.nonce import NoncePayload
from ike.codec.notify import NotifyPayload
from ike.codec.payload import Payload
from ike.codec.reader import Reader
from ike.codec.sa import SaPayload
from ike.codec.ts import TSiPayload, TSrPayload
from ike.codec.unknown import UnknownPayload
from ike.codec.vendor import VendorPayload
from ike.constants import PayloadType, name_of

MAX_PAYLOADS = 64
"""Payloads accepted in one chain."""
MAX_PAYLOAD_LENGTH = 0xFFFF
"""Octets of the longest payload, its generic header included."""
GENERIC = Struct("!BBH")
"""Generic payload header: next payload, critical bit and reserved bits, length."""

_CRITICAL = 0x80
_PARSERS: dict[int, Callable[[Reader], Payload]] = {
    PayloadType.SA: SaPayload.parse,
    PayloadType.KE: KePayload.parse,
    PayloadType.IDi: IDiPayload.parse,
    PayloadType.IDr: IDrPayload.parse,
    PayloadType.CERT: CertPayload.parse,
    PayloadType.CERTREQ: CertReqPayload.parse,
    PayloadType.AUTH: AuthPayload.parse,
    PayloadType.NONCE: NoncePayload.parse,
    PayloadType.NOTIFY: NotifyPayload.parse,
    PayloadType.DELETE: DeletePayload.parse,
    PayloadType.VENDOR: VendorPayload.parse,
    PayloadType.TSi: TSiPayload.parse,
    PayloadType.TSr: TSrPayload.parse,
    PayloadType.CP: CpPayload.parse,
    PayloadType.EAP: EapPayload.parse,
}
_ENCRYPTED: dict[int, Callable[[Reader, int, int], EncryptedPayload | EncryptedFragmentPayload]] = {
    PayloadType.SK: EncryptedPayload.parse,
    PayloadType.SKF: EncryptedFragmentPayload.parse,
}


def parse_chain(first: int, reader: Reader) -> tuple[Payload, ...]:
    """Read a chain that fills ``reader``; an encrypted payload ends it.

    Args:
        first: Type of the first payload, NONE for an empty chain.
        reader: Stands at the first generic header.

    Raises:
        CodecError: The octets break a rule of RFC 7296 section 3.
    """
    payloads: list[Payload] = []
    current = first
    while current != PayloadType.NONE:
        if len(payloads) == MAX_PAYLOADS:
            raise reader.error(f"more than {MAX_PAYLOADS} payloads")
        start = reader.offset
        reader.payload = current
        following, flags, length = reader.unpack(GENERIC, "generic payload header")
        if length < GENERIC.size:
            raise reader.error(f"payload length {length}, expected at least {GENERIC.size}")
        body = reader.sub(length - GENERIC.size, "payload body")
        if current in _ENCRYPTED:
            payloads.append(_ENCRYPTED[current](body, following, start))
            following = PayloadType.NONE
        else:
            payloads.append(_parse_payload(current, flags, body))
        body.expect_end("payload's last field")
        current = following
    reader.expect_end("last payload")
    return tuple(payloads)


def _parse_payload(payload_type: int, flags: int, body: Reader) -> Payload:
    parse = _PARSERS.get(payload_type)
    if parse is None:
        return UnknownPayload.parse(payload_type, critical=bool(flags & _CRITICAL), reader=body)
    return parse(body)  # the critical bit of a known payload is ignored (RFC 7296 section 2.5)


def parse_payloads(first: int, data: bytes) -> tuple[Payload, ...]:
    """Read the chain of a decrypted SK payload, its padding already removed.

    Args:
        first: Type of the first payload: ``EncryptedPayload.first_inner``.
        data: All octets of the chain. Offsets in errors count from here.

    Raises:
        CodecError: The octets break a rule of RFC 7296 section 3, or there is an encrypted payload in them.
    """
    payloads = parse_chain(first, Reader(data))
    if payloads and payloads[-1].type in _ENCRYPTED:
        raise CodecError("inside an encrypted payload", payload=payloads[-1].type)
    return payloads


def build_payloads(payloads: Sequence[Payload]) -> tuple[int, bytes]:
    """Link payloads into a chain.

    Returns:
        The type of the first payload (NONE when there is none) and the octets.

    Raises:
        CodecError: A payload is longer than 65535 octets, or one follows an encrypted payload.
    """
    parts: list[bytes] = []
    following: int = PayloadType.NONE
    for payload in reversed(payloads):
        if isinstance(payload, EncryptedPayload | EncryptedFragmentPayload):
            if parts:
                raise CodecError(f"{name_of(PayloadType, following)} payload after it", payload=payload.type)
            following = payload.first_inner
        flags = _CRITICAL if isinstance(payload, UnknownPayload) and payload.critical else 0
        body = payload.build()
        parts += (body, generic_header(payload.type, following, len(body), flags))
        following = payload.type
    parts.reverse()
    return following, b"".join(parts)


def generic_header(payload_type: int, following: int, body_length: int, flags: int = 0) -> bytes:
    """The generic header of a payload whose body has ``body_length`` octets.

    Raises:
        CodecError: The payload would be longer than 65535 octets.
    """
    length = GENERIC.size + body_length
    if length > MAX_PAYLOAD_LENGTH:
        raise CodecError(f"{length} octets, expected at most {MAX_PAYLOAD_LENGTH}", payload=payload_type)
    return GENERIC.pack(following, flags, length)
