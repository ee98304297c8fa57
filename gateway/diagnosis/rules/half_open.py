"""IKE SAs of which nothing came after IKE_SA_INIT: what the rules about them read."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.history import History
from gateway.diagnosis.rules.repetitions import repeated_init

SILENCE_SECONDS = 5.0
"""A CPE sends IKE_AUTH at once; its first retransmission follows within about four seconds."""


def silent_after_init(history: History) -> Record | None:
    """The ``ike_sa_init_answered`` of the newest IKE SA, when the CPE has been silent since."""
    answered = history.last("ike_sa_init_answered")
    if answered is None or history.age(answered) < SILENCE_SECONDS or repeated_init(history):
        return None
    ours = (r for r in history.records if r.get("ike_spi") == answered["ike_spi"])
    return None if any(_is_later_message(r) for r in ours) else answered


def fragments_itself(history: History, answered: Record) -> bool:
    """Whether the CPE has said that it cuts large messages into IKE fragments (RFC 7383)."""
    return "N(IKEV2_FRAGMENTATION_SUPPORTED)" in _request(history, answered)


def wants_post_quantum_key(history: History, answered: Record) -> bool:
    """Whether the CPE's IKE_SA_INIT asked for a post-quantum pre-shared key (RFC 8784), which we have not."""
    return "N(USE_PPK)" in _request(history, answered)


def lost_ip_fragments(history: History, answered: Record) -> Record | None:
    """The last ``ip_fragments_incomplete`` since the answer, or None."""
    found = (r for r in reversed(history.stream) if r["name"] == "ip_fragments_incomplete")
    return next((r for r in found if r["id"] > answered["id"]), None)


def _request(history: History, answered: Record) -> list[str]:
    """The payloads of the IKE_SA_INIT request that was answered."""
    requests = [
        r
        for r in history.all("message_received")
        if r["id"] < answered["id"] and r["data"]["exchange"] == "IKE_SA_INIT"
    ]
    return requests[-1]["data"]["payloads"] if requests else []


def _is_later_message(record: Record) -> bool:
    """Whether anything but the first exchange came for the IKE SA."""
    if record["name"] == "message_received":
        return bool(record["data"]["exchange"] != "IKE_SA_INIT")
    return record["name"] in {"datagram_dropped", "reassembly_started"}
