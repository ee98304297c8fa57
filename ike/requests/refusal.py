"""Reads why the peer refused a request of ours (RFC 7296 sections 1.3 and 2.25)."""

from collections.abc import Sequence

from ike import succession
from ike.codec import NotifyPayload, Payload
from ike.constants import DhGroup, NotifyType, name_of
from ike.context import Context
from ike.ike_sa import IkeSa

_GROUP_OCTETS = 2
_SERIES = 120.0
"""Seconds: refusals that come within so many of each other belong together."""


def refusal(payloads: Sequence[Payload]) -> NotifyPayload | None:
    """The error notification of a response, or None."""
    return next((p for p in payloads if isinstance(p, NotifyPayload) and p.is_error), None)


def wanted_group(
    error: NotifyPayload, allowed: Sequence[DhGroup], *, tried: DhGroup | None
) -> DhGroup | None:
    """The DH group that an INVALID_KE_PAYLOAD asks for.

    None for other errors, for a group that the policy does not allow, and once another was tried on the
    peer's wish: nobody may keep us busy with groups (section 1.3).
    """
    if error.notify_type != NotifyType.INVALID_KE_PAYLOAD or len(error.data) != _GROUP_OCTETS or tried:
        return None
    number = int.from_bytes(error.data, "big")
    return next((group for group in allowed if group == number), None)


def named_group(error: NotifyPayload) -> str:
    """Name of the DH group that an INVALID_KE_PAYLOAD asks for; empty for other errors."""
    if error.notify_type != NotifyType.INVALID_KE_PAYLOAD or len(error.data) != _GROUP_OCTETS:
        return ""
    return name_of(DhGroup, int.from_bytes(error.data, "big"))


def tolerate(sa: IkeSa, error: NotifyPayload, ctx: Context) -> bool:
    """Note a refusal; whether to go on with the IKE SA, which is deleted otherwise.

    A peer that answers TEMPORARY_FAILURE for minutes has another idea of our common state (section 2.25).
    """
    if error.notify_type != NotifyType.TEMPORARY_FAILURE:
        sa.put_off = None
        return True
    if sa.put_off is None or ctx.now - sa.put_off[1] > _SERIES:
        sa.put_off = (ctx.now, ctx.now)
    first = sa.put_off[0]
    sa.put_off = (first, ctx.now)
    if ctx.now - first < ctx.limits.out_of_step:
        return True
    reason = f"the peer has answered TEMPORARY_FAILURE for {ctx.now - first:.0f} s: out of step"
    succession.delete(sa, reason, ctx)
    return False
