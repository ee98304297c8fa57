"""The IKEv2 message codec: octets to frozen dataclasses and back (RFC 7296 section 3, RFC 7383 section 2.5).

Pure functions; parsing raises ``CodecError`` and nothing else, whatever the octets. ``parse(build(x)) == x``.
"""

from ike.codec.auth import AuthPayload
from ike.codec.cert import CertEncoding, CertPayload
from ike.codec.certreq import CertReqPayload
from ike.codec.chain import MAX_PAYLOADS, build_payloads, parse_payloads
from ike.codec.cp import CfgAttribute, CfgAttributeType, CfgType, CpPayload
from ike.codec.delete import DeletePayload
from ike.codec.eap import EapCode, EapPayload
from ike.codec.encrypted import EncryptedFragmentPayload, EncryptedPayload
from ike.codec.errors import CodecError
from ike.codec.header import Header, parse_header
from ike.codec.identity import IDiPayload, IdPayload, IDrPayload
from ike.codec.ke import KePayload
from ike.codec.message import Message, build_message, encrypted_prefix, fragment_prefix, parse_message
from ike.codec.nonce import NoncePayload
from ike.codec.notify import NotifyPayload
from ike.codec.payload import Json, Payload
from ike.codec.sa import SaPayload
from ike.codec.ts import RawSelector, Selector, TrafficSelector, TSiPayload, TsPayload, TSrPayload
from ike.codec.unknown import UnknownPayload
from ike.codec.vendor import VendorPayload

__all__ = [
    "MAX_PAYLOADS",
    "AuthPayload",
    "CertEncoding",
    "CertPayload",
    "CertReqPayload",
    "CfgAttribute",
    "CfgAttributeType",
    "CfgType",
    "CodecError",
    "CpPayload",
    "DeletePayload",
    "EapCode",
    "EapPayload",
    "EncryptedFragmentPayload",
    "EncryptedPayload",
    "Header",
    "IDiPayload",
    "IDrPayload",
    "IdPayload",
    "Json",
    "KePayload",
    "Message",
    "NoncePayload",
    "NotifyPayload",
    "Payload",
    "RawSelector",
    "SaPayload",
    "Selector",
    "TSiPayload",
    "TSrPayload",
    "TrafficSelector",
    "TsPayload",
    "UnknownPayload",
    "VendorPayload",
    "build_message",
    "build_payloads",
    "encrypted_prefix",
    "fragment_prefix",
    "parse_header",
    "parse_message",
    "parse_payloads",
]
