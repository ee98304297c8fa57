"""Drops become few events."""

from typing import Any

import pytest

from gateway.dataplane.counters import Direction, DropReason
from gateway.dataplane.reports import INTERVAL, MAX_KINDS, DropReports

IN = Direction.IN


@pytest.fixture
def published() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def reports(published: list[dict[str, Any]]) -> DropReports:
    return DropReports(lambda category, name, **data: published.append({"to": (category, name), **data}))


def test_the_first_drop_is_reported_at_once(reports: DropReports, published: list[dict[str, Any]]) -> None:
    reports.add(DropReason.UNKNOWN_SPI, IN, now=5.0, count=3, spi=0xABC, remote="198.51.100.10:4500")
    assert published == [
        {
            "to": ("esp", "esp_dropped"),
            "tunnel": None,
            "reason": "unknown_spi",
            "direction": "in",
            "packets": 3,
            "remote": "198.51.100.10:4500",
            "spi": "00000abc",
        }
    ]


def test_the_same_kind_is_reported_again_after_the_interval_with_all_packets_since(
    reports: DropReports, published: list[dict[str, Any]]
) -> None:
    for now in (0.0, 1.0, INTERVAL - 0.1, INTERVAL, INTERVAL + 1):
        reports.add(DropReason.REPLAY, IN, now=now, count=2, tunnel="a/b/0", spi=1)
    assert [record["packets"] for record in published] == [2, 6]


def test_different_kinds_do_not_wait_for_each_other(
    reports: DropReports, published: list[dict[str, Any]]
) -> None:
    reports.add(DropReason.REPLAY, IN, now=0.0, count=1, tunnel="a/b/0")
    reports.add(DropReason.REPLAY, IN, now=0.0, count=1, tunnel="a/b/1")
    reports.add(DropReason.BANDWIDTH, Direction.OUT, now=0.0, count=1, tunnel="a/b/0")
    reports.add(DropReason.BANDWIDTH, IN, now=0.0, count=1, tunnel="a/b/0")
    assert len(published) == 4


def test_a_scan_through_the_spis_ends_in_silence_and_is_forgotten(
    reports: DropReports, published: list[dict[str, Any]]
) -> None:
    for spi in range(1, 10 * MAX_KINDS):
        reports.add(DropReason.UNKNOWN_SPI, IN, now=0.0, count=1, spi=spi)
    assert len(published) == MAX_KINDS
    reports.add(DropReason.UNKNOWN_SPI, IN, now=INTERVAL, count=1, spi=0xFFFF)
    assert len(published) == MAX_KINDS + 1


@pytest.mark.parametrize("reason", [DropReason.DUMMY, DropReason.NOT_IPV4, DropReason.NO_SA])
def test_what_a_healthy_tunnel_shows_is_only_counted(
    reason: DropReason, reports: DropReports, published: list[dict[str, Any]]
) -> None:
    reports.add(reason, IN, now=0.0, count=1)
    assert published == []
