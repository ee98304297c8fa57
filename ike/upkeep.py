"""Keeps an IKE SA and its CHILD SAs fresh: lifetimes, and signs of life (RFC 7296 sections 2.4 and 2.8)."""

import math

from ike.child_sa import ChildSa
from ike.context import Context
from ike.ike_sa import IkeSa
from ike.state import State

_WATCHED = frozenset({State.ESTABLISHED, State.REKEYING})
"""States in which we care whether the peer is alive; in the others a deadline or a request decides."""


def begin(sa: IkeSa, ctx: Context) -> None:
    """Start the lifetime of an IKE SA that is established."""
    hard = sa.peer.lifetimes.ike
    sa.rekey_at = _after(ctx, sa.peer.lifetimes.soft(hard, ctx.chance()))
    sa.expire_at = _after(ctx, hard)
    heard(sa, ctx.now)


def begin_child(sa: IkeSa, child: ChildSa, ctx: Context) -> None:
    """Start the lifetime of a CHILD SA."""
    hard = sa.peer.lifetimes.child
    child.rekey_at = _after(ctx, sa.peer.lifetimes.soft(hard, ctx.chance()))
    child.expire_at = _after(ctx, hard)


def heard(sa: IkeSa, at: float) -> None:
    """The peer gave a sign of life at this time: an authentic message or packet."""
    if sa.peer.liveness_interval and sa.state in _WATCHED:
        due = at + sa.peer.liveness_interval
        sa.probe_at = due if sa.probe_at is None else max(sa.probe_at, due)


def _after(ctx: Context, seconds: float) -> float | None:
    return None if math.isinf(seconds) else ctx.now + seconds
