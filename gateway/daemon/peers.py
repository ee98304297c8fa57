"""Which tunnel a new IKE SA belongs to: the service's rules about addresses and ports."""

from collections.abc import Mapping

from gateway.model import IkeSettings, NatPortRewrite, UnknownSource
from ike.config import PeerConfig, Unidentified
from ike.constants import NotifyType
from ike.events import DropReason
from ike.path import Path

_IKE_PORT = 500
_TOLD = Unidentified(
    reason=DropReason.UNKNOWN_SOURCE,
    detail="no device link has this source address",
    notify=NotifyType.NO_PROPOSAL_CHOSEN,
)


class Peers:
    """The tunnels by (our address, the CPE's address); the ``lookup`` of the IKE responder.

    Args:
        tunnels: The tunnels.
        settings: The lab's settings.
    """

    def __init__(self, tunnels: Mapping[tuple[str, str], PeerConfig], settings: IkeSettings) -> None:
        self._tunnels = tunnels
        self._rewrite = settings.nat_port_rewrite is NatPortRewrite.ACCEPT
        self._unknown = _TOLD if settings.unknown_source is UnknownSource.NO_PROPOSAL_CHOSEN else None

    def __call__(self, path: Path) -> PeerConfig | Unidentified | None:
        """The tunnel of this path, or why there is none."""
        found = self._tunnels.get((path.local_ip, path.remote_ip))
        if found is None:
            return self._unknown
        if path.local_port == _IKE_PORT and path.remote_port != _IKE_PORT and not self._rewrite:
            return Unidentified(
                reason=DropReason.PORT_REWRITTEN,
                detail=f"from {path.remote} to port 500, expected from port 500: a NAT rewrites it",
                name=found.name,
            )
        return found
