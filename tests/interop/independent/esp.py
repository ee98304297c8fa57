"""ESP of the independent initiator, on scapy's IPsec layer, with or without ESN.

scapy adds the padding and seals; what a test wants to be wrong is given to ``sealed``.
"""

import struct
from dataclasses import dataclass, field
from typing import Any

from scapy.layers.inet import IP, TCP
from scapy.layers.ipsec import ESP, SecurityAssociation, _ESPPlain

IPV4 = 4
LOW = 1 << 32
BGP_PORT = 179


@dataclass
class ChildSa:
    """A CHILD SA, seen from the initiator.

    Args:
        spi_in: Our SPI.
        spi_out: The gateway's SPI.
        key_in: Key of what we receive: AES-GCM with its salt; HMAC-SHA2-256-128 of NULL encryption.
        key_out: Key of what we send.
        aead: AES-GCM rather than NULL encryption.
        esn: 64-bit sequence numbers.

    Attributes:
        sequence: The last sequence number sent.
    """

    spi_in: bytes
    spi_out: bytes
    key_in: bytes = field(repr=False)
    key_out: bytes = field(repr=False)
    aead: bool
    esn: bool
    sequence: int = 0

    def association(self, spi: bytes, key: bytes) -> Any:
        """Scapy's association for one direction."""
        keys = (
            {"crypt_algo": "AES-GCM", "crypt_key": key}
            if self.aead
            else {"crypt_algo": "NULL", "auth_algo": "SHA2-256-128", "auth_key": key}
        )
        make: Any = SecurityAssociation
        return make(ESP, spi=int.from_bytes(spi, "big"), esn_en=self.esn, **keys)

    def sealed(
        self,
        inner: bytes,
        *,
        sequence: int | None = None,
        next_header: int = IPV4,
        padding: bytes | None = None,
        pad_length: int | None = None,
        spi: bytes | None = None,
    ) -> bytes:
        """An ESP packet (RFC 4303 section 2).

        Args:
            inner: What it carries.
            sequence: Another number than the next one; with ESN of 64 bits.
            next_header: Of what it carries.
            padding: Other padding than 1, 2, 3 ...
            pad_length: Another pad length than that of the padding.
            spi: Another SPI than the gateway's.
        """
        if sequence is None:
            sequence = self.sequence = self.sequence + 1
        association = self.association(spi or self.spi_out, self.key_out)
        algorithm = association.crypt_algo
        iv = struct.pack("!Q", sequence) if self.aead else b""
        plain = _ESPPlain(spi=association.spi, seq=sequence % LOW, iv=iv, data=inner, nh=next_header)
        plain = algorithm.pad(plain)
        if padding is not None:
            plain.padding, plain.padlen = padding, len(padding)
        if pad_length is not None:
            plain.padlen = pad_length
        number = {"esn_en": self.esn, "esn": sequence // LOW}
        packet = algorithm.encrypt(association, plain, association.crypt_key, **number)
        return bytes(association.auth_algo.sign(packet, association.auth_key, **number))

    def opened(self, packet: bytes) -> Any:
        """The IP packet inside a received ESP packet; scapy raises ``IPSecIntegrityError``.

        The gateway's high half is 0 as long as it has not sent 2^32 packets.
        """
        association = self.association(self.spi_in, self.key_in)
        esp = ESP(packet)
        association.auth_algo.verify(esp, association.auth_key, esn_en=self.esn, esn=0)
        association.check_spi(esp)
        icv = association.crypt_algo.icv_size or association.auth_algo.icv_size
        plain = association.crypt_algo.decrypt(
            association, esp, association.crypt_key, icv, esn_en=self.esn, esn=0
        )
        if plain.nh != IPV4:
            raise ValueError(f"next header {plain.nh}, expected {IPV4}")
        return IP(plain.data)


def syn(source: str, destination: str, port: int) -> bytes:
    """A TCP SYN to the BGP port of an address."""
    return bytes(IP(src=source, dst=destination) / TCP(sport=port, dport=BGP_PORT, flags="S"))


def reset(source: str, destination: str, port: int) -> bytes:
    """What takes the SYN back, so that nobody waits for the rest of the handshake."""
    return bytes(IP(src=source, dst=destination) / TCP(sport=port, dport=BGP_PORT, flags="R", seq=1))


def answers(packet: Any, port: int) -> bool:
    """Whether an IP packet is the BGP speaker's answer to ``syn``."""
    return TCP in packet and (packet[TCP].sport, packet[TCP].dport, packet[TCP].flags) == (
        BGP_PORT,
        port,
        "SA",
    )
