"""Requests are published at a bounded rate."""

from ipaddress import IPv4Address
from typing import Any

from gateway.edge.requests import BURST, RATE, RequestLog
from gateway.edge.visit import Flow, Visit

VISIT = Visit(
    kind="dns",
    time=0.0,
    flow=Flow(source=IPv4Address("10.1.0.10"), destination=IPv4Address("52.96.1.1"), interface=7),
    host="www.example.com",
    match=None,
    tunnel="hq/cpe1/0",
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Stream:
    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []

    def publish(self, category: str, name: str, **data: Any) -> None:
        assert (category, name) == ("edge", "request")
        self.records.append(data)


def test_a_record_names_kind_and_facts() -> None:
    stream = Stream()
    RequestLog(stream.publish, Clock()).add(VISIT)
    assert stream.records == [
        {
            "kind": "dns",
            "source": "10.1.0.10",
            "destination": "52.96.1.1",
            "host": "www.example.com",
            "profile": None,
            "prefix": None,
            "tunnel": "hq/cpe1/0",
        }
    ]


def test_a_flood_publishes_one_burst() -> None:
    stream = Stream()
    log = RequestLog(stream.publish, Clock())
    for _ in range(10 * BURST):
        log.add(VISIT)
    assert len(stream.records) == BURST


def test_the_next_record_after_a_flood_says_how_many_are_missing() -> None:
    stream, clock = Stream(), Clock()
    log = RequestLog(stream.publish, clock)
    for _ in range(BURST + 7):
        log.add(VISIT)
    clock.now += 1 / RATE
    log.add(VISIT)
    assert stream.records[-1]["suppressed"] == 7
    clock.now += 1 / RATE
    log.add(VISIT)
    assert "suppressed" not in stream.records[-1]
