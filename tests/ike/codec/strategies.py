"""Hypothesis strategies: any value that the wire format can carry, for each payload."""

from ipaddress import IPv4Address, IPv6Address

from hypothesis import settings
from hypothesis import strategies as st

from ike.codec import (
    AuthPayload,
    CertPayload,
    CertReqPayload,
    CfgAttribute,
    CpPayload,
    DeletePayload,
    EapPayload,
    EncryptedFragmentPayload,
    EncryptedPayload,
    Header,
    IDiPayload,
    IDrPayload,
    KePayload,
    NoncePayload,
    NotifyPayload,
    Payload,
    RawSelector,
    SaPayload,
    TrafficSelector,
    TSiPayload,
    TSrPayload,
    UnknownPayload,
    VendorPayload,
)
from ike.constants import NotifyType, PayloadType, ProtocolId, TransformType, TsType
from ike.identification import Identification
from ike.proposal import Proposal, Transform

PROPERTY = settings(derandomize=True, max_examples=60, deadline=None, database=None)
"""The same examples in every run, so that a green run stays green."""

octet = st.integers(0, 0xFF)
short = st.integers(0, 0xFFFF)
data = st.binary(max_size=64)
transform_types = st.sampled_from(list(TransformType)) | octet

long_attributes = st.tuples(st.integers(0, 0x7FFF), st.binary(max_size=8))
short_attributes = st.tuples(
    st.integers(0x8000, 0xFFFF).filter(lambda kind: kind != 0x800E), st.binary(min_size=2, max_size=2)
)
plain_transforms = st.builds(Transform, transform_types, short, st.none() | short)
transforms = plain_transforms | st.builds(
    Transform,
    transform_types,
    short,
    st.none() | short,
    st.lists(long_attributes | short_attributes, max_size=3).map(tuple),
)


def spi_of(protocol: int) -> st.SearchStrategy[bytes]:
    """SPIs of the size that the protocol wants."""
    if protocol == ProtocolId.IKE:
        return st.sampled_from([b"", bytes(range(8))])
    if protocol in {ProtocolId.AH, ProtocolId.ESP}:
        return st.binary(min_size=4, max_size=4)
    return st.binary(max_size=8)


def proposals(members: st.SearchStrategy[Transform]) -> st.SearchStrategy[Proposal]:
    """Proposals made of such transforms."""
    return octet.flatmap(
        lambda protocol: st.builds(
            Proposal, octet, st.just(protocol), spi_of(protocol), st.lists(members, max_size=6).map(tuple)
        )
    )


def sa_payloads(members: st.SearchStrategy[Transform]) -> st.SearchStrategy[SaPayload]:
    """SA payloads made of such transforms."""
    return st.builds(SaPayload, st.lists(proposals(members), min_size=1, max_size=4).map(tuple))


address_selectors = st.builds(
    TrafficSelector,
    st.just(TsType.TS_IPV4_ADDR_RANGE),
    octet,
    short,
    short,
    st.builds(IPv4Address, st.integers(0, 2**32 - 1)),
    st.builds(IPv4Address, st.integers(0, 2**32 - 1)),
) | st.builds(
    TrafficSelector,
    st.just(TsType.TS_IPV6_ADDR_RANGE),
    octet,
    short,
    short,
    st.builds(IPv6Address, st.integers(0, 2**128 - 1)),
    st.builds(IPv6Address, st.integers(0, 2**128 - 1)),
)
raw_selectors = st.builds(
    RawSelector, octet.filter(lambda kind: kind not in set(TsType)), octet, st.binary(max_size=40)
)
some_address_selectors = st.lists(address_selectors, min_size=1, max_size=4).map(tuple)
some_selectors = st.lists(address_selectors | raw_selectors, min_size=1, max_size=4).map(tuple)

identifications = st.builds(Identification, octet, data)
deletes = octet.filter(lambda protocol: protocol not in set(ProtocolId)).flatmap(
    lambda protocol: st.integers(1, 8).flatmap(
        lambda size: st.builds(
            DeletePayload,
            st.just(protocol),
            st.just(size),
            st.lists(st.binary(min_size=size, max_size=size), max_size=5).map(tuple),
        )
    )
) | st.builds(
    DeletePayload,
    st.sampled_from([ProtocolId.AH, ProtocolId.ESP]),
    st.just(4),
    st.lists(st.binary(min_size=4, max_size=4), max_size=5).map(tuple),
)
notifies = st.builds(NotifyPayload, st.sampled_from(list(NotifyType)) | short, data, octet, data)
known_types = st.sampled_from([0, *PayloadType])
unknowns = st.builds(
    UnknownPayload, octet.filter(lambda kind: kind not in set(PayloadType)), st.booleans(), data
)

PAYLOADS: dict[str, st.SearchStrategy[Payload]] = {
    "SA": sa_payloads(transforms),
    "KE": st.builds(KePayload, short, data),
    "IDi": st.builds(IDiPayload, identifications),
    "IDr": st.builds(IDrPayload, identifications),
    "CERT": st.builds(CertPayload, octet, data),
    "CERTREQ": st.builds(CertReqPayload, octet, data),
    "AUTH": st.builds(AuthPayload, octet, data),
    "NONCE": st.builds(NoncePayload, st.binary(min_size=16, max_size=256)),
    "NOTIFY": notifies,
    "DELETE": deletes | st.just(DeletePayload(ProtocolId.IKE, 0)),
    "VENDOR": st.builds(VendorPayload, data),
    "TSi": st.builds(TSiPayload, some_selectors),
    "TSr": st.builds(TSrPayload, some_selectors),
    "CP": st.builds(
        CpPayload,
        octet,
        st.lists(st.builds(CfgAttribute, st.integers(0, 0x7FFF), data), max_size=5).map(tuple),
    ),
    "EAP": st.builds(EapPayload, octet, octet, data),
    "unknown": unknowns,
}
"""Payloads that may stand anywhere in a chain, by name."""

encrypted = st.builds(EncryptedPayload, known_types, data)
fragments = short.filter(bool).flatmap(
    lambda total: st.builds(
        EncryptedFragmentPayload, known_types, st.integers(1, total), st.just(total), data
    )
)
chains = st.lists(st.one_of(*PAYLOADS.values()), max_size=6).map(tuple)
outer_chains = st.tuples(chains, st.just(()) | st.tuples(encrypted | fragments)).map(
    lambda parts: parts[0] + parts[1]
)

spis = st.binary(min_size=8, max_size=8)
headers = st.builds(
    Header,
    spi_i=spis,
    spi_r=spis,
    exchange=octet,
    flags=octet,
    message_id=st.integers(0, 2**32 - 1),
    major=st.integers(0, 15),
    minor=st.integers(0, 15),
)
