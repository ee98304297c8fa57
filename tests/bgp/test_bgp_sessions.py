"""Sessions: recorded messages in, events out."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from bgp import events
from bgp.events import BgpEvent
from bgp.messages import parse
from bgp.sessions import Sessions, as_loaded
from tests.bgp.sandbox import BRANCH, neighbor

DATA = Path(__file__).parent / "data"
FIRST, SECOND = neighbor(0), neighbor(1)
PROFILE = frozenset({IPv4Network("20.0.0.0/8"), IPv4Network("52.0.0.0/8")})
UNTIL_LEARNED = 15
"""Lines of the recording until both prefixes of the branch are learned and the profile is sent."""


def sessions() -> Sessions:
    table = Sessions()
    table.set_neighbors([FIRST, SECOND])
    table.loaded()
    return table


def play(table: Sessions, name: str, count: int | None = None) -> list[BgpEvent]:
    lines = (DATA / name).read_bytes().splitlines()[:count]
    return [event for line in lines for event in table.receive(parse(line))]


def test_an_established_session_is_reported_with_what_was_negotiated() -> None:
    found = play(sessions(), "closed_by_peer.jsonl")
    (established,) = [event for event in found if isinstance(event, events.Established)]
    assert established.neighbor == FIRST.name
    assert established.peer_as == 65533
    assert established.router_id == IPv4Address("10.1.1.2")
    assert (established.hold_time, established.peer_hold_time) == (3, 3)
    assert established.families == ("ipv4 unicast",)
    assert "route refresh" in established.capabilities


def test_learned_prefixes_are_reported_and_kept() -> None:
    table = sessions()
    found = play(table, "closed_by_peer.jsonl", UNTIL_LEARNED)
    learned = [event.prefixes for event in found if isinstance(event, events.RoutesLearned)]
    assert learned == [(IPv4Network("10.1.0.0/16"),), (IPv4Network("10.2.0.0/16"),)]
    assert table.learned(FIRST.name) == BRANCH


def test_the_open_message_is_reported_also_when_it_is_refused() -> None:
    found = play(sessions(), "wrong_as.jsonl")
    (opened,) = [event for event in found if isinstance(event, events.OpenReceived)]
    assert (opened.neighbor, opened.peer_as, opened.peer_hold_time) == (SECOND.name, 65533, 3)


def test_one_prefix_more_than_allowed_is_not_learned_and_reported_once() -> None:
    limited = neighbor(0, prefix_limit=1)
    table = sessions()
    table.set_neighbors([limited, SECOND])
    found = play(table, "closed_by_peer.jsonl", UNTIL_LEARNED)
    lines = (DATA / "closed_by_peer.jsonl").read_bytes().splitlines()[:UNTIL_LEARNED]
    found += [event for line in lines if b'"update"' in line for event in table.receive(parse(line))]
    exceeded = [event for event in found if isinstance(event, events.PrefixLimitExceeded)]
    assert exceeded == [events.PrefixLimitExceeded(neighbor=limited.name, count=2, limit=1)]
    assert table.learned(limited.name) == {IPv4Network("10.1.0.0/16")}


def test_as_many_prefixes_as_allowed_are_learned() -> None:
    table = sessions()
    table.set_neighbors([neighbor(0, prefix_limit=2), SECOND])
    play(table, "closed_by_peer.jsonl", UNTIL_LEARNED)
    assert table.learned(FIRST.name) == BRANCH


def test_the_session_of_the_same_peer_with_another_local_address_is_not_touched() -> None:
    table = sessions()
    play(table, "closed_by_peer.jsonl", UNTIL_LEARNED)
    assert table.learned(SECOND.name) == frozenset()
    assert table.connected == [FIRST]


def test_learned_prefixes_are_withdrawn_with_the_session() -> None:
    table = sessions()
    found = play(table, "hold_timer_expired.jsonl")
    closed = next(i for i, event in enumerate(found) if isinstance(event, events.Closed))
    assert found[closed:] == [
        events.Closed(
            neighbor=FIRST.name, reason="NOTIFICATION sent: Hold Timer Expired", was_established=True
        ),
        events.RoutesWithdrawn(neighbor=FIRST.name, prefixes=tuple(sorted(BRANCH))),
        events.SessionState(neighbor=FIRST.name, state=events.FsmState.IDLE),
    ]
    assert not table.learned(FIRST.name)


def test_an_attempt_that_fails_in_the_open_message_says_that_it_was_never_up() -> None:
    found = play(sessions(), "wrong_as.jsonl")
    (sent,) = [event for event in found if isinstance(event, events.NotificationSent)]
    (closed,) = [event for event in found if isinstance(event, events.Closed)]
    assert (sent.code, sent.subcode, sent.text) == (2, 2, "OPEN Message Error / Bad Peer AS")
    assert not closed.was_established
    assert closed.reason == (
        "NOTIFICATION sent: OPEN Message Error / Bad Peer AS"
        " (ASN in OPEN (65533) did not match ASN expected (65000))"
    )


def test_advertised_routes_are_reported_when_all_were_sent() -> None:
    table = sessions()
    table.advertise(FIRST.name, PROFILE)
    found = play(table, "closed_by_peer.jsonl", UNTIL_LEARNED)
    assert events.RoutesAdvertised(neighbor=FIRST.name, count=2) in found


def test_routes_are_told_for_loaded_neighbours_only() -> None:
    table = Sessions()
    table.advertise(FIRST.name, PROFILE)
    table.set_neighbors([FIRST])
    assert table.commands() == []
    table.loaded()
    assert len(table.commands()) == 1
    assert table.commands() == []


def test_routes_are_told_again_to_a_neighbour_that_was_removed_and_added() -> None:
    table = sessions()
    table.advertise(FIRST.name, PROFILE)
    table.advertise(SECOND.name, PROFILE)
    table.commands()
    table.set_neighbors([FIRST])
    table.set_neighbors([FIRST, SECOND])
    table.loaded()
    (command,) = table.commands()
    assert "local-ip 192.168.1.3" in command


def test_everything_is_told_again_after_exabgp_was_lost() -> None:
    table = sessions()
    table.advertise(FIRST.name, PROFILE)
    before = table.commands()
    table.lost("ExaBGP ended")
    assert table.commands() == []
    table.loaded()
    assert table.commands() == before


def test_losing_exabgp_closes_what_was_up_and_withdraws_its_routes() -> None:
    table = sessions()
    play(table, "closed_by_peer.jsonl", UNTIL_LEARNED)
    assert table.lost("ExaBGP ended") == [
        events.Closed(neighbor=FIRST.name, reason="ExaBGP ended", was_established=True),
        events.RoutesWithdrawn(neighbor=FIRST.name, prefixes=tuple(sorted(BRANCH))),
        events.SessionState(neighbor=FIRST.name, state=events.FsmState.IDLE),
    ]


def test_a_changed_neighbour_is_another_session() -> None:
    table = sessions()
    play(table, "closed_by_peer.jsonl", UNTIL_LEARNED)
    found = table.set_neighbors([neighbor(0, hold_time=90), SECOND])
    assert found[0] == events.Closed(
        neighbor=FIRST.name, reason="the neighbour was removed", was_established=True
    )
    assert not table.learned(FIRST.name)


@pytest.mark.parametrize(
    "clash",
    [neighbor(0, name="branch/other/0"), neighbor(1, name="branch/link/0")],
    ids=["addresses", "name"],
)
def test_neighbours_that_cannot_be_told_apart_are_refused(clash: object) -> None:
    table = sessions()
    with pytest.raises(ValueError, match="of neighbour branch/link/0 again"):
        table.set_neighbors([FIRST, clash])  # type: ignore[list-item]  # a Neighbor
    assert table.neighbors == [FIRST, SECOND]


def test_messages_about_unknown_sessions_are_ignored() -> None:
    assert play(Sessions(), "closed_by_peer.jsonl") == []


def test_what_is_not_understood_is_an_event() -> None:
    (event,) = sessions().receive(parse(b"gibberish"))
    assert isinstance(event, events.UnexpectedOutput)
    assert event.text == "gibberish"


def test_a_session_that_is_up_without_an_open_message_is_an_event() -> None:
    lines = (DATA / "closed_by_peer.jsonl").read_bytes().splitlines()
    up = next(line for line in lines if b'"state": "up"' in line)
    (event,) = sessions().receive(parse(up))
    assert isinstance(event, events.UnexpectedOutput)


def test_exabgp_lists_a_neighbour_as_it_was_rendered() -> None:
    loaded = parse((DATA / "neighbors.json").read_bytes())
    assert loaded.neighbors == as_loaded([FIRST])  # type: ignore[union-attr]  # a NeighborsMessage
