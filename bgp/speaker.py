"""The BGP speaker of one remote network: keeps one ExaBGP running and its routes as desired."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Network
from pathlib import Path

from bgp import api_child, render
from bgp.events import BgpEvent, PrefixLimitExceeded, SpeakerMessage, SpeakerStarted, SpeakerStopped
from bgp.exabgp import ExaBgp, ExaBgpFailed
from bgp.messages import NeighborsMessage, parse
from bgp.neighbor import Neighbor
from bgp.notification import (
    ADMINISTRATIVE_RESET,
    ADMINISTRATIVE_SHUTDOWN,
    MAXIMUM_PREFIXES,
    PEER_DECONFIGURED,
)
from bgp.sessions import Sessions, as_loaded, check_distinct

FIRST_DELAY, LAST_DELAY = 0.25, 30.0
"""Seconds before a start that follows a failure: the first time, and at most."""
STEADY_SECONDS = 60.0
"""A run of this length makes the next failure a first one."""
CEASE_SECONDS = 1.0
"""For sessions to end with a NOTIFICATION before the TCP connections are closed anyway."""
RELOAD_SECONDS, RELOAD_ATTEMPTS = 1.0, 5
"""ExaBGP forgets a reload that it is asked for while it has updates to send: time per attempt, attempts."""
POLL_SECONDS = 0.01
"""Between two questions whether ExaBGP has loaded a configuration."""
_API_COMMAND = (sys.executable, "-I", "-S", api_child.__file__)


class SpeakerError(Exception):
    """The BGP speaker cannot do what was asked."""


class Speaker:
    """Supervises ExaBGP for one remote network. Use it from one event loop, running in the main thread.

    ExaBGP runs while there are neighbours. When it ends unasked it is started again, with growing delays, and
    is told everything again. It never outlives this process, whose death, of whatever kind, kills it.

    Args:
        launcher: Command prefix that executes a program inside the remote network's namespace, by ``exec``.
        run_dir: Directory for this speaker alone; created, mode 0700.
        on_event: Called with every event, in order, on the event loop.
        pass_fds: File descriptors that the launcher needs.
    """

    def __init__(
        self,
        *,
        launcher: Sequence[str],
        run_dir: Path,
        on_event: Callable[[BgpEvent], None],
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._launcher = tuple(launcher)
        self._run_dir = run_dir.absolute()
        self._on_event = on_event
        self._pass_fds = tuple(pass_fds)
        self._sessions = Sessions()
        self._child: ExaBgp | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._configuring = asyncio.Lock()
        self._attempted = asyncio.Event()
        self._news = asyncio.Event()
        self._asked: asyncio.Future[NeighborsMessage] | None = None

    async def start(self) -> None:
        """Prepare the run directory; ExaBGP itself starts with the first neighbour.

        Raises:
            SpeakerError: The directory cannot be used.
        """
        try:
            self._run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._run_dir.chmod(0o700)
            (self._run_dir / "exabgp.env").touch(mode=0o600)
        except OSError as error:
            raise SpeakerError(f"run directory {self._run_dir}: {error.strerror}") from error

    async def set_neighbors(self, neighbors: Sequence[Neighbor]) -> None:
        """Have exactly these neighbours, whose local addresses must exist; unchanged ones keep their session.

        Removed ones are told so (Cease, Peer De-configured). Returns when ExaBGP has loaded the neighbours,
        or after a first start that failed, which ``SpeakerStopped`` reports and which is tried again.

        Raises:
            ValueError: Two neighbours have the same name or the same pair of addresses; nothing was changed.
            SpeakerError: ExaBGP refuses the configuration; nothing was changed.
        """
        check_distinct(neighbors)
        wanted = list(neighbors)
        async with self._configuring:
            kept = [neighbor for neighbor in self._sessions.neighbors if neighbor in wanted]
            if self._supervisor is not None and not kept:
                await self._end("no neighbour remains", PEER_DECONFIGURED)
            if self._child is None:
                self._publish(self._sessions.set_neighbors(wanted))
            elif wanted != self._sessions.neighbors:
                await self._reconfigure(self._child, kept, wanted)
        if wanted and self._supervisor is None:
            self._attempted.clear()
            self._supervisor = asyncio.create_task(self._supervise())
            await self._attempted.wait()

    def advertise(self, neighbor: str, prefixes: Iterable[IPv4Network]) -> None:
        """Have exactly these prefixes advertised to a neighbour, next hop self; kept for one yet to come."""
        self._publish(self._sessions.advertise(neighbor, prefixes))
        if self._child is not None:
            self._child.send(self._sessions.commands())

    def learned(self, neighbor: str) -> frozenset[IPv4Network]:
        """The prefixes that a neighbour announces now."""
        return self._sessions.learned(neighbor)

    def reset(self, neighbor: str) -> None:
        """End an established session (Cease, Administrative Reset); the CPE may connect again at once.

        For a tunnel that has gone: until the hold time is over, ExaBGP would refuse the CPE's new connection.
        """
        self._tear_down(neighbor, ADMINISTRATIVE_RESET)

    def _tear_down(self, neighbor: str, subcode: int) -> None:
        if self._child is not None:
            gone = [known for known in self._sessions.connected if known.name == neighbor]
            self._child.send(render.teardown(known, subcode) for known in gone)

    async def stop(self) -> None:
        """End all sessions (Cease, Administrative Shutdown) and ExaBGP; in all at most a few seconds."""
        await self._end("stopped", ADMINISTRATIVE_SHUTDOWN)
        (self._run_dir / "exabgp.env").unlink(missing_ok=True)

    async def _end(self, reason: str, subcode: int) -> None:
        if self._supervisor is None:
            return
        if self._child is not None:
            await self._cease(self._child, self._sessions.connected, subcode)
        self._supervisor.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._supervisor
        self._supervisor = None
        self._publish([SpeakerStopped(reason=reason, restart_in=None)])

    async def _supervise(self) -> None:
        clock = asyncio.get_running_loop().time
        delay = FIRST_DELAY
        while True:
            began = clock()
            reason = await self._run()
            if clock() - began > STEADY_SECONDS:
                delay = FIRST_DELAY
            self._publish([SpeakerStopped(reason=reason, restart_in=delay)])
            self._attempted.set()
            await asyncio.sleep(delay)
            delay = min(2 * delay, LAST_DELAY)

    async def _run(self) -> str:
        """Run ExaBGP once; returns why it ended."""
        reason = "stopped"
        child = ExaBgp(
            launcher=self._launcher,
            directory=self._run_dir,
            pass_fds=self._pass_fds,
            on_line=self._receive,
            on_log=lambda source, text: self._publish([SpeakerMessage(source=source, text=text)]),
        )
        try:
            async with self._configuring:
                await child.start(render.configuration(self._sessions.neighbors, _API_COMMAND))
                self._child = child
                self._publish([SpeakerStarted(pid=child.pid)])
                self._loaded(child)
            self._attempted.set()
            reason = await child.ended()
        except ExaBgpFailed as error:
            reason = str(error)
        finally:
            self._child = None
            await child.stop()
            self._publish(self._sessions.lost(reason))
            self._news.set()
        return reason

    async def _reconfigure(self, child: ExaBgp, kept: list[Neighbor], wanted: list[Neighbor]) -> None:
        try:
            await child.validate(render.configuration(wanted, _API_COMMAND))
        except ExaBgpFailed as error:
            raise SpeakerError(str(error)) from error
        gone = [neighbor for neighbor in self._sessions.neighbors if neighbor not in wanted]
        ending = [neighbor for neighbor in self._sessions.connected if neighbor in gone]
        await self._cease(child, ending, PEER_DECONFIGURED)
        self._publish(self._sessions.set_neighbors(wanted))
        endpoints = {neighbor.endpoints for neighbor in wanted}
        if any(neighbor.endpoints in endpoints for neighbor in gone):
            # A neighbour changed in place would answer its next connection with Peer De-configured.
            await self._load(child, kept)
        await self._load(child, wanted)
        self._loaded(child)

    async def _load(self, child: ExaBgp, neighbors: list[Neighbor]) -> None:
        """Make ExaBGP have these neighbours; a run in which that fails is given up."""
        for _ in range(RELOAD_ATTEMPTS):
            if self._child is not child:
                return  # it ended; the next run starts with the new neighbours
            child.reload(render.configuration(neighbors, _API_COMMAND))
            try:
                async with asyncio.timeout(RELOAD_SECONDS):
                    await self._until_listed(child, neighbors)
            except TimeoutError:
                continue
            return
        child.fail(f"ExaBGP did not load a configuration in {RELOAD_ATTEMPTS * RELOAD_SECONDS:.0f} s")

    async def _until_listed(self, child: ExaBgp, neighbors: list[Neighbor]) -> None:
        expected = as_loaded(neighbors)
        while True:
            self._asked = asyncio.get_running_loop().create_future()
            child.send([render.SHOW_NEIGHBORS])
            if (await self._asked).neighbors == expected:
                return
            await asyncio.sleep(POLL_SECONDS)

    def _loaded(self, child: ExaBgp) -> None:
        if self._child is child:
            self._sessions.loaded()
            child.send(self._sessions.commands())

    async def _cease(self, child: ExaBgp, neighbors: list[Neighbor], subcode: int) -> None:
        child.send(render.teardown(neighbor, subcode) for neighbor in neighbors)
        ended = set(neighbors)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CEASE_SECONDS):
                await self._until(lambda: ended.isdisjoint(self._sessions.connected))

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds that messages of ExaBGP, or its end, can make true."""
        while not condition():
            self._news.clear()
            await self._news.wait()

    def _receive(self, line: bytes) -> None:
        message = parse(line)
        if isinstance(message, NeighborsMessage) and self._asked is not None and not self._asked.done():
            self._asked.set_result(message)
        events = self._sessions.receive(message)
        self._publish(events)
        for event in events:
            if isinstance(event, PrefixLimitExceeded):
                self._tear_down(event.neighbor, MAXIMUM_PREFIXES)
        self._news.set()

    def _publish(self, events: Iterable[BgpEvent]) -> None:
        for event in events:
            self._on_event(event)
