"""The text of ``gsalab status``."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def lines(state: Json) -> Iterator[str]:
    """The answer of the control method ``status``, line by line."""
    for network in state["remote_networks"]:
        profiles = ", ".join(network["profiles"]) or "no traffic profile"
        yield f"{network['name']}: {profiles}, {network['advertised']} routes to advertise"
        for tunnel in network["tunnels"]:
            yield from _tunnel(tunnel, state["time"])
    for address, counters in state["underlay"].items():
        if counters["keepalives"]:
            yield f"{address}: NAT keepalives received: {counters['keepalives']}"
    for reason, count in state["refused"].items():
        yield f"IKE messages dropped or refused, {reason.replace('_', ' ')}: {count}"


def _tunnel(tunnel: Json, now: float) -> Iterator[str]:
    yield f"  {tunnel['name']}  {tunnel['peer']} -> {tunnel['endpoint']}  {tunnel['state']}"
    for ike in tunnel["ike_sas"]:
        yield f"    IKE SA    {ike['suite']}, {ike['identity']}"
        yield f"              {', '.join(_life(ike, now))}"
    if (nat := tunnel["nat"]) and nat["local_behind_nat"]:
        yield "    NAT       before the gateway; published ports are one too: set gateway.advertise"
    counted = {sa["spi_in"]: sa for sa in tunnel["counters"]["sas"]}
    for child in tunnel["children"]:
        yield from _child(child, counted.get(child["spi_in"]), now)
    if bgp := tunnel["bgp"]:
        learned = ", ".join(tunnel["learned"]) or "nothing"
        yield f"    BGP       Established with AS {bgp['peer_as']} since {_clock(bgp['since'])}"
        yield f"    routes    {bgp['advertised']} advertised, learned {learned}"
    counters = tunnel["counters"]
    yield (
        f"    packets   {counters['packets_in']} in ({counters['bytes_in']} bytes), "
        f"{counters['packets_out']} out ({counters['bytes_out']} bytes)"
    )


def _child(child: Json, counted: Json | None, now: float) -> Iterator[str]:
    """A CHILD SA, with what the dataplane counted unless it has removed it already."""
    how = "ESP in UDP" if child["udp_encapsulation"] else "ESP"
    yield f"    CHILD SA  {child['suite']}, {how}, SPIs in {child['spi_in']} out {child['spi_out']}"
    if counted is not None:
        life = [
            *_life({**child, **counted}, now),
            f"{counted['packets_in']} packets in, {counted['packets_out']} out",
        ]
        yield f"              {', '.join(life)}{', sends' if counted['sending'] else ''}"


def _life(sa: Json, now: float) -> Iterator[str]:
    """Where an SA's peer is, its age, the last sign of life, when its rekeying is due if that is known."""
    yield sa["remote"]
    yield f"{_span(now - sa['since'])} old"
    yield "nothing heard" if sa["heard"] is None else f"heard {_span(now - sa['heard'])} ago"
    if (due := sa.get("rekey_at")) is not None:
        yield f"rekey in {_span(due - now)}"


def _span(seconds: float) -> str:
    """A duration in its two largest units: ``45 s``, ``12 min``, ``7 h 5 min``, ``3 d 4 h``."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC")
