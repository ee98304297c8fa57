"""CREATE_CHILD_SA: rekey a CHILD SA or the IKE SA (RFC 7296 sections 1.3, 2.8 and 2.18)."""

from collections.abc import Sequence
from dataclasses import replace

from ike.codec import KePayload, NoncePayload, NotifyPayload, Payload, SaPayload
from ike.constants import NotifyType, Prf, ProtocolId, TransformType
from ike.context import Context
from ike.crypto import keys
from ike.errors import ChildSaNotFound, InvalidSyntax, NoAdditionalSas, TemporaryFailure
from ike.events import IkeKeysDerived, IkeSaRekeyed
from ike.exchanges import child
from ike.exchanges.ike_sa_init import NONCE_LENGTH, choose_ike_proposal, derive, exchange_keys
from ike.exchanges.request import notifies, required
from ike.ike_sa import IkeSa
from ike.sealing import make_sealer
from ike.selection import Selection
from ike.state import Input, State

EXCHANGE = "CREATE_CHILD_SA"


def respond(sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> list[Payload]:
    """Rekey what the request names.

    Raises:
        TemporaryFailure: The IKE SA is being replaced or deleted (section 2.25).
        NoAdditionalSas: A further CHILD SA is asked for.
        NotifyError: As raised by the two kinds of rekeying.
    """
    if sa.state is not State.ESTABLISHED:
        raise TemporaryFailure(f"the IKE SA is in state {sa.state.name}")
    proposals = required(payloads, SaPayload).proposals
    if any(p.protocol == ProtocolId.IKE for p in proposals):
        return _rekey_ike(sa, payloads, ctx)
    rekeyed = notifies(payloads, NotifyType.REKEY_SA)
    if not rekeyed:
        raise NoAdditionalSas("a second CHILD SA is asked for; this service keeps one per tunnel")
    replaces = _rekeyed_child(sa, rekeyed[0])
    nonce_r = ctx.random(NONCE_LENGTH)
    nonces = (required(payloads, NoncePayload).data, nonce_r)
    request = child.ChildRequest(exchange=EXCHANGE, payloads=payloads, nonces=nonces, replaces=replaces)
    made, *rest = child.create(sa, request, ctx)
    return [made, NoncePayload(nonce_r), *rest]


def _rekeyed_child(sa: IkeSa, rekey: NotifyPayload) -> int:
    """Our SPI of the CHILD SA that REKEY_SA names by the peer's SPI."""
    for esp in sa.children.values():
        if rekey.protocol == ProtocolId.ESP and rekey.spi == esp.spi_out.to_bytes(4, "big"):
            return esp.spi_in
    raise ChildSaNotFound(
        f"no CHILD SA has the peer's SPI {rekey.spi.hex()}", protocol=rekey.protocol, spi=rekey.spi
    )


def _rekey_ike(sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> list[Payload]:
    """Make the IKE SA that takes over the CHILD SAs (section 2.18)."""
    ke_i, nonce_i = required(payloads, KePayload), required(payloads, NoncePayload).data
    selection = choose_ike_proposal(payloads, sa.peer, sa.where(), ctx)
    if selection.chosen is None or not any(selection.chosen.spi):
        raise InvalidSyntax("the proposal for the new IKE SA carries no SPI")
    our_key, shared = exchange_keys(ke_i, selection, ctx)
    nonce_r = ctx.random(NONCE_LENGTH)
    new = _successor(sa, selection, (nonce_i, nonce_r), shared, ctx)
    chosen = replace(selection.chosen, spi=new.spi_r)
    return [SaPayload((chosen,)), NoncePayload(nonce_r), KePayload(our_key.group, our_key.public)]


def _successor(
    sa: IkeSa, selection: Selection, nonces: tuple[bytes, bytes], shared: bytes, ctx: Context
) -> IkeSa:
    prf = sa.selection.transform(TransformType.PRF)
    if prf is None or selection.chosen is None:
        raise InvalidSyntax("an IKE SA has a PRF")
    spi_i, spi_r = selection.chosen.spi, ctx.new_ike_spi()
    seed = keys.skeyseed_rekeyed(Prf(prf.id), sa.keys.SK_d, *nonces, shared)
    ike_keys = derive(seed, selection, nonces, (spi_i, spi_r))
    new = IkeSa(
        peer=sa.peer,
        spi_i=spi_i,
        spi_r=spi_r,
        path=sa.path,
        selection=selection,
        keys=ike_keys,
        sealer=make_sealer(selection, ike_keys, ctx.random),
        nat=sa.nat,
        state=State.ESTABLISHED,
        identity=sa.identity,
        children=sa.children,
        fragmentation=sa.fragmentation.inherited(),
    )
    sa.children = {}
    sa.move(Input.REKEYED_BY_PEER)
    sa.deadline = ctx.now + ctx.limits.half_open_timeout
    for spi_in in new.children:
        ctx.esp_owner[spi_in] = new
    ctx.add(new)
    ctx.emit(IkeKeysDerived(**new.where(), selected=new.proposal, keys=ike_keys))
    ctx.emit(IkeSaRekeyed(**new.where(), replaces=sa.name, suite=new.proposal.text))
    return new
