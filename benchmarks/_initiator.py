"""An IKEv2 initiator that does handshakes as fast as it can: IKE_SA_INIT, IKE_AUTH, delete.

    python benchmarks/_initiator.py OUR-ADDRESS RESPONDER GROUP HANDSHAKES PSK [keep]

With ``keep`` nothing is deleted. It uses one Diffie-Hellman key for all of them, so that most of the work is
the responder's, and prints one line of JSON: handshakes, seconds, retransmissions.
"""

import itertools
import json
import os
import select
import socket
import sys
import time
from dataclasses import dataclass
from typing import TypeVar

from ike.codec import (
    AuthPayload,
    DeletePayload,
    Header,
    IDiPayload,
    KePayload,
    NoncePayload,
    NotifyPayload,
    Payload,
    SaPayload,
    TSiPayload,
    TSrPayload,
    build_message,
    parse_header,
    parse_message,
)
from ike.constants import (
    AuthMethod,
    DhGroup,
    Encr,
    Esn,
    ExchangeType,
    HeaderFlag,
    NotifyType,
    Prf,
    ProtocolId,
)
from ike.constants import TransformType as T
from ike.crypto import auth, dh, keys
from ike.crypto.protection import Protection
from ike.identification import Identification
from ike.nat import detection_hash
from ike.proposal import Proposal, Transform, encr
from ike.sealing import Sealer, parse_inner
from ike.selectors import ANY_IPV4

AT_ONCE = 4
"""Handshakes under way at a time: fewer than any limit of half-open IKE SAs for one peer."""
RETRY_SECONDS = 1.0
GIVE_UP_SECONDS = 60.0
PRF = Prf.HMAC_SHA2_384
ENCR = encr(Encr.AES_GCM_16, 256)
NO_SPI = bytes(8)
MARKER = bytes(4)

P = TypeVar("P", bound=Payload)


def first(payloads: tuple[Payload, ...], kind: type[P]) -> P:
    """The first payload of a class; an error that names all of them when the responder refused."""
    for payload in payloads:
        if isinstance(payload, kind):
            return payload
    raise LookupError(f"no {kind.__name__} among {[payload.describe() for payload in payloads]}")


@dataclass(frozen=True)
class Settings:
    """What all handshakes of a run share."""

    ours: str
    responder: str
    key: dh.DhKey
    psk: bytes
    keep: bool


class Handshake:
    """One IKE SA from its first message to its last; ``message`` is what was sent last."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.spi_i, self.spi_r = os.urandom(8), NO_SPI
        self.nonce = os.urandom(32)
        group = settings.key.group
        transforms = (ENCR, Transform(T.PRF, PRF), Transform(T.DH, group))
        hashes = (
            (NotifyType.NAT_DETECTION_SOURCE_IP, settings.ours),
            (NotifyType.NAT_DETECTION_DESTINATION_IP, settings.responder),
        )
        self.init = self.message = build_message(
            self._header(ExchangeType.IKE_SA_INIT, 0),
            (
                SaPayload((Proposal(1, ProtocolId.IKE, b"", transforms),)),
                KePayload(group, settings.key.public),
                NoncePayload(self.nonce),
                *(NotifyPayload(kind, detection_hash(self.spi_i, NO_SPI, end, 500)) for kind, end in hashes),
            ),
        )
        self.sent = 0.0

    def _header(self, exchange: int, message_id: int) -> Header:
        return Header(
            spi_i=self.spi_i,
            spi_r=self.spi_r,
            exchange=exchange,
            flags=HeaderFlag.INITIATOR,
            message_id=message_id,
        )

    def receive(self, data: bytes) -> bool:
        """Take the answer to ``message`` and make the next one; False when it was the last."""
        header = parse_header(data)
        if header.exchange == ExchangeType.IKE_SA_INIT:
            self._authenticate(data)
        elif header.exchange == ExchangeType.IKE_AUTH:
            message = parse_message(data)
            inner = parse_inner(message, self._sealer.open(data, message))
            first(inner, AuthPayload)
            first(inner, SaPayload)
            if self.settings.keep:
                return False
            end = self._header(ExchangeType.INFORMATIONAL, 2)
            self.message = self._sealer.seal(end, [DeletePayload(ProtocolId.IKE, 0)])
        else:
            return False
        return True

    def _authenticate(self, data: bytes) -> None:
        answer = parse_message(data)
        self.spi_r = answer.header.spi_r
        nonces = (self.nonce, first(answer.payloads, NoncePayload).data)
        shared = self.settings.key.shared(first(answer.payloads, KePayload).data)
        seed = keys.skeyseed(PRF, *nonces, shared)
        spis = (self.spi_i, self.spi_r)
        mine = keys.ike_keys(seed, prf_id=PRF, encr=ENCR, integ=None, nonces=nonces, spis=spis)
        count = itertools.count(1)
        self._sealer = Sealer(
            Protection(ENCR, None, mine.SK_er, b""),
            Protection(ENCR, None, mine.SK_ei, b""),
            lambda length: next(count).to_bytes(length, "big"),
        )
        id_i = IDiPayload(Identification.from_address(self.settings.ours))
        octets = auth.signed_octets(PRF, self.init, nonces[1], mine.SK_pi, id_i.build())
        esp = Proposal(1, ProtocolId.ESP, os.urandom(4), (ENCR, Transform(T.ESN, Esn.NO_ESN)))
        proof = auth.psk_auth(PRF, self.settings.psk, octets)
        payloads = [
            id_i,
            AuthPayload(AuthMethod.SHARED_KEY_MIC, proof),
            SaPayload((esp,)),
            TSiPayload((ANY_IPV4,)),
            TSrPayload((ANY_IPV4,)),
        ]
        self.message = self._sealer.seal(self._header(ExchangeType.IKE_AUTH, 1), payloads)


class Run:
    """Handshakes until there were enough of them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sockets = []
        for port in (500, 4500):
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            opened.bind((settings.ours, port))
            opened.connect((settings.responder, port))
            self._sockets.append(opened)
        self._open: dict[bytes, Handshake] = {}
        self.retransmissions = 0

    def _send(self, handshake: Handshake) -> None:
        handshake.sent = time.monotonic()
        if handshake.message is handshake.init:
            self._sockets[0].send(handshake.message)
        else:
            self._sockets[1].send(MARKER + handshake.message)

    def _begin(self) -> None:
        handshake = Handshake(self._settings)
        self._open[handshake.spi_i] = handshake
        self._send(handshake)

    def _receive(self, ready: socket.socket) -> bool:
        """Whether a handshake came to its end."""
        data = ready.recv(65536).removeprefix(MARKER)
        handshake = self._open.get(data[:8])
        if handshake is None or parse_header(data).message_id != parse_header(handshake.message).message_id:
            return False  # the answer to a retransmission
        if handshake.receive(data):
            self._send(handshake)
            return False
        del self._open[handshake.spi_i]
        return True

    def do(self, count: int) -> float:
        """So many handshakes; the seconds that they took."""
        started, finished = time.monotonic(), 0
        for _ in range(min(AT_ONCE, count)):
            self._begin()
        begun = len(self._open)
        while finished < count:
            ready, _, _ = select.select(self._sockets, (), (), RETRY_SECONDS / 4)
            for each in ready:
                if self._receive(each):
                    finished += 1
                    if begun < count:
                        begun += 1
                        self._begin()
            self._retransmit()
            if time.monotonic() - started > GIVE_UP_SECONDS:
                raise TimeoutError(f"{finished} of {count} handshakes in {GIVE_UP_SECONDS:g} s")
        return time.monotonic() - started

    def _retransmit(self) -> None:
        now = time.monotonic()
        for handshake in self._open.values():
            if now - handshake.sent > RETRY_SECONDS:
                self.retransmissions += 1
                self._send(handshake)


def main() -> None:
    """Do what the command line says."""
    ours, responder, group, count, psk, *keep = sys.argv[1:]
    key = dh.generate(DhGroup[group], os.urandom)
    run = Run(Settings(ours, responder, key, psk.encode(), keep == ["keep"]))
    seconds = run.do(int(count))
    print(json.dumps({"handshakes": int(count), "seconds": seconds, "retransmissions": run.retransmissions}))


if __name__ == "__main__":
    main()
