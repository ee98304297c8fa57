"""Goes through a recorded request for a CHILD SA again, in the responder's own core.

Secrets are in no record. A key stands in for the device link's, and the CPE either has it or another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ike.codec import AuthPayload, IDiPayload, KePayload, Payload, SaPayload, TsPayload
from ike.codec import parse_payloads as parse
from ike.config import Limits, PeerConfig
from ike.constants import AuthMethod, DhGroup, Encr, NotifyType, PayloadType, Prf, ProtocolId, TransformType
from ike.context import Context
from ike.crypto import auth, dh, keys
from ike.errors import NotifyError
from ike.events import ChildSaEstablished, ProposalsEvaluated
from ike.exchanges import child, ike_auth
from ike.exchanges.request import notifies
from ike.identification import Identification
from ike.ike_sa import IkeSa, InitMessages
from ike.nat import NatStatus
from ike.path import Path
from ike.proposal import Proposal, Suite, Transform
from ike.sealing import make_sealer
from ike.selection import Selection
from ike.state import Input, State

_KEY, _OTHER_KEY = b"the key of the device link", b"another key"
_NONCES = bytes(32), bytes(32)
_PRF = Prf.HMAC_SHA2_256
_IKE_TRANSFORMS = (
    Transform(TransformType.ENCR, Encr.AES_GCM_16, 256),
    Transform(TransformType.PRF, _PRF),
)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request for a CHILD SA, and what decides about it.

    Args:
        name: Name of the exchange type: IKE_AUTH or CREATE_CHILD_SA.
        payloads: SA, TSi, TSr, and as far as they were there IDi, KE and USE_TRANSPORT_MODE.
        proves_key: Whether the CPE's AUTH payload proves the device link's key.
        identity: The identity that the CPE has to have; None when any will do.
        suites: What the policy allows for ESP.
        pfs: The groups of which a CREATE_CHILD_SA request has to have one.
    """

    name: str
    payloads: tuple[Payload, ...]
    proves_key: bool
    identity: Identification | None
    suites: tuple[Suite, ...]
    pfs: tuple[DhGroup, ...]

    def of_type(self, kind: PayloadType) -> Payload | None:
        """The payload of a type."""
        return next((p for p in self.payloads if p.type == kind), None)

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """What is offered."""
        return next((p.proposals for p in self.payloads if isinstance(p, SaPayload)), ())

    def selectors(self, kind: PayloadType) -> TsPayload | None:
        """The TSi or the TSr payload."""
        found = self.of_type(kind)
        return found if isinstance(found, TsPayload) else None

    @property
    def sender(self) -> Identification | None:
        """Who the CPE says it is."""
        found = self.of_type(PayloadType.IDi)
        return found.identification if isinstance(found, IDiPayload) else None

    @property
    def wants_transport_mode(self) -> bool:
        """Whether it asks for transport mode."""
        return bool(notifies(self.payloads, NotifyType.USE_TRANSPORT_MODE))

    def having(self, *new: Payload) -> "Exchange":
        """The same with these payloads instead of those of their types."""
        kinds = {payload.type for payload in new}
        kept = tuple(p for p in self.payloads if p.type not in kinds)
        return replace(self, payloads=kept + new)

    def without(self, kind: PayloadType) -> "Exchange":
        """The same without the payloads of a type."""
        return replace(self, payloads=tuple(p for p in self.payloads if p.type != kind))

    def with_group(self, group: DhGroup) -> "Exchange":
        """The same with a public value of another Diffie-Hellman group."""
        return self.having(KePayload(group, dh.generate(group, _octets).public))


def payloads_of(octets: str) -> tuple[Payload, ...]:
    """The payloads of a ``child_sa_requested`` record, in hexadecimal there; none when it has none.

    Raises:
        ValueError: They are not what such a record has.
    """
    return parse(PayloadType.SA, bytes.fromhex(octets)) if octets else ()


def accepted_as(exchange: Exchange) -> str | None:
    """The name of the combination by which the responder makes the CHILD SA; None when it refuses.

    A wish for transport mode is refused as well: the answer, tunnel mode, is not what was asked for.
    """
    ctx, sa = Context(_octets, Limits()), _ike_sa(exchange)
    try:
        answer = _answer(sa, exchange, ctx)
    except NotifyError:
        return None
    if exchange.wants_transport_mode and not notifies(answer, NotifyType.USE_TRANSPORT_MODE):
        return None
    if not any(isinstance(event, ChildSaEstablished) for event in ctx.events):
        return None
    return next(event.suite for event in ctx.events if isinstance(event, ProposalsEvaluated))


def _answer(sa: IkeSa, exchange: Exchange, ctx: Context) -> Sequence[Payload]:
    if exchange.name == ike_auth.EXCHANGE:
        return ike_auth.respond(sa, [*exchange.payloads, _auth(sa, exchange)], ctx)
    sa.move(Input.AUTHENTICATED)
    request = child.ChildRequest(exchange=exchange.name, payloads=exchange.payloads, nonces=_NONCES)
    return child.create(sa, request, ctx)


def _auth(sa: IkeSa, exchange: Exchange) -> AuthPayload:
    """The AUTH payload that the CPE would send with the key that it has."""
    id_i = exchange.of_type(PayloadType.IDi)
    octets = auth.signed_octets(_PRF, b"", _NONCES[1], sa.keys.SK_pi, id_i.build() if id_i else b"")
    key = _KEY if exchange.proves_key else _OTHER_KEY
    return AuthPayload(AuthMethod.SHARED_KEY_MIC, auth.psk_auth(_PRF, key, octets))


def _ike_sa(exchange: Exchange) -> IkeSa:
    """An IKE SA as IKE_SA_INIT leaves it; nothing of it decides about the CHILD SA."""
    spis = b"initiate", b"response"
    chosen = Proposal(1, ProtocolId.IKE, b"", _IKE_TRANSFORMS)
    selection = Selection(verdicts=(), chosen=chosen, suite=None)
    derived = keys.ike_keys(
        bytes(32), prf_id=_PRF, encr=_IKE_TRANSFORMS[0], integ=None, nonces=_NONCES, spis=spis
    )
    nobody = Identification.from_address("0.0.0.0")  # noqa: S104 - an identity, nothing is bound
    return IkeSa(
        peer=PeerConfig(
            name="replay",
            psk=_KEY,
            local_identity=nobody,
            expected_identity=exchange.identity or nobody,
            enforce_identity=exchange.identity is not None,
            ike_suites=(),
            esp_suites=exchange.suites,
            pfs_groups=exchange.pfs,
        ),
        spi_i=spis[0],
        spi_r=spis[1],
        path=Path("192.0.2.1", 4500, "192.0.2.2", 4500),
        selection=selection,
        keys=derived,
        sealer=make_sealer(selection, derived, _octets),
        nat=NatStatus(supported=True, remote_behind_nat=True, local_behind_nat=False),
        init=InitMessages(request=b"", response=b"", nonce_i=_NONCES[0], nonce_r=_NONCES[1]),
        state=State.HALF_OPEN,
    )


def _octets(length: int) -> bytes:
    """Octets that serve as random ones: a replay tells no secret and has to give the same every time."""
    return bytes(range(1, 252)) * (length // 251) + bytes(range(1, length % 251 + 1))
