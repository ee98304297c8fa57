"""The ports that a CPE's IKE comes from: what the rules about address translation read."""

from typing import NamedTuple

from gateway.diagnosis.facts import Record
from gateway.diagnosis.history import History, host

IKE, NATT = 500, 4500


class Arrivals(NamedTuple):
    """The two exchanges that make an IKE SA, as they arrived.

    Args:
        init: ``nat_detection`` of IKE_SA_INIT.
        auth: ``ike_sa_established`` of IKE_AUTH.
    """

    init: Record
    auth: Record

    @property
    def ports(self) -> tuple[int, int]:
        """The CPE's source ports."""
        return port(self.init["data"]["remote"]), port(self.auth["data"]["remote"])


def arrivals(history: History) -> Arrivals | None:
    """Those of the newest IKE SA, when it went from UDP 500 to UDP 4500."""
    auth = history.last("ike_sa_established")
    if auth is None or port(auth["data"]["local"]) != NATT:
        return None
    before = [r for r in history.all("nat_detection") if r["id"] < auth["id"]]
    if not before or port(before[-1]["data"]["local"]) != IKE:
        return None
    return Arrivals(before[-1], auth)


def moves(history: History) -> list[Record]:
    """Every ``path_changed`` of the newest IKE SA in which the CPE's port alone became another."""
    auth = history.last("ike_sa_established")
    changed = history.all("path_changed", after=auth["id"] if auth else 0)
    ends = [(r, *old_and_new(r)) for r in changed]
    return [r for r, old, new in ends if old != new and host(old) == host(new)]


def old_and_new(moved: Record) -> tuple[str, str]:
    """The CPE's address and port before and after a ``path_changed``."""
    return _end(moved, "old"), _end(moved, "new")


def after_silence(history: History, moved: Record) -> Record | None:
    """Our request that stayed unanswered until the CPE came from its new port, or None."""
    asked = [r for r in history.all("request_retransmitted") if r["id"] < moved["id"]]
    if not asked:
        return None
    heard = [r for r in history.all("message_received") if asked[-1]["id"] < r["id"] < moved["id"]]
    # The message that shows the new port is told before the move.
    return asked[-1] if all(r["data"]["remote"] == _end(moved, "new") for r in heard) else None


def believed(history: History, detection: Record) -> str:
    """``; the CPE believes ...``, as far as its hash tells; empty otherwise."""
    account = history.autopsies.account(detection)
    return f"; {account}" if account else ""


def port(end: str) -> int:
    """The port of ``address:port``."""
    return int(end.rpartition(":")[2])


def _end(moved: Record, which: str) -> str:
    _, _, address, number = moved["data"][which]
    return f"{address}:{number}"
