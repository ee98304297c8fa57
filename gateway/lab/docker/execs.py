"""Programs in containers: run to their end, or with a byte stream to and from them."""

import asyncio
import contextlib
import socket
import struct
import threading
import time
from asyncio import StreamReader
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gateway.control.client import LINE_LIMIT
from gateway.lab.backend import TIMED_OUT, Completed

if TYPE_CHECKING:
    from docker import APIClient

_STDOUT = 1
_FRAME = struct.Struct(">BxxxL")
"""Head of a frame: which output, and how many octets follow."""
_PIECE = 65536
_POLL = 0.005
_GRACE = 10.0
"""Seconds beyond a program's time limit in which the engine has to say that it has ended."""

# The SDK reads the answer to its request through a buffer and then hands over the bare socket: output that is
# there by then is lost in the buffer. So a program starts only when it is told to, through the socket.
_WHEN_TOLD = 'read -r go || exit 125; limit=$1; shift; exec timeout -k 1 "$limit" "$@" </dev/null'
_WHEN_TOLD_WITH_INPUT = (
    'read -r go || exit 125; limit=$1; shift; printf %s "$LAB_INPUT" | timeout -k 1 "$limit" "$@"'
)


class Streams:
    """The connections of one lab to its programs, to be cut when the lab ends.

    An engine may never tell the end of a program that starts while its container dies: the connection stays
    open. So nobody waits for that.
    """

    def __init__(self) -> None:
        self.are_cut = False
        self._open: set[Any] = set()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def held(self, connection: Any) -> Iterator[None]:  # noqa: ANN401 - of whichever transport the SDK uses
        """Have a connection cut by ``cut`` inside this block, at once when that was called before."""
        with self._lock:
            self._open.add(connection)
            if self.are_cut:
                _shut(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)

    def cut(self) -> None:
        """End what is read from every connection, and from those to come."""
        with self._lock:
            self.are_cut = True
            for connection in self._open:
                _shut(connection)


def run(
    api: "APIClient",
    streams: Streams,
    container: str,
    argv: Sequence[str],
    *,
    limit: float,
    stdin: str | None = None,
) -> tuple[int, bytes, bytes]:
    """Run a program in a container; returns its status and what it printed. Blocks.

    Raises:
        docker.errors.APIError: The container is gone.
        OSError: The engine does not tell the program's end; or the lab has ended.
    """
    script = _WHEN_TOLD if stdin is None else _WHEN_TOLD_WITH_INPUT
    # In the environment, because arguments are for every user of the machine to read.
    environment = None if stdin is None else {"LAB_INPUT": stdin}
    command = ["sh", "-c", script, "run", f"{limit:g}", *argv]
    deadline = time.monotonic() + limit + _GRACE
    made = api.exec_create(container, command, stdin=True, environment=environment)["Id"]
    stream = api.exec_start(made, socket=True)
    connection = _bare(stream)
    output, errors = bytearray(), bytearray()
    with contextlib.closing(stream), streams.held(connection):
        connection.settimeout(limit + _GRACE)
        connection.sendall(b"\n")
        for kind, data in _frames(connection, deadline):
            (output if kind == _STDOUT else errors).extend(data)
    return _status(api, made, streams, deadline), bytes(output), bytes(errors)


def completed(status: int, output: bytes, errors: bytes, limit: float) -> Completed:
    """The result of ``run`` as a lab wants it."""
    if status == TIMED_OUT:
        return Completed(status=status, output="", errors=f"no end within {limit:g} s")
    return Completed(
        status=status, output=output.decode(errors="replace"), errors=errors.decode(errors="replace")
    )


def running_status(api: "APIClient", exec_id: str) -> int | None:
    """The exit status of a program, None while it runs."""
    state = api.exec_inspect(exec_id)
    return None if state["Running"] else int(state["ExitCode"] or 0)


def _status(api: "APIClient", exec_id: str, streams: Streams, deadline: float) -> int:
    """The status of a program whose output has ended; the engine takes a moment to learn it."""
    while (status := running_status(api, exec_id)) is None:
        if streams.are_cut:
            raise ConnectionAbortedError("the lab has ended")
        if time.monotonic() > deadline:
            raise TimeoutError("it does not tell the end of a program whose output has ended")
        time.sleep(_POLL)
    return status


class ExecStream:
    """A program's standard input, written to like an ``asyncio.StreamWriter``, and its output as ``reader``.

    Args:
        api: The engine.
        streams: Of its lab.
        container: Where the program runs.
        argv: The program; it must say nothing before it is told something.
    """

    def __init__(self, api: "APIClient", streams: Streams, container: str, argv: Sequence[str]) -> None:
        made = api.exec_create(container, list(argv), stdin=True)["Id"]
        self._streams = streams
        self._stream = api.exec_start(made, socket=True)
        self._socket = _bare(self._stream)
        self._socket.settimeout(None)

    def open(self) -> StreamReader:
        """Begin to read, on the running loop."""
        loop, reader = asyncio.get_running_loop(), StreamReader(limit=LINE_LIMIT)

        def pump() -> None:
            try:
                with self._streams.held(self._socket):
                    for kind, data in _frames(self._socket):
                        if kind == _STDOUT:
                            loop.call_soon_threadsafe(reader.feed_data, data)
                loop.call_soon_threadsafe(reader.feed_eof)
            except (OSError, RuntimeError):
                return  # closed by us, or the loop has ended

        threading.Thread(target=pump, daemon=True).start()
        return reader

    def write(self, data: bytes, /) -> None:
        """Send at once: requests are short."""
        self._socket.sendall(data)

    async def drain(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """End the program's input; it ends by that, and with it its output."""
        self._socket.close()


def _bare(stream: Any) -> Any:  # noqa: ANN401 - a socket of whichever transport the SDK uses
    """The socket itself: what the SDK returns is a file for reading, except over TLS."""
    return getattr(stream, "_sock", stream)


def _shut(connection: Any) -> None:  # noqa: ANN401 - the same
    """Let whoever reads from it find its end."""
    with contextlib.suppress(OSError):  # it has ended already
        connection.shutdown(socket.SHUT_RDWR)


def _frames(connection: Any, deadline: float | None = None) -> Iterator[tuple[int, bytes]]:  # noqa: ANN401
    """What comes in, each piece with the number of its output; raises ``TimeoutError`` at the deadline."""
    received = bytearray()
    while True:
        while len(received) < _FRAME.size or len(received) < _FRAME.size + _FRAME.unpack_from(received)[1]:
            if deadline is not None:
                connection.settimeout(max(deadline - time.monotonic(), _POLL))
            piece = connection.recv(_PIECE)
            if not piece:
                return
            received += piece
        kind, length = _FRAME.unpack_from(received)
        yield kind, bytes(received[_FRAME.size : _FRAME.size + length])
        del received[: _FRAME.size + length]
