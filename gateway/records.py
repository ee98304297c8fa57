"""The one stream of events that feeds the console, the control socket and the diagnosis.

Every part of the gateway publishes ``Record`` objects to one ``Stream``. A record is plain data, so the
stream can be written down and read again elsewhere.
"""

import itertools
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Category = Literal["ike", "nat", "esp", "bgp", "edge", "lab"]
HISTORY = 10_000
"""Records kept in memory for those who ask later."""
RECORD_SEPARATOR = "\x1e"
"""Begins each text of a trace, which is a JSON text sequence (RFC 7464 section 2.2)."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One thing that happened.

    Args:
        id: Number in the stream, from 1.
        time: Seconds since the Unix epoch.
        category: Which part saw it.
        name: What happened, in snake case: ``child_sa_established``.
        remote_network: Name of the remote network, when known.
        link: Name of the device link, when known.
        tunnel: Name of the tunnel, ``remote network/link/0`` or ``.../1``, when known.
        ike_spi: ``SPIi_SPIr`` in hexadecimal, for records of the ike category.
        data: JSON-compatible facts of this kind of record.
    """

    id: int
    time: float
    category: Category
    name: str
    remote_network: str | None = None
    link: str | None = None
    tunnel: str | None = None
    ike_spi: str | None = None
    data: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The record as a JSON object, without the members that are None."""
        # Not dataclasses.asdict: it copies the data deeply, for every record that is shown.
        return {key: value for key in _MEMBERS if (value := getattr(self, key)) is not None}


_MEMBERS = tuple(each.name for each in fields(Record))


def sequence_text(record: Mapping[str, Any]) -> str:
    """A record in its JSON form as one text of a trace."""
    return f"{RECORD_SEPARATOR}{json.dumps(record, separators=(',', ':'))}\n"


class Stream:
    """Publishes records to subscribers, in order, and keeps the latest ``HISTORY`` of them.

    Args:
        clock: Returns seconds since the Unix epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._ids = itertools.count(1)
        self._subscribers: list[Callable[[Record], None]] = []
        self.history: deque[Record] = deque(maxlen=HISTORY)

    def publish(
        self,
        category: Category,
        name: str,
        *,
        tunnel: str | None = None,
        **data: Any,  # noqa: ANN401 - JSON-compatible facts
    ) -> Record:
        """Append a record; ``tunnel`` (``network/link/index``) also gives its remote network and link.

        ``remote_network``, ``link`` and ``ike_spi`` may be given in ``data`` and move to their own members.
        """
        parts = tunnel.rsplit("/", 2) if tunnel else []
        network = data.pop("remote_network", parts[0] if parts else None)
        link = data.pop("link", parts[1] if parts else None)
        record = Record(
            id=next(self._ids),
            time=self._clock(),
            category=category,
            name=name,
            remote_network=network,
            link=link,
            tunnel=tunnel,
            ike_spi=data.pop("ike_spi", None),
            data=data,
        )
        self.history.append(record)
        for subscriber in tuple(self._subscribers):
            subscriber(record)
        return record

    def subscribe(self, subscriber: Callable[[Record], None]) -> Callable[[], None]:
        """Call ``subscriber`` with every further record; returns a function that ends it."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)
