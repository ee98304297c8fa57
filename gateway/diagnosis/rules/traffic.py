"""What findings about traffic have in common."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.history import History

RECENT_SECONDS = 300.0
"""For how long a packet that should not be there counts: that it stays away is not to be seen."""

PROFILE_NAMES = {"microsoft": "Microsoft traffic profile", "internet": "Internet Access profile"}


def recent(history: History, records: list[Record]) -> Record | None:
    """The last of the records, when it is not too old."""
    return records[-1] if records and history.age(records[-1]) <= RECENT_SECONDS else None


def drops(history: History, reason: str) -> list[Record]:
    """What the edge dropped for a reason, in order."""
    return [record for record in history.drops if record["data"]["reason"] == reason]


def flow(record: Record) -> str:
    """``10.1.0.10 to 52.96.0.1 tcp/443``."""
    data = record["data"]
    service = f"{data['protocol']}/{data['port']}" if "port" in data else data["protocol"]
    return f"{data['source']} to {data['destination']} {service}"
