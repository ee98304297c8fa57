"""The routing information bases of a session."""

from ipaddress import IPv4Address, IPv4Network

from bgp.rib import AdjRibIn, AdjRibOut, Route

A, B, C = (IPv4Network(text) for text in ("20.0.0.0/8", "40.0.0.0/10", "52.0.0.0/8"))
ROUTE = Route(next_hop=IPv4Address("10.1.1.2"), as_path=(65533,))
LONGER = Route(next_hop=IPv4Address("10.1.1.2"), as_path=(65533, 64999))


def rib_out(*desired: IPv4Network) -> AdjRibOut:
    rib = AdjRibOut()
    rib.desired = frozenset(desired)
    return rib


def test_everything_desired_is_announced_at_first_in_order() -> None:
    assert rib_out(B, A).changes() == ([A, B], [])


def test_what_was_told_is_not_told_again() -> None:
    rib = rib_out(A)
    rib.changes()
    assert rib.changes() == ([], [])


def test_only_differences_are_told() -> None:
    rib = rib_out(A, B)
    rib.changes()
    rib.desired = frozenset({B, C})
    assert rib.changes() == ([C], [A])


def test_after_exabgp_forgot_everything_is_told_again() -> None:
    rib = rib_out(A, B)
    rib.changes()
    rib.forget()
    assert rib.changes() == ([A, B], [])


def test_it_is_complete_when_all_that_is_desired_was_sent() -> None:
    rib = rib_out(A, B)
    rib.sent([A], [])
    assert rib.newly_complete() is None
    rib.sent([B], [])
    assert rib.newly_complete() == 2


def test_completion_is_reported_once() -> None:
    rib = rib_out(A)
    rib.sent([A], [])
    rib.newly_complete()
    rib.sent([A], [])
    assert rib.newly_complete() is None


def test_it_is_not_complete_while_something_undesired_is_out() -> None:
    rib = rib_out(A)
    rib.sent([A, B], [])
    assert rib.newly_complete() is None
    rib.sent([], [B])
    assert rib.newly_complete() == 1


def test_withdrawing_everything_is_reported_as_none_advertised() -> None:
    rib = rib_out(A)
    rib.sent([A], [])
    rib.newly_complete()
    rib.desired = frozenset()
    rib.sent([], [A])
    assert rib.newly_complete() == 0


def test_having_nothing_to_advertise_is_not_reported() -> None:
    assert rib_out().newly_complete() is None


def test_a_new_session_is_complete_anew() -> None:
    rib = rib_out(A)
    rib.sent([A], [])
    rib.newly_complete()
    rib.session_closed()
    assert rib.newly_complete() is None
    rib.sent([A], [])
    assert rib.newly_complete() == 1


def test_prefixes_are_learned_once() -> None:
    rib = AdjRibIn()
    assert rib.announce([A, B], ROUTE) == (A, B)
    assert rib.announce([B, C], ROUTE) == (C,)
    assert set(rib.routes) == {A, B, C}


def test_a_prefix_with_other_attributes_is_learned_again() -> None:
    rib = AdjRibIn()
    rib.announce([A], ROUTE)
    assert rib.announce([A], LONGER) == (A,)
    assert rib.routes == {A: LONGER}


def test_only_known_prefixes_are_withdrawn() -> None:
    rib = AdjRibIn()
    rib.announce([A], ROUTE)
    assert rib.withdraw([A, B]) == (A,)
    assert not rib.routes


def test_all_prefixes_go_at_once() -> None:
    rib = AdjRibIn()
    rib.announce([A, B], ROUTE)
    assert rib.clear() == (A, B)
    assert not rib.routes
