"""Traffic checks: a question from a node, and what came back."""

import html
import re
import time
from dataclasses import replace

from gateway.lab.backend import Completed, Node
from gateway.lab.result import Outcome, TrafficResult
from gateway.lab.scenario_model import TrafficCheck

_CURL_TIMED_OUT = 28
_CURL_NO_NAME = 6
_PATIENCE = 2
"""Seconds without any answer until a destination counts as dropped."""


async def ask(node: Node, check: TrafficCheck) -> TrafficResult:
    """Ask once and say what happened."""
    start = time.monotonic()
    done = await node.run(*_command(check), limit=_PATIENCE * 5)
    outcome, saw, page = _READERS[check.kind](done)
    return TrafficResult(
        source=check.from_node,
        kind=check.kind,
        target=check.target,
        expect=check.expect,
        outcome=outcome,
        saw=saw,
        page=page,
        without=check.without,
        ms=round((time.monotonic() - start) * 1000),
    )


def with_drops(result: TrafficResult, drops: list[dict[str, object]]) -> TrafficResult:
    """The result with what the gateway says about it, when it says that it dropped the packets."""
    target = result.target.removeprefix("http://").rstrip("/")
    ours = [drop for drop in drops if drop["destination"] == target]
    if result.outcome != "dropped" or not ours:
        return result
    packets = sum(int(str(drop["packets"])) for drop in ours)
    counted = f"gateway counted {packets} packet{'s' if packets > 1 else ''}: {ours[0]['explanation']}"
    return replace(result, saw=f"{result.saw}; {counted}")


def _command(check: TrafficCheck) -> tuple[str, ...]:
    if check.kind == "ping":
        return ("ping", "-n", "-c", "2", "-i", "0.2", "-W", str(_PATIENCE), check.target)
    if check.kind == "resolve":
        return ("dig", "-r", f"+time={_PATIENCE}", "+tries=1", "+noall", "+answer", "+comments", check.target)
    return (
        *("curl", "-q", "--silent", "--show-error", "--noproxy", "*"),
        *("--connect-timeout", str(_PATIENCE), "--max-time", str(2 * _PATIENCE)),
        *("--write-out", r"\n%{http_code} %{remote_ip}", check.target),
    )


Reading = tuple[Outcome, str, list[str]]


def _read_ping(done: Completed) -> Reading:
    received = re.search(r"(\d+) received", done.output)
    if received and int(received.group(1)) > 0:
        answer = re.search(r"from ([\d.]+): .*?time=([\d.]+ ms)", done.output)
        saw = f"answer from {answer.group(1)} in {answer.group(2)}" if answer else "answered"
        return "answer", saw, []
    unreachable = re.search(r"^From (.+)$", done.output, re.MULTILINE)
    if unreachable:
        return "error", f"ICMP from {unreachable.group(1)}", []
    return "dropped", "no answer", []


def _read_dig(done: Completed) -> Reading:
    address = re.search(r"\sIN\s+A\s+([\d.]+)", done.output)
    if address:
        return "answer", address.group(1), []
    status = re.search(r"status: (\w+)", done.output)
    if status:
        return "error", f"{status.group(1)} without an address", []
    return "dropped", "no answer from the name server", []


def _read_curl(done: Completed) -> Reading:
    body, _, facts = done.output.rpartition("\n")
    code, _, address = facts.partition(" ")
    if done.status == 0:
        outcome: Outcome = "answer" if code == "200" else "error"
        return outcome, f"HTTP {code} from {address}", page_lines(body)
    if done.status == _CURL_TIMED_OUT:
        return "dropped", f"no answer within {_PATIENCE} s", []
    reason = done.errors.strip().partition(") ")[2] or done.errors.strip()
    return "error", "the name was not resolved" if done.status == _CURL_NO_NAME else reason, []


_READERS = {"ping": _read_ping, "resolve": _read_dig, "fetch": _read_curl}


def page_lines(body: str) -> list[str]:
    """What a person would read of a page: its headings and definition lists."""
    title = re.search(r"<h1>(.*?)</h1>", body, re.DOTALL)
    facts = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", body, re.DOTALL)
    lines = [title.group(1)] if title else []
    lines += [f"{name}: {value}" for name, value in facts]
    return [html.unescape(" ".join(line.split())) for line in lines]
