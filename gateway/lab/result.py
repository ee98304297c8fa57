"""What a run of a scenario showed: plain data, ready for JSON."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["answer", "dropped", "error"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of the timeline.

    Args:
        ms: Milliseconds since the CPE was started; negative before.
        who: The part that it is about: ``ike``, ``esp``, ``bgp``, ``cpe``, ``gateway`` ...
        what: The event, in the field's own terms.
        detail: The facts.
        tunnel: The tunnel, when it is about one.
        good: False for what a working lab does not show.
    """

    ms: int
    who: str
    what: str
    detail: str = ""
    tunnel: str | None = None
    good: bool = True


@dataclass(frozen=True, kw_only=True)
class TrafficResult:
    """The outcome of one check.

    Args:
        source: The node that asked.
        kind: ``ping``, ``resolve`` or ``fetch``.
        target: What was asked for.
        expect: ``answer`` or ``dropped``.
        outcome: What happened; ``error`` is an answer that says no.
        saw: The evidence in one line.
        ms: How long it took.
        page: The lines of the page that was fetched.
        without: The tunnel that was down meanwhile.
        packets: For a check over several connections: packets by each tunnel, 0 for keepalives only.
        spread: Whether it is such a check; every tunnel has to have carried some.
    """

    source: str
    kind: str
    target: str
    expect: str
    outcome: Outcome
    saw: str
    ms: int
    page: list[str] = field(default_factory=list)
    without: str | None = None
    packets: dict[str, int] = field(default_factory=dict)
    spread: bool = False

    @property
    def ok(self) -> bool:
        """Whether it is what the scenario expects."""
        return self.outcome == self.expect and (not self.spread or all(self.packets.values()))

    def as_json(self) -> dict[str, Any]:
        """A JSON object; members that do not apply are left out."""
        facts = {
            "from": self.source,
            "kind": self.kind,
            "target": self.target,
            "expect": self.expect,
            "outcome": self.outcome,
            "ok": self.ok,
            "saw": self.saw,
            "ms": self.ms,
            "spread": self.spread,
        }
        optional = {"page": self.page, "without": self.without, "packets": self.packets}
        return facts | {name: value for name, value in optional.items() if value}


@dataclass(frozen=True, kw_only=True)
class TunnelResult:
    """One tunnel as both ends see it.

    Args:
        name: ``remote network/link/index``.
        ike: The IKE SA, from swanctl.
        child: The CHILD SA, from swanctl, with the gateway's own counters for it.
        bgp: The BGP session, from birdc.
        routes_learned_by_cpe: Routes that BIRD imported.
        routes_learned_from_cpe: Prefixes that the gateway learned.
    """

    name: str
    ike: dict[str, Any]
    child: dict[str, Any]
    bgp: dict[str, Any]
    routes_learned_by_cpe: int
    routes_learned_from_cpe: list[str]


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """What a program on a node printed."""

    node: str
    command: str
    output: str


@dataclass(frozen=True, kw_only=True)
class Diagnosed:
    """A finding about the run.

    Args:
        facts: The finding as a JSON object.
        text: The same for people.
    """

    facts: dict[str, Any]
    text: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """The result of a run.

    Args:
        scenario: Its name.
        tunnels: Every tunnel of every CPE.
        traffic: Every check.
        timings_ms: ``tunnel``, ``bgp`` and ``routes`` since the CPE's start; ``lab_ready`` and ``total``
            since the lab's.
        problems: What is not as the scenario says; empty when everything is.
        expected: Of a failure scenario: the codes of the findings that it has to end with.
        findings: What the gateway's records say is wrong; of a scenario that works: nothing, or warnings.
        evidence: Output of the tools of the CPE, and what the NAT boxes say.
        logs: With the findings: ends of the logs.
    """

    scenario: str
    tunnels: list[TunnelResult]
    traffic: list[TrafficResult]
    timings_ms: dict[str, int]
    problems: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    findings: list[Diagnosed] = field(default_factory=list)
    evidence: list[Excerpt] = field(default_factory=list)
    logs: list[Excerpt] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything is as the scenario expects."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The report of ``gsalab lab run -o json``.

        With ``expected`` of a failure scenario, with ``problems`` when something is not as it should be, and
        with ``findings`` in both cases, and whenever there are some.
        """
        report = {
            "scenario": self.scenario,
            "ok": self.ok,
            "tunnels": [asdict(tunnel) for tunnel in self.tunnels],
            "routes_learned_by_cpe": sum(tunnel.routes_learned_by_cpe for tunnel in self.tunnels),
            "routes_learned_from_cpe": sum(len(tunnel.routes_learned_from_cpe) for tunnel in self.tunnels),
            "traffic": [result.as_json() for result in self.traffic],
            "timings_ms": self.timings_ms,
        }
        if self.expected:
            report["expected"] = self.expected
        if not self.ok:
            report["problems"] = self.problems
        if self.expected or self.findings or not self.ok:
            report["findings"] = [found.facts for found in self.findings]
        return report


def report_from(data: dict[str, Any]) -> Report:
    """A report that was sent as ``dataclasses.asdict``."""
    return Report(
        scenario=data["scenario"],
        tunnels=[TunnelResult(**tunnel) for tunnel in data["tunnels"]],
        traffic=[TrafficResult(**result) for result in data["traffic"]],
        timings_ms=data["timings_ms"],
        problems=data["problems"],
        expected=data["expected"],
        findings=[Diagnosed(**found) for found in data["findings"]],
        evidence=[Excerpt(**excerpt) for excerpt in data["evidence"]],
        logs=[Excerpt(**excerpt) for excerpt in data["logs"]],
    )
