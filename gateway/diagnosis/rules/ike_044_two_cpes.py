"""GSA-IKE-044: two CPEs use one device link, from one public address."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import where

AFRESH = "INITIAL_CONTACT"
"""In the reason of an ``ike_sa_closed`` that a newer IKE SA has brought about."""


def _find(history: History) -> Evidence | None:
    pair = _side_by_side(history)
    if pair is not None:
        one, other = pair
        ids = (one["data"]["identity"], other["data"]["identity"])
        saw = (
            f"two live IKE SAs with the identities {ids[0]} ({one['data']['remote']}) and "
            f"{ids[1]} ({other['data']['remote']})"
        )
        return _evidence(history, pair, saw, Certainty.PROVEN)
    turns = _in_turns(history)
    if turns is None:
        return None
    saw = (
        f"IKE SAs from {turns[0]['data']['remote']} and {turns[1]['data']['remote']} in turns, each of which "
        "ends the other with INITIAL_CONTACT"
    )
    return _evidence(history, turns, saw, Certainty.LIKELY)


def _side_by_side(history: History) -> tuple[Record, Record] | None:
    """The newest two live IKE SAs of different identities, when both were heard since both exist."""
    live: dict[str, Record] = {}
    for record in history.all("ike_sa_established", "ike_sa_rekeyed", "ike_sa_closed"):
        match record["name"]:
            case "ike_sa_established":
                live[record["ike_spi"]] = record
            case "ike_sa_rekeyed":
                if old := live.pop(record["data"]["replaces"], None):
                    live[record["ike_spi"]] = old
            case _:
                live.pop(record["ike_spi"], None)
    newest = max(live.values(), key=lambda record: record["id"], default=None)
    if newest is None:
        return None
    heard = {r.get("ike_spi") for r in history.all("message_received", after=newest["id"])}
    others = [
        r for spi, r in live.items() if spi in heard and r["data"]["identity"] != newest["data"]["identity"]
    ]
    return (others[-1], newest) if others else None


def _in_turns(history: History) -> tuple[Record, ...] | None:
    """The last three IKE SAs, when the first and the third came from one port and the second from another."""
    made = history.all("ike_sa_established")[-3:]
    ended = {r["ike_spi"] for r in history.all("ike_sa_closed") if AFRESH in r["data"]["reason"]}
    if len(made) < 3 or not {r["ike_spi"] for r in made[:2]} <= ended:  # noqa: PLR2004 - A, B, A
        return None
    first, second, third = (r["data"]["remote"] for r in made)
    return tuple(made) if first == third != second else None


def _evidence(history: History, made: tuple[Record, ...], saw: str, certainty: Certainty) -> Evidence:
    up = history.last("child_sa_established", after=made[-1]["id"])
    return Evidence(
        where=where(made[-1], "IKE_AUTH request"),
        saw=saw,
        expected="one CPE on one device link",
        because=(*made, *([up] if up else [])),
        certainty=certainty,
        fix=Fix(
            cpe="switch the tunnel off on one of the two, or give it a public address of its own",
            device_link="a link for each CPE, with the public address of that CPE as device IP address",
        ),
    )


RULE = Rule(
    code="GSA-IKE-044",
    title="Two CPEs with one public address",
    step=Step.CHILD_SA,
    certainty=Certainty.PROVEN,
    service="would take the newest tunnel for the link's only one; the other CPE goes silent",
    find=_find,
    page=Page(
        symptom=(
            "Each of two routers works alone. Together one of them loses its traffic when the other comes "
            "up, or the two take turns every few minutes."
        ),
        cause=(
            "The gateway finds the device link by the public address that datagrams come from. Two CPEs "
            "behind one NAT, such as a router and its replacement or the two of a cluster, are one link to "
            "it: one BGP session, one set of routes, and return traffic goes to whoever came last."
        ),
        proof=(
            "Two IKE SAs of one link that are alive at the same time, with two identities; both sent "
            "messages after both existed. Where both CPEs call themselves the same, each new IKE SA ends "
            "the other's by INITIAL_CONTACT (RFC 7296 section 2.4): source ports that alternate make it "
            "likely."
        ),
        fix=(
            "Give each CPE a public address and a device link of its own, or let only one of them have the "
            "tunnel. For a standby router, switch the tunnel on only when the other is down."
        ),
        service="Not documented; a link whose tunnel disconnects and connects again and again.",
    ),
)
