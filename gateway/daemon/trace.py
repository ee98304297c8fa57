"""Writes the stream of records to a file: a JSON text sequence (RFC 7464), one record each.

A trace holds no keys. It is appended to, so that a gateway that was restarted goes on in the same file.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway.records import RECORD_SEPARATOR, Record, sequence_text


class Trace:
    """Appends records to a file, each as soon as it is published.

    Args:
        path: The file; created with mode 0600, its directory too.

    Raises:
        OSError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, record: Record) -> None:
        """Append a record."""
        self._file.write(sequence_text(record.as_json()))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TraceError(Exception):
    """A file is no trace; the text says which and why."""


def read_trace(path: Path) -> list[dict[str, Any]]:
    """The records of a trace in their JSON form, in order.

    A last record that was cut off when the gateway was killed is left out (RFC 7464 section 2.3).

    Raises:
        TraceError: The file cannot be read, or is no trace.
    """
    try:
        start, *texts = path.read_text("utf-8").split(RECORD_SEPARATOR)
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TraceError(f"{path} is no trace: not UTF-8") from error
    if start or not texts:
        raise TraceError(
            f"{path} is no trace: expected what `gsalab up --trace` or `gsalab lab run --trace` writes"
        )
    if not texts[-1].endswith("\n"):
        texts.pop()
    if not texts:
        raise TraceError(f"{path}: its only event was cut off, so nothing is known of the run")
    return [_record(path, number, text) for number, text in enumerate(texts, 1)]


def last_run(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of the gateway that wrote last: each one counts its records anew."""
    starts = [
        index for index, record in enumerate(records) if index and record["id"] <= records[index - 1]["id"]
    ]
    return list(records[starts[-1] if starts else 0 :])


def _record(path: Path, number: int, text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except ValueError as error:
        raise TraceError(f"{path}: record {number} is no JSON: {error}") from error
    if not isinstance(record, dict) or not {"id", "time", "name"} <= record.keys():
        raise TraceError(f"{path}: record {number} is no event of a gateway")
    return {"data": {}, **record}
