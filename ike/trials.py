"""Finds out early whether the peer will rekey the first CHILD SA, by a rekeying long before its time.

IKE_AUTH has no key exchange of its own for its CHILD SA (RFC 7296 section 1.2), so another setting for PFS
shows in the first CREATE_CHILD_SA only. A trial is an ordinary rekeying (sections 1.3.3 and 2.8). If the peer
agrees, the CHILD SA is rekeyed; if it refuses, the CHILD SA goes on as if nobody had asked.
"""

from ike.child_sa import ChildSa
from ike.codec import NotifyPayload
from ike.constants import NotifyType, name_of
from ike.context import Context
from ike.crypto.dh import DhKey
from ike.ike_sa import IkeSa
from ike.requests.refusal import named_group
from ike.state import ChildInput
from ike.trial_events import TrialRekeyOmitted, TrialRekeyRefused

_NO_VERDICT = frozenset({NotifyType.TEMPORARY_FAILURE, NotifyType.CHILD_SA_NOT_FOUND})
"""Refusals that say nothing about what we asked for (section 2.25)."""


def begin(sa: IkeSa, child: ChildSa, ctx: Context) -> None:
    """Set the time of the trial of a CHILD SA that IKE_AUTH has made."""
    if not sa.peer.trial_rekey:
        return
    if sa.peer.name in ctx.spared:
        reason = "the tunnel ended when it was tried before"
        ctx.emit(TrialRekeyOmitted(**sa.where(), spi_in=child.spi_in, reason=reason))
    else:
        child.trial_at = ctx.now + sa.peer.trial_rekey


def is_decided(sa: IkeSa, spi_in: int, error: NotifyPayload, key: DhKey | None, ctx: Context) -> bool:
    """Whether a refusal shows that the peer will not rekey a CHILD SA; then that is reported.

    Nothing else changes for the CHILD SA. Once the time for rekeying it has come, a trial is none any more.

    Args:
        sa: Its IKE SA.
        spi_in: Our inbound SPI of the CHILD SA.
        error: The peer's refusal.
        key: Of our KE payload; None without PFS.
        ctx: The responder's state.
    """
    child = sa.children[spi_in]
    if child.rekey_at is None or error.notify_type in _NO_VERDICT:
        return False
    child.move(ChildInput.REKEY_REFUSED)
    child.trial_refused_at = ctx.now
    ctx.emit(
        TrialRekeyRefused(
            **sa.where(),
            spi_in=spi_in,
            notify=name_of(NotifyType, error.notify_type),
            group=key.group.name if key else "",
            wanted_group=named_group(error),
            ends_after=None if child.expire_at is None else child.expire_at - ctx.now,
        )
    )
    return True
