"""Sessions of the in-memory initiator, the source of every seed: deterministic, made when they are needed."""

from functools import cache
from ipaddress import IPv6Address

from ike.codec import (
    AuthPayload,
    CertPayload,
    CertReqPayload,
    CfgAttribute,
    CfgAttributeType,
    CfgType,
    CpPayload,
    DeletePayload,
    EapPayload,
    Header,
    IDiPayload,
    KePayload,
    NotifyPayload,
    Payload,
    TrafficSelector,
    TSiPayload,
    UnknownPayload,
    VendorPayload,
    build_message,
)
from ike.config import CookieMode
from ike.constants import DhGroup, ExchangeType, HeaderFlag, NotifyType, ProtocolId, TsType
from ike.crypto import dh
from ike.identification import Identification
from ike.path import Path
from tests.fuzz.sessions import recorded
from tests.ike.initiator import Initiator, first
from tests.ike.world import IKE_CBC_128, IKE_GCM_256

NEW_SPI = bytes.fromhex("c0ffee02")
"""SPI of the CPE in a rekeyed CHILD SA."""


def fresh_ke(cpe: Initiator) -> KePayload:
    """A KE payload of the CPE with a new key of group 19."""
    key = dh.generate(DhGroup.ECP_256, cpe.random)
    return KePayload(key.group, key.public)


def _whole_life(cpe: Initiator) -> None:
    cpe.connect()
    cpe.send_informational()
    cpe.rekey_child(cpe.esp_spi, NEW_SPI, groups=[DhGroup.ECP_256], ke=fresh_ke(cpe))
    cpe.delete_children(cpe.esp_spi)
    new = cpe.rekey_ike()
    cpe.delete_ike()
    new.path, new.next_id = cpe.path, 0
    new.send_informational(NotifyPayload(NotifyType.INITIAL_CONTACT))
    new.delete_ike()


def _wrong_group(cpe: Initiator) -> None:
    cpe.suite = IKE_GCM_256
    cpe.send_init()


def _cbc(cpe: Initiator) -> None:
    cpe.suite = IKE_CBC_128
    cpe.connect()


def _refused(cpe: Initiator) -> None:
    cpe.psk = b"another"
    cpe.connect()


def _returning_a_cookie(cpe: Initiator) -> None:
    payloads = cpe.init_payloads()
    asked = cpe.send_init(payloads)
    cpe.send_init([first(asked.payloads, NotifyPayload), *payloads])
    cpe.send_auth()


@cache
def session_with_a_cookie() -> tuple[tuple[bytes, Path], ...]:
    """What the CPE sends where a cookie is always asked for."""
    return tuple(recorded(_returning_a_cookie, CookieMode.ALWAYS))


@cache
def sessions() -> tuple[tuple[tuple[bytes, Path], ...], ...]:
    """What the CPE sends in sessions that succeed and that fail."""
    return tuple(tuple(recorded(play)) for play in (_whole_life, _wrong_group, _cbc, _refused))


def messages() -> list[bytes]:
    """IKE messages: those of the sessions, and the insides of encrypted ones in the open."""
    insides: list[list[Payload]] = [
        [IDiPayload(Identification.from_address("203.0.113.10")), AuthPayload(2, bytes(32))],
        [CertPayload(4, b"certificate"), CertReqPayload(4, bytes(20)), EapPayload(2, 1, b"\1user")],
        [CpPayload(CfgType.CFG_REQUEST, (CfgAttribute(CfgAttributeType.INTERNAL_IP4_ADDRESS),))],
        [DeletePayload(ProtocolId.ESP, 4, (NEW_SPI, b"\0\0\1\1")), DeletePayload(ProtocolId.IKE, 0)],
        [TSiPayload((TrafficSelector(TsType.TS_IPV6_ADDR_RANGE, 6, 0, 80, IPv6Address(1), IPv6Address(9)),))],
        [VendorPayload(b"a vendor"), UnknownPayload(200, critical=True, body=b"what?")],
        [NotifyPayload(NotifyType.REKEY_SA, protocol=ProtocolId.ESP, spi=NEW_SPI)],
    ]
    clear = [_open(ExchangeType.IKE_AUTH, payloads) for payloads in insides]
    return [data for session in sessions() for data, _ in session] + clear


def _open(exchange: int, payloads: list[Payload]) -> bytes:
    header = Header(
        spi_i=b"initiate", spi_r=b"responds", exchange=exchange, flags=HeaderFlag.INITIATOR, message_id=1
    )
    return build_message(header, payloads)
