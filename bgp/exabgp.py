"""One run of ExaBGP as a child process: its files, its API connection, its log and its end."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from bgp import api_child, exabgp_child, render

START_SECONDS = 15.0
"""Until ExaBGP's API process must have connected."""
VALIDATE_SECONDS = 15.0
"""For ``exabgp validate``."""
TERMINATE_SECONDS = 3.0
"""Between SIGTERM and SIGKILL."""
LINE_LIMIT = 16 * 1024 * 1024
"""Octets of one line of the API; the list of 1000 neighbours takes 1.3 MB."""
LOG_LINES = 5
"""Lines of the log that explain an end."""
_ROUTINE = ("SIGTERM received", "SIGUSR1 received", "scheduling ", "performing shutdown")
"""What ExaBGP logs as critical although it was asked for."""
_LOG_ENTRY = re.compile(r"(?P<source>\S+ *)(?<=^.{15}) (?P<text>.*)")
"""A line of the log; a traceback and what is around it have another form."""
_EXCEPTION = re.compile(r"\w+(Error|Exception)\b")
"""The line of a traceback that says what happened."""


class ExaBgpFailed(Exception):
    """ExaBGP did not start, refused a configuration or does not answer."""


class ExaBgp:
    """An ExaBGP process. Use one object per run: start, use, stop.

    Args:
        launcher: Command prefix that executes ExaBGP where it is to run, by ``exec`` and without forking.
        directory: Where its files go; must exist and belong to this run alone.
        pass_fds: File descriptors that the launcher needs.
        on_line: Called with each line of the API.
        on_log: Called with source and text of each error in its log.
    """

    def __init__(
        self,
        *,
        launcher: Sequence[str],
        directory: Path,
        pass_fds: Sequence[int],
        on_line: Callable[[bytes], None],
        on_log: Callable[[str, str], None],
    ) -> None:
        self._launcher = tuple(launcher)
        self._directory = directory
        self._configuration = directory / "exabgp.conf"
        self._socket = directory / "api.sock"
        self._pass_fds = tuple(pass_fds)
        self._on_line = on_line
        self._on_log = on_log
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._server: asyncio.Server | None = None
        self._api: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
        self._end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def pid(self) -> int:
        """The process."""
        if self._process is None:
            raise RuntimeError("ExaBGP was not started")
        return self._process.pid

    async def start(self, configuration: str) -> None:
        """Start ExaBGP and wait until it has loaded the configuration, listens and has its API process.

        Raises:
            ExaBgpFailed: It ended or did not become ready in ``START_SECONDS``.
        """
        self._configuration.write_text(configuration)
        with contextlib.suppress(FileNotFoundError):
            self._socket.unlink()
        self._server = await self._listen()
        try:
            self._process = await self._spawn(
                *self._launcher, *self._exabgp("server", self._configuration), pass_fds=self._pass_fds
            )
        except OSError as error:
            program = self._launcher[0] if self._launcher else sys.executable
            raise ExaBgpFailed(f"cannot start {program}: {error.strerror}") from error
        self._tasks.append(asyncio.create_task(self._watch(self._process)))
        waiting: set[asyncio.Future[Any]] = {self._api, self._end}
        await asyncio.wait(waiting, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if self._end.done():
            raise ExaBgpFailed(self._end.result())
        if not self._api.done():
            raise ExaBgpFailed(f"ExaBGP was not ready after {START_SECONDS:.0f} s")

    async def validate(self, configuration: str) -> None:
        """Let ExaBGP check a configuration: after loading a bad one it would refuse every later one.

        Raises:
            ExaBgpFailed: It refuses the configuration.
        """
        draft = self._directory / "draft.conf"
        draft.write_text(configuration)
        process = await self._spawn(*self._exabgp("validate", draft))
        try:
            output, _ = await asyncio.wait_for(process.communicate(), VALIDATE_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                process.kill()
            raise ExaBgpFailed(f"'exabgp validate' did not end in {VALIDATE_SECONDS:.0f} s") from None
        finally:
            draft.unlink()
        if process.returncode:
            raise ExaBgpFailed(
                f"ExaBGP refuses the configuration: {' '.join(output.decode(errors='replace').split())}"
            )

    def reload(self, configuration: str) -> None:
        """Make ExaBGP load another, validated configuration; ``show neighbor json`` tells when it has."""
        draft = self._directory / "draft.conf"
        draft.write_text(configuration)
        draft.replace(self._configuration)
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGUSR1)

    def send(self, commands: Iterable[str]) -> None:
        """Hand API commands to ExaBGP; lost when it has ended."""
        data = "".join(f"{command}\n" for command in commands).encode("ascii")
        if data and self._api.done():
            self._api.result().write(data)

    def fail(self, reason: str) -> None:
        """Consider the run over; ``ended`` returns this reason."""
        if not self._end.done():
            self._end.set_result(reason)

    async def ended(self) -> str:
        """Wait for the end of the run; returns its reason."""
        return await asyncio.shield(self._end)

    async def stop(self) -> None:
        """End ExaBGP if it still runs, by SIGTERM and if need be by SIGKILL, and remove its files."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), TERMINATE_SECONDS)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._api.done():
            self._api.result().close()
        if self._server is not None:
            self._server.close()
        for path in (self._socket, self._configuration):
            path.unlink(missing_ok=True)

    async def _listen(self) -> asyncio.Server:
        """Listen for the API process; by a short path, because a socket's may have 107 octets only."""
        listener = socket.socket(socket.AF_UNIX)
        directory = os.open(self._directory, os.O_PATH)
        try:
            listener.bind(f"/proc/self/fd/{directory}/{self._socket.name}")
        finally:
            os.close(directory)
        return await asyncio.start_unix_server(self._accept, sock=listener, limit=LINE_LIMIT)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._api.done():
            writer.close()
            return
        self._api.set_result(writer)
        try:
            while line := await reader.readline():
                self._on_line(line)
        except (OSError, ValueError) as error:
            self.fail(f"the connection to ExaBGP's API process failed: {error}")
        else:
            # ExaBGP takes its API process along; its own end explains more.
            await asyncio.sleep(0.5)
            self.fail("ExaBGP's API process ended")

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Read the log until ExaBGP ends, then say how it ended."""
        if process.stdout is not None:
            async for line in process.stdout:
                self._logged(line.decode(errors="replace").rstrip())
        status = await process.wait()
        how = f"exit status {status}" if status >= 0 else signal.Signals(-status).name
        words = f": {'; '.join(self._log)}" if self._log else ""
        self.fail(f"ExaBGP ended by {how}{words}")

    def _logged(self, line: str) -> None:
        if _EXCEPTION.match(line):
            self._log.append(line)
        if not (entry := _LOG_ENTRY.match(line)):
            return
        source, text = entry["source"].rstrip(), entry["text"].strip()
        if not text or source == "advice" or text.startswith(_ROUTINE):
            return
        self._log.append(text)
        self._on_log(source, text)
        if source == "api":
            self.fail(f"ExaBGP's API process ended: {text}")

    def _exabgp(self, command: str, configuration: Path) -> list[str]:
        # -P: the folder of the script is not searched for modules.
        return [sys.executable, "-P", exabgp_child.__file__, str(os.getpid()), command, str(configuration)]

    async def _spawn(self, *command: str, pass_fds: Sequence[int] = ()) -> asyncio.subprocess.Process:
        inherited = {
            name: value for name, value in os.environ.items() if not name.lower().startswith("exabgp")
        }
        own = {api_child.SOCKET_VARIABLE: str(self._socket)}
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=inherited | render.settings(self._directory) | own,
            pass_fds=pass_fds,
            start_new_session=True,  # Ctrl-C is the gateway's to handle
        )
