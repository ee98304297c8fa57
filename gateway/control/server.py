"""Answers questions about a running gateway on a unix socket (mode 0600), one JSON object per line."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from gateway.records import Record, Stream

Method = Callable[[dict[str, Any]], Awaitable[Any]]
MAX_REQUEST = 65_536
"""Octets of a request line."""
QUEUE = 20_000
"""Records that wait for a slow reader of events before it is disconnected."""


class ControlError(Exception):
    """A request cannot be answered; the text goes to the client."""


class ControlServer:
    """The control socket.

    A request is ``{"method": NAME, "params": {...}}``. The answer is one line, ``{"result": ...}`` or
    ``{"error": {"message": ...}}``; for ``events`` it is one record per line instead.

    Args:
        path: Where the socket is made; a stale one is replaced.
        methods: What can be asked, by name.
        stream: Records for ``events``.
    """

    def __init__(self, path: Path, methods: Mapping[str, Method], stream: Stream) -> None:
        self._path = path
        self._methods = methods
        self._stream = stream
        self._clients: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            ControlError: Another gateway listens there.
            OSError: The socket cannot be made.
        """
        self._remove_stale()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(self._path))
            self._path.chmod(0o600)
            self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=MAX_REQUEST)
        except BaseException:
            listener.close()
            raise

    async def stop(self) -> None:
        """Disconnect the clients and remove the socket."""
        if self._server is None:
            return
        self._server.close()
        for client in tuple(self._clients):
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        self._path.unlink(missing_ok=True)
        self._server = None

    def _remove_stale(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(self._path))
            except ConnectionRefusedError:
                self._path.unlink(missing_ok=True)
            except FileNotFoundError:
                return
            else:
                raise ControlError(f"a gateway is running already: it answers on {self._path}")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)
        try:
            while line := await reader.readline():
                await self._answer(line, writer)
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass  # the client went away, sent a line beyond the limit, or the gateway stops
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            method, params = _parse(line)
            if method == "events":
                await self._send_events(params, writer)
                return
            answer = {"result": await self._method(method)(params)}
        except ControlError as error:
            answer = {"error": {"message": str(error)}}
        _write(writer, answer)
        await writer.drain()

    def _method(self, name: str) -> Method:
        if name not in self._methods:
            known = ", ".join(sorted([*self._methods, "events"]))
            raise ControlError(f"unknown method {name!r}: expected one of {known}")
        return self._methods[name]

    async def _send_events(self, params: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        """Send the records after ``since``, then those to come, until the client goes away."""
        since = params.get("since", 0)
        if not isinstance(since, int):
            raise ControlError("events: `since` is the id of a record, a whole number")
        queue: asyncio.Queue[Record] = asyncio.Queue(QUEUE)
        overrun = asyncio.Event()

        def keep(record: Record) -> None:
            try:
                queue.put_nowait(record)
            except asyncio.QueueFull:
                overrun.set()

        unsubscribe = self._stream.subscribe(keep)
        try:
            for record in [r for r in self._stream.history if r.id > since]:
                _write(writer, record.as_json())
            await writer.drain()
            while not overrun.is_set() and not writer.is_closing():
                _write(writer, (await queue.get()).as_json())
                await writer.drain()
        finally:
            unsubscribe()


def _parse(line: bytes) -> tuple[str, dict[str, Any]]:
    try:
        request = json.loads(line)
    except ValueError as error:
        raise ControlError(f"the request is no JSON: {error}") from error
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        raise ControlError('the request is no object with a "method"')
    params = request.get("params", {})
    if not isinstance(params, dict):
        raise ControlError('"params" is no object')
    return request["method"], params


def _write(writer: asyncio.StreamWriter, answer: object) -> None:
    writer.write(json.dumps(answer, separators=(",", ":")).encode() + b"\n")


def default_path() -> Path:
    """Where ``gsalab up`` listens unless told otherwise: in the user's own run directory."""
    run_dir = os.environ.get("XDG_RUNTIME_DIR")
    base = Path(run_dir) if run_dir else Path(f"/tmp/gsalab-{os.getuid()}")  # noqa: S108 - mode 0700, by user
    return (base / "gsalab" if run_dir else base) / "control.sock"
