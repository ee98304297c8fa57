"""One IKE SA from the initiator's end: its messages and keys, without sockets and clock (RFC 7296)."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from gateway.lab.probe.settings import Settings
from ike.child_sa import EspParameters
from ike.codec import (
    AuthPayload,
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
    parse_message,
)
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
    name_of,
)
from ike.constants import TransformType as T
from ike.crypto import auth, dh, keys
from ike.identification import Identification
from ike.nat import detection_hash
from ike.path import Path
from ike.proposal import Transform
from ike.sealing import make_sealer, parse_inner
from ike.selection import Selection
from ike.selectors import ANY_IPV4

P = TypeVar("P", bound=Payload)

IKE_PORT, NATT_PORT = 500, 4500
_NO_SPI = bytes(8)


class RefusedError(Exception):
    """The gateway's answer is an error notification, or lacks what was asked for; the text says which."""


class Attempt:
    """Knows what to send next, and what the answers mean.

    Args:
        settings: The tunnel.
        address: Our own address, as this machine knows it.
        random: Returns as many unpredictable octets as it is asked for.

    Attributes:
        behind_nat: Whether the gateway sees other addresses than we do; then all goes to UDP 4500.
        next_id: Message ID of the next request.
    """

    def __init__(self, settings: Settings, address: str, random: Callable[[int], bytes]) -> None:
        self._settings = settings
        self._address = address
        self._random = random
        self._nonce = random(32)
        self._dh = dh.generate(self._group(), random)
        self._esp_spi = b"\xc0" + random(3)
        self.spi_i, self.spi_r = random(8), _NO_SPI
        self.behind_nat = False
        self.next_id = 0

    def _group(self) -> DhGroup:
        """Of the KE payload: the first one offered."""
        offered = self._settings.proposals(ProtocolId.IKE)
        return DhGroup(next(t.id for proposal in offered for t in proposal.of_type(T.DH)))

    def init_request(self) -> bytes:
        """IKE_SA_INIT, with the NAT detection hashes of what we take for the two ends."""
        ends = (
            (NotifyType.NAT_DETECTION_SOURCE_IP, self._address),
            (NotifyType.NAT_DETECTION_DESTINATION_IP, str(self._settings.endpoint)),
        )
        payloads = [
            SaPayload(self._settings.proposals(ProtocolId.IKE)),
            KePayload(self._dh.group, self._dh.public),
            NoncePayload(self._nonce),
            *(NotifyPayload(kind, detection_hash(self.spi_i, _NO_SPI, end, IKE_PORT)) for kind, end in ends),
        ]
        self._init = build_message(self._header(ExchangeType.IKE_SA_INIT, 0), payloads)
        return self._init

    def take_init(self, data: bytes) -> None:
        """Derive the keys from the answer; raises ``RefusedError``, or as the codec and the group do."""
        answer = parse_message(data)
        _raise_error(answer.payloads)
        self._answer, self._nonce_r = data, _first(answer.payloads, NoncePayload).data
        self.spi_r = answer.header.spi_r
        self._transforms = _first(answer.payloads, SaPayload).proposals[0]
        nonces = (self._nonce, self._nonce_r)
        self._prf = Prf(self._chosen(T.PRF).id)
        self._keys = keys.ike_keys(
            keys.skeyseed(self._prf, *nonces, self._dh.shared(_first(answer.payloads, KePayload).data)),
            prf_id=self._prf,
            encr=self._chosen(T.ENCR),
            integ=_real(self._transforms.of_type(T.INTEG)),
            nonces=nonces,
            spis=(self.spi_i, self.spi_r),
        )
        selection = Selection(verdicts=(), chosen=self._transforms, suite=None)
        self._sealer = make_sealer(selection, self._keys, self._random, we_initiated=True)
        self.behind_nat = self._sees_nat(answer)
        self.next_id = 1

    def auth_request(self) -> bytes:
        """IKE_AUTH, with any-to-any selectors."""
        me = IDiPayload(Identification.from_address(str(self._settings.identity)))
        octets = auth.signed_octets(self._prf, self._init, self._nonce_r, self._keys.SK_pi, me.build())
        psk = self._settings.psk.encode()
        return self.request(
            ExchangeType.IKE_AUTH,
            [
                me,
                AuthPayload(AuthMethod.SHARED_KEY_MIC, auth.psk_auth(self._prf, psk, octets)),
                SaPayload(self._settings.proposals(ProtocolId.ESP, self._esp_spi)),
                TSiPayload((ANY_IPV4,)),
                TSrPayload((ANY_IPV4,)),
            ],
        )

    def take_auth(self, payloads: Sequence[Payload]) -> None:
        """Check that the gateway has our key; raises ``RefusedError``. The CHILD SA is another question."""
        if not any(isinstance(payload, AuthPayload) for payload in payloads):
            _raise_error(payloads)
        him, received = _first(payloads, IDrPayload), _first(payloads, AuthPayload)
        octets = auth.signed_octets(self._prf, self._answer, self._nonce, self._keys.SK_pr, him.build())
        expected = auth.psk_auth(self._prf, self._settings.psk.encode(), octets)
        if not auth.equal(expected, received.data):
            raise RefusedError("the gateway's AUTH payload does not verify")

    def take_child(self, payloads: Sequence[Payload]) -> EspParameters:
        """The CHILD SA of the answer to IKE_AUTH; raises ``RefusedError`` when there is none."""
        _raise_error(payloads)
        (proposal,) = _first(payloads, SaPayload).proposals
        encr, integ = proposal.of_type(T.ENCR)[0], _real(proposal.of_type(T.INTEG))
        nonces = (self._nonce, self._nonce_r)
        derived = keys.child_keys(self._prf, self._keys.SK_d, encr=encr, integ=integ, nonces=nonces)
        port = NATT_PORT if self.behind_nat else 0
        return EspParameters(
            spi_in=int.from_bytes(self._esp_spi, "big"),
            spi_out=int.from_bytes(proposal.spi, "big"),
            encr=Encr(encr.id),
            encr_key_bits=encr.key_bits,
            integ=Integ(integ.id) if integ else None,
            encr_key_in=derived.encr_r,
            integ_key_in=derived.integ_r,
            encr_key_out=derived.encr_i,
            integ_key_out=derived.integ_i,
            esn=any(t.id == Esn.ESN for t in proposal.of_type(T.ESN)),
            udp_encapsulation=self.behind_nat,
            path=Path(self._address, port, str(self._settings.endpoint), port),
        )

    def request(self, exchange: ExchangeType, payloads: Sequence[Payload]) -> bytes:
        """A protected request with the next message ID."""
        return self._sealer.seal(self._header(exchange, self.next_id), payloads)

    def response(self, request: Header, payloads: Sequence[Payload] = ()) -> bytes:
        """The answer to a request of the gateway."""
        header = self._header(
            request.exchange, request.message_id, HeaderFlag.INITIATOR | HeaderFlag.RESPONSE
        )
        return self._sealer.seal(header, payloads)

    def open(self, data: bytes) -> tuple[Header, tuple[Payload, ...]]:
        """Decrypt a message of the gateway; raises as ``ike.sealing`` does."""
        message = parse_message(data)
        return message.header, parse_inner(message, self._sealer.open(data, message))

    def _header(self, exchange: int, message_id: int, flags: int = HeaderFlag.INITIATOR) -> Header:
        return Header(
            spi_i=self.spi_i, spi_r=self.spi_r, exchange=exchange, flags=flags, message_id=message_id
        )

    def _chosen(self, kind: T) -> Transform:
        found = self._transforms.of_type(kind)
        if not found:
            raise RefusedError(f"the gateway chose no {kind.name}")
        return found[0]

    def _sees_nat(self, answer: Message) -> bool:
        """Whether a hash of the gateway is not that of the address which we know (section 2.23)."""
        ends = {
            NotifyType.NAT_DETECTION_SOURCE_IP: str(self._settings.endpoint),
            NotifyType.NAT_DETECTION_DESTINATION_IP: self._address,
        }
        return any(
            payload.data
            != detection_hash(self.spi_i, self.spi_r, ends[NotifyType(payload.notify_type)], IKE_PORT)
            for payload in answer.payloads
            if isinstance(payload, NotifyPayload) and payload.notify_type in ends
        )


def _first(payloads: Sequence[Payload], kind: type[P]) -> P:
    for payload in payloads:
        if isinstance(payload, kind):
            return payload
    raise RefusedError(f"the gateway's answer has no {kind.__name__.removesuffix('Payload')} payload")


def _real(transforms: Sequence[Transform]) -> Transform | None:
    """The first of them that is not NONE."""
    return next((transform for transform in transforms if transform.id), None)


def _raise_error(payloads: Sequence[Payload]) -> None:
    for payload in payloads:
        if isinstance(payload, NotifyPayload) and (
            payload.is_error or payload.notify_type == NotifyType.COOKIE
        ):
            raise RefusedError(f"received {name_of(NotifyType, payload.notify_type)} notify")
