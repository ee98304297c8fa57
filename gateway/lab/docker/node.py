"""A node that is a container."""

import io
import tarfile
from asyncio import StreamReader
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import TypeVar

from gateway.lab.backend import CommandError, Completed, shell_words
from gateway.lab.docker import execs
from gateway.lab.docker.session import Session
from gateway.lab.topology import NodePlan

T = TypeVar("T")

_KILLED = 137
_READ_LIMIT = 30.0
_START = 'mkdir -p "${1%/*}"; echo $$ >"$1.pid"; log=$1; shift; exec "$@" >>"$log" 2>&1 </dev/null'
_STOP = """
pid=$(cat "$1.pid")
kill -TERM "$pid" || exit 0
for try in $(seq 30); do
    kill -0 "$pid" 2>/dev/null || exit 0
    sleep 0.1
done
kill -KILL "$pid"
"""
_RELAY = ("python3", "-m", "gateway.control.relay")


class DockerDaemon:
    """A program started in a container."""

    def __init__(self, node: "DockerNode", exec_id: str, log: str) -> None:
        self._node = node
        self._exec = exec_id
        self._log = log

    @property
    def status(self) -> int | None:
        """Exit status, None while it runs."""
        from docker.errors import APIError  # noqa: PLC0415

        try:
            return execs.running_status(self._node.api, self._exec)
        except APIError:
            return _KILLED  # with its container

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL."""
        if self.status is None:
            await self._node.run("sh", "-c", _STOP, "stop", self._log)


class DockerNode:
    """A running container.

    Args:
        session: Of its lab.
        plan: Of the node.
        container: Its id.
    """

    def __init__(self, session: Session, plan: NodePlan, container: str) -> None:
        self.api = session.api
        self.plan = plan
        self.container = container
        self._session = session

    async def write(self, inside: str, text: str, *, mode: int = 0o644) -> None:
        """Write a file below /run, with its folders."""
        path, data = PurePosixPath(inside).relative_to("/run"), text.encode()
        file = tarfile.TarInfo(str(path))
        file.size, file.mode = len(data), mode
        await self._extract("/run", _archive(*_folders(path), file, data=data))

    async def read(self, inside: str) -> bytes:
        """Read a file below /run."""
        argv = ("cat", inside)
        status, output, _ = await self._run(argv, limit=_READ_LIMIT)
        return output if status == 0 else b""

    async def listens(self, socket: str) -> bool:
        """Look in the kernel's list: 00010000 marks a listener; paths may begin with /var."""
        found = await self.run("grep", "-q", f" 00010000 .*{socket}$", "/proc/net/unix")
        return found.status == 0

    async def connect(self, socket: str) -> tuple[StreamReader, execs.ExecStream]:
        """Connect through a relay in the container."""
        stream = await self._ask(
            partial(execs.ExecStream, self.api, self._session.streams, self.container, (*_RELAY, socket))
        )
        return stream.open(), stream

    async def cover(self, path: str, inside: str) -> None:
        """Have the engine put a link there, which the container itself has no right to."""
        place = PurePosixPath(path)
        link = tarfile.TarInfo(place.name)
        link.type, link.linkname = tarfile.SYMTYPE, inside
        await self._extract(str(place.parent), _archive(link))

    async def run(self, *argv: str, limit: float = 10.0, stdin: str | None = None) -> Completed:
        """Run to the end or the time limit."""
        return execs.completed(*await self._run(argv, limit=limit, stdin=stdin), limit)

    async def check(self, *argv: str, limit: float = 10.0, stdin: str | None = None) -> str:
        """Run, and raise ``CommandError`` unless the status is 0."""
        done = await self.run(*argv, limit=limit, stdin=stdin)
        if done.status != 0:
            said = (done.errors or done.output).strip()
            raise CommandError(
                f"{self.plan.name}: {shell_words(argv)} ended with status {done.status}: {said}"
            )
        return done.output

    async def start(self, *argv: str, log: str) -> DockerDaemon:
        """Start in the background, output to ``log``."""
        command = ["sh", "-c", _START, "start", log, *argv]

        def launch() -> str:
            made: str = self.api.exec_create(self.container, command)["Id"]
            self.api.exec_start(made, detach=True)
            return made

        return DockerDaemon(self, await self._ask(launch), log)

    def entry(self) -> dict[str, object]:
        """The container."""
        return {"container": self.container, "role": self.plan.role}

    async def _run(
        self, argv: Sequence[str], *, limit: float, stdin: str | None = None
    ) -> tuple[int, bytes, bytes]:
        run = partial(execs.run, self.api, self._session.streams, self.container, argv)
        return await self._ask(partial(run, limit=limit, stdin=stdin))

    async def _extract(self, folder: str, archive: bytes) -> None:
        await self._ask(partial(self.api.put_archive, self.container, folder, archive))

    async def _ask(self, function: Callable[[], T]) -> T:
        return await self._session.ask(self.plan.name, function)


def _folders(path: PurePosixPath) -> list[tarfile.TarInfo]:
    """The folders above a relative path, the outermost first."""
    folders = [tarfile.TarInfo(str(folder)) for folder in reversed(path.parents[:-1])]
    for folder in folders:
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
    return folders


def _archive(*members: tarfile.TarInfo, data: bytes = b"") -> bytes:
    """A tar archive; ``data`` is the content of its only regular file."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()
