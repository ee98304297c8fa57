"""One IKE SA takes the place of another (RFC 7296 sections 2.8 and 2.18), whoever asked for it."""

from dataclasses import dataclass, field

from ike import upkeep
from ike.constants import Prf, TransformType
from ike.context import Context
from ike.crypto import keys
from ike.errors import InvalidSyntax
from ike.events import IkeKeysDerived, IkeSaRekeyed
from ike.exchanges.ike_sa_init import derive
from ike.ike_sa import IkeSa
from ike.requests.delete import DeleteIke
from ike.sealing import make_sealer
from ike.selection import Selection
from ike.state import Input, State


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What the two ends have agreed on for the new IKE SA.

    Args:
        selection: The chosen proposal.
        nonces: Ni and Nr of the exchange.
        shared: g^ir of the exchange.
        spi_i: SPI of the exchange's initiator.
        spi_r: SPI of its responder.
        by_us: Whether we are its initiator, and so the original initiator of the new IKE SA.
    """

    selection: Selection
    nonces: tuple[bytes, bytes]
    shared: bytes = field(repr=False)
    spi_i: bytes
    spi_r: bytes
    by_us: bool


def create(old: IkeSa, agreement: Agreement, state: State, ctx: Context) -> IkeSa:
    """The new IKE SA, which has no CHILD SAs yet."""
    prf = old.selection.transform(TransformType.PRF)
    if prf is None:
        raise InvalidSyntax("an IKE SA has a PRF")
    seed = keys.skeyseed_rekeyed(Prf(prf.id), old.keys.SK_d, *agreement.nonces, agreement.shared)
    ike_keys = derive(seed, agreement.selection, agreement.nonces, (agreement.spi_i, agreement.spi_r))
    new = IkeSa(
        peer=old.peer,
        spi_i=agreement.spi_i,
        spi_r=agreement.spi_r,
        we_initiated=agreement.by_us,
        path=old.path,
        selection=agreement.selection,
        keys=ike_keys,
        sealer=make_sealer(agreement.selection, ike_keys, ctx.random, we_initiated=agreement.by_us),
        nat=old.nat,
        state=state,
        identity=old.identity,
        mobike=old.mobike,
        fragmentation=old.fragmentation.inherited(),
    )
    if state is State.ESTABLISHED:
        upkeep.begin(new, ctx)
    ctx.add(new)
    ctx.emit(IkeKeysDerived(**new.where(), selected=new.proposal, keys=ike_keys))
    return new


def hand_over(old: IkeSa, new: IkeSa, ctx: Context) -> None:
    """Give the CHILD SAs, and the requests about them that wait, to the new IKE SA."""
    new.children, old.children = old.children, {}
    for spi_in in new.children:
        ctx.esp_owner[spi_in] = new
    for request in old.queued:
        if request.moves_with_children:
            ctx.want(new, request)
    for at, request in old.postponed:
        ctx.want_later(new, request, at)
    old.queued.clear()
    old.postponed.clear()
    old.has_successor = True
    ctx.touch(old)
    ctx.touch(new)
    ctx.emit(IkeSaRekeyed(**new.where(), replaces=old.name, suite=new.proposal.text))


def choose(old: IkeSa, new: IkeSa, ctx: Context) -> None:
    """Let the undecided IKE SA of the peer take the place of the old one."""
    new.move(Input.CHOSEN)
    upkeep.begin(new, ctx)
    hand_over(old, new, ctx)


def await_delete(sa: IkeSa, ctx: Context) -> None:
    """Leave it to the peer to delete an IKE SA that it has replaced, or made in vain.

    As long as the peer may repeat its last request, or send its Delete, there has to be somebody to answer.
    """
    sa.move(Input.REPLACED)
    sa.rekey_at = sa.probe_at = None
    sa.deadline = ctx.now + ctx.limits.patience
    ctx.touch(sa)


def delete(sa: IkeSa, reason: str, ctx: Context) -> None:
    """Delete an IKE SA; from here on the peer can no longer rekey it (section 2.25.2)."""
    sa.move(Input.DELETE_SENT)
    sa.queued.clear()
    sa.postponed.clear()
    sa.rekey_at = sa.expire_at = sa.probe_at = None
    ctx.want(sa, DeleteIke(reason))
