"""ESP packets of one pair of SAs: tunnel mode, sans-IO, a batch per call.

Sources: RFC 4303 (ESP), RFC 4106 (AES-GCM in ESP), RFC 4868 (HMAC-SHA2-256-128), RFC 2410 (NULL encryption).

    AES-GCM   SPI | seq | IV (8) | { inner packet | padding | pad length | next header } | ICV (16)
    NULL      SPI | seq |        { inner packet | padding | pad length | next header } | ICV (16)

Packets begin with the SPI: what carries ESP (UDP port 4500 or IP protocol 50) is not seen here.
"""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from hmac import compare_digest
from struct import Struct
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from gateway.dataplane.replay import ReplayWindow
from ike.child_sa import EspParameters
from ike.constants import Encr, Integ

Buffer = bytes | bytearray | memoryview
"""What packets may come in: slices of a receive buffer need not be copied first."""

HEADER_LENGTH = 8
"""Octets of SPI and sequence number."""
ICV_LENGTH = 16
"""Octets of the integrity check value, the same for both transforms."""

_IPV4, _IPV6, _NO_NEXT_HEADER = 4, 41, 59
_IPV4_HEADER, _IPV6_HEADER = 20, 40
_IPV4_VERSION, _IPV6_VERSION = 4, 6
_ALIGNMENT = 4
_SALT = 4
_LOW_MASK = 0xFFFFFFFF

_spi_seq_iv = Struct("!IIQ").pack
_spi_seq = Struct("!II").pack
_spi_seq64 = Struct("!IQ").pack
_seq64 = Struct("!Q").pack
_high = Struct("!I").pack
_low_at = Struct("!I").unpack_from

_PADDING = tuple(bytes((*range(1, n + 1), n)) for n in range(256))
"""By pad length: the padding 1, 2, 3 ... and the pad length itself (RFC 4303 section 2.4)."""


class EspDrop(StrEnum):
    """Why a packet was not passed on."""

    MALFORMED = "malformed"
    """Too short, or its length is not a multiple of 4 octets (RFC 4303 section 2.4)."""
    REPLAY = "replay"
    """Seen before, or left of the anti-replay window."""
    AUTHENTICATION = "authentication"
    """The integrity check value is wrong: damaged, forged, or another key."""
    PADDING = "padding"
    """Padding octets or pad length are wrong (RFC 4303 section 2.4)."""
    DUMMY = "dummy"
    """Next header 59: cover traffic, meant to be dropped (RFC 4303 section 2.6)."""
    NEXT_HEADER = "next_header"
    """The next header is neither IPv4 (4) nor IPv6 (41): not tunnel mode."""
    INNER_PACKET = "inner_packet"
    """The inner packet's version or length is not that of an IP packet."""


class SequenceExhausted(Exception):
    """The SA has no sequence numbers left for the packets (RFC 4303 section 3.3.3): rekey it."""


class _Transform(Protocol):
    """Encryption and integrity of one direction."""

    overhead: int
    """Octets that a packet has besides its plaintext."""

    def seal(self, sequence: int, plaintext: bytes) -> bytes:
        """The whole ESP packet."""

    def open(self, sequence: int, packet: Buffer) -> bytes:
        """The plaintext; raises ``InvalidTag`` when the ICV is wrong."""


class _AesGcm:
    """RFC 4106. The IV is the 64-bit sequence number, so it cannot repeat under one key."""

    overhead = HEADER_LENGTH + 8 + ICV_LENGTH

    def __init__(self, spi: int, key: bytes, *, esn: bool) -> None:
        cipher = AESGCM(key[:-_SALT])
        self._encrypt = cipher.encrypt
        self._decrypt = cipher.decrypt
        self._salt = key[-_SALT:]
        self._spi = spi
        self._esn = esn

    def seal(self, sequence: int, plaintext: bytes) -> bytes:
        head = _spi_seq_iv(self._spi, sequence & _LOW_MASK, sequence)
        aad = _spi_seq64(self._spi, sequence) if self._esn else head[:8]
        return head + self._encrypt(self._salt + head[8:], plaintext, aad)

    def open(self, sequence: int, packet: Buffer) -> bytes:
        aad = b"".join((packet[:4], _seq64(sequence))) if self._esn else packet[:8]
        return self._decrypt(self._salt + packet[8:16], packet[16:], aad)


class _NullHmac:
    """RFC 2410 with HMAC-SHA2-256-128; the high half of an extended number is authenticated, not sent."""

    overhead = HEADER_LENGTH + ICV_LENGTH

    def __init__(self, spi: int, key: bytes, *, esn: bool) -> None:
        # A copy of a keyed HMAC is three times as fast as keying one per packet (hmac.digest).
        self._mac = HMAC(key, SHA256())
        self._spi = spi
        self._esn = esn

    def _icv(self, sequence: int, message: bytes) -> bytes:
        mac = self._mac.copy()
        mac.update(message)
        if self._esn:
            mac.update(_high(sequence >> 32))
        return mac.finalize()[:ICV_LENGTH]

    def seal(self, sequence: int, plaintext: bytes) -> bytes:
        message = _spi_seq(self._spi, sequence & _LOW_MASK) + plaintext
        return message + self._icv(sequence, message)

    def open(self, sequence: int, packet: Buffer) -> bytes:
        message = bytes(packet[:-ICV_LENGTH])
        if not compare_digest(self._icv(sequence, message), packet[-ICV_LENGTH:]):
            raise InvalidTag
        return message[HEADER_LENGTH:]


def _transform(params: EspParameters, spi: int, encr_key: bytes, integ_key: bytes) -> _Transform:
    """The transform of one direction; ``ValueError`` for a combination or key length that is not carried."""
    key_octets = (params.encr_key_bits or 0) // 8
    if params.encr is Encr.AES_GCM_16 and params.integ in (None, Integ.NONE):
        if key_octets not in (16, 24, 32) or len(encr_key) != key_octets + _SALT:
            raise ValueError(
                f"AES_GCM_16 key of {len(encr_key)} octets for {params.encr_key_bits} bits: "
                "the key and a 4-octet salt expected"
            )
        return _AesGcm(spi, encr_key, esn=params.esn)
    if params.encr is Encr.NULL and params.integ is Integ.HMAC_SHA2_256_128:
        if len(integ_key) != 32:  # noqa: PLR2004 - RFC 4868 section 2.1.1
            raise ValueError(f"HMAC_SHA2_256_128 key of {len(integ_key)} octets: 32 expected")
        return _NullHmac(spi, integ_key, esn=params.esn)
    integ = "no integrity" if params.integ is None else params.integ.name
    raise ValueError(
        f"ESP with {params.encr.name} and {integ}: AES_GCM_16 alone or NULL with HMAC_SHA2_256_128 expected"
    )


def _trailers(next_header: int) -> tuple[bytes, ...]:
    """By packet length modulo 4: padding, pad length and next header that complete it."""
    return tuple(_PADDING[-(n + 2) % _ALIGNMENT] + bytes((next_header,)) for n in range(_ALIGNMENT))


_TRAILERS = {4: _trailers(_IPV4), 6: _trailers(_IPV6)}
"""By IP version."""


class OutboundSa:
    """The SA that we send on.

    Attributes:
        spi: The peer's SPI.
        sequence: The last sequence number used; 0 before the first packet.
        packets: Packets sealed.
        bytes: Octets of their inner packets.
        drops: Inner packets left out, by reason (only ``INNER_PACKET`` occurs).
    """

    def __init__(self, params: EspParameters) -> None:
        self.spi = params.spi_out
        self.sequence = 0
        self.packets = 0
        self.bytes = 0
        self.drops: Counter[EspDrop] = Counter()
        self._limit = (1 << 64) - 1 if params.esn else _LOW_MASK
        self._seal = _transform(params, params.spi_out, params.encr_key_out, params.integ_key_out).seal

    def seal(self, inner_packets: Sequence[Buffer]) -> list[bytes]:
        """One ESP packet per IP packet, in order; what is not IPv4 or IPv6 is left out and counted.

        Raises:
            SequenceExhausted: The batch needs more numbers than the SA has left; none of it was sealed.
        """
        sequence = self.sequence
        if sequence + len(inner_packets) > self._limit:
            raise SequenceExhausted(
                f"SPI {self.spi:08x}: {self._limit - sequence} sequence numbers left "
                f"for {len(inner_packets)} packets: rekey"
            )
        seal, trailers, octets, sealed = self._seal, _TRAILERS, 0, []
        for packet in inner_packets:
            length = len(packet)
            trailer = trailers.get(packet[0] >> 4) if length else None
            if trailer is None:
                self.drops[EspDrop.INNER_PACKET] += 1
                continue
            sequence += 1
            octets += length
            sealed.append(seal(sequence, b"".join((packet, trailer[length % _ALIGNMENT]))))
        self.sequence = sequence
        self.packets += len(sealed)
        self.bytes += octets
        return sealed


class InboundSa:
    """The SA that we receive on.

    Attributes:
        spi: Our SPI; the caller passes only packets that carry it.
        packets: Inner packets passed on.
        bytes: Their octets.
        drops: Packets not passed on, by reason.
    """

    def __init__(self, params: EspParameters) -> None:
        self.spi = params.spi_in
        self.packets = 0
        self.bytes = 0
        self.drops: Counter[EspDrop] = Counter()
        self.window = ReplayWindow()
        self._esn = params.esn
        self._transform = _transform(params, params.spi_in, params.encr_key_in, params.integ_key_in)

    def open(self, esp_packets: Sequence[Buffer]) -> list[bytes]:
        """The inner IP packets, in order; what fails a check is left out and counted.

        The checks stand in the order of RFC 4303 section 3.4: replay window, ICV, update of the window,
        padding, next header. So a packet that is not authentic never moves the window. With extended
        sequence numbers a packet left of the window counts as one of the next 2^32 (section A2.2), so it
        fails as AUTHENTICATION rather than REPLAY.
        """
        opened: list[bytes] = []
        octets, drops = 0, self.drops
        window, decrypt, overhead, esn = (
            self.window,
            self._transform.open,
            self._transform.overhead,
            self._esn,
        )
        check, update, extend = window.check, window.update, window.extend
        for packet in esp_packets:
            length = len(packet) - overhead
            if length < _ALIGNMENT or length % _ALIGNMENT:
                drops[EspDrop.MALFORMED] += 1
                continue
            sequence = _low_at(packet, 4)[0]
            if esn:
                sequence = extend(sequence)
            if not check(sequence):
                drops[EspDrop.REPLAY] += 1
                continue
            try:
                plaintext = decrypt(sequence, packet)
            except InvalidTag:
                drops[EspDrop.AUTHENTICATION] += 1
                continue
            update(sequence)
            inner = _inner_packet(plaintext)
            if isinstance(inner, EspDrop):
                drops[inner] += 1
                continue
            opened.append(inner)
            octets += len(inner)
        self.packets += len(opened)
        self.bytes += octets
        return opened


def _inner_packet(plaintext: bytes) -> bytes | EspDrop:
    """The IP packet inside a decrypted payload, or what is wrong with it (RFC 4303 sections 2.4 to 2.7)."""
    pad_length, next_header = plaintext[-2:]
    end = len(plaintext) - 2 - pad_length
    # A pad length that reaches beyond the payload leaves too few octets to be equal.
    if plaintext[end:-1] != _PADDING[pad_length]:
        return EspDrop.PADDING
    if next_header == _IPV4:
        if end < _IPV4_HEADER or plaintext[0] >> 4 != _IPV4_VERSION:
            return EspDrop.INNER_PACKET
        total, minimum = plaintext[2] << 8 | plaintext[3], _IPV4_HEADER
    elif next_header == _IPV6:
        if end < _IPV6_HEADER or plaintext[0] >> 4 != _IPV6_VERSION:
            return EspDrop.INNER_PACKET
        total, minimum = (plaintext[4] << 8 | plaintext[5]) + _IPV6_HEADER, _IPV6_HEADER
    else:
        return EspDrop.DUMMY if next_header == _NO_NEXT_HEADER else EspDrop.NEXT_HEADER
    # Octets after the IP packet are traffic flow confidentiality padding (RFC 4303 section 2.7).
    return plaintext[:total] if minimum <= total <= end else EspDrop.INNER_PACKET
