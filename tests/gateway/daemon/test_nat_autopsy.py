"""The gateway searches for what CPEs behind a NAT believe to be, and publishes it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import pytest

from gateway.daemon import nat_autopsy
from gateway.daemon.nat_autopsy import NatAutopsies
from gateway.diagnosis import hash_search
from gateway.diagnosis.autopsy import AUTOPSY, Autopsy, Hashes
from gateway.records import Record, Stream
from ike.nat import detection_hash
from tests.gateway.diagnosis.story import Story

FACTS = Story().facts
FORCED = "5a" * 20
Searched = list[tuple[tuple[str, ...], bool]]


P = ParamSpec("P")


def in_a_loop(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Run a test on an event loop of its own."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def hash_of(address: str, number: int = 1, port: int = 500) -> str:
    """What a CPE sends in its n-th message."""
    return detection_hash(number.to_bytes(8, "big"), bytes(8), address, port).hex()


def offer(stream: Stream, hashed: str, number: int = 1, source: str = "192.0.2.7") -> None:
    """An IKE_SA_INIT that is dropped brings a hash."""
    stream.publish(
        "nat",
        "nat_hashes_offered",
        spi_i=number.to_bytes(8, "big").hex(),
        sources=[hashed],
        destinations=[],
        remote=f"{source}:40231",
        local="198.51.100.20:500",
    )


@asynccontextmanager
async def searching(stream: Stream) -> AsyncIterator[NatAutopsies]:
    """A gateway's searches."""
    autopsies = NatAutopsies(stream, [FACTS])
    stream.subscribe(autopsies.on_record)
    try:
        yield autopsies
    finally:
        await autopsies.stop()


async def until_autopsy(stream: Stream, count: int = 1) -> Record:
    """Wait for the n-th outcome."""
    await until(lambda: len(autopsies_in(stream)) >= count)
    return autopsies_in(stream)[-1]


async def until(holds: Callable[[], object]) -> None:
    """Wait for a condition."""
    deadline = asyncio.get_running_loop().time() + 30
    while asyncio.get_running_loop().time() < deadline:
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not within 30 s")


def autopsies_in(stream: Stream) -> list[Record]:
    """The outcomes so far."""
    return [record for record in stream.history if record.name == AUTOPSY]


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> Searched:
    """Searches that find nothing, at once; which hashes, and whether among all addresses."""
    calls: Searched = []

    async def search(hashes: Hashes, *, thorough: bool) -> Autopsy | None:
        calls.append((hashes.sources, thorough))
        return Autopsy(hashes=hashes, inside=None, searched="all" if thorough else "usual")

    monkeypatch.setattr(nat_autopsy, "_search", search)
    monkeypatch.setattr(nat_autopsy, "SETTLE", 0.0)
    return calls


@in_a_loop
async def test_a_private_address_is_found_by_a_search() -> None:
    stream = Stream()
    async with searching(stream):
        offer(stream, hash_of("192.168.1.2"))
        record = await until_autopsy(stream)
    assert record.category == "nat"
    assert (record.data["inside"], record.data["searched"]) == (
        {"address": "192.168.1.2", "port": 500},
        "usual",
    )


@in_a_loop
async def test_an_address_of_the_lab_file_needs_no_search(searched: Searched) -> None:
    stream = Stream()
    async with searching(stream):
        offer(stream, hash_of(FACTS.peer))
        record = await until_autopsy(stream)
    assert (record.data["inside"]["address"], record.data["searched"], searched) == (FACTS.peer, "named", [])


@in_a_loop
async def test_what_a_source_was_found_to_be_is_tried_first() -> None:
    stream = Stream()
    async with searching(stream):
        offer(stream, hash_of("192.168.1.2", 1), 1)
        await until_autopsy(stream)
        offer(stream, hash_of("192.168.1.2", 2), 2)
        record = await until_autopsy(stream, 2)
    assert record.data["searched"] == "named"


@in_a_loop
async def test_a_hash_that_fits_nothing_is_told_after_all_addresses_were_tried(searched: Searched) -> None:
    stream = Stream()
    async with searching(stream):
        offer(stream, FORCED)
        record = await until_autopsy(stream)
    assert (record.data["inside"], record.data["searched"]) == (None, "all")
    assert searched == [((FORCED,), False), ((FORCED,), True)]


@in_a_loop
async def test_a_search_that_fails_concludes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit(1)")
    monkeypatch.setattr(hash_search, "__file__", str(broken))
    monkeypatch.setattr(nat_autopsy, "SETTLE", 0.0)
    stream = Stream()
    async with searching(stream):
        offer(stream, FORCED)
        await asyncio.sleep(0.3)
        offer(stream, hash_of(FACTS.peer, 2), 2)
        record = await until_autopsy(stream)
    assert record.data["searched"] == "named"


@in_a_loop
async def test_a_message_that_is_repeated_is_searched_for_once(searched: Searched) -> None:
    stream = Stream()
    async with searching(stream):
        for _ in range(3):
            offer(stream, FORCED)
        await until_autopsy(stream)
    assert len(searched) == 2


@in_a_loop
async def test_a_flood_of_requests_starts_few_searches(searched: Searched) -> None:
    stream = Stream()
    async with searching(stream):
        for number in range(1, 1000):
            offer(stream, hash_of("192.0.2.99", number), number, f"192.0.2.{number % 250}")
        await asyncio.sleep(0.2)
    assert 0 < len(searched) <= 8


@in_a_loop
async def test_one_source_has_all_addresses_tried_once_in_a_while(searched: Searched) -> None:
    stream = Stream()
    async with searching(stream):
        offer(stream, FORCED, 1)
        offer(stream, FORCED, 2)
        await until_autopsy(stream)
        await asyncio.sleep(0.1)
    assert [thorough for _, thorough in searched].count(True) == 1


@in_a_loop
async def test_no_process_is_left_when_the_gateway_stops() -> None:
    before = children_of_this_process()  # those of fixtures, as a container engine
    stream = Stream()
    async with searching(stream):
        offer(stream, FORCED)
        await until(lambda: children_of_this_process() - before)
        searches = children_of_this_process() - before
    assert not searches & children_of_this_process()


def children_of_this_process() -> set[int]:
    """The processes that were started here and run still."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii")
    return set(map(int, text.split()))
