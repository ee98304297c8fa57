"""How a BGP session was ended, and whether that is still so."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.history import History

SETTLED_SECONDS = 2.0
"""A CPE that takes its tunnel down ends BGP just before: then the tunnel is gone within this time."""
QUIET_SECONDS = 10.0
"""A session that lasts so long again is well; one that does not come back in this time is not about to."""


def ended_by(history: History, *kinds: str) -> Record | None:
    """The last NOTIFICATION since the tunnel is up, if it has one of these names."""
    up = history.up_since
    if up is None:
        return None
    notifications = history.all("notification_received", "notification_sent", after=up["id"])
    return notifications[-1] if notifications and notifications[-1]["name"] in kinds else None


def stands(history: History, notification: Record) -> bool:
    """Whether the session is down since the NOTIFICATION, or came back too lately to say that it is well."""
    session = history.bgp
    if session is not None:
        return history.age(session) <= QUIET_SECONDS
    return history.age(notification) >= SETTLED_SECONDS
