"""What several rules say in the same words."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.history import History


def where(record: Record, message: str) -> str:
    """Where a message was seen: ``IKE_AUTH request from 198.51.100.10:4500 (record 12)``."""
    return f"{message} from {record['data']['remote']} (record {record['id']})"


def device_link(history: History) -> str:
    """The device link by its name, in quotes."""
    return f'device link "{history.tunnel.link}"'


def seconds(duration: float) -> str:
    """A duration for people: ``7 s``."""
    return f"{duration:.0f} s"


def span(duration: float) -> str:
    """A duration for people, in what suits its length: ``60 min``."""
    minute, hour = 60.0, 3600.0
    if duration < 2 * minute:
        return seconds(duration)
    return f"{duration / minute:.0f} min" if duration < 2 * hour else f"{duration / hour:.0f} h"


def plural(number: int, word: str) -> str:
    """``1 proposal``, ``2 proposals``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
