"""An independent implementation opens what we seal, and we open what it seals.

Scapy's ESP (``scapy.layers.ipsec``) covers AES-GCM with and without extended sequence numbers and NULL with
HMAC-SHA2-256-128 without them: it adds the high half to the ICV of AEAD algorithms only.
"""

from typing import Any

import pytest
from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import ESP, SecurityAssociation

from gateway.dataplane.esp import InboundSa, OutboundSa
from ike.child_sa import EspParameters
from ike.constants import Encr, Integ
from ike.path import Path

SPI = 0xC0FFEE01
OURS, THEIRS = "198.51.100.1", "198.51.100.2"
CASES = [(128, False), (192, False), (256, False), (128, True), (192, True), (256, True), (None, False)]

transforms = pytest.mark.parametrize(("bits", "esn"), CASES, ids=str)
transports = pytest.mark.parametrize("udp", [False, True], ids=["protocol 50", "UDP 4500"])


def keys(bits: int | None) -> tuple[bytes, bytes]:
    """Encryption key with salt, and integrity key."""
    return (b"", bytes(range(32))) if bits is None else (bytes(range(bits // 8 + 4)), b"")


def parameters(bits: int | None, *, esn: bool, udp: bool) -> EspParameters:
    encr_key, integ_key = keys(bits)
    return EspParameters(
        spi_in=SPI,
        spi_out=SPI,
        encr=Encr.NULL if bits is None else Encr.AES_GCM_16,
        encr_key_bits=bits,
        integ=Integ.HMAC_SHA2_256_128 if bits is None else None,
        encr_key_in=encr_key,
        integ_key_in=integ_key,
        encr_key_out=encr_key,
        integ_key_out=integ_key,
        esn=esn,
        udp_encapsulation=udp,
        path=Path(OURS, 4500 if udp else 0, THEIRS, 4500 if udp else 0),
    )


def scapy_sa(bits: int | None, *, esn: bool, udp: bool, high: int = 0) -> Any:
    encr_key, integ_key = keys(bits)
    algorithms = {"crypt_algo": "AES-GCM", "crypt_key": encr_key} if bits else {"crypt_algo": "NULL"}
    if not bits:
        algorithms |= {"auth_algo": "SHA2-256-128", "auth_key": integ_key}
    return SecurityAssociation(  # type: ignore[no-untyped-call] # scapy types it in part
        ESP,
        spi=SPI,
        tunnel_header=IP(src=THEIRS, dst=OURS),
        nat_t_header=UDP(sport=4500, dport=4500) if udp else None,
        esn_en=esn,
        esn=high,
        **algorithms,
    )


def inner(size: int) -> Any:
    return IP(src="10.1.0.1", dst="13.107.6.152") / ICMP() / (b"x" * size)


@transforms
@transports
@pytest.mark.parametrize("size", range(4))
def test_scapy_opens_what_we_seal(*, bits: int | None, esn: bool, udp: bool, size: int) -> None:
    packet = raw(inner(size))
    (sealed,) = OutboundSa(parameters(bits, esn=esn, udp=udp)).seal([packet])
    carrier = (
        IP(src=OURS, dst=THEIRS) / UDP(sport=4500, dport=4500) if udp else IP(src=OURS, dst=THEIRS, proto=50)
    )
    opened = scapy_sa(bits, esn=esn, udp=udp).decrypt(IP(raw(carrier / sealed)))
    assert raw(opened) == packet


@transforms
@transports
@pytest.mark.parametrize("size", range(4))
def test_we_open_what_scapy_seals(*, bits: int | None, esn: bool, udp: bool, size: int) -> None:
    packet = inner(size)
    sealed = scapy_sa(bits, esn=esn, udp=udp).encrypt(packet)
    octets = bytes(sealed[UDP].payload) if udp else bytes(sealed[IP].payload)
    inbound = InboundSa(parameters(bits, esn=esn, udp=udp))
    assert inbound.open([octets]) == [raw(packet)]
    assert not inbound.drops


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_scapy_and_we_agree_beyond_32_bits(bits: int) -> None:
    params, high = parameters(bits, esn=True, udp=False), 5
    outbound, inbound = OutboundSa(params), InboundSa(params)
    outbound.sequence = inbound.window.top = high << 32
    packet = raw(inner(10))
    theirs = scapy_sa(bits, esn=True, udp=False, high=high)
    (sealed,) = outbound.seal([packet])
    assert raw(theirs.decrypt(IP(raw(IP(src=OURS, dst=THEIRS, proto=50) / sealed)))) == packet
    assert inbound.open([bytes(theirs.encrypt(inner(10), seq_num=1)[IP].payload)]) == [packet]


def test_ipv6_inside_the_tunnel_agrees() -> None:
    packet = IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP(sport=1, dport=2) / b"payload"
    sealed = scapy_sa(256, esn=False, udp=False).encrypt(packet)
    inbound = InboundSa(parameters(256, esn=False, udp=False))
    # Scapy puts IPv6 into an IPv4 tunnel with next header 41, as RFC 4303 section 2.6 says.
    assert inbound.open([bytes(sealed[IP].payload)]) == [raw(packet)]
