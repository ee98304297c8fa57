"""What is configured for a tunnel, as plain data: the stream begins with it, so that it explains itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.model.routes import covers_endpoint, enabled_by_profile

if TYPE_CHECKING:
    from gateway.model import LabFile, Tunnel
    from ike.proposal import Suite

Record = Mapping[str, Any]
"""A record in its JSON form."""

Allowed = Mapping[str, tuple[str, ...]]
"""One combination of the policy: transform type to the names allowed; an absent type must be absent."""

READY = "gateway_ready"
"""The record that carries the facts of every tunnel."""


@dataclass(frozen=True, kw_only=True)
class TunnelFacts:
    """A configured tunnel.

    Args:
        name: ``remote network/link/0`` or ``.../1``.
        endpoint: The gateway's address.
        advertised_endpoint: The same as the CPE knows it.
        peer: The device IP address: the CPE's public address.
        local_bgp: The gateway's BGP address.
        peer_bgp: The CPE's BGP address.
        local_asn: The gateway's ASN.
        peer_asn: The CPE's ASN.
        ike: Names and combinations that phase 1 allows.
        esp: The same of phase 2.
        pfs: Groups of which a rekey of the CHILD SA has to have one; empty: it must have none. None when they
            are not known: the group of the IKE SA is wanted, or the records are of an earlier version.
        profiles: The traffic profiles associated with the remote network, and whether each is enabled.
        advertises_endpoint: Whether a prefix that is advertised to the CPE covers ``advertised_endpoint``.
        enforces_identity: Whether another identity than the device IP address is refused.
        liveness_seconds: How long a silence of the CPE makes the gateway ask for a sign of life; None when
            none does, or the records are of an earlier version.
        trial_rekey_seconds: After how long the first CHILD SA is rekeyed on trial; None when it is not, or
            the records are of an earlier version.
    """

    name: str
    endpoint: str
    advertised_endpoint: str
    peer: str
    local_bgp: str
    peer_bgp: str
    local_asn: int
    peer_asn: int
    ike: Mapping[str, Allowed]
    esp: Mapping[str, Allowed]
    profiles: Mapping[str, bool]
    advertises_endpoint: bool
    pfs: tuple[str, ...] | None = None
    enforces_identity: bool = False
    liveness_seconds: float | None = None
    trial_rekey_seconds: float | None = None

    @property
    def remote_network(self) -> str:
        """Name of the remote network."""
        return self.name.rsplit("/", 2)[0]

    @property
    def link(self) -> str:
        """Name of the device link."""
        return self.name.rsplit("/", 2)[-2]

    def as_json(self) -> dict[str, Any]:
        """As it stands in ``gateway_ready`` and in ``gsalab status``."""
        return {
            "name": self.name,
            "endpoint": self.endpoint,
            "advertised_endpoint": self.advertised_endpoint,
            "peer": self.peer,
            "local_bgp": self.local_bgp,
            "peer_bgp": self.peer_bgp,
            "local_asn": self.local_asn,
            "peer_asn": self.peer_asn,
            "policy": {
                "ike": _plain(self.ike),
                "esp": _plain(self.esp),
                "pfs": None if self.pfs is None else list(self.pfs),
            },
            "profiles": dict(self.profiles),
            "advertises_endpoint": self.advertises_endpoint,
            "enforces_identity": self.enforces_identity,
            "liveness_seconds": self.liveness_seconds,
            "trial_rekey_seconds": self.trial_rekey_seconds,
        }


def facts_of(tunnel: "Tunnel", lab: "LabFile") -> TunnelFacts:
    """The facts of a tunnel of a lab file."""
    network = next(each for each in lab.remote_networks if each.name == tunnel.remote_network)
    return TunnelFacts(
        name=tunnel.name,
        endpoint=str(tunnel.endpoint),
        advertised_endpoint=str(tunnel.advertised_endpoint),
        peer=str(tunnel.peer_address),
        local_bgp=str(tunnel.local_bgp),
        peer_bgp=str(tunnel.peer_bgp),
        local_asn=tunnel.local_asn,
        peer_asn=tunnel.peer_asn,
        ike=_combinations(tunnel.policy.ike_suites),
        esp=_combinations(tunnel.policy.esp_suites),
        pfs=None if tunnel.policy.pfs_same_as_ike else tuple(g.name for g in tunnel.policy.pfs_groups),
        profiles=enabled_by_profile(lab, network),
        advertises_endpoint=covers_endpoint(lab, network, tunnel.advertised_endpoint),
        enforces_identity=tunnel.peer_config.enforce_identity,
        liveness_seconds=lab.gateway.ike.liveness_seconds or None,
        trial_rekey_seconds=lab.gateway.ike.trial_rekey_seconds or None,
    )


def facts_from(json: Record) -> TunnelFacts:
    """The facts of a tunnel in their JSON form; what else is there is ignored."""
    policy = json["policy"]
    return TunnelFacts(
        name=json["name"],
        endpoint=json["endpoint"],
        advertised_endpoint=json["advertised_endpoint"],
        peer=json["peer"],
        local_bgp=json["local_bgp"],
        peer_bgp=json["peer_bgp"],
        local_asn=json["local_asn"],
        peer_asn=json["peer_asn"],
        ike=_parsed(policy["ike"]),
        esp=_parsed(policy["esp"]),
        pfs=None if policy.get("pfs") is None else tuple(policy["pfs"]),
        profiles=json.get("profiles", {}),
        advertises_endpoint=json.get("advertises_endpoint", False),
        enforces_identity=json.get("enforces_identity", False),
        liveness_seconds=json.get("liveness_seconds"),
        trial_rekey_seconds=json.get("trial_rekey_seconds"),
    )


def tunnels_in(records: Iterable[Record]) -> list[TunnelFacts]:
    """The tunnels that a stream names in its ``gateway_ready``; empty when that is not in it any more."""
    ready = [record for record in records if record["name"] == READY]
    return [facts_from(tunnel) for tunnel in ready[-1]["data"]["tunnels"]] if ready else []


def _combinations(suites: Iterable["Suite"]) -> dict[str, Allowed]:
    return {
        suite.name: {kind.name: tuple(t.name for t in allowed) for kind, allowed in suite.transforms.items()}
        for suite in suites
    }


def _plain(combinations: Mapping[str, Allowed]) -> dict[str, dict[str, list[str]]]:
    return {
        name: {kind: list(names) for kind, names in allowed.items()} for name, allowed in combinations.items()
    }


def _parsed(policy: Record) -> dict[str, Allowed]:
    return {name: {kind: tuple(names) for kind, names in allowed.items()} for name, allowed in policy.items()}
