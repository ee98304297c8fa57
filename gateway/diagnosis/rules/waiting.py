"""Tunnels that wait for their CPE: the only ones that a datagram of nobody can be meant for."""

from collections.abc import Iterable

from gateway.diagnosis.autopsy import Inside, of_request
from gateway.diagnosis.facts import Record, TunnelFacts
from gateway.diagnosis.history import History, host


def waits(history: History) -> bool:
    """Whether nothing was heard of the CPE since the start, or since its last authenticated IKE SA ended."""
    if history.ike_live:
        return False
    ended = [r for r in history.all("ike_sa_closed") if r["data"]["was_established"]]
    return not history.all("message_received", after=ended[-1]["id"] if ended else 0)


def was_up(history: History) -> bool:
    """Whether the CPE was authenticated before."""
    return bool(history.all("ike_sa_established"))


def lost(history: History) -> bool:
    """Whether the CPE was there and has gone: its IKE SA ended, or it does not answer our request."""
    if not was_up(history):
        return False
    heard = history.last("message_received")
    return waits(history) or bool(history.all("request_retransmitted", after=heard["id"] if heard else 0))


def same_endpoint(history: History) -> list[TunnelFacts]:
    """The tunnels that come to this tunnel's endpoint."""
    return [t for t in history.tunnels if t.endpoint == history.tunnel.endpoint]


def since_it_waits(history: History, strays: list[Record]) -> list[Record]:
    """The strays since the tunnel began to wait."""
    last = history.last("ike_sa_closed")
    return [record for record in strays if last is None or record["id"] > last["id"]]


def of_unknown_source(history: History, dropped: Iterable[Record]) -> list[Record]:
    """Of dropped datagrams those whose source no device link has, at any endpoint."""
    known = {tunnel.peer for tunnel in history.tunnels}
    return [record for record in dropped if host(record["data"]["remote"]) not in known]


def strangers(history: History, dropped: Iterable[Record]) -> list[Record]:
    """Of these the ones that were dropped for their source: they would have been IKE_SA_INIT requests."""
    unknown = of_unknown_source(history, dropped)
    return [record for record in unknown if record["data"]["reason"] == "unknown_source"]


def sender(history: History, dropped: Record) -> tuple[Record, Inside] | None:
    """The record of a dropped datagram's NAT detection hash, and who the sender believes to be by it."""
    offered = of_request(dropped, history.hashes)
    if offered is None:
        return None
    believed = history.autopsies.inside(offered)
    return (offered, believed) if believed else None


def claimed_by(history: History, dropped: Record) -> str:
    """The device IP address that the sender believes to have behind its NAT; empty when it is none."""
    found = sender(history, dropped)
    if found is None:
        return ""
    inside = found[1].address
    peers = {t.peer for t in same_endpoint(history)}
    return inside if inside in peers and inside != host(dropped["data"]["remote"]) else ""
