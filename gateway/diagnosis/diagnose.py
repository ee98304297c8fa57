"""Runs the rules over a stream of records, live or recorded."""

from collections.abc import Iterable, Sequence
from functools import cache

from gateway.diagnosis.facts import Record, TunnelFacts, tunnels_in
from gateway.diagnosis.finding import Finding, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import PASSED, Evidence, Rule, shared_by_tunnels

STOPPING = "gateway_stopping"
"""The record with which the gateway begins to take everything down."""


def diagnose(
    records: Iterable[Record],
    *,
    tunnels: Sequence[TunnelFacts] | None = None,
    now: float | None = None,
) -> list[Finding]:
    """What is wrong with each tunnel: its first failing step, and warnings; nothing for a healthy one.

    Args:
        records: Records in their JSON form, in order.
        tunnels: What is configured; by default what the stream's ``gateway_ready`` says.
        now: Until when the stream tells the whole story, in seconds since the Unix epoch; by default the
            time of its last record, and at most until the gateway was stopped. Only what rests on silence
            depends on it.
    """
    stream = before_the_end(records)
    if not stream:
        return []
    configured = tunnels_in(stream) if tunnels is None else tunnels
    last = stream[-1]["time"]
    end = last if now is None or stream[-1]["name"] == STOPPING else now
    histories = [History(tunnel, configured, stream, end) for tunnel in configured]
    failures = (finding for history in histories if (finding := first_finding(history)))
    return _without_repetition([*failures, *(each for history in histories for each in warnings(history))])


def before_the_end(records: Iterable[Record]) -> list[Record]:
    """The records up to ``gateway_stopping``: what ends with the gateway tells nothing about the tunnels."""
    stream = list(records)
    names = [record["name"] for record in stream]
    return stream[: names.index(STOPPING) + 1] if STOPPING in names else stream


def was_stopped(records: Iterable[Record]) -> bool:
    """Whether the records go on until the gateway was stopped, so that they tell all silence before it."""
    return any(record["name"] == STOPPING for record in records)


@cache
def _rules(severity: Severity) -> tuple[Rule, ...]:
    """Those of one severity, in the order of their steps."""
    from gateway.diagnosis.rules import RULES  # noqa: PLC0415 - a gateway starts faster without them

    return tuple(rule for rule in RULES if rule.severity is severity)


def first_finding(history: History) -> Finding | None:
    """The finding of the first failing step of a tunnel; within a step the one with the latest evidence."""
    found: list[tuple[Rule, Evidence]] = []
    for rule in _rules(Severity.ERROR):
        if found and rule.step > found[0][0].step:
            break
        evidence = rule.find(history)
        if evidence is not None and not _superseded(rule, evidence, history):
            found.append((rule, evidence))
    if not found:
        return None
    rule, evidence = max(found, key=lambda each: each[1].because[-1]["id"])
    return rule.finding(evidence, history.tunnel.name)


def warnings(history: History) -> list[Finding]:
    """What does not keep a tunnel from coming up; a failure hides none of it."""
    found = ((rule, rule.find(history)) for rule in _rules(Severity.WARNING))
    return [rule.finding(evidence, history.tunnel.name) for rule, evidence in found if evidence]


def _superseded(rule: Rule, evidence: Evidence, history: History) -> bool:
    """Whether the step was passed after the evidence."""
    passed = PASSED.get(rule.step, ())
    return bool(history.all(*passed, after=evidence.because[-1]["id"]))


def _without_repetition(findings: Iterable[Finding]) -> list[Finding]:
    """Findings of several tunnels that rest on the same records become one of no tunnel."""
    unique: dict[tuple[str, tuple[int, ...]], Finding] = {}
    for finding in findings:
        key = finding.code, finding.because
        unique[key] = shared_by_tunnels(finding) if key in unique else finding
    return list(unique.values())
