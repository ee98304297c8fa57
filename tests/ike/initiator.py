"""An initiator in memory: speaks to the responder of a ``World``, and deviates where a test asks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from ike.codec import (
    AuthPayload,
    DeletePayload,
    EncryptedFragmentPayload,
    Header,
    IDiPayload,
    IDrPayload,
    KePayload,
    Message,
    NoncePayload,
    NotifyPayload,
    Payload,
    SaPayload,
    TSiPayload,
    TSrPayload,
    build_message,
    fragment_prefix,
    parse_header,
    parse_message,
    parse_payloads,
)
from ike.constants import AuthMethod, DhGroup, ExchangeType, HeaderFlag, NotifyType, Prf, ProtocolId
from ike.constants import TransformType as T
from ike.crypto import auth, dh, keys
from ike.crypto.protection import Protection
from ike.identification import Identification
from ike.nat import detection_hash
from ike.path import Path
from ike.proposal import Suite, Transform
from ike.sealing import Sealer, parse_inner
from ike.selectors import ANY_IPV4
from tests.ike.world import (
    CPE,
    ESP_GCM_256,
    GATEWAY,
    IKE_GCM_256,
    PATH_500,
    PSK,
    World,
    counting_random,
    proposal_of,
)

P = TypeVar("P", bound=Payload)

NO_SPI = bytes(8)


class Initiator:
    """A CPE that talks to the responder of a ``World``; each method does one step and returns the answer.

    Args:
        world: The responder and the wire.
        suite: What it offers for the IKE SA: the first alternative of each type.
        esp_suite: What it offers for the CHILD SA.
        psk: Its pre-shared key.
        seed: Makes its random values; two initiators of one test need two seeds.
        path: Where its datagrams come from and go to.
    """

    def __init__(
        self,
        world: World,
        *,
        suite: Suite = IKE_GCM_256,
        esp_suite: Suite = ESP_GCM_256,
        psk: bytes = PSK,
        seed: str = "cpe",
        path: Path = PATH_500,
    ) -> None:
        self.world = world
        self.suite = suite
        self.esp_suite = esp_suite
        self.psk = psk
        self.random = counting_random(seed)
        self.spi_i = self.random(8)
        self.spi_r = NO_SPI
        self.nonce_i = self.random(32)
        self.next_id = 0
        self.path = path
        self.esp_spi = self.random(4)

    def transform(self, kind: T) -> Transform:
        """The transform of the IKE SA's suite."""
        return self.suite.transforms[kind][0]

    @property
    def prf(self) -> Prf:
        """PRF of the IKE SA."""
        return Prf(self.transform(T.PRF).id)

    def header(self, exchange: int, message_id: int, flags: int = HeaderFlag.INITIATOR) -> Header:
        """The header of a message of ours."""
        return Header(
            spi_i=self.spi_i, spi_r=self.spi_r, exchange=exchange, flags=flags, message_id=message_id
        )

    # IKE_SA_INIT

    def nat_payloads(
        self, source: tuple[str, int] = (CPE, 500), destination: tuple[str, int] = (GATEWAY, 500)
    ) -> list[Payload]:
        """The NAT detection notifications for what the CPE takes for its own and the gateway's address."""
        return [
            NotifyPayload(kind, detection_hash(self.spi_i, NO_SPI, *end))
            for kind, end in (
                (NotifyType.NAT_DETECTION_SOURCE_IP, source),
                (NotifyType.NAT_DETECTION_DESTINATION_IP, destination),
            )
        ]

    def init_payloads(self, *, nat: Sequence[Payload] | None = None) -> list[Payload]:
        """The payloads of IKE_SA_INIT as a well-behaved CPE sends them."""
        self.dh = dh.generate(DhGroup(self.transform(T.DH).id), self.random)
        return [
            SaPayload((proposal_of(self.suite),)),
            KePayload(self.dh.group, self.dh.public),
            NoncePayload(self.nonce_i),
            *(self.nat_payloads() if nat is None else nat),
        ]

    def fragmenting_init_payloads(self) -> list[Payload]:
        """The payloads of IKE_SA_INIT of a CPE that can send and take fragments."""
        return [*self.init_payloads(), NotifyPayload(NotifyType.IKEV2_FRAGMENTATION_SUPPORTED)]

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
        if answer.header.spi_r != NO_SPI:
            self.next_id = 1
            self.spi_r = answer.header.spi_r
            self.nonce_r = first(answer.payloads, NoncePayload).data
            shared = self.dh.shared(first(answer.payloads, KePayload).data)
            seed = keys.skeyseed(self.prf, self.nonce_i, self.nonce_r, shared)
            self.take_keys(seed, (self.nonce_i, self.nonce_r))
        return answer

    def take_keys(self, seed: bytes, nonces: tuple[bytes, bytes]) -> None:
        """Derive the keys of the IKE SA from its SKEYSEED."""
        encryption = self.transform(T.ENCR)
        integ = self.suite.transforms.get(T.INTEG, (None,))[0]
        self.keys = keys.ike_keys(
            seed, prf_id=self.prf, encr=encryption, integ=integ, nonces=nonces, spis=(self.spi_i, self.spi_r)
        )
        self.outbound = Protection(encryption, integ, self.keys.SK_ei, self.keys.SK_ai)
        inbound = Protection(encryption, integ, self.keys.SK_er, self.keys.SK_ar)
        self.sealer = Sealer(inbound, self.outbound, self.random)

    # Protected exchanges

    def request(self, exchange: int, payloads: Sequence[Payload]) -> bytes:
        """A protected request with the next message ID."""
        data = self.sealer.seal(self.header(exchange, self.next_id), payloads)
        self.next_id += 1
        return data

    def fragments(self, exchange: int, payloads: Sequence[Payload], *, size: int) -> list[bytes]:
        """A protected request with the next message ID, in datagrams of at most ``size`` octets."""
        datagrams = self.sealer.seal_within(self.header(exchange, self.next_id), payloads, size)
        self.next_id += 1
        return list(datagrams)

    def fragment(self, header: Header, numbers: EncryptedFragmentPayload, content: bytes) -> bytes:
        """One fragment with whatever numbers, authentic, without needless padding."""
        padding = -(len(content) + 1) % self.outbound.block_length
        iv = self.random(self.outbound.iv_length)
        length = len(iv) + len(content) + 1 + padding + self.outbound.icv_length
        prefix = fragment_prefix(header, numbers, length)
        return prefix + iv + self.outbound.seal(iv, prefix, content + bytes(padding) + bytes([padding]))

    def read(self, datagrams: Sequence[bytes]) -> tuple[Payload, ...]:
        """Decrypt a message of the responder that came whole, or in fragments that are all here in order."""
        skfs = [parse_message(data).payloads[-1] for data in datagrams]
        if len(skfs) == 1 and not isinstance(skfs[0], EncryptedFragmentPayload):
            return self.open(datagrams[0])
        inner = b""
        for number, (data, skf) in enumerate(zip(datagrams, skfs, strict=True), 1):
            assert isinstance(skf, EncryptedFragmentPayload)
            assert (skf.number, skf.total) == (number, len(datagrams))
            assert (skf.first_inner == 0) == (number > 1)
            inner += self.sealer.open_fragment(data, skf)
        assert isinstance(skfs[0], EncryptedFragmentPayload)
        return parse_payloads(skfs[0].first_inner, inner)

    def exchange(self, exchange: int, payloads: Sequence[Payload]) -> tuple[Payload, ...]:
        """Do a protected exchange; the payloads of the one answer, decrypted."""
        ((data, _),) = self.world.deliver(self.request(exchange, payloads), self.path)
        return self.open(data)

    def open(self, data: bytes) -> tuple[Payload, ...]:
        """Decrypt a message of the responder."""
        message = parse_message(data)
        return parse_inner(message, self.sealer.open(data, message))

    def answer(self, request: bytes, payloads: Sequence[Payload] = ()) -> bytes:
        """The response to a request of the responder."""
        header = parse_header(request)
        flags = HeaderFlag.INITIATOR | HeaderFlag.RESPONSE
        return self.sealer.seal(self.header(header.exchange, header.message_id, flags), payloads)

    # IKE_AUTH

    def auth_payloads(self, identity: Identification | str = CPE) -> list[Payload]:
        """The payloads of IKE_AUTH as a well-behaved CPE of that identity, or address, sends them."""
        if isinstance(identity, str):
            identity = Identification.from_address(identity)
        id_i = IDiPayload(identity)
        octets = auth.signed_octets(self.prf, self.init, self.nonce_r, self.keys.SK_pi, id_i.build())
        return [
            id_i,
            AuthPayload(AuthMethod.SHARED_KEY_MIC, auth.psk_auth(self.prf, self.psk, octets)),
            SaPayload((proposal_of(self.esp_suite, spi=self.esp_spi),)),
            TSiPayload((ANY_IPV4,)),
            TSrPayload((ANY_IPV4,)),
        ]

    def send_auth(self, payloads: Sequence[Payload] | None = None) -> tuple[Payload, ...]:
        """Do IKE_AUTH on port 4500."""
        self.path = self.path._replace(local_port=4500, remote_port=4500)
        return self.exchange(ExchangeType.IKE_AUTH, self.auth_payloads() if payloads is None else payloads)

    def accepts(self, answer: Sequence[Payload]) -> bool:
        """Whether the AUTH payload of the responder proves the pre-shared key."""
        id_r, received = first(answer, IDrPayload), first(answer, AuthPayload)
        octets = auth.signed_octets(self.prf, self.init_response, self.nonce_i, self.keys.SK_pr, id_r.build())
        return received.data == auth.psk_auth(self.prf, self.psk, octets)

    def connect(self) -> tuple[Payload, ...]:
        """Bring up the IKE SA and the first CHILD SA; the answer of IKE_AUTH."""
        self.send_init()
        return self.send_auth()

    # INFORMATIONAL

    def send_informational(self, *payloads: Payload) -> tuple[Payload, ...]:
        """Do an INFORMATIONAL exchange."""
        return self.exchange(ExchangeType.INFORMATIONAL, payloads)

    def delete_ike(self) -> tuple[Payload, ...]:
        """Delete the IKE SA."""
        return self.send_informational(DeletePayload(ProtocolId.IKE, 0))

    def delete_children(self, *spis: bytes) -> tuple[Payload, ...]:
        """Delete CHILD SAs by the CPE's own SPIs."""
        return self.send_informational(DeletePayload(ProtocolId.ESP, 4, spis))

    # CREATE_CHILD_SA

    def child_payloads(
        self, *, spi: bytes, offered: Sequence[Transform] = (), ke: KePayload | None = None
    ) -> list[Payload]:
        """The payloads that create a CHILD SA: ``offered`` is added to the suite's transforms."""
        self.child_nonce = self.random(32)
        proposal = proposal_of(self.esp_suite, spi=spi)
        return [
            SaPayload((replace(proposal, transforms=(*proposal.transforms, *offered)),)),
            NoncePayload(self.child_nonce),
            *([ke] if ke else []),
            TSiPayload((ANY_IPV4,)),
            TSrPayload((ANY_IPV4,)),
        ]

    def rekey_child(
        self, spi: bytes, new_spi: bytes, *, groups: Sequence[int] = (), ke: KePayload | None = None
    ) -> tuple[Payload, ...]:
        """Rekey the CHILD SA with the CPE's SPI ``spi``, offering DH groups when there are any."""
        offered = [Transform(T.DH, group) for group in groups]
        rekey = NotifyPayload(NotifyType.REKEY_SA, protocol=ProtocolId.ESP, spi=spi)
        payloads = [rekey, *self.child_payloads(spi=new_spi, offered=offered, ke=ke)]
        return self.exchange(ExchangeType.CREATE_CHILD_SA, payloads)

    def successor(self, *, suite: Suite | None = None, seed: str = "rekeyed") -> "Initiator":
        """The CPE's end of the IKE SA that is to replace this one, with its Diffie-Hellman key."""
        new = Initiator(self.world, suite=suite or self.suite, psk=self.psk, seed=seed, path=self.path)
        new.dh = dh.generate(DhGroup(new.transform(T.DH).id), new.random)
        return new

    def rekey_ike_payloads(self, new: "Initiator") -> list[Payload]:
        """The payloads that replace this IKE SA by ``new``."""
        offer = proposal_of(new.suite, spi=new.spi_i)
        return [SaPayload((offer,)), NoncePayload(new.nonce_i), KePayload(new.dh.group, new.dh.public)]

    def rekey_ike(self, *, suite: Suite | None = None, seed: str = "rekeyed") -> "Initiator":
        """Rekey the IKE SA; returns the CPE's end of the new one."""
        new = self.successor(suite=suite, seed=seed)
        answer = self.exchange(ExchangeType.CREATE_CHILD_SA, self.rekey_ike_payloads(new))
        new.spi_r = first(answer, SaPayload).proposals[0].spi
        nonces = (new.nonce_i, first(answer, NoncePayload).data)
        shared = new.dh.shared(first(answer, KePayload).data)
        new.take_keys(keys.skeyseed_rekeyed(self.prf, self.keys.SK_d, *nonces, shared), nonces)
        return new


def connected(world: World | None = None, *, suite: Suite = IKE_GCM_256) -> Initiator:
    """An initiator with an IKE SA and a CHILD SA up."""
    cpe = Initiator(world or World(), suite=suite)
    cpe.connect()
    return cpe


def first(payloads: Sequence[Payload], kind: type[P]) -> P:
    """The first payload of a class; a test fails without one."""
    return next(p for p in payloads if isinstance(p, kind))


def without(payloads: Sequence[Payload], kind: type[Payload]) -> list[Payload]:
    """The payloads that are not of a class."""
    return [p for p in payloads if not isinstance(p, kind)]


def swapped(payloads: Sequence[Payload], new: Payload) -> list[Payload]:
    """The payloads with the one of the class of ``new`` replaced by it."""
    return [new if isinstance(p, type(new)) else p for p in payloads]


def notified(payloads: Sequence[Payload]) -> list[int]:
    """The types of the notifications."""
    return [p.notify_type for p in payloads if isinstance(p, NotifyPayload)]
