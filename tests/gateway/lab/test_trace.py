"""One trace of a lab, with the records of all of its parts."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from gateway.daemon.trace import last_run, read_trace
from gateway.diagnosis import diagnose
from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from gateway.lab.trace import CPE_LOG, ENDED, bird_records, charon_records, merged, write_trace

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


def test_the_records_of_all_streams_are_in_the_order_of_time_and_numbered_anew() -> None:
    gateway = [record(1.0, "a", 1), record(3.0, "c", 2)]
    box = [record(2.0, "b", 1)]
    together = merged([gateway, box], 9.0)
    assert [(r["id"], r["name"]) for r in together] == [(1, "a"), (2, "b"), (3, "c"), (4, ENDED)]
    assert together[-1]["time"] == 9.0


def test_records_of_one_moment_keep_their_order() -> None:
    gateway = [record(1.0, name, number) for number, name in enumerate("cab", 1)]
    assert [r["name"] for r in merged([gateway], 2.0)][:3] == ["c", "a", "b"]


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


def test_a_trace_is_written_in_place_of_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.trace"
    for name in ("first", "second"):
        write_trace(path, merged([[record(1.0, name)]], 2.0))
    assert [r["name"] for r in read_trace(path)] == ["second", ENDED]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.interop
def test_the_trace_of_a_lab_tells_of_gateway_nat_and_cpe_and_gives_the_same_findings(tmp_path: Path) -> None:
    async def found(lab: Lab) -> list[str]:
        return sorted(lab.found())

    run = run_scenario(load("port-500-rewritten"), during=found, trace=True)
    write_trace(tmp_path / "run.trace", run.trace)
    records = last_run(read_trace(tmp_path / "run.trace"))
    assert [r["id"] for r in records] == list(range(1, len(records) + 1))
    assert [r["time"] for r in records] == sorted(r["time"] for r in records)
    order = [r["name"] for r in records if "initiating IKE_SA" in str(r["data"]) or r["name"] != CPE_LOG]
    told = ["gateway_ready", CPE_LOG, "nat_mapping_created", "datagram_dropped", ENDED]
    assert [name for name in order if name in told][: len(told)] == told
    assert [finding.code for finding in diagnose(records)] == run.extra == ["GSA-NAT-010"]
