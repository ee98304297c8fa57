"""IKE_AUTH: authenticate the two ends and create the first CHILD SA, if any.

Source: RFC 7296 sections 1.2 and 2.15, RFC 6023 (childless), RFC 4555 section 3.2 (MOBIKE).
"""

from collections.abc import Sequence

from ike import candidates, mobility, succession, upkeep
from ike.codec import (
    AuthPayload,
    IDiPayload,
    IDrPayload,
    NotifyPayload,
    Payload,
    SaPayload,
    TSiPayload,
    TSrPayload,
)
from ike.constants import AuthMethod, NotifyType, Prf, TransformType, name_of
from ike.context import Context
from ike.crypto import auth
from ike.errors import AuthenticationFailed, IdentityRefused, InvalidSyntax, KeysDiffer, NotifyError
from ike.events import AuthResult, IdentityOffered, IkeSaEstablished, RequestRefused
from ike.exchanges import child, child_request
from ike.exchanges.request import notifies, optional, required
from ike.identification import Identification
from ike.ike_sa import IkeSa, InitMessages
from ike.state import Input, State

EXCHANGE = "IKE_AUTH"


def respond(sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> list[Payload]:
    """Authenticate the peer and create the CHILD SA.

    A CHILD SA that is refused leaves the IKE SA up, with the reason in the response (section 1.2).

    Raises:
        AuthenticationFailed: The peer did not prove the pre-shared key, or its identity is not the expected
            one and the configuration enforces that.
        InvalidSyntax: A payload is missing. Those of the CHILD SA are all there or, childless, none is.
        UnexpectedNatDetected: The peer allows no NAT, and there is one.
    """
    init = sa.init
    if init is None:
        raise InvalidSyntax("IKE_AUTH in an IKE SA that a rekey made")
    wants_child = any(isinstance(p, SaPayload | TSiPayload | TSrPayload) for p in payloads)
    if wants_child:
        for kind in (SaPayload, TSiPayload, TSrPayload):
            required(payloads, kind)
    mobility.require_no_nat(payloads, sa.path)
    id_i = required(payloads, IDiPayload)
    id_r = optional(payloads, IDrPayload)
    _report_identities(sa, id_i.identification, id_r.identification if id_r else None, ctx)
    if wants_child:
        child_request.report(sa, EXCHANGE, payloads, ctx)
    _authenticate(sa, init, id_i, optional(payloads, AuthPayload), ctx)
    our_id = IDrPayload(identification=sa.peer.local_identity)
    our_auth = AuthPayload(method=AuthMethod.SHARED_KEY_MIC, data=_our_auth(sa, init, our_id))
    _establish(sa, id_i.identification, payloads, ctx)
    mobike = _agree_on_mobike(sa, payloads)
    made = _first_child(sa, init, payloads, ctx) if wants_child else []
    return [our_id, our_auth, *made, *mobike]


def _report_identities(
    sa: IkeSa, offered: Identification, wanted_of_us: Identification | None, ctx: Context
) -> None:
    ctx.emit(
        IdentityOffered(
            **sa.where(),
            offered=offered.text,
            expected=sa.peer.expected_identity.text,
            wanted_of_us=wanted_of_us.text if wanted_of_us else "",
            ours=sa.peer.local_identity.text,
        )
    )


def _authenticate(
    sa: IkeSa, init: InitMessages, id_i: IDiPayload, received: AuthPayload | None, ctx: Context
) -> None:
    """Check key and identity, and report the outcome."""
    try:
        _verify(sa, init, id_i, received)
        _check_identity(sa, id_i.identification)
    except KeysDiffer as error:
        found = candidates.verifying(sa, error, _prf(sa), ctx)
        hint, owner = (found.hint, found.owner) if found else (None, "")
        ctx.emit(AuthResult(**sa.where(), ok=False, detail=error.reason, hint=hint, key_of=owner))
        raise
    except AuthenticationFailed as error:
        refused = isinstance(error, IdentityRefused)
        ctx.emit(AuthResult(**sa.where(), ok=False, detail=error.reason, identity_refused=refused))
        raise
    ctx.emit(AuthResult(**sa.where(), ok=True))


def _prf(sa: IkeSa) -> Prf:
    transform = sa.selection.transform(TransformType.PRF)
    if transform is None:
        raise InvalidSyntax("the IKE SA has no PRF")
    return Prf(transform.id)


def _verify(sa: IkeSa, init: InitMessages, id_i: IDiPayload, received: AuthPayload | None) -> None:
    """Check the initiator's AUTH payload (section 2.15)."""
    if received is None:
        raise AuthenticationFailed("no AUTH payload: the peer asks for EAP, expected a pre-shared key")
    if received.method != AuthMethod.SHARED_KEY_MIC:
        method = name_of(AuthMethod, received.method)
        raise AuthenticationFailed(f"authentication method {method}, expected a pre-shared key")
    octets = auth.signed_octets(_prf(sa), init.request, init.nonce_r, sa.keys.SK_pi, id_i.build())
    if not auth.equal(auth.psk_auth(_prf(sa), sa.peer.psk, octets), received.data):
        raise KeysDiffer(octets, received.data)


def _check_identity(sa: IkeSa, offered: Identification) -> None:
    """After the key: who does not have it learns nothing about identities."""
    expected = sa.peer.expected_identity
    if sa.peer.enforce_identity and offered != expected:
        raise IdentityRefused(f"the peer calls itself {offered.text}, expected {expected.text}")


def _our_auth(sa: IkeSa, init: InitMessages, our_id: IDrPayload) -> bytes:
    octets = auth.signed_octets(_prf(sa), init.response, init.nonce_i, sa.keys.SK_pr, our_id.build())
    return auth.psk_auth(_prf(sa), sa.peer.psk, octets)


def _establish(sa: IkeSa, identity: Identification, payloads: Sequence[Payload], ctx: Context) -> None:
    sa.move(Input.AUTHENTICATED)
    sa.deadline = None
    sa.identity = identity.text
    upkeep.begin(sa, ctx)
    ctx.emit(IkeSaEstablished(**sa.where(), suite=sa.proposal.text, identity=sa.identity))
    if notifies(payloads, NotifyType.INITIAL_CONTACT):
        for old in [other for other in ctx.of_peer(sa.peer.name) if other is not sa]:
            # Without a Delete payload: the peer says that it holds no older SA (RFC 7296 section 2.4). That
            # goes for the identity that it has proved, not for another router behind the same NAT.
            if old.state is not State.HALF_OPEN and old.identity == sa.identity:
                ctx.close(old, Input.SUPERSEDED, "the peer started afresh (INITIAL_CONTACT)")
    _bound(sa, ctx)


def _bound(sa: IkeSa, ctx: Context) -> None:
    """Delete the oldest IKE SAs of a peer that makes ever more of them and deletes none."""
    live = [o for o in ctx.of_peer(sa.peer.name) if o.state in {State.ESTABLISHED, State.REKEYING}]
    for old in live[: -ctx.limits.max_ike_sas_of_peer]:
        succession.delete(old, f"the peer has {len(live)} IKE SAs", ctx)


def _agree_on_mobike(sa: IkeSa, payloads: Sequence[Payload]) -> list[Payload]:
    """MOBIKE_SUPPORTED for a peer that sent it, where the configuration allows it."""
    sa.mobike = sa.peer.mobike and bool(notifies(payloads, NotifyType.MOBIKE_SUPPORTED))
    return [NotifyPayload(NotifyType.MOBIKE_SUPPORTED)] if sa.mobike else []


def _first_child(sa: IkeSa, init: InitMessages, payloads: Sequence[Payload], ctx: Context) -> list[Payload]:
    """The payloads that create the first CHILD SA, or the notification that refuses it."""
    nonces = (init.nonce_i, init.nonce_r)
    try:
        return child.create(sa, child.ChildRequest(exchange=EXCHANGE, payloads=payloads, nonces=nonces), ctx)
    except NotifyError as error:
        ctx.emit(
            RequestRefused(
                **sa.where(),
                exchange=EXCHANGE,
                notify=error.notify.name,
                reason=error.reason,
            )
        )
        return [NotifyPayload(error.notify, error.data)]
