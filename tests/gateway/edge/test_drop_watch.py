"""What is dropped becomes records, few enough for people."""

import asyncio
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

from gateway.edge.drop_watch import INTERVAL, MOST, DropWatch
from gateway.edge.drops import Drop, DropReason


def drop(packets: int = 1, destination: str = "1.1.1.1") -> Drop:
    return Drop(
        reason=DropReason.OUTSIDE_PROFILES,
        source=IPv4Address("10.1.0.10"),
        destination=IPv4Address(destination),
        protocol="tcp",
        port=443,
        packets=packets,
    )


class Watched:
    """A watch, what there is to see, and what it published."""

    def __init__(self) -> None:
        self.drops: list[Drop] = []
        self.listed = 0
        self.now = 0.0
        self.records: list[dict[str, Any]] = []
        self._watch = DropWatch(
            "branch",
            totals=self._totals,
            drops=self._list,
            profile_of=lambda address: "internet" if address == IPv4Address("1.1.1.1") else None,
            publish=lambda _category, name, **data: self.records.append({"name": name, **data}),
            clock=lambda: self.now,
        )

    async def _totals(self) -> Mapping[DropReason, int]:
        return {DropReason.OUTSIDE_PROFILES: sum(each.packets for each in self.drops)}

    async def _list(self) -> list[Drop]:
        self.listed += 1
        return self.drops

    def look(self, *drops: Drop) -> list[dict[str, Any]]:
        """Look at these drops; what was published."""
        self.drops = list(drops)
        self.records.clear()
        asyncio.run(self._watch.look())
        return self.records


def test_a_drop_is_told_with_the_profile_that_would_cover_it() -> None:
    (record,) = Watched().look(drop(3))
    assert record["name"] == "traffic_dropped"
    assert (record["remote_network"], record["reason"], record["profile"]) == (
        "branch",
        "outside_profiles",
        "internet",
    )
    assert (record["source"], record["destination"], record["packets"]) == ("10.1.0.10", "1.1.1.1", 3)


def test_a_destination_of_no_profile_has_none() -> None:
    (record,) = Watched().look(drop(destination="192.0.2.80"))
    assert record["profile"] is None


def test_nothing_is_listed_while_the_counters_stand() -> None:
    watched = Watched()
    watched.look(drop())
    watched.look(drop())
    assert (watched.listed, watched.records) == (1, [])


def test_more_packets_of_a_kind_are_told_when_the_interval_is_over() -> None:
    watched = Watched()
    watched.look(drop(1))
    assert watched.look(drop(2)) == []
    watched.now += INTERVAL
    (record,) = watched.look(drop(2))
    assert record["packets"] == 2


def test_a_scan_is_told_in_parts() -> None:
    watched = Watched()
    scan = [drop(destination=f"1.1.2.{host}") for host in range(MOST + 4)]
    assert len(watched.look(*scan)) == MOST
    assert len(watched.look(*scan)) == 4
    assert watched.look(*scan) == []
