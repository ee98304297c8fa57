"""One trace of a lab, with the records of all of its parts."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.daemon.trace import last_run, read_trace
from gateway.diagnosis import diagnose
from gateway.lab import bird, strongswan
from gateway.lab.backend import Completed
from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from gateway.lab.trace import CPE_LOG, ENDED, CpeLogs, LabTrace, bird_records, charon_records, write_trace

EAST = timezone(timedelta(hours=2))
CHARON = """23:59:59.500 05[IKE] initiating IKE_SA gsa[1] to 198.51.100.20
00:00:00.250 05[NET] sending packet
no line of charon's
"""
BIRD = "2026-11-22 17:32:12.696 <INFO> Started\nnoise\n"


def at(*moment: int) -> float:
    """A moment in the east."""
    year, month, day, hour, minute, second = moment
    return datetime(year, month, day, hour, minute, second, tzinfo=EAST).timestamp()


def record(time: float, name: str, number: int = 1) -> dict[str, Any]:
    """A record of a stream."""
    return {"id": number, "time": time, "category": "lab", "name": name, "data": {}}


def told(*records: dict[str, Any], until: float = 0.0) -> LabTrace:
    """A trace that has heard these records."""
    trace = LabTrace()
    for each in records:
        trace.hear(each)
    trace.reach(until)
    return trace


def test_the_records_of_all_streams_are_in_the_order_of_time_and_numbered_anew() -> None:
    together = told(record(1.0, "a", 1), record(3.0, "c", 2), record(2.0, "b", 1), until=9.0).records()
    assert [(r["id"], r["name"]) for r in together] == [(1, "a"), (2, "b"), (3, "c"), (4, ENDED)]
    assert together[-1]["time"] == 9.0


def test_records_of_one_moment_keep_their_order() -> None:
    records = told(*(record(1.0, name, number) for number, name in enumerate("cab", 1))).records()
    assert [r["name"] for r in records][:3] == ["c", "a", "b"]


def test_a_trace_reaches_to_its_last_record_when_all_until_a_moment_before_was_told() -> None:
    assert told(record(4.0, "a"), until=3.5).records()[-1]["time"] == 4.0


def test_a_trace_has_begun_with_its_first_record() -> None:
    assert not LabTrace().has_begun
    assert told(record(1.0, "a")).has_begun


def test_a_line_of_charon_gets_the_day_on_which_the_lab_began() -> None:
    first, second = charon_records(CHARON, "cpe", at(2026, 11, 22, 23, 59, 50), EAST)
    assert first == {
        "time": at(2026, 11, 22, 23, 59, 59) + 0.5,
        "category": "lab",
        "name": CPE_LOG,
        "data": {
            "node": "cpe",
            "program": "charon",
            "text": "[IKE] initiating IKE_SA gsa[1] to 198.51.100.20",
        },
    }
    assert second["time"] == at(2026, 11, 23, 0, 0, 0) + 0.25


def test_a_line_of_bird_is_in_the_time_zone_of_its_node() -> None:
    (line,) = bird_records(BIRD, "cpe", EAST)
    assert line["time"] == at(2026, 11, 22, 17, 32, 12) + 0.696
    assert line["data"] == {"node": "cpe", "program": "bird", "text": "<INFO> Started"}
    assert bird_records(BIRD, "cpe", UTC)[0]["time"] - line["time"] == 7200


class Logging:
    """A node whose clock is in the east, and what its charon and its BIRD have logged."""

    def __init__(self) -> None:
        self.plan = SimpleNamespace(name="cpe")
        self.logs = {strongswan.LOG: b"", bird.LOG: b""}

    async def read(self, inside: str) -> bytes:
        return self.logs[inside]

    async def run(self, *argv: str) -> Completed:
        assert argv == ("date", "+%z")
        return Completed(status=0, output="+0200\n", errors="")


def router(node: Logging, program: str = "charon", log: str = strongswan.LOG) -> Any:
    """A CPE with one tunnel."""
    return SimpleNamespace(
        name="cpe", node=node, tunnels=[SimpleNamespace(node=node)], program=program, log=log
    )


def test_the_log_of_a_probe_is_told_as_a_probes() -> None:
    node = Logging()
    node.logs["/run/probe.log"] = b"23:59:59.500 01[ESP] 5 packets sent, 0 received\n"
    logs = CpeLogs(at(2026, 11, 22, 23, 59, 50))
    (line,) = asyncio.run(logs.new([router(node, "probe", "/run/probe.log")]))
    assert line["data"] == {"node": "cpe", "program": "probe", "text": "[ESP] 5 packets sent, 0 received"}


def test_a_line_of_a_log_is_told_once_and_when_it_is_whole() -> None:
    node = Logging()
    cpe = router(node)
    logs = CpeLogs(at(2026, 11, 22, 23, 59, 50))

    def new() -> list[str]:
        return [record["data"]["text"] for record in asyncio.run(logs.new([cpe]))]

    assert new() == []
    first, second, *_ = CHARON.encode().splitlines(keepends=True)
    node.logs[strongswan.LOG] = first + second[:-4]
    assert new() == ["[IKE] initiating IKE_SA gsa[1] to 198.51.100.20"]
    node.logs = {strongswan.LOG: first + second, bird.LOG: BIRD.encode()}
    assert new() == ["[NET] sending packet", "<INFO> Started"]
    assert new() == []


def test_a_trace_is_written_in_place_of_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.trace"
    for name in ("first", "second"):
        write_trace(path, told(record(1.0, name)).records())
    assert [r["name"] for r in read_trace(path)] == ["second", ENDED]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.interop
def test_the_trace_of_a_lab_tells_of_gateway_nat_and_cpe_and_gives_the_same_findings(tmp_path: Path) -> None:
    async def found(lab: Lab) -> list[str]:
        return sorted(lab.found())

    trace = LabTrace()
    run = run_scenario(load("port-500-rewritten"), during=found, trace=trace)
    write_trace(tmp_path / "run.trace", trace.records())
    records = last_run(read_trace(tmp_path / "run.trace"))
    assert [r["id"] for r in records] == list(range(1, len(records) + 1))
    assert [r["time"] for r in records] == sorted(r["time"] for r in records)
    order = [r["name"] for r in records if "initiating IKE_SA" in str(r["data"]) or r["name"] != CPE_LOG]
    told = ["gateway_ready", CPE_LOG, "nat_mapping_created", "datagram_dropped", ENDED]
    assert [name for name in order if name in told][: len(told)] == told
    assert [finding.code for finding in diagnose(records)] == run.extra == ["GSA-NAT-010"]


@pytest.mark.interop
def test_the_trace_of_an_interrupted_lab_has_what_gateway_and_cpe_told_until_then() -> None:
    class Interrupted(LabTrace):
        """Ctrl-C comes when both have told something of IKE."""

        def hear(self, record: dict[str, Any]) -> None:
            super().hear(record)
            if wanted <= {r["name"] for r in self.records()}:
                raise KeyboardInterrupt

    wanted = {"ike_sa_init_answered", CPE_LOG}
    trace = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        run_scenario(load("basic", {"cpe.psk": "wrong"}), trace=trace)
    records = trace.records()
    assert wanted <= {r["name"] for r in records}
    assert records[-1]["name"] == ENDED
