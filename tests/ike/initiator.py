"""An initiator in memory: speaks to a ``Responder`` without sockets or a clock, and deviates where a test asks."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ike.codec import (
    AuthPayload,
    DeletePayload,
    Header,
    IDiPayload,
    KePayload,
    Message,
    NoncePayload,
    NotifyPayload,
    Payload,
    SaPayload,
    TSiPayload,
    TSrPayload,
    build_message,
    parse_message,
)
from ike.config import Limits, PeerConfig
from ike.constants import (
    AuthMethod,
    DhGroup,
    Encr,
    Esn,
    ExchangeType,
    HeaderFlag,
    Integ,
    NotifyType,
    Prf,
    ProtocolId,
    TransformType,
)
from ike.crypto import auth, dh, keys
from ike.crypto.protection import Protection
from ike.events import Event
from ike.identification import Identification
from ike.nat import detection_hash
from ike.path import Path
from ike.proposal import Proposal, Suite, Transform, alternatives, encr
from ike.responder import Responder
from ike.sealing import Sealer, parse_inner
from ike.selectors import ANY_IPV4

P = TypeVar("P", bound=Payload)

GATEWAY, CPE = "198.51.100.20", "203.0.113.10"
PATH_500 = Path(GATEWAY, 500, CPE, 500)
PATH_4500 = Path(GATEWAY, 4500, CPE, 4500)
PSK = b"a-shared-secret"
NO_SPI = bytes(8)

IKE_GCM_256 = Suite(
    "gcm-256, group 14",
    ProtocolId.IKE,
    {
        TransformType.ENCR: (encr(Encr.AES_GCM_16, 256),),
        TransformType.PRF: alternatives(TransformType.PRF, [Prf.HMAC_SHA2_384]),
        TransformType.DH: alternatives(TransformType.DH, [DhGroup.MODP_2048]),
    },
)
IKE_CBC_128 = Suite(
    "cbc-128, P-256",
    ProtocolId.IKE,
    {
        TransformType.ENCR: (encr(Encr.AES_CBC, 128),),
        TransformType.PRF: alternatives(TransformType.PRF, [Prf.HMAC_SHA2_256]),
        TransformType.INTEG: alternatives(TransformType.INTEG, [Integ.HMAC_SHA2_256_128]),
        TransformType.DH: alternatives(TransformType.DH, [DhGroup.ECP_256]),
    },
)
ESP_GCM_256 = Suite(
    "esp gcm-256",
    ProtocolId.ESP,
    {
        TransformType.ENCR: (encr(Encr.AES_GCM_16, 256),),
        TransformType.ESN: alternatives(TransformType.ESN, [Esn.NO_ESN, Esn.ESN]),
    },
)
PEER = PeerConfig(
    name="branch/cpe/0",
    psk=PSK,
    local_identity=Identification.from_address(GATEWAY),
    expected_identity=Identification.from_address(CPE),
    ike_suites=(IKE_GCM_256, IKE_CBC_128),
    esp_suites=(ESP_GCM_256,),
)


def counting_random(seed: str) -> Callable[[int], bytes]:
    """Octets that look random and are the same in every run."""
    state = hashlib.shake_256(seed.encode())
    drawn = 0

    def draw(length: int) -> bytes:
        nonlocal drawn
        drawn += length
        return state.digest(drawn)[-length:]

    return draw


def proposal_of(suite: Suite, *, spi: bytes = b"", number: int = 1) -> Proposal:
    """A proposal that offers the first alternative of each type of a suite."""
    transforms = tuple(choices[0] for choices in suite.transforms.values())
    return Proposal(number, suite.protocol, spi, transforms)


@dataclass
class World:
    """A responder with the clock and the wire between; ``events`` collects what it reports."""

    peers: dict[str, PeerConfig] = field(default_factory=lambda: {CPE: PEER})
    limits: Limits = field(default_factory=Limits)
    now: float = 1000.0
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.responder = Responder(
            lambda path: self.peers.get(path.remote_ip), counting_random("responder"), self.limits
        )

    def deliver(self, data: bytes, path: Path = PATH_500) -> list[tuple[bytes, Path]]:
        """Give one datagram to the responder and return what it sends."""
        self.responder.receive_datagram(data, path, self.now)
        return self.take()

    def advance(self, seconds: float) -> list[tuple[bytes, Path]]:
        """Let time pass, timer by timer, and return what the responder sends meanwhile."""
        end, sent = self.now + seconds, []
        while (due := self.responder.next_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.responder.handle_timer(self.now)
            sent += self.take()
        self.now = end
        return sent

    def take(self) -> list[tuple[bytes, Path]]:
        """Collect events and datagrams."""
        while (event := self.responder.next_event()) is not None:
            self.events.append(event)
        return self.responder.datagrams_to_send()

    def of(self, kind: type[Event]) -> list[Event]:
        """The events of one class so far."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def is_empty(self) -> bool:
        """Whether the responder holds no state at all."""
        ctx = self.responder._ctx
        return not ctx.sas and not ctx.by_init_request and not ctx.esp_owner


class Initiator:
    """A CPE that talks to the responder of a ``World``; each method does one step and returns the answer."""

    def __init__(self, world: World, *, suite: Suite = IKE_GCM_256, psk: bytes = PSK, seed: str = "cpe") -> None:
        self.world = world
        self.suite = suite
        self.psk = psk
        self.random = counting_random(seed)
        self.spi_i = self.random(8)
        self.spi_r = NO_SPI
        self.nonce_i = self.random(32)
        self.next_id = 0
        self.path = PATH_500
        self.esp_spi = self.random(4)

    def transform(self, kind: TransformType) -> Transform:
        """The transform of the IKE SA's suite."""
        return self.suite.transforms[kind][0]

    def header(self, exchange: int, message_id: int, flags: int = HeaderFlag.INITIATOR) -> Header:
        """The header of a request of ours."""
        return Header(
            spi_i=self.spi_i, spi_r=self.spi_r, exchange=exchange, flags=flags, message_id=message_id
        )

    def init_payloads(self) -> list[Payload]:
        """The payloads of IKE_SA_INIT as a well-behaved CPE sends them."""
        self.dh = dh.generate(DhGroup(self.transform(TransformType.DH).id), self.random)
        source = detection_hash(self.spi_i, NO_SPI, CPE, 500)
        destination = detection_hash(self.spi_i, NO_SPI, GATEWAY, 500)
        return [
            SaPayload((proposal_of(self.suite),)),
            KePayload(self.dh.group, self.dh.public),
            NoncePayload(self.nonce_i),
            NotifyPayload(NotifyType.NAT_DETECTION_SOURCE_IP, source),
            NotifyPayload(NotifyType.NAT_DETECTION_DESTINATION_IP, destination),
        ]

    def init_request(self, payloads: Sequence[Payload] | None = None) -> bytes:
        """The IKE_SA_INIT request."""
        chosen = self.init_payloads() if payloads is None else payloads
        self.init = build_message(self.header(ExchangeType.IKE_SA_INIT, 0), chosen)
        return self.init

    def send_init(self, payloads: Sequence[Payload] | None = None) -> Message:
        """Do IKE_SA_INIT and derive the keys when it succeeds."""
        ((data, _),) = self.world.deliver(self.init_request(payloads), self.path)
        answer = parse_message(data)
        self.init_response = data
        self.next_id = 1
        if answer.header.spi_r != NO_SPI:
            self.spi_r = answer.header.spi_r
            ke = next(p for p in answer.payloads if isinstance(p, KePayload))
            self.nonce_r = next(p for p in answer.payloads if isinstance(p, NoncePayload)).data
            seed = keys.skeyseed(self.prf, self.nonce_i, self.nonce_r, self.dh.shared(ke.data))
            self.take_keys(seed, (self.nonce_i, self.nonce_r))
        return answer

    @property
    def prf(self) -> Prf:
        """PRF of the IKE SA."""
        return Prf(self.transform(TransformType.PRF).id)

    def take_keys(self, seed: bytes, nonces: tuple[bytes, bytes]) -> None:
        """Derive the keys of the IKE SA from its SKEYSEED."""
        encryption = self.transform(TransformType.ENCR)
        integ = self.suite.transforms.get(TransformType.INTEG, (None,))[0]
        self.keys = keys.ike_keys(
            seed, prf_id=self.prf, encr=encryption, integ=integ, nonces=nonces, spis=(self.spi_i, self.spi_r)
        )
        self.sealer = Sealer(
            Protection(encryption, integ, self.keys.SK_er, self.keys.SK_ar),
            Protection(encryption, integ, self.keys.SK_ei, self.keys.SK_ai),
            self.random,
        )

    def auth_payloads(self) -> list[Payload]:
        """The payloads of IKE_AUTH as a well-behaved CPE sends them."""
        id_i = IDiPayload(Identification.from_address(CPE))
        octets = auth.signed_octets(self.prf, self.init, self.nonce_r, self.keys.SK_pi, id_i.build())
        return [
            id_i,
            AuthPayload(AuthMethod.SHARED_KEY_MIC, auth.psk_auth(self.prf, self.psk, octets)),
            SaPayload((proposal_of(ESP_GCM_256, spi=self.esp_spi),)),
            TSiPayload((ANY_IPV4,)),
            TSrPayload((ANY_IPV4,)),
        ]

    def request(self, exchange: ExchangeType, payloads: Sequence[Payload]) -> bytes:
        """A protected request with the next message ID."""
        data = self.sealer.seal(self.header(exchange, self.next_id), payloads)
        self.next_id += 1
        return data

    def exchange(self, exchange: ExchangeType, payloads: Sequence[Payload]) -> tuple[Payload, ...]:
        """Do a protected exchange; the payloads of the one answer, decrypted."""
        ((data, _),) = self.world.deliver(self.request(exchange, payloads), self.path)
        return self.open(data)

    def open(self, data: bytes) -> tuple[Payload, ...]:
        """Decrypt a message of the responder."""
        message = parse_message(data)
        return parse_inner(message, self.sealer.open(data, message))

    def send_auth(self, payloads: Sequence[Payload] | None = None) -> tuple[Payload, ...]:
        """Do IKE_AUTH on port 4500."""
        self.path = PATH_4500
        chosen = self.auth_payloads() if payloads is None else payloads
        return self.exchange(ExchangeType.IKE_AUTH, chosen)

    def connect(self) -> None:
        """Bring up the IKE SA and the first CHILD SA."""
        self.send_init()
        self.send_auth()

    def send_informational(self, *payloads: Payload) -> tuple[Payload, ...]:
        """Do an INFORMATIONAL exchange."""
        return self.exchange(ExchangeType.INFORMATIONAL, payloads)

    def delete_ike(self) -> tuple[Payload, ...]:
        """Delete the IKE SA."""
        return self.send_informational(DeletePayload(ProtocolId.IKE, 0))

    def rekey_child_payloads(self, *, spi: bytes | None = None, new_spi: bytes | None = None) -> list[Payload]:
        """The payloads that rekey the CHILD SA ``spi`` (the CPE's own SPI) without PFS."""
        self.new_esp_spi = new_spi or self.random(4)
        rekey = NotifyPayload(NotifyType.REKEY_SA, protocol=ProtocolId.ESP, spi=spi or self.esp_spi)
        return [
            rekey,
            SaPayload((proposal_of(ESP_GCM_256, spi=self.new_esp_spi),)),
            NoncePayload(self.random(32)),
            TSiPayload((ANY_IPV4,)),
            TSrPayload((ANY_IPV4,)),
        ]

    def rekey_ike(self) -> "Initiator":
        """Rekey the IKE SA; returns the CPE's end of the new one."""
        new = Initiator(self.world, suite=self.suite, psk=self.psk, seed="rekeyed")
        new.path = self.path
        new.dh = dh.generate(DhGroup(self.transform(TransformType.DH).id), self.random)
        offer = replace(proposal_of(self.suite), spi=new.spi_i)
        answer = self.exchange(
            ExchangeType.CREATE_CHILD_SA,
            [SaPayload((offer,)), NoncePayload(new.nonce_i), KePayload(new.dh.group, new.dh.public)],
        )
        new.spi_r = first(answer, SaPayload).proposals[0].spi
        nonces = (new.nonce_i, first(answer, NoncePayload).data)
        shared = new.dh.shared(first(answer, KePayload).data)
        new.take_keys(keys.skeyseed_rekeyed(self.prf, self.keys.SK_d, *nonces, shared), nonces)
        return new


def first(payloads: Sequence[Payload], kind: type[P]) -> P:
    """The first payload of a class; a test fails without one."""
    return next(p for p in payloads if isinstance(p, kind))


def notified(payloads: Sequence[Payload]) -> list[int]:
    """The types of the notifications."""
    return [p.notify_type for p in payloads if isinstance(p, NotifyPayload)]
