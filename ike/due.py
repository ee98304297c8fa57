"""Does for an IKE SA what is due: rekeying, expiry, liveness checks (RFC 7296 sections 2.4 and 2.8)."""

from ike import succession
from ike.context import Context
from ike.ike_sa import IkeSa
from ike.requests.child import RekeyChild, is_queued
from ike.requests.delete import DeleteChild, is_asked_to_delete
from ike.requests.probe import Probe
from ike.requests.rekey_ike import RekeyIke
from ike.state import ChildState, Input, State


def handle(sa: IkeSa, ctx: Context) -> None:
    """Do what is due at ``ctx.now``; retransmissions are the business of ``ike.session``."""
    if _is_due(sa.deadline, ctx):
        missing = (
            "no IKE_AUTH came after IKE_SA_INIT"
            if sa.state is State.HALF_OPEN
            else "the peer did not delete the rekeyed IKE SA"
        )
        ctx.close(sa, Input.TIMED_OUT, missing)
        return
    if _is_due(sa.expire_at, ctx):
        sa.expire_at = None
        if sa.state in {State.ESTABLISHED, State.REKEYING}:
            succession.delete(sa, "its lifetime is over", ctx)
    if _is_due(sa.rekey_at, ctx):
        sa.rekey_at = None
        if sa.state is State.ESTABLISHED:
            ctx.want(sa, RekeyIke())
    for entry in [entry for entry in sa.postponed if _is_due(entry[0], ctx)]:
        sa.postponed.remove(entry)
        ctx.want(sa, entry[1])
    for spi_in in tuple(sa.children):
        _handle_child(sa, spi_in, ctx)
    if _is_due(sa.probe_at, ctx):
        sa.probe_at = ctx.now + sa.peer.liveness_interval
        if sa.outstanding is None and not sa.queued:
            ctx.want(sa, Probe())


def _is_due(at: float | None, ctx: Context) -> bool:
    return at is not None and at <= ctx.now


def _handle_child(sa: IkeSa, spi_in: int, ctx: Context) -> None:
    child = sa.children[spi_in]
    if _is_due(child.expire_at, ctx):
        if not is_asked_to_delete(sa, spi_in):
            ctx.want(sa, DeleteChild(spi_in, "its lifetime is over", closed=True))
        ctx.close_child(sa, spi_in, "its lifetime is over")
    elif _is_due(child.rekey_at, ctx):
        child.rekey_at = child.trial_at = None
        if child.state is ChildState.INSTALLED:
            ctx.want(sa, RekeyChild(child))
    elif _is_due(child.trial_at, ctx):
        child.trial_at = None
        if child.state is ChildState.INSTALLED and not is_queued(sa, spi_in):
            ctx.want(sa, RekeyChild(child, is_trial=True))
