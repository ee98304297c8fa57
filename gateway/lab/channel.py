"""JSON objects, one per line, through a pipe: what the lab tells the command that started it."""

import json
import os
from collections.abc import Iterator
from typing import Any

_CHUNK = 65536


class Sender:
    """The writing end.

    Args:
        fd: A pipe's write end; owned from now on.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def send(self, kind: str, body: Any) -> None:  # noqa: ANN401 - whatever JSON can carry
        """Write one message; a reader that has gone is no error, because then the lab ends as well."""
        data = json.dumps({kind: body}).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except BrokenPipeError:
            return

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._fd)


def receive(fd: int) -> Iterator[tuple[str, Any]]:
    """Messages as (kind, body), until every writer has closed; a last line that was cut short is dropped."""
    pending = b""
    while chunk := os.read(fd, _CHUNK):
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            yield from json.loads(line).items()
