"""Tells what happens to tunnels in records: real events, translated as the gateway does it."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path as FilePath
from typing import Any

from bgp.events import (
    BgpEvent,
    Closed,
    Connected,
    Established,
    NotificationReceived,
    NotificationSent,
    OpenReceived,
    RoutesAdvertised,
    RoutesLearned,
    RoutesWithdrawn,
)
from bgp.notification import notification_name
from gateway.daemon.translate import publish_bgp, publish_ike
from gateway.diagnosis import Finding, TunnelFacts, diagnose, facts_of
from gateway.model import Tunnel, load, tunnels
from gateway.records import Stream
from ike.constants import DhGroup, Encr, Esn, Integ, Prf, ProtocolId, TransformType
from ike.door_events import NatHashesOffered
from ike.events import (
    AuthResult,
    ChildSaClosed,
    ChildSaEstablished,
    DatagramDropped,
    DropReason,
    Event,
    IdentityOffered,
    IkeSaClosed,
    IkeSaEstablished,
    IkeSaInitAnswered,
    MessageReceived,
    NatDetection,
    ProposalsEvaluated,
    ReassemblyStarted,
    RequestRefused,
    RequestRepeated,
    RequestRetransmitted,
    SelectorsNarrowed,
)
from ike.nat import NatStatus, detection_hash
from ike.path import Path
from ike.proposal import Proposal, Suite, Transform, alternatives
from ike.selection import Selection, select

EXAMPLES = FilePath(__file__).resolve().parents[3] / "examples"
ANY = ("0.0.0.0-255.255.255.255",)
INIT_PAYLOADS = ("SA", "KE", "NONCE", "N(NAT_DETECTION_SOURCE_IP)", "N(NAT_DETECTION_DESTINATION_IP)")
AUTH_PAYLOADS = ("IDi", "IDr", "AUTH", "SA", "TSi", "TSr")
DIFFERENT_KEYS = "the AUTH payload does not verify: the two pre-shared keys differ"


def ike_proposal(
    encryption: Encr, bits: int, prf: Prf, group: DhGroup, integrity: Integ | None = None
) -> Proposal:
    """An IKE proposal with one transform per type."""
    transforms = [Transform(TransformType.ENCR, encryption, bits), Transform(TransformType.PRF, prf)]
    if integrity is not None:
        transforms.append(Transform(TransformType.INTEG, integrity))
    return Proposal(1, ProtocolId.IKE, b"", (*transforms, Transform(TransformType.DH, group)))


def esp_proposal(
    encryption: Encr, bits: int | None = None, integrity: Integ | None = None, group: DhGroup | None = None
) -> Proposal:
    """An ESP proposal with one transform per type."""
    transforms = [Transform(TransformType.ENCR, encryption, bits)]
    if integrity is not None:
        transforms.append(Transform(TransformType.INTEG, integrity))
    if group is not None:
        transforms.append(Transform(TransformType.DH, group))
    return Proposal(1, ProtocolId.ESP, bytes(4), (*transforms, Transform(TransformType.ESN, Esn.NO_ESN)))


GOOD_IKE = ike_proposal(Encr.AES_GCM_16, 256, Prf.HMAC_SHA2_384, DhGroup.MODP_2048)
GOOD_ESP = esp_proposal(Encr.AES_GCM_16, 256)


class Story:
    """A gateway and its CPEs.

    Args:
        example: Lab file in ``examples/``.
        index: The tunnel that most calls are about.
        facts: What ``gateway_ready`` says otherwise of every tunnel.
    """

    def __init__(
        self, example: str = "minimal.yaml", index: int = 0, facts: Mapping[str, Any] | None = None
    ) -> None:
        self.now = 1_700_000_000.0
        self.stream = Stream(lambda: self.now)
        self.lab = load([EXAMPLES / example])
        self.tunnels = tunnels(self.lab)
        self.tunnel: Tunnel = self.tunnels[index]
        self._numbers = itertools.count(1)
        self.spi = ""
        self.child = 0
        self.source = f"{self.tunnel.peer_address}:500"
        self.listens, self.in_udp = 500, True
        self.hashes = ("", "00")
        ready = [facts_of(tunnel, self.lab).as_json() | dict(facts or {}) for tunnel in self.tunnels]
        self.stream.publish("lab", "gateway_ready", endpoints=["198.51.100.20"], tunnels=ready)

    @property
    def facts(self) -> TunnelFacts:
        """What is configured for the tunnel."""
        return facts_of(self.tunnel, self.lab)

    def records(self) -> list[dict[str, Any]]:
        """Everything that was published."""
        return [record.as_json() for record in self.stream.history]

    def findings(self, *, after: float = 0.0) -> list[Finding]:
        """What the rules find so many seconds after the last record."""
        return diagnose(self.records(), now=self.now + after)

    def finding(self, *, after: float = 0.0) -> Finding:
        """The only finding."""
        (finding,) = self.findings(after=after)
        return finding

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    # IKE

    def dropped(self, reason: DropReason, source: str, detail: str = "", *, endpoint: str = "") -> None:
        """A datagram is dropped at the front door."""
        path = Path(endpoint or str(self.tunnel.endpoint), 500, source, 500)
        peer = self.tunnel.name if source == str(self.tunnel.peer_address) else ""
        self._ike(DatagramDropped(peer=peer, path=path, reason=reason, detail=detail))

    def unanswered(
        self,
        source: str,
        believed: str = "",
        *,
        endpoint: str = "",
        reason: DropReason = DropReason.UNKNOWN_SOURCE,
    ) -> None:
        """An IKE_SA_INIT is dropped; its sender believes to be at ``believed``, by its NAT detection hash.

        Args:
            source: ``address:port`` that it came from.
            believed: ``address:port``; without, the hash is of no address.
            endpoint: Where it arrived, by default at the tunnel's endpoint.
            reason: Why it is dropped.
        """
        address, _, port = source.rpartition(":")
        path = Path(endpoint or str(self.tunnel.endpoint), 500, address, int(port))
        peer = self.tunnel.name if reason is DropReason.PORT_REWRITTEN else ""
        self._ike(DatagramDropped(peer=peer, path=path, reason=reason, detail="IKE_SA_INIT"))
        spi = bytes(range(8))
        inside, _, inside_port = believed.rpartition(":")
        hashed = detection_hash(spi, bytes(8), inside, int(inside_port)) if believed else bytes(20)
        self._ike(
            NatHashesOffered(
                peer=peer,
                path=path,
                spi_i=spi.hex(),
                sources=(hashed.hex(),),
                destinations=(bytes(20).hex(),),
            )
        )

    def not_answering(self) -> None:
        """The CPE does not answer a request of ours."""
        self._ike(RequestRetransmitted(**self._where(), exchange="INFORMATIONAL", message_id=0, attempt=1))

    def init(
        self,
        *offered: Proposal,
        ke_group: DhGroup = DhGroup.MODP_2048,
        gateway_behind_nat: bool = False,
        payloads: tuple[str, ...] = INIT_PAYLOADS,
    ) -> bool:
        """The CPE sends IKE_SA_INIT; whether it is answered with success."""
        self._number = next(self._numbers)
        self.spi = ""
        self._received("IKE_SA_INIT", payloads)
        selection = select(offered or (GOOD_IKE,), self.tunnel.policy.ike_suites, preferred_group=ke_group)
        self._evaluated("IKE_SA_INIT", selection)
        wanted = selection.transform(TransformType.DH)
        if wanted is None:
            self._refused("IKE_SA_INIT", "NO_PROPOSAL_CHOSEN", "nothing matches")
            return False
        if wanted.id != ke_group:
            reason = f"KE payload of group {int(ke_group)}, selected is {wanted.id} ({wanted.name})"
            self._refused("IKE_SA_INIT", "INVALID_KE_PAYLOAD", reason)
            return False
        status = NatStatus(supported=True, remote_behind_nat=True, local_behind_nat=gateway_behind_nat)
        self._ike(
            NatDetection(
                **self._where(),
                status=status,
                source_hash=self.hashes[1],
                destination_hash="00",
                spis=self.hashes[0],
            )
        )
        self.spi = f"{self._number:016x}_{self._number + 4096:016x}"
        self._ike(IkeSaInitAnswered(**self._where(), suite="AES_GCM_16-256 / HMAC_SHA2_384 / MODP_2048"))
        return True

    def repeated_init(self) -> None:
        """The CPE repeats IKE_SA_INIT: it did not get the answer."""
        self._ike(RequestRepeated(**self._where(), exchange="IKE_SA_INIT", message_id=0))

    def fragment_of_auth(self, *, total: int) -> None:
        """The first fragment of IKE_AUTH comes."""
        self._ike(
            ReassemblyStarted(
                **self._where(), exchange="IKE_AUTH", message_id=1, is_response=False, total=total
            )
        )

    def auth(
        self,
        *,
        failure: str = "",
        payloads: tuple[str, ...] = AUTH_PAYLOADS,
        hint: str | None = None,
        key_of: str = "",
        identity: str = "",
        identity_refused: bool = False,
    ) -> None:
        """The CPE sends IKE_AUTH and is authenticated, or refused."""
        self._received("IKE_AUTH", payloads)
        peer = identity or str(self.tunnel.peer_address)
        self._ike(
            IdentityOffered(
                **self._where(),
                offered=peer,
                expected=str(self.tunnel.peer_address),
                wanted_of_us="",
                ours="gateway",
            )
        )
        self._ike(
            AuthResult(
                **self._where(),
                ok=not failure,
                detail=failure,
                hint=hint,
                key_of=key_of,
                identity_refused=identity_refused,
            )
        )
        if failure:
            self._refused("IKE_AUTH", "AUTHENTICATION_FAILED", failure)
            self.close_ike(failure, established=False)
        else:
            self._ike(IkeSaEstablished(**self._where(), suite="AES_GCM_16-256", identity=peer))

    def create_child(
        self,
        *offered: Proposal,
        ours: tuple[str, ...] = ANY,
        theirs: tuple[str, ...] = ANY,
        replaces: int | None = None,
        by_us: bool = False,
    ) -> None:
        """The CPE asks for a CHILD SA, in IKE_AUTH or to replace one; or we replaced one."""
        exchange = "IKE_AUTH" if replaces is None else "CREATE_CHILD_SA"
        proposals = offered or (GOOD_ESP,)
        selection = select(
            proposals,
            self._suites(exchange),
            ignored=(TransformType.DH,) if exchange == "IKE_AUTH" else (),
        )
        groups = [t.name for proposal in proposals for t in proposal.of_type(TransformType.DH)]
        self._evaluated(exchange, selection, tuple(groups) if exchange == "IKE_AUTH" else ())
        if selection.chosen is None:
            self._refused(exchange, "NO_PROPOSAL_CHOSEN", "nothing matches")
            return
        any_to_any = ours == theirs == ANY
        self._ike(
            SelectorsNarrowed(
                **self._where(), offered_initiator=ours, offered_responder=theirs, accepted=any_to_any
            )
        )
        if not any_to_any:
            self._refused(exchange, "TS_UNACCEPTABLE", "not any-to-any")
            return
        self.child += 1
        self._ike(
            ChildSaEstablished(
                **self._where(),
                spi_in=self.child,
                spi_out=self.child + 4096,
                suite=selection.chosen.text,
                udp_encapsulation=self.in_udp,
                replaces=replaces,
                initiated_by_us=by_us,
            )
        )

    def close_child(self, spi_in: int) -> None:
        """A CHILD SA ends."""
        self._ike(ChildSaClosed(**self._where(), spi_in=spi_in, spi_out=spi_in + 4096, reason="deleted"))

    def close_ike(self, reason: str = "deleted by the peer", *, established: bool = True) -> None:
        """The IKE SA ends."""
        self._ike(IkeSaClosed(**self._where(), reason=reason, was_established=established, rekeyed=False))

    def connect(self) -> None:
        """The tunnel comes up."""
        self.init()
        self.auth()
        self.create_child()

    # BGP

    def syn(
        self, source: str = "", destination: str = "", *, ttl: int = 64, authentication: str = "none"
    ) -> None:
        """A TCP SYN to port 179 comes out of the tunnel."""
        self.stream.publish(
            "bgp",
            "tcp_syn_seen",
            tunnel=self.tunnel.name,
            source=f"{source or self.tunnel.peer_bgp}:50000",
            destination=f"{destination or self.tunnel.local_bgp}:179",
            ttl=ttl,
            authentication=authentication,
        )

    def syn_answered(self) -> None:
        """The gateway's TCP SYN-ACK leaves."""
        self.stream.publish(
            "bgp",
            "tcp_syn_answered",
            tunnel=self.tunnel.name,
            source=f"{self.tunnel.local_bgp}:179",
            destination=f"{self.tunnel.peer_bgp}:50000",
        )

    def opened(self, peer_as: int) -> None:
        """The CPE's OPEN message comes."""
        self._bgp(Connected(neighbor=self.tunnel.name))
        self._bgp(
            OpenReceived(
                neighbor=self.tunnel.name,
                peer_as=peer_as,
                router_id=self.tunnel.peer_bgp,
                peer_hold_time=30,
            )
        )

    def establish_bgp(self, families: tuple[str, ...] = ("ipv4 unicast",)) -> None:
        """The BGP session comes up; ``families`` are those of both ends."""
        self.syn()
        self._bgp(Connected(neighbor=self.tunnel.name))
        self._bgp(
            Established(
                neighbor=self.tunnel.name,
                peer_as=self.tunnel.peer_asn,
                router_id=self.tunnel.peer_bgp,
                hold_time=30,
                peer_hold_time=30,
                families=families,
                capabilities=(),
            )
        )

    def notified(self, code: int, subcode: int, *, sent: bool, detail: str = "", data: bytes = b"") -> None:
        """The BGP session ends by a NOTIFICATION."""
        kind = NotificationSent if sent else NotificationReceived
        text = notification_name(code, subcode)
        self._bgp(
            kind(neighbor=self.tunnel.name, code=code, subcode=subcode, text=text, data=data, detail=detail)
        )
        self.close_bgp(was_established=False)

    def close_bgp(self, *, was_established: bool = True) -> None:
        """The BGP session, or the attempt at one, ends."""
        self._bgp(
            Closed(
                neighbor=self.tunnel.name,
                reason="the TCP connection ended",
                was_established=was_established,
            )
        )

    def announce(self, *prefixes: str) -> None:
        """The CPE announces prefixes."""
        self._bgp(
            RoutesLearned(
                neighbor=self.tunnel.name,
                prefixes=tuple(map(IPv4Network, prefixes)),
                next_hop=IPv4Address(self.tunnel.peer_bgp),
                as_path=(self.tunnel.peer_asn,),
            )
        )

    def withdraw(self, *prefixes: str) -> None:
        """The CPE withdraws prefixes."""
        self._bgp(RoutesWithdrawn(neighbor=self.tunnel.name, prefixes=tuple(map(IPv4Network, prefixes))))

    def refuse(self, reason: str, *prefixes: str) -> None:
        """The gateway does not take announced prefixes."""
        self.stream.publish(
            "bgp",
            "routes_refused",
            tunnel=self.tunnel.name,
            reason=reason,
            rule="no branch's",
            prefixes=list(prefixes),
        )

    def advertise(self, count: int) -> None:
        """The CPE has been sent so many prefixes."""
        self._bgp(RoutesAdvertised(neighbor=self.tunnel.name, count=count))

    # Traffic

    def drop(self, reason: str, source: str, destination: str, profile: str | None = None) -> None:
        """The edge drops packets."""
        self.stream.publish(
            "edge",
            "traffic_dropped",
            remote_network=self.tunnel.remote_network,
            reason=reason,
            source=source,
            destination=destination,
            protocol="tcp",
            port=443,
            packets=3,
            profile=profile,
        )

    def handshake(self, name: str, source: str, destination: str, **facts: int) -> None:
        """A TCP handshake inside the tunnel shows something."""
        self.stream.publish(
            "edge", name, tunnel=self.tunnel.name, source=source, destination=destination, **facts
        )

    def come_up(self) -> None:
        """Everything works."""
        self.connect()
        self.establish_bgp()
        self.announce("10.1.0.0/16")

    def _where(self) -> dict[str, Any]:
        address, _, port = self.source.partition(":")
        path = Path(str(self.tunnel.endpoint), self.listens, address, int(port))
        return {"peer": self.tunnel.name, "ike_spi": self.spi, "path": path}

    def _ike(self, event: Event) -> None:
        publish_ike(self.stream, event)

    def _bgp(self, event: BgpEvent) -> None:
        publish_bgp(self.stream, self.tunnel.remote_network, event)

    def _received(self, exchange: str, payloads: tuple[str, ...]) -> None:
        self._ike(
            MessageReceived(
                **self._where(),
                exchange=exchange,
                message_id=0,
                is_response=False,
                length=400,
                payloads=payloads,
            )
        )

    def _suites(self, exchange: str) -> tuple[Suite, ...]:
        """What the policy allows for a CHILD SA."""
        policy = self.tunnel.policy
        if exchange == "IKE_AUTH" or not policy.pfs_groups:
            return policy.esp_suites
        pfs = {TransformType.DH: alternatives(TransformType.DH, policy.pfs_groups)}
        return tuple(replace(suite, transforms={**suite.transforms, **pfs}) for suite in policy.esp_suites)

    def _evaluated(self, exchange: str, selection: Selection, groups: tuple[str, ...] = ()) -> None:
        self._ike(
            ProposalsEvaluated(
                **self._where(),
                exchange=exchange,
                verdicts=selection.verdicts,
                selected=selection.chosen,
                suite=selection.suite.name if selection.suite else "",
                groups_without_meaning=groups,
            )
        )

    def _refused(self, exchange: str, notify: str, reason: str) -> None:
        self._ike(RequestRefused(**self._where(), exchange=exchange, notify=notify, reason=reason))
