"""One trace of a lab: the records of the gateway, of the NAT boxes and of the CPEs, in the order of time.

The gateway's records are those that it has told, so ``gsalab diagnose`` finds in the trace what was found in
the lab; the others are beside them, of category ``lab`` and of no tunnel, and no finding rests on them. All
are numbered anew. Nodes of a lab share one clock.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from gateway.lab import bird
from gateway.lab.backend import Node
from gateway.lab.cpe import Cpe
from gateway.lab.gateway_node import Json
from gateway.records import sequence_text

CPE_LOG = "cpe_log"
"""The record of a line in a CPE's log."""
ENDED = "lab_ended"
"""The last record: until then the trace tells the whole story, so silence before it counts."""
_CHARON = re.compile(r"^(?P<time>\d\d:\d\d:\d\d\.\d+) \d+(?P<text>\[[A-Z]{3}\] .*)$")
_BIRD = re.compile(r"^(?P<time>[\d-]+ \d\d:\d\d:\d\d\.\d+) (?P<text><[A-Z]+> .*)$")
_HALF_A_DAY = timedelta(hours=12)

At = Callable[[str], float]
"""From the time in a line of a log to seconds since the Unix epoch."""


class LabTrace:
    """What a running lab has told for its trace: complete up to now, also when the lab is interrupted."""

    def __init__(self) -> None:
        self._records: list[Json] = []
        self._until = 0.0

    @property
    def has_begun(self) -> bool:
        """Whether anything was told."""
        return bool(self._records)

    def hear(self, record: Json) -> None:
        """One more record, of any part of the lab."""
        self._records.append(record)

    def reach(self, until: float) -> None:
        """All until then has been told; in seconds since the Unix epoch."""
        self._until = until

    def records(self) -> list[Json]:
        """All by time, numbered from 1; the last one says until when they tell the whole story."""
        records = sorted(self._records, key=lambda record: record["time"])
        until = max([self._until, *(record["time"] for record in records[-1:])])
        last = {"time": until, "category": "lab", "name": ENDED, "data": {}}
        return [{"id": number} | record | {"id": number} for number, record in enumerate([*records, last], 1)]


class CpeLogs:
    """Reads what the CPEs of a lab log, as records.

    Args:
        begun: When the lab began, in seconds since the Unix epoch.
    """

    def __init__(self, begun: float) -> None:
        self._begun = begun
        self._zones: dict[str, timezone] = {}
        self._told: Counter[tuple[str, str]] = Counter()

    async def new(self, cpes: Iterable[Cpe]) -> list[Json]:
        """What was logged since the last call; one that is cancelled has read nothing."""
        logs: dict[tuple[str, str], list[Json]] = {}
        for cpe in cpes:
            zone = self._zones.get(cpe.name) or await _zone(cpe.node)
            self._zones[cpe.name] = zone
            for tunnel in cpe.tunnels:
                name = tunnel.node.plan.name
                log = await _whole_lines(tunnel.node, cpe.log)
                logs[name, cpe.program] = charon_records(log, name, self._begun, zone, cpe.program)
            logs[cpe.name, "bird"] = bird_records(await _whole_lines(cpe.node, bird.LOG), cpe.name, zone)
        found = [record for log, records in logs.items() for record in records[self._told[log] :]]
        self._told.update({log: len(records) - self._told[log] for log, records in logs.items()})
        return found


def charon_records(log: str, node: str, begun: float, zone: timezone, program: str = "charon") -> list[Json]:
    """The lines of charon's log, or of one in its form, which has the time of day alone."""
    start = datetime.fromtimestamp(begun, zone)

    def at(text: str) -> float:
        day = datetime.strptime(text, "%H:%M:%S.%f").replace(tzinfo=zone)
        then = datetime.combine(start.date(), day.timetz())
        return (then if start - then < _HALF_A_DAY else then + timedelta(days=1)).timestamp()

    return _records(log, _CHARON, at, node, program)


def bird_records(log: str, node: str, zone: timezone) -> list[Json]:
    """The lines of BIRD's log."""

    def at(text: str) -> float:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=zone).timestamp()

    return _records(log, _BIRD, at, node, "bird")


def write_trace(path: Path, records: Iterable[Json]) -> None:
    """Write records to a file, in place of what is in it; raises ``OSError``."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join(map(sequence_text, records)), encoding="utf-8")


async def _whole_lines(node: Node, log: str) -> str:
    """A log up to its last line that is written to its end."""
    return (await node.read(log)).rpartition(b"\n")[0].decode(errors="replace")


async def _zone(node: Node) -> timezone:
    """The time zone of a node: a container has one of its own."""
    done = await node.run("date", "+%z")
    if done.status != 0:
        return UTC
    zone = datetime.strptime(done.output.strip(), "%z").tzinfo
    return zone if isinstance(zone, timezone) else UTC


def _records(log: str, line: re.Pattern[str], at: At, node: str, program: str) -> list[Json]:
    return [
        {
            "time": at(match["time"]),
            "category": "lab",
            "name": CPE_LOG,
            "data": {"node": node, "program": program, "text": match["text"]},
        }
        for match in filter(None, map(line.match, log.splitlines()))
    ]
