"""Searches for what CPEs behind a NAT believe to be, in the background, and publishes what it finds."""

import asyncio
import contextlib
import json
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from gateway.daemon import background
from gateway.diagnosis import TunnelFacts, hash_search
from gateway.diagnosis.autopsy import (
    AUTOPSY,
    DETECTED,
    OFFERED,
    Autopsy,
    Hashes,
    Inside,
    find_inside,
    hashes_of,
    named_addresses,
    shows_nat,
)
from gateway.records import Record, Stream
from ike.rate import Limiter

SETTLE = 5.0
"""Seconds until every private address is tried: a tunnel that comes up meanwhile is not held up."""
USUAL = (6.0, 0.1), (3.0, 0.05)
"""Burst and rate per second of searches for the usual addresses, in total and for one source: a flood of
unauthenticated requests must not keep a processor busy."""
ALL = (2.0, 1 / 60), (1.0, 1 / 600)
"""The same of searches for every private address, which take minutes."""
WAITING = 8
"""Searches that wait for their turn; more are left out."""
_REMEMBERED = 256
"""Hashes of messages, and sources with what they were found to be."""

T = TypeVar("T")
_Job = tuple[str | None, Hashes]
"""The tunnel, where it is known, and what to search for."""


class NatAutopsies:
    """Follows the records that carry hashes; each outcome is a ``nat/nat_autopsy`` record, see ``Autopsy``.

    A hash is searched for once. What the source was found to be before, and the addresses that the lab file
    names, are tried at once; then the usual private addresses; at last, when things have settled, all of
    them. Each of the two searches has one process at a time.

    Args:
        stream: Where outcomes are published.
        tunnels: What is configured.
        clock: Returns seconds, monotonic.
    """

    def __init__(
        self, stream: Stream, tunnels: Sequence[TunnelFacts], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._tunnels = tunnels
        self._clock = clock
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._before: OrderedDict[str, str] = OrderedDict()
        self._usual: asyncio.Queue[_Job] = asyncio.Queue(WAITING)
        self._all: asyncio.Queue[_Job] = asyncio.Queue(WAITING)
        self._usual_limit, self._all_limit = Limiter(*USUAL), Limiter(*ALL)
        self._tasks = [
            background.begin(self._search_usual(), "the search for usual inside addresses"),
            background.begin(self._search_all(), "the search for all inside addresses"),
        ]

    def on_record(self, record: Record) -> None:
        """Take one record into account; for ``Stream.subscribe``."""
        if record.name not in (DETECTED, OFFERED):
            return
        json_form = record.as_json()
        hashes = hashes_of(json_form) if shows_nat(json_form) else None
        if hashes is None or hashes.key in self._seen:
            return
        _remember(self._seen, hashes.key, None)
        if self._usual_limit.take(_source(hashes), self._clock()):
            with contextlib.suppress(asyncio.QueueFull):
                self._usual.put_nowait((record.tunnel, hashes))

    async def stop(self) -> None:
        """End the searches; no process is left."""
        await background.end(*self._tasks)

    async def _search_usual(self) -> None:
        while True:
            tunnel, hashes = await self._usual.get()
            inside = self._try_named(hashes)
            if inside is not None:
                self._publish(tunnel, Autopsy(hashes=hashes, inside=inside, searched="named"))
                continue
            autopsy = await _search(hashes, thorough=False)
            if autopsy is not None and autopsy.inside is not None:
                self._publish(tunnel, autopsy)
            elif self._all_limit.take(_source(hashes), self._clock()):
                with contextlib.suppress(asyncio.QueueFull):
                    self._all.put_nowait((tunnel, hashes))

    async def _search_all(self) -> None:
        while True:
            tunnel, hashes = await self._all.get()
            await asyncio.sleep(SETTLE)
            autopsy = await _search(hashes, thorough=True)
            if autopsy is not None:
                self._publish(tunnel, autopsy)

    def _try_named(self, hashes: Hashes) -> Inside | None:
        before = self._before.get(_source(hashes))
        return find_inside(hashes, [*([before] if before else []), *named_addresses(self._tunnels, hashes)])

    def _publish(self, tunnel: str | None, autopsy: Autopsy) -> None:
        if autopsy.inside is not None:
            _remember(self._before, _source(autopsy.hashes), autopsy.inside.address)
        self._stream.publish("nat", AUTOPSY, tunnel=tunnel, **autopsy.as_json())


async def _search(hashes: Hashes, *, thorough: bool) -> Autopsy | None:
    """Run the search in a process of its own, which does not outlive this task; None when it failed."""
    # Isolated and by its path: importing the gateway would take longer than the search for usual addresses.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", str(Path(hash_search.__file__)), stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    asked = {"prefix": hashes.spis, "wanted": hashes.sources, "ports": hashes.ports, "thorough": thorough}
    try:
        output, _ = await process.communicate(json.dumps(asked).encode())
    finally:
        await _ensure_end(process)
    if process.returncode != 0:
        return None
    found = json.loads(output)
    inside = None if found is None else Inside(address=found[0], port=found[1])
    return Autopsy(hashes=hashes, inside=inside, searched="all" if thorough else "usual")


async def _ensure_end(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _source(hashes: Hashes) -> str:
    return hashes.remote.rpartition(":")[0]


def _remember(known: OrderedDict[str, T], key: str, value: T) -> None:
    known[key] = value
    if len(known) > _REMEMBERED:
        known.popitem(last=False)
