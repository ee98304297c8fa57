"""Reads why the peer refused a request of ours (RFC 7296 sections 1.3 and 2.25)."""

from collections.abc import Sequence

from ike.codec import NotifyPayload, Payload
from ike.constants import DhGroup, NotifyType

_GROUP_OCTETS = 2


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
