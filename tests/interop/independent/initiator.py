"""An IKEv2 initiator that shares no code with the gateway, and that deviates on command.

Each step builds a request, sends it, and takes what comes back; ``Deviation`` says what is to be wrong with
the request. Its own state follows what it sent, so that a step after a deviation can be an honest one.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from tests.interop.independent import groups, keys, payloads, sk
from tests.interop.independent.deviation import HONEST, Deviation, first
from tests.interop.independent.esp import ChildSa, answers, reset, syn
from tests.interop.independent.ike_sa import (
    CREATE_CHILD_SA,
    IKE_AUTH,
    IKE_SA_INIT,
    INFORMATIONAL,
    INITIATOR,
    NO_SPI,
    RESPONSE,
    Answer,
    IkeSa,
)
from tests.interop.independent.payloads import HEADER, Notify, Part
from tests.interop.independent.suite import Suite
from tests.interop.independent.wire import IKE_PORT, NATT_PORT, Wire


class NoAnswer(Exception):
    """No answer came to a request that deserves one."""


class Refused(Exception):
    """The gateway answered with an error notification."""


class Initiator:
    """A CPE.

    Args:
        link: Name of its device link.
        wire: Its sockets.
        psk: Its pre-shared key.
        suite: What it offers.
        esn: Whether it offers extended sequence numbers only.
        behind_nat: Whether it claims to be behind a NAT, so that ESP goes in UDP and IKE_AUTH to port 4500.
        port: UDP port of IKE_SA_INIT.
        inner: Its BGP address and the gateway's, for pings through the tunnel.

    Attributes:
        ike: The IKE SA, from IKE_SA_INIT on.
        child: The CHILD SA.
        port: UDP port in use for IKE.
    """

    ike: IkeSa
    child: ChildSa | None

    def __init__(
        self,
        link: str,
        wire: Wire,
        *,
        psk: bytes,
        inner: tuple[str, str],
        suite: Suite | None = None,
        esn: bool = False,
        behind_nat: bool = False,
        port: int = IKE_PORT,
    ) -> None:
        self.link = link
        self.wire = wire
        self.psk = psk
        self.inner = inner
        self.suite = suite or Suite()
        self.esn = esn
        self.udp = behind_nat
        self.child = None
        self.port = self._first_port = port
        self._knocks = 0
        self._begin()

    def _begin(self) -> None:
        key = groups.exchange(self.suite.group)
        self.ike = IkeSa(suite=self.suite, spi_i=os.urandom(8), nonce=os.urandom(32), key=key)
        self.child_spi = b"\xc0" + os.urandom(3)
        self.child = None

    # The requests

    def init_parts(self) -> list[Part]:
        """IKE_SA_INIT as it should be."""
        ike = self.ike
        source = "192.168.77.7" if self.udp else self.wire.address
        return [
            payloads.sa([payloads.proposal(self.suite.ike_transforms())]),
            payloads.ke(ike.key.group, ike.key.public),
            payloads.nonce(ike.nonce),
            payloads.notify(
                Notify.NAT_DETECTION_SOURCE_IP, payloads.nat_hash(ike.spi_i, NO_SPI, source, self.port)
            ),
            payloads.notify(
                Notify.NAT_DETECTION_DESTINATION_IP,
                payloads.nat_hash(ike.spi_i, NO_SPI, self.wire.gateway, self.port),
            ),
        ]

    def auth_parts(self, identity: Part | None = None) -> list[Part]:
        """IKE_AUTH as it should be; the AUTH payload covers ``identity``."""
        me = identity or payloads.identity(self.wire.address)
        return [
            me,
            payloads.auth(self._auth(me)),
            self.child_sa(first=True),
            payloads.ts(payloads.TSi),
            payloads.ts(payloads.TSr),
        ]

    def child_sa(self, *, first: bool = False, spi: bytes | None = None) -> Part:
        """The SA payload of a CHILD SA."""
        transforms = self.suite.esp_transforms(esn=self.esn, first=first)
        offered = payloads.proposal(transforms, protocol=payloads.ESP, spi=spi or self.child_spi)
        return payloads.sa([offered])

    def rekey_child_parts(self) -> list[Part]:
        """CREATE_CHILD_SA that rekeys the CHILD SA."""
        self.child_spi = b"\xc0" + os.urandom(3)
        self._child_nonce = os.urandom(32)
        old = self.child.spi_in if self.child else NO_SPI[:4]
        parts = [
            payloads.notify(Notify.REKEY_SA, protocol=payloads.ESP, spi=old),
            self.child_sa(),
            payloads.nonce(self._child_nonce),
            payloads.ts(payloads.TSi),
            payloads.ts(payloads.TSr),
        ]
        if self.suite.pfs:
            self._child_key = groups.exchange(self.suite.pfs)
            parts.insert(3, payloads.ke(self._child_key.group, self._child_key.public))
        return parts

    def rekey_ike_parts(self) -> list[Part]:
        """CREATE_CHILD_SA that rekeys the IKE SA."""
        key = groups.exchange(self.suite.group)
        self._next = IkeSa(suite=self.suite, spi_i=os.urandom(8), nonce=os.urandom(32), key=key)
        offered = payloads.proposal(self.suite.ike_transforms(), spi=self._next.spi_i)
        return [payloads.sa([offered]), payloads.nonce(self._next.nonce), payloads.ke(key.group, key.public)]

    # Sending

    def request(self, exchange: int, parts: Sequence[Part], deviation: Deviation = HONEST) -> bytes:
        """The octets of the next request."""
        return self.ike.request(exchange, parts, deviation)

    def send(self, octets: bytes, deviation: Deviation = HONEST, *, copies: int = 1) -> None:
        """Send a request, once or several times."""
        for _ in range(copies):
            self.wire.send(octets, deviation.port or self.port, marker=deviation.marker)

    def answer(self, seconds: float | None = None) -> Answer | None:
        """What the gateway says next; requests of its own are answered on the way."""
        while True:
            octets = self.wire.receive() if seconds is None else self.wire.receive(seconds)
            if octets is None:
                return None
            found = self.ike.read(octets)
            if found.header.flags.Response:
                return found
            self._serve(found)

    def exchange(self, kind: int, parts: Sequence[Part], deviation: Deviation = HONEST) -> Answer:
        """Send a request and wait for its answer."""
        self.send(self.request(kind, parts, deviation), deviation)
        answer = self.answer()
        if answer is None:
            raise NoAnswer(f"no answer to exchange {kind}, message ID {self.ike.next_id}")
        self.ike.next_id += 1
        return answer

    def _serve(self, request: Answer) -> None:
        """Answer a request of the gateway with an empty response, as to a Delete or a sign of life."""
        deviation = Deviation(header={"flags": INITIATOR | RESPONSE, "id": request.header.id})
        self.send(self.request(INFORMATIONAL, [], deviation))

    # The steps

    def init(self, deviation: Deviation = HONEST) -> Answer:
        """IKE_SA_INIT, and the keys if it succeeds; a cookie is returned (RFC 7296 section 2.6)."""
        octets = self.init_request(deviation)
        self.send(octets, deviation)
        answer = self.answer()
        if answer is None:
            raise NoAnswer("no answer to IKE_SA_INIT")
        if deviation is HONEST and Notify.COOKIE in answer.notifies:
            return self.init(first(payloads.notify(Notify.COOKIE, answer.notifies[Notify.COOKIE])))
        if answer.error is None:
            self.take_init(answer)
        return answer

    def init_request(self, deviation: Deviation = HONEST) -> bytes:
        """The octets of IKE_SA_INIT, which AUTH will cover."""
        octets = self.ike.init_request = self.request(IKE_SA_INIT, self.init_parts(), deviation)
        return octets

    def take_init(self, answer: Answer) -> None:
        """Derive the keys from the gateway's answer."""
        ike = self.ike
        ike.response = answer.octets
        ike.spi_r = bytes(answer.header.resp_SPI)
        ike.nonce_r = bytes(answer.part(payloads.NONCE).nonce)
        # What the request said, which a deviation may have changed.
        sent = payloads.dissect(ike.init_request[16], ike.init_request[HEADER:])
        ike.nonce = next(bytes(p.packet.nonce) for p in sent if p.kind == payloads.NONCE)
        shared = ike.key.shared(bytes(answer.part(payloads.KE).ke))
        seed = keys.prf(self.suite.prf, ike.nonce + ike.nonce_r, shared)
        ike.derive(seed)
        ike.next_id = 1
        if self.udp:
            self.port = NATT_PORT

    def auth(self, deviation: Deviation = HONEST) -> Answer:
        """IKE_AUTH, and the CHILD SA if it succeeds."""
        answer = self.exchange(IKE_AUTH, self.auth_parts(), deviation)
        if answer.error is None:
            self.take_auth(answer)
        return answer

    def take_auth(self, answer: Answer) -> None:
        """Check the gateway's AUTH payload and derive the keys of the CHILD SA."""
        ike = self.ike
        identity = Part(payloads.IDr, answer.part(payloads.IDr)).body()
        expected = keys.shared_key_auth(
            self.suite.prf,
            self.psk,
            message=ike.response,
            nonce=ike.nonce,
            key=ike.known_keys.SK_pr,
            identity=identity,
        )
        if bytes(answer.part(payloads.AUTH).load) != expected:
            raise Refused("the gateway's AUTH payload is wrong")
        if payloads.SA in answer.kinds:
            self.child = self._child(answer, ike.nonce + ike.nonce_r)

    def connect(self) -> None:
        """Bring up an IKE SA with its CHILD SA; raises ``Refused`` or ``NoAnswer``."""
        self._begin()
        self.port = self._first_port
        for step in (self.init, self.auth):
            answer = step()
            if answer.error is not None:
                raise Refused(f"{step.__name__}: notify {answer.error}")

    def rekey_child(self) -> Answer:
        """Replace the CHILD SA; the old one is not deleted."""
        answer = self.exchange(CREATE_CHILD_SA, self.rekey_child_parts())
        if answer.error is None:
            self.take_rekeyed_child(answer)
        return answer

    def take_rekeyed_child(self, answer: Answer) -> None:
        """Derive the keys of the new CHILD SA."""
        nonces = self._child_nonce + bytes(answer.part(payloads.NONCE).nonce)
        shared = b""
        if payloads.KE in answer.kinds:
            shared = self._child_key.shared(bytes(answer.part(payloads.KE).ke))
        self.child = self._child(answer, nonces, shared)

    def rekey_ike(self) -> Answer:
        """Replace the IKE SA and delete the old one."""
        answer = self.exchange(CREATE_CHILD_SA, self.rekey_ike_parts())
        if answer.error is None:
            self.take_rekeyed_ike(answer)
        return answer

    def take_rekeyed_ike(self, answer: Answer) -> None:
        """Derive the keys of the new IKE SA and delete the old one (RFC 7296 section 2.18)."""
        old, new = self.ike, self._next
        new.spi_r = bytes(answer.part(payloads.SA).prop.SPI)
        new.nonce_r = bytes(answer.part(payloads.NONCE).nonce)
        shared = new.key.shared(bytes(answer.part(payloads.KE).ke))
        new.derive(keys.prf(self.suite.prf, old.known_keys.SK_d, shared + new.nonce + new.nonce_r))
        self.delete()
        self.ike = new

    def probe(self) -> Answer:
        """Ask for a sign of life (RFC 7296 section 2.4)."""
        return self.exchange(INFORMATIONAL, [])

    def inform(self, *parts: Part) -> Answer:
        """An INFORMATIONAL exchange."""
        return self.exchange(INFORMATIONAL, parts)

    def delete(self) -> Answer:
        """Delete the IKE SA."""
        return self.inform(payloads.delete(payloads.IKE))

    # Traffic

    def knock(self, *, udp: bool | None = None, sequence: int | None = None) -> bool:
        """Send a SYN to the gateway's BGP speaker through the tunnel; whether its SYN-ACK came back.

        Args:
            udp: ESP in UDP or as protocol 50 on the way there; None: as the SA wants.
            sequence: Another sequence number than the next one.
        """
        if self.child is None:
            raise ValueError("no CHILD SA")
        self._knocks += 1
        port = 20_000 + self._knocks
        self.send_esp(self.child.sealed(syn(*self.inner, port), sequence=sequence), udp=udp)
        if not any(answers(reply, port) for reply in self._replies()):
            return False
        after = None if sequence is None else sequence + 1
        self.send_esp(self.child.sealed(reset(*self.inner, port), sequence=after), udp=udp)
        return True

    def send_esp(self, *packets: bytes, udp: bool | None = None) -> None:
        """Send ESP packets in UDP, or as protocol 50; None: as the SA wants."""
        for packet in packets:
            if self.udp if udp is None else udp:
                self.wire.send_udp(packet, NATT_PORT)
            else:
                self.wire.send_esp(packet)

    def _replies(self) -> Iterator[Any]:
        """Inner packets that arrive, until nothing comes for a while; of other SAs than the current none."""
        while (packet := self.wire.receive_esp(udp=self.udp)) is not None:
            if self.child is not None and packet[:4] == self.child.spi_in:
                yield self.child.opened(packet)

    # Keys

    def _auth(self, identity: Part) -> bytes:
        ike = self.ike
        return keys.shared_key_auth(
            self.suite.prf,
            self.psk,
            message=ike.init_request,
            nonce=ike.nonce_r,
            key=ike.known_keys.SK_pi,
            identity=identity.body(),
        )

    def _child(self, answer: Answer, nonces: bytes, shared: bytes = b"") -> ChildSa:
        """The CHILD SA that an answer creates (RFC 7296 section 2.17)."""
        aead = self.suite.esp_bits is not None
        length = (self.suite.esp_bits or 0) // 8 + sk.SALT if aead else sk.INTEGRITY[12][1]
        stream = keys.prf_plus(self.suite.prf, self.ike.known_keys.SK_d, shared + nonces, 2 * length)
        return ChildSa(
            spi_in=self.child_spi,
            spi_out=bytes(answer.part(payloads.SA).prop.SPI),
            key_out=stream[:length],
            key_in=stream[length:],
            aead=aead,
            esn=self.esn,
        )
