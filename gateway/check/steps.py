"""Grades tunnels: tunnel, bgp, routes, traffic."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from gateway.diagnosis.facts import Record

Json = Mapping[str, Any]
STEPS = ("tunnel", "bgp", "routes", "traffic")
"""What is graded for each tunnel, in order."""

_EXAMPLES = {
    "microsoft": ("ping 52.96.0.1", "curl http://52.96.0.1/"),
    "internet": ("ping 1.1.1.1", "curl http://1.1.1.1/"),
}
"""What to type in the branch, by an associated traffic profile; the addresses are covered by it."""
_MOST_PREFIXES = 3
_USUAL = " / NO_ESN"


class Status(StrEnum):
    """How a step did."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of one tunnel.

    Args:
        tunnel: Name of the tunnel.
        name: One of ``STEPS``.
        status: How it did; skipped when an earlier step failed.
        saw: What was seen, or what is missing and what to do.
        time: When it passed, in seconds since the Unix epoch, when that is known.
    """

    tunnel: str
    name: str
    status: Status
    saw: str
    time: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The step as a JSON object; ``time`` is left out when unknown."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What there is to see of a step: ``ok`` says whether it passes."""

    ok: bool
    text: str
    time: float | None = None


def grade(status: Json, records: Iterable[Record], only: Sequence[str] | None = None) -> list[Step]:
    """The steps of every tunnel.

    Args:
        status: The gateway's ``status``.
        records: The gateway's records, in their JSON form.
        only: Names of the tunnels to grade; all by default.
    """
    seen = list(records)
    requests = [r for r in seen if (r["category"], r["name"]) == ("edge", "request")]
    heard = {r.get("tunnel") for r in seen if r["name"] == "message_received"}
    return [
        step
        for network in status["remote_networks"]
        for tunnel in network["tunnels"]
        if only is None or tunnel["name"] in only
        for step in _steps(tunnel, network, requests, heard=tunnel["name"] in heard)
    ]


def _steps(tunnel: Json, network: Json, requests: Sequence[Record], *, heard: bool) -> list[Step]:
    looks: tuple[Callable[[], _Seen], ...] = (
        lambda: _tunnel(tunnel, heard=heard),
        lambda: _bgp(tunnel),
        lambda: _routes(tunnel, network),
        lambda: _traffic(tunnel, network, requests),
    )
    steps: list[Step] = []
    for name, look in zip(STEPS, looks, strict=True):
        if steps and steps[-1].status is not Status.PASSED:
            waits = f"waits for step {next(s.name for s in steps if s.status is Status.FAILED)}"
            steps.append(Step(tunnel=tunnel["name"], name=name, status=Status.SKIPPED, saw=waits))
            continue
        seen = look()
        status = Status.PASSED if seen.ok else Status.FAILED
        steps.append(Step(tunnel=tunnel["name"], name=name, status=status, saw=seen.text, time=seen.time))
    return steps


def _tunnel(tunnel: Json, *, heard: bool) -> _Seen:
    ends = f"{tunnel['peer']} at {tunnel['endpoint']}"
    if not (tunnel["children"] or tunnel["ike"] or heard):
        return _Seen(ok=False, text=f"no IKE message has come from {ends}, UDP 500")
    if not tunnel["children"]:
        return _Seen(ok=False, text=f"no {'CHILD' if tunnel['ike'] else 'IKE'} SA with {ends}")
    child = tunnel["children"][-1]
    how = "ESP in UDP" if child["udp_encapsulation"] else "ESP"
    since = min(child["since"] for child in tunnel["children"])
    suite = child["suite"].removesuffix(_USUAL)
    return _Seen(ok=True, text=f"CHILD SA {suite}, {how}, since {clock(since)}", time=since)


def _bgp(tunnel: Json) -> _Seen:
    bgp = tunnel["bgp"]
    if bgp is None:
        syn = tunnel["syn_seen"]
        tried = "no TCP SYN to port 179 was seen" if syn is None else f"the last TCP SYN came at {clock(syn)}"
        return _Seen(ok=False, text=f"no session of {tunnel['peer_bgp']} with {tunnel['local_bgp']}: {tried}")
    text = (
        f"Established with AS {bgp['peer_as']}, hold time {bgp['hold_time']} s, since {clock(bgp['since'])}"
    )
    return _Seen(ok=True, text=text, time=bgp["since"])


def _routes(tunnel: Json, network: Json) -> _Seen:
    sent, wanted, learned = tunnel["bgp"]["advertised"], network["advertised"], tunnel["learned"]
    more = f" and {len(learned) - _MOST_PREFIXES} more" if len(learned) > _MOST_PREFIXES else ""
    named = f": {', '.join(learned[:_MOST_PREFIXES])}{more}" if learned else " from the CPE"
    text = f"{sent} of {wanted} advertised, {len(learned)} learned{named}"
    return _Seen(ok=sent == wanted and bool(learned), text=text)


def _traffic(tunnel: Json, network: Json, requests: Sequence[Record]) -> _Seen:
    """Passes with a request through any tunnel of the device link: one of two may well stand by.

    Pings are counted for the whole remote network, so they only say something when it has one link.
    """
    ours = [r for r in requests if _link(r.get("tunnel", "")) == _link(tunnel["name"])]
    if ours:
        data, when, through = ours[-1]["data"], float(ours[-1]["time"]), ours[-1]["tunnel"]
        other = "" if through == tunnel["name"] else f", through {through}"
        what = f"{data['kind'].upper()} {data['host']} from {data['source']} answered"
        return _Seen(ok=True, text=f"{what}, at {clock(when)}{other}", time=when)
    one_link = len({_link(each["name"]) for each in network["tunnels"]}) == 1
    pings = network["answered"]["ping"] if one_link else 0
    if pings:
        return _Seen(ok=True, text=f"{pings} ping{'s' if pings > 1 else ''} answered in {network['name']}")
    missing = "ping, DNS or HTTP request" if one_link else "DNS or HTTP request"
    return _Seen(ok=False, text=f"no {missing} came through: {_hint(network['profiles'], ping=one_link)}")


def _link(tunnel: str) -> str:
    """``remote network/link`` of a tunnel."""
    return tunnel.rpartition("/")[0]


def _hint(profiles: Sequence[str], *, ping: bool) -> str:
    example = next((_EXAMPLES[profile] for profile in profiles if profile in _EXAMPLES), None)
    if example is None:
        return "associate a traffic profile with the remote network; without one nothing is answered"
    return f"on a host in the branch, type {', or '.join(example if ping else example[1:])}"


def clock(time: float) -> str:
    """Time of day for people: ``11:02:03 (UTC)``."""
    return f"{datetime.fromtimestamp(time, UTC):%H:%M:%S} (UTC)"
