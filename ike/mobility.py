"""Where the peer is: NAT mappings that change (RFC 7296 section 2.23), and MOBIKE (RFC 4555)."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address

from ike.codec import NotifyPayload, Payload
from ike.constants import NotifyType
from ike.context import Context
from ike.errors import UnexpectedNatDetected
from ike.events import PathChanged
from ike.exchanges.request import notifies
from ike.ike_sa import IkeSa
from ike.nat import NatStatus, detect, detection_hash
from ike.path import Path
from ike.requests.probe import RoutabilityCheck


def follow(sa: IkeSa, path: Path, ctx: Context) -> None:
    """Send to where an authentic message or packet came from, when it is for a NAT to choose that.

    Not under MOBIKE, where the peer says when it has moved (RFC 4555 section 3.8).
    """
    if sa.nat.follow_peer and not sa.mobike and path != sa.path:
        move(sa, path, sa.nat, ctx)


def move(sa: IkeSa, path: Path, nat: NatStatus, ctx: Context) -> None:
    """Take the IKE SA and its CHILD SAs to another path."""
    old, sa.path, sa.nat = sa.path, path, nat
    for child in sa.children.values():
        child.esp = replace(child.esp, path=path, udp_encapsulation=nat.detected)
    ctx.emit(
        PathChanged(
            **sa.where(),
            old=old,
            new=path,
            spis_in=tuple(sa.children),
            udp_encapsulation=nat.detected,
        )
    )


def respond(sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> list[Payload]:
    """Carry out what an INFORMATIONAL request says about addresses; the payloads of the answer.

    Raises:
        UnexpectedNatDetected: The peer allows no NAT, and there is one.
    """
    if not sa.mobike:
        return []
    path = ctx.arrival
    require_no_nat(payloads, path)
    sources = [n.data for n in notifies(payloads, NotifyType.NAT_DETECTION_SOURCE_IP)]
    destinations = [n.data for n in notifies(payloads, NotifyType.NAT_DETECTION_DESTINATION_IP)]
    reply: list[Payload] = []
    ours = _hash(sa, sa.peer.advertised_ip or path.local_ip, path.local_port)
    theirs = _hash(sa, path.remote_ip, path.remote_port)
    if sources and destinations:
        reply += [
            NotifyPayload(NotifyType.NAT_DETECTION_SOURCE_IP, ours),
            NotifyPayload(NotifyType.NAT_DETECTION_DESTINATION_IP, theirs),
        ]
    if notifies(payloads, NotifyType.UPDATE_SA_ADDRESSES):
        nat = detect(sources, destinations, theirs, ours) if reply else sa.nat
        moved_elsewhere = path.remote_ip != sa.path.remote_ip
        if (path, nat) != (sa.path, sa.nat):
            move(sa, path, nat, ctx)
        if moved_elsewhere:
            ctx.want(sa, RoutabilityCheck())
    reply += [NotifyPayload(NotifyType.COOKIE2, n.data) for n in notifies(payloads, NotifyType.COOKIE2)]
    return reply


def require_no_nat(payloads: Sequence[Payload], path: Path) -> None:
    """Compare NO_NATS_ALLOWED with the addresses and ports that the message has come with.

    Raises:
        UnexpectedNatDetected: They differ (RFC 4555 section 3.9).
    """
    for notify in notifies(payloads, NotifyType.NO_NATS_ALLOWED):
        ends = IPv4Address(path.remote_ip).packed + IPv4Address(path.local_ip).packed
        if notify.data != ends + path.remote_port.to_bytes(2, "big") + path.local_port.to_bytes(2, "big"):
            raise UnexpectedNatDetected(
                f"the peer allows no NAT; the message came from {path.remote} to {path.local}, "
                f"it was sent with addresses and ports {notify.data.hex()}"
            )


def _hash(sa: IkeSa, address: str, port: int) -> bytes:
    return detection_hash(sa.spi_i, sa.spi_r, address, port)
