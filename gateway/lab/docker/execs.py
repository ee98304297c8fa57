"""Programs in containers: run to their end, or with a byte stream to and from them."""

import asyncio
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
_POLL = 0.005

# The SDK reads the answer to its request through a buffer and then hands over the bare socket: output that is
# there by then is lost in the buffer. So a program starts only when it is told to, through the socket.
_WHEN_TOLD = 'read -r go || exit 125; limit=$1; shift; exec timeout -k 1 "$limit" "$@" </dev/null'
_WHEN_TOLD_WITH_INPUT = (
    'read -r go || exit 125; limit=$1; shift; printf %s "$LAB_INPUT" | timeout -k 1 "$limit" "$@"'
)


def run(
    api: "APIClient", container: str, argv: Sequence[str], *, limit: float, stdin: str | None = None
) -> tuple[int, bytes, bytes]:
    """Run a program in a container; returns its status and what it printed. Blocks.

    Raises:
        docker.errors.APIError: The container is gone.
    """
    script = _WHEN_TOLD if stdin is None else _WHEN_TOLD_WITH_INPUT
    # In the environment, because arguments are for every user of the machine to read.
    environment = None if stdin is None else {"LAB_INPUT": stdin}
    command = ["sh", "-c", script, "run", f"{limit:g}", *argv]
    made = api.exec_create(container, command, stdin=True, environment=environment)["Id"]
    stream = api.exec_start(made, socket=True)
    socket = _bare(stream)
    socket.settimeout(None)
    socket.sendall(b"\n")
    output, errors = bytearray(), bytearray()
    for kind, data in _frames(stream):
        (output if kind == _STDOUT else errors).extend(data)
    stream.close()
    return _status(api, made), bytes(output), bytes(errors)


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


def _status(api: "APIClient", exec_id: str) -> int:
    """The status of a program whose output has ended; the engine takes a moment to learn it."""
    while (status := running_status(api, exec_id)) is None:
        time.sleep(_POLL)
    return status


class ExecStream:
    """A program's standard input, written to like an ``asyncio.StreamWriter``, and its output as ``reader``.

    Args:
        api: The engine.
        container: Where the program runs.
        argv: The program; it must say nothing before it is told something.
    """

    def __init__(self, api: "APIClient", container: str, argv: Sequence[str]) -> None:
        made = api.exec_create(container, list(argv), stdin=True)["Id"]
        self._stream = api.exec_start(made, socket=True)
        self._socket = _bare(self._stream)
        self._socket.settimeout(None)

    def open(self) -> StreamReader:
        """Begin to read, on the running loop."""
        loop, reader = asyncio.get_running_loop(), StreamReader(limit=LINE_LIMIT)

        def pump() -> None:
            try:
                for kind, data in _frames(self._stream):
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


def _frames(stream: Any) -> Iterator[tuple[int, bytes]]:  # noqa: ANN401 - the same
    from docker.utils.socket import frames_iter  # noqa: PLC0415

    yield from frames_iter(stream, tty=False)  # type: ignore[no-untyped-call]
