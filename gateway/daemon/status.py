"""What ``gsalab status`` shows: the gateway as plain data."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import gateway
from gateway.daemon.gateway import Gateway
from gateway.daemon.network import Attached, Network
from gateway.daemon.progress import Progress
from gateway.dataplane.counters import SaCounters
from gateway.diagnosis import facts_of
from gateway.endpoint import EndpointCounters
from gateway.model import LabFile


async def status(running: Gateway, progress: Progress) -> dict[str, Any]:
    """The state of every tunnel, with counters, as a JSON object."""
    networks = list(running.networks.values())
    rekeyings = {spi: _wall_clock(at) for spi, at in running.rekeyings().items()}
    answered = [await network.edge.answered() for network in networks]
    return {
        "version": gateway.__version__,
        "time": time.time(),
        "endpoints": sorted({str(tunnel.endpoint) for tunnel in running.tunnels}),
        "remote_networks": [
            {**_network(network, progress, rekeyings, running.lab), "answered": counts}
            for network, counts in zip(networks, answered, strict=True)
        ],
        "underlay": {endpoint.address: _underlay(endpoint.counters) for endpoint in running.endpoints},
        "last_record": running.stream.history[-1].id,
        "refused": progress.refused,
    }


def _network(
    network: Network, progress: Progress, rekeyings: Mapping[str, float], lab: LabFile
) -> dict[str, Any]:
    return {
        "name": network.name,
        "profiles": [profile.name for profile in network.profiles],
        "advertised": len(network.advertised),
        "tunnels": [_tunnel(attached, network, progress, rekeyings, lab) for attached in network.attached()],
    }


def _tunnel(
    attached: Attached, network: Network, progress: Progress, rekeyings: Mapping[str, float], lab: LabFile
) -> dict[str, Any]:
    tunnel = attached.tunnel
    followed = progress.tunnel(tunnel.name).as_json()
    for key, spi in (("ike_sas", "spi"), ("children", "spi_in")):
        followed[key] = [{**sa, "rekey_at": rekeyings.get(sa[spi])} for sa in followed[key]]
    counters = attached.dataplane.counters(tunnel.name)
    return {
        **facts_of(tunnel, lab).as_json(),
        **followed,
        "learned": [str(prefix) for prefix in network.learned(tunnel.name)],
        "counters": {
            "packets_in": counters.packets_in,
            "bytes_in": counters.bytes_in,
            "packets_out": counters.packets_out,
            "bytes_out": counters.bytes_out,
            "drops_in": {reason.value: count for reason, count in counters.drops_in.items()},
            "drops_out": {reason.value: count for reason, count in counters.drops_out.items()},
            "sas": [_sa(sa) for sa in counters.sas],
        },
    }


def _underlay(counters: EndpointCounters) -> dict[str, Any]:
    return {
        "keepalives": counters.keepalives,
        "malformed": dict(counters.malformed),
        "receive_errors": dict(counters.receive_errors),
        "send_errors": dict(counters.send_errors),
    }


def _sa(sa: SaCounters) -> dict[str, Any]:
    return {
        "spi_in": f"{sa.spi_in:08x}",
        "spi_out": f"{sa.spi_out:08x}",
        "sending": sa.sending,
        "remote": sa.path.remote if sa.path.local_port else sa.path.remote_ip,
        "heard": None if sa.heard_at is None else _wall_clock(sa.heard_at),
        "packets_in": sa.packets_in,
        "bytes_in": sa.bytes_in,
        "packets_out": sa.packets_out,
        "bytes_out": sa.bytes_out,
    }


def _wall_clock(at: float) -> float:
    """Seconds since the Unix epoch of a time on the event loop's clock."""
    return time.time() - asyncio.get_running_loop().time() + at
