"""One IKE SA of the independent initiator: its state, and how its messages are written and read."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scapy.contrib import ikev2

from tests.interop.independent import keys, payloads, sk
from tests.interop.independent.deviation import HONEST, Deviation
from tests.interop.independent.groups import Exchange
from tests.interop.independent.keys import IkeKeys
from tests.interop.independent.payloads import GENERIC, HEADER, Notify, Part
from tests.interop.independent.suite import Suite

IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL = 34, 35, 36, 37
INITIATOR, RESPONSE = 0x08, 0x20
NO_SPI = bytes(8)


@dataclass(frozen=True)
class Answer:
    """A message from the gateway.

    Args:
        header: scapy's IKE header.
        parts: Its payloads, decrypted.
        octets: All of it.
    """

    header: Any
    parts: list[Part]
    octets: bytes

    def part(self, kind: int) -> Any:
        """Scapy's packet of the one payload of a type."""
        (found,) = (p.packet for p in self.parts if p.kind == kind)
        return found

    @property
    def kinds(self) -> list[int]:
        """The payload types."""
        return [p.kind for p in self.parts]

    @property
    def notifies(self) -> dict[int, bytes]:
        """The data of each notification by its type."""
        return {p.packet.type: bytes(p.packet.notify) for p in self.parts if p.kind == payloads.NOTIFY}

    @property
    def error(self) -> int | None:
        """The type of the first error notification, if there is one."""
        return next((kind for kind in self.notifies if kind < Notify.INITIAL_CONTACT), None)


@dataclass(kw_only=True)
class IkeSa:
    """The state of one IKE SA, and the messages in it.

    Args:
        suite: Its algorithms.
        spi_i: Our SPI.
        spi_r: The gateway's SPI, zero before its answer.
        nonce: Our nonce.
        key: Our side of the key exchange.
        init_request: Our IKE_SA_INIT request as it was sent.
        next_id: Message ID of our next request.
        keys: Once they are known.
        outgoing: Seals what we send.
        incoming: Opens what we receive.
        response: The gateway's IKE_SA_INIT response.
        nonce_r: The gateway's nonce.
    """

    suite: Suite
    spi_i: bytes
    spi_r: bytes = NO_SPI
    nonce: bytes
    key: Exchange
    init_request: bytes = b""
    next_id: int = 0
    keys: IkeKeys | None = field(default=None, repr=False)
    outgoing: sk.Protection | None = field(default=None, repr=False)
    incoming: sk.Protection | None = field(default=None, repr=False)
    response: bytes = b""
    nonce_r: bytes = b""

    def derive(self, skeyseed: bytes) -> None:
        """The keys of the IKE SA, once both nonces and SPIs are known (RFC 7296 section 2.14)."""
        found = self.keys = keys.ike_keys(
            self.suite.prf,
            skeyseed,
            self.nonce + self.nonce_r + self.spi_i + self.spi_r,
            encryption_octets=self.suite.encryption_octets,
            integrity_octets=self.suite.integrity_octets,
        )
        self.outgoing = self.suite.protection(found.SK_ei, found.SK_ai)
        self.incoming = self.suite.protection(found.SK_er, found.SK_ar)

    @property
    def known_keys(self) -> IkeKeys:
        """The keys; ``ValueError`` before there are any."""
        if self.keys is None:
            raise ValueError("no keys yet")
        return self.keys

    def request(self, exchange: int, parts: Sequence[Part], deviation: Deviation = HONEST) -> bytes:
        """The octets of the next request; protected, but for IKE_SA_INIT."""
        edited = deviation.parts(list(parts))
        first, inner = payloads.chain(edited)
        inner = deviation.inner(inner)
        if exchange == IKE_SA_INIT or deviation.clear:
            message = self._header(exchange, first, len(inner), deviation) + inner
        else:
            message = self._protected(exchange, first, inner, deviation)
        return deviation.datagram(message)

    def _header(self, exchange: int, first: int, length: int, deviation: Deviation) -> bytes:
        fields = {
            "init_SPI": self.spi_i,
            "resp_SPI": self.spi_r,
            "next_payload": first,
            "exch_type": exchange,
            "flags": INITIATOR,
            "id": self.next_id,
            "length": HEADER + length,
            **deviation.header,
        }
        return bytes(ikev2.IKEv2(**fields))

    def _protected(self, exchange: int, first: int, inner: bytes, deviation: Deviation) -> bytes:
        protection = self.outgoing
        if protection is None:
            raise ValueError("no keys yet")
        plaintext = deviation.plaintext(sk.padded(protection, inner))
        # A multiple of the block is what CBC can encrypt, and a shorter text is sent as it is.
        size = GENERIC + protection.iv + len(plaintext) + protection.icv
        inside = first if deviation.first_inner is None else deviation.first_inner
        generic = deviation.sk_header(struct.pack("!BBH", inside, 0, size))
        before = b""
        if deviation.outer:
            _, before = payloads.chain([*deviation.outer, payloads.raw(payloads.SK, b"")])
            before = before[:-GENERIC]
        outer = deviation.outer[0].kind if deviation.outer else payloads.SK
        head = self._header(exchange, outer, len(before) + size, deviation) + before + generic
        return head + protection.seal(head, plaintext)

    def read(self, octets: bytes) -> Answer:
        """A message of the gateway, decrypted."""
        message = ikev2.IKEv2(octets)
        if message.next_payload != payloads.SK:
            return Answer(message, payloads.dissect(message.next_payload, octets[HEADER:]), octets)
        if self.incoming is None:
            raise ValueError("an encrypted message before there are keys")
        head = octets[: HEADER + GENERIC]
        inner = sk.unpadded(self.incoming.open(head, octets[HEADER + GENERIC :]))
        return Answer(message, payloads.dissect(octets[HEADER], inner), octets)
