"""Tunnels of which nothing was heard: the only ones that a stray datagram can be meant for."""

from gateway.diagnosis.facts import Record, TunnelFacts
from gateway.diagnosis.history import History


def waits(history: History) -> bool:
    """Whether nothing was heard of the CPE since the start, or since its last authenticated IKE SA ended."""
    if history.ike_live:
        return False
    ended = [r for r in history.all("ike_sa_closed") if r["data"]["was_established"]]
    return not history.all("message_received", after=ended[-1]["id"] if ended else 0)


def same_endpoint(history: History) -> list[TunnelFacts]:
    """The tunnels that come to this tunnel's endpoint."""
    return [t for t in history.tunnels if t.endpoint == history.tunnel.endpoint]


def since_it_waits(history: History, strays: list[Record]) -> list[Record]:
    """The strays since the tunnel began to wait."""
    last = history.last("ike_sa_closed")
    return [record for record in strays if last is None or record["id"] > last["id"]]
