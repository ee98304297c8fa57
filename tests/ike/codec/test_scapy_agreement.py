"""An independent implementation reads the same values from what we build, and we from what it builds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import singledispatch
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.contrib import ikev2 as scapy_ike

from ike.codec import (
    AuthPayload,
    CertPayload,
    CertReqPayload,
    CfgAttribute,
    CfgType,
    CpPayload,
    DeletePayload,
    EapPayload,
    EncryptedFragmentPayload,
    EncryptedPayload,
    Header,
    IDiPayload,
    IdPayload,
    IDrPayload,
    KePayload,
    NoncePayload,
    NotifyPayload,
    Payload,
    SaPayload,
    TrafficSelector,
    TSiPayload,
    TsPayload,
    TSrPayload,
    UnknownPayload,
    VendorPayload,
    build_message,
    parse_message,
)
from ike.constants import (
    IKE_MAJOR_VERSION,
    AuthMethod,
    Encr,
    HeaderFlag,
    IdType,
    Integ,
    NotifyType,
    PayloadType,
    Prf,
    ProtocolId,
    TransformType,
)
from ike.identification import Identification
from ike.proposal import Proposal, Transform
from tests.ike.codec.strategies import (
    PAYLOADS,
    PROPERTY,
    data,
    encrypted,
    fragments,
    headers,
    identifications,
    notifies,
    octet,
    plain_transforms,
    sa_payloads,
    some_address_selectors,
    unknowns,
)

ADDRESS_TYPES = frozenset({IdType.ID_IPV4_ADDR, IdType.ID_IPV6_ADDR})
X509_ENCODINGS = (4, 7)
REDIRECTS = (16407, 16408)
SCAPY_ONLY_TYPES = (2, 3, 49, 50, 51, 52, 54)


@dataclass(frozen=True)
class Layer:
    """What scapy should see of a payload: the dissector's class and the values of its fields."""

    name: str
    fields: dict[str, object]


@singledispatch
def seen_by_scapy(payload: Payload) -> Layer:
    """What scapy should make of a payload that we built."""
    raise NotImplementedError(payload)


@seen_by_scapy.register
def _(payload: SaPayload) -> Layer:
    return Layer("IKEv2_SA", {"prop": [proposal_fields(proposal) for proposal in payload.proposals]})


def proposal_fields(proposal: Proposal) -> dict[str, object]:
    return {
        "proposal": proposal.number,
        "proto": proposal.protocol,
        "SPIsize": len(proposal.spi),
        "SPI": proposal.spi,
        "trans_nb": len(proposal.transforms),
        "trans": [
            {"transform_type": t.type, "transform_id": t.id, "key_length": t.key_bits}
            for t in proposal.transforms
        ],
    }


@seen_by_scapy.register
def _(payload: KePayload) -> Layer:
    return Layer("IKEv2_KE", {"group": payload.group, "ke": payload.data})


@seen_by_scapy.register
def _(payload: IdPayload) -> Layer:
    identity = payload.identification
    value = ip_address(identity.data) if identity.type in ADDRESS_TYPES else identity.data
    return Layer(f"IKEv2_{PayloadType(payload.type).name}", {"IDtype": identity.type, "ID": value})


@seen_by_scapy.register
def _(payload: TsPayload) -> Layer:
    selectors = [selector_fields(s) for s in payload.selectors if isinstance(s, TrafficSelector)]
    fields = {"number_of_TSs": len(payload.selectors), "traffic_selector": selectors}
    return Layer(f"IKEv2_{PayloadType(payload.type).name}", fields)


def selector_fields(selector: TrafficSelector) -> dict[str, object]:
    family = f"v{selector.start.version}"
    return {
        "TS_type": selector.type,
        "IP_protocol_ID": selector.ip_protocol,
        "start_port": selector.start_port,
        "end_port": selector.end_port,
        f"starting_address_{family}": selector.start,
        f"ending_address_{family}": selector.end,
    }


@seen_by_scapy.register
def _(payload: NotifyPayload) -> Layer:
    fields = {"proto": payload.protocol, "SPI": payload.spi, "type": payload.notify_type}
    return Layer("IKEv2_Notify", {**fields, "notify": payload.data})


@seen_by_scapy.register
def _(payload: DeletePayload) -> Layer:
    fields = {"proto": payload.protocol, "SPIsize": payload.spi_size, "SPInum": len(payload.spis)}
    return Layer("IKEv2_Delete", {**fields, "SPI": list(payload.spis)})


@seen_by_scapy.register
def _(payload: CpPayload) -> Layer:
    attributes = [{"type": a.type, "length": len(a.value)} for a in payload.attributes]
    return Layer("IKEv2_CP", {"CFGType": payload.cfg_type, "attributes": attributes})


@seen_by_scapy.register
def _(payload: NoncePayload) -> Layer:
    return Layer("IKEv2_Nonce", {"nonce": payload.data})


@seen_by_scapy.register
def _(payload: VendorPayload) -> Layer:
    return Layer("IKEv2_VendorID", {"vendorID": payload.vendor_id})


@seen_by_scapy.register
def _(payload: AuthPayload) -> Layer:
    return Layer("IKEv2_AUTH", {"auth_type": payload.method, "load": payload.data})


@seen_by_scapy.register
def _(payload: CertPayload) -> Layer:
    return Layer("IKEv2_CERT", {"cert_encoding": payload.encoding, "cert_data": payload.data})


@seen_by_scapy.register
def _(payload: CertReqPayload) -> Layer:
    fields = {"cert_encoding": payload.encoding, "cert_authority": payload.authorities}
    return Layer("IKEv2_CERTREQ", fields)


@seen_by_scapy.register
def _(payload: EapPayload) -> Layer:
    header = bytes((payload.code, payload.identifier)) + (len(payload.data) + 4).to_bytes(2, "big")
    return Layer("IKEv2_EAP", {"load": header + payload.data})


@seen_by_scapy.register
def _(payload: EncryptedPayload) -> Layer:
    return Layer("IKEv2_Encrypted", {"load": payload.body, "next_payload": payload.first_inner})


@seen_by_scapy.register
def _(payload: EncryptedFragmentPayload) -> Layer:
    fields = {"frag_number": payload.number, "frag_total": payload.total, "load": payload.body}
    return Layer("IKEv2_Encrypted_Fragment", fields)


@seen_by_scapy.register
def _(payload: UnknownPayload) -> Layer:
    return Layer("IKEv2_Payload", {"flags": 0x80 * payload.critical, "load": payload.body})


def layers_of(packet: Any) -> Iterator[Any]:
    """The packet's own layer and those that follow it."""
    while packet:
        yield packet
        packet = packet.payload


def as_seen(packet: Any, fields: dict[str, object]) -> dict[str, object]:
    """The packet's values of ``fields``, nested packets as lists of such dictionaries."""
    return {name: value_as_seen(getattr(packet, name), wanted) for name, wanted in fields.items()}


def value_as_seen(value: Any, wanted: object) -> object:
    if isinstance(wanted, int):
        return int(value)
    if isinstance(wanted, IPv4Address | IPv6Address):
        return ip_address(value)
    if not isinstance(wanted, list) or not all(isinstance(item, dict) for item in wanted):
        return value
    packets = value if isinstance(value, list) else list(layers_of(value))
    if len(packets) != len(wanted):
        return packets
    return [as_seen(packet, fields) for packet, fields in zip(packets, wanted, strict=True)]


def assert_scapy_agrees(header: Header, payloads: tuple[Payload, ...]) -> None:
    wire = build_message(header, payloads)
    packet = scapy_ike.IKEv2(wire)
    assert (packet.init_SPI, packet.resp_SPI) == (header.spi_i, header.spi_r)
    assert (packet.version, packet.exch_type) == (header.major << 4 | header.minor, header.exchange)
    assert (int(packet.flags), packet.id, packet.length) == (header.flags, header.message_id, len(wire))
    layers = list(layers_of(packet.payload))
    assert len(layers) == len(payloads)
    for layer, payload in zip(layers, payloads, strict=True):
        expected = seen_by_scapy(payload)
        assert type(layer).__name__ == expected.name
        assert as_seen(layer, expected.fields) == expected.fields


ikev2_headers = headers.map(lambda header: replace(header, major=IKE_MAJOR_VERSION))
addresses = st.ip_addresses().map(str).map(Identification.from_address)
identities = addresses | identifications.filter(lambda identity: identity.type not in ADDRESS_TYPES)
scapy_encodings = octet.filter(lambda encoding: encoding not in X509_ENCODINGS)
DISSECTED: dict[str, st.SearchStrategy[Payload]] = {
    **PAYLOADS,
    "SA": sa_payloads(plain_transforms).filter(lambda sa: all(p.transforms for p in sa.proposals)),
    "IDi": st.builds(IDiPayload, identities),
    "IDr": st.builds(IDrPayload, identities),
    "TSi": st.builds(TSiPayload, some_address_selectors),
    "TSr": st.builds(TSrPayload, some_address_selectors),
    "CERT": st.builds(CertPayload, scapy_encodings, data),
    "NOTIFY": notifies.filter(lambda notify: notify.notify_type not in REDIRECTS),
    "unknown": unknowns.filter(lambda unknown: unknown.type not in SCAPY_ONLY_TYPES),
}
"""What scapy dissects completely: no unknown attributes and selectors, no X.509 and redirects taken apart."""


@pytest.mark.parametrize("kind", DISSECTED)
@PROPERTY
@given(header=ikev2_headers, choose=st.data())
def test_scapy_reads_the_payloads_that_we_build(header: Header, kind: str, choose: st.DataObject) -> None:
    assert_scapy_agrees(header, (choose.draw(DISSECTED[kind]),))


@PROPERTY
@given(ikev2_headers, encrypted | fragments)
def test_scapy_reads_the_encrypted_payloads_that_we_build(header: Header, payload: Payload) -> None:
    assert_scapy_agrees(header, (payload,))


@PROPERTY
@given(ikev2_headers, st.lists(st.one_of(*DISSECTED.values()), min_size=2, max_size=6).map(tuple))
def test_scapy_reads_the_chains_that_we_build(header: Header, payloads: tuple[Payload, ...]) -> None:
    assert_scapy_agrees(header, payloads)


def from_scapy(*layers: Any) -> tuple[Payload, ...]:
    """Our reading of a message that scapy builds from ``layers``."""
    packet = scapy_ike.IKEv2(init_SPI=b"initiatr", resp_SPI=bytes(8), exch_type=34, flags="Initiator", id=7)
    for layer in layers:
        packet /= layer
    message = parse_message(bytes(packet))
    assert (message.header.spi_i, message.header.spi_r) == (b"initiatr", bytes(8))
    assert (message.header.message_id, message.header.flags) == (7, HeaderFlag.INITIATOR)
    return message.payloads


def scapy_transform(kind: int, number: int, key_bits: int | None = None) -> Any:
    if key_bits is None:
        return scapy_ike.IKEv2_Transform(transform_type=kind, transform_id=number)
    return scapy_ike.IKEv2_Transform(transform_type=kind, transform_id=number, length=12, key_length=key_bits)


def test_we_read_the_sa_that_scapy_builds() -> None:
    first = scapy_transform(1, 12, 256) / scapy_transform(2, 5) / scapy_transform(3, 12)
    second = scapy_transform(1, 20, 128) / scapy_transform(2, 6)
    payloads = from_scapy(
        scapy_ike.IKEv2_SA(
            prop=scapy_ike.IKEv2_Proposal(proposal=1, proto=1, trans_nb=3, trans=first)
            / scapy_ike.IKEv2_Proposal(proposal=2, proto=1, SPI=b"rekeying", trans_nb=2, trans=second)
        )
    )
    cbc = Transform(TransformType.ENCR, Encr.AES_CBC, 256)
    gcm = Transform(TransformType.ENCR, Encr.AES_GCM_16, 128)
    sha256 = Transform(TransformType.PRF, Prf.HMAC_SHA2_256)
    sha384 = Transform(TransformType.PRF, Prf.HMAC_SHA2_384)
    integ = Transform(TransformType.INTEG, Integ.HMAC_SHA2_256_128)
    proposals = (
        Proposal(1, ProtocolId.IKE, b"", (cbc, sha256, integ)),
        Proposal(2, ProtocolId.IKE, b"rekeying", (gcm, sha384)),
    )
    assert payloads == (SaPayload(proposals),)


def test_we_read_the_ike_sa_init_that_scapy_builds() -> None:
    payloads = from_scapy(
        scapy_ike.IKEv2_KE(group=14, ke=b"public"),
        scapy_ike.IKEv2_Nonce(nonce=bytes(32)),
        scapy_ike.IKEv2_Notify(type=16388, notify=b"h" * 20),
        scapy_ike.IKEv2_VendorID(vendorID=b"scapy"),
    )
    assert payloads == (
        KePayload(14, b"public"),
        NoncePayload(bytes(32)),
        NotifyPayload(NotifyType.NAT_DETECTION_SOURCE_IP, b"h" * 20),
        VendorPayload(b"scapy"),
    )


def test_we_read_the_inside_of_an_ike_auth_that_scapy_builds() -> None:
    selector = scapy_ike.IPv4TrafficSelector(
        IP_protocol_ID=6,
        start_port=1,
        end_port=2,
        starting_address_v4="10.0.0.0",
        ending_address_v4="10.0.0.9",
    )
    payloads = from_scapy(
        scapy_ike.IKEv2_IDi(IDtype=1, ID="198.51.100.10"),
        scapy_ike.IKEv2_IDr(IDtype=2, ID=b"gateway.example"),
        scapy_ike.IKEv2_CERTREQ(cert_encoding=4, cert_authority=b"a" * 20),
        scapy_ike.IKEv2_AUTH(auth_type=2, load=b"mic"),
        scapy_ike.IKEv2_CP(CFGType=1, attributes=[scapy_ike.ConfigurationAttribute(type=8, value=b"ip6")]),
        scapy_ike.IKEv2_TSi(traffic_selector=[selector]),
        scapy_ike.IKEv2_TSr(traffic_selector=[selector, selector]),
    )
    ours = TrafficSelector(7, 6, 1, 2, IPv4Address("10.0.0.0"), IPv4Address("10.0.0.9"))
    assert payloads == (
        IDiPayload(Identification.from_address("198.51.100.10")),
        IDrPayload(Identification(IdType.ID_FQDN, b"gateway.example")),
        CertReqPayload(4, b"a" * 20),
        AuthPayload(AuthMethod.SHARED_KEY_MIC, b"mic"),
        CpPayload(CfgType.CFG_REQUEST, (CfgAttribute(8, b"ip6"),)),
        TSiPayload((ours,)),
        TSrPayload((ours, ours)),
    )


def test_we_read_the_informational_payloads_that_scapy_builds() -> None:
    payloads = from_scapy(
        scapy_ike.IKEv2_Delete(proto=3, SPIsize=4, SPInum=2, SPI=[b"spi1", b"spi2"]),
        scapy_ike.IKEv2_Notify(proto=3, SPI=b"spi1", type=16393),
        scapy_ike.IKEv2_EAP(load=bytes.fromhex("03070004")),
        scapy_ike.IKEv2_CERT(cert_encoding=1, cert_data=b"pkcs7"),
    )
    assert payloads == (
        DeletePayload(ProtocolId.ESP, 4, (b"spi1", b"spi2")),
        NotifyPayload(NotifyType.REKEY_SA, b"", ProtocolId.ESP, b"spi1"),
        EapPayload(3, 7),
        CertPayload(1, b"pkcs7"),
    )


def test_we_read_the_encrypted_payloads_that_scapy_builds() -> None:
    assert from_scapy(scapy_ike.IKEv2_Encrypted(next_payload=35, load=b"sealed")) == (
        EncryptedPayload(PayloadType.IDi, b"sealed"),
    )
    assert from_scapy(
        scapy_ike.IKEv2_Encrypted_Fragment(next_payload=35, frag_number=1, frag_total=2, load=b"sealed")
    ) == (EncryptedFragmentPayload(PayloadType.IDi, 1, 2, b"sealed"),)
