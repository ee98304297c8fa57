"""The files of a CPE with strongSwan and BIRD that stands outside a lab: a container, a virtual machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from gateway.lab import bird, strongswan
from gateway.lab.cpe import tunnel_settings
from gateway.lab.netns import nft_rules
from gateway.lab.scenario_model import CpeSettings
from gateway.lab.topology import NodePlan, Topology
from gateway.model import Tunnel

UPDOWN = "updown"
SECRET, READABLE, RUNNABLE = 0o600, 0o644, 0o755


class TooManyTunnelsError(Exception):
    """One charon with userspace ESP has one tunnel device, so it carries one tunnel."""


@dataclass(frozen=True, kw_only=True)
class CpeFile:
    """A text file and its permissions."""

    text: str
    mode: int = READABLE


def cpe_files(
    link: Sequence[Tunnel],
    settings: CpeSettings,
    *,
    folder: Path,
    announces: Sequence[IPv4Network],
    through_tunnel: Sequence[IPv4Network] = (),
) -> Mapping[str, CpeFile]:
    """Everything that a CPE reads, by file name.

    Args:
        link: The tunnels of its device link: the "View configuration" and the key.
        settings: What is entered on the CPE beside that.
        folder: Where the files will lie, as the CPE sees it.
        announces: Prefixes of the branch.
        through_tunnel: Prefixes that are routed into the tunnel without BGP.

    Raises:
        TooManyTunnelsError: The device link is zone-redundant.
    """
    if len(link) != 1:
        raise TooManyTunnelsError(
            f"device link {link[0].link} has {len(link)} tunnels: strongSwan with userspace ESP carries one"
        )
    (far,) = link
    neighbor = bird.Neighbor(
        index=far.index, address=far.local_bgp, asn=far.local_asn, via=f'"{strongswan.TUNNEL_DEVICE}"'
    )
    speaker = bird.Speaker(
        address=far.peer_bgp,
        asn=far.peer_asn,
        announces=tuple(announces),
        through_tunnel=tuple(through_tunnel),
        hold_time=settings.hold_time,
        neighbors=(neighbor,),
    )
    connection = strongswan.connection_configuration(tunnel_settings(far, settings), str(folder / UPDOWN))
    script = strongswan.updown_script((neighbor.route_protocol, neighbor.protocol))
    clamp = nft_rules(Topology(nodes={}, links=()), NodePlan(name="cpe", role="cpe"))
    return {
        "strongswan.conf": CpeFile(text=strongswan.daemon_configuration()),
        "swanctl.conf": CpeFile(text=connection, mode=SECRET),
        UPDOWN: CpeFile(text=script, mode=RUNNABLE),
        "bird.conf": CpeFile(text=bird.configuration(speaker)),
        "clamp.nft": CpeFile(text=clamp),
        "ip.batch": CpeFile(text=f"address replace {far.peer_bgp}/32 dev lo\n"),
    }
