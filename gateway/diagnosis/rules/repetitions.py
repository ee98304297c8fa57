"""Requests that a CPE sends again although they were answered: our answers do not reach it."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Fix
from gateway.diagnosis.history import History

FEW = 2
"""A single answer is lost by chance now and then."""
BACK_SECONDS = 15.0
"""A CPE that starts over has told by then whether the answer reached it: it repeats, or goes on."""

_FIRST = "IKE_SA_INIT"
_SECOND = "IKE_AUTH"
_BGP = ("tcp_syn_seen", "connected", "established")


def repeated_init(history: History) -> list[Record]:
    """The repeated IKE_SA_INIT requests since the CPE last showed that it got an answer to one."""
    return _since_receipt(history, _FIRST, (_FIRST,))


def repeated_auth(history: History) -> list[Record]:
    """The repeated IKE_AUTH requests of IKE SAs that were made, since the CPE last showed to know of one."""
    made = {record["ike_spi"] for record in history.all("ike_sa_established")}
    repeated = _since_receipt(history, _SECOND, (_FIRST, _SECOND))
    return [record for record in repeated if record.get("ike_spi") in made]


def begun_again(history: History, answered: str, repeats: list[Record]) -> list[Record]:
    """The latest record named ``answered`` after the repeats, while it may share their fate."""
    later = history.last(answered, after=repeats[-1]["id"])
    return [later] if later is not None and history.age(later) < BACK_SECONDS else []


def auth_answers_lost(history: History) -> bool:
    """Whether the CPE repeats IKE_AUTH, and never showed that an answer reached it."""
    return len(repeated_auth(history)) >= FEW


def open_the_way_back(history: History, repeated: Record, device_link: str) -> Fix:
    """The fix: who let the request out has to let its answer in; ``device_link`` says why that is right."""
    port = port_answered_from(repeated)
    return Fix(
        cpe=(
            f"let UDP from {history.tunnel.advertised_endpoint}, port {port}, in to the CPE, on it and on "
            "every firewall before it"
        ),
        device_link=device_link,
    )


def port_answered_from(repeated: Record) -> str:
    """The gateway's port that a request came to, and its answer comes from."""
    return str(repeated["data"]["local"].rpartition(":")[2])


def _since_receipt(history: History, exchange: str, early: tuple[str, ...]) -> list[Record]:
    received = 0
    for record in history.records:
        if _shows_receipt(record, early):
            received = record["id"]
    return [r for r in history.all("request_repeated", after=received) if r["data"]["exchange"] == exchange]


def _shows_receipt(record: Record, early: tuple[str, ...]) -> bool:
    """Whether a CPE sends this only after an answer to the exchanges ``early``."""
    if record["name"] in {"message_received", "reassembly_started"}:
        return record["data"]["exchange"] not in early
    if record["name"] == "datagram_dropped":
        return _SECOND not in early and "ike_spi" in record
    return record["name"] in _BGP
