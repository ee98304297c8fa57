"""The way to a learned prefix: the shortest AS path among the tunnels that are up."""

from ipaddress import IPv4Network

from gateway.daemon.routes import LearnedRoutes

LAN = IPv4Network("10.1.0.0/16")
BOTH = frozenset({"b/cpe/0", "b/cpe/1"})


def learned_by_both() -> LearnedRoutes:
    routes = LearnedRoutes()
    routes.learn("b/cpe/0", (LAN,), (65001,))
    routes.learn("b/cpe/1", (LAN,), (65001,))
    return routes


def test_equal_paths_balance_over_both_tunnels() -> None:
    assert learned_by_both().best(BOTH) == {LAN: ["b/cpe/0", "b/cpe/1"]}


def test_the_shorter_as_path_wins() -> None:
    routes = learned_by_both()
    routes.learn("b/cpe/1", (LAN,), (65001, 65001))
    assert routes.best(BOTH) == {LAN: ["b/cpe/0"]}


def test_a_tunnel_that_is_down_counts_no_longer() -> None:
    assert learned_by_both().best(frozenset({"b/cpe/1"})) == {LAN: ["b/cpe/1"]}


def test_a_withdrawn_prefix_is_gone() -> None:
    routes = learned_by_both()
    routes.withdraw("b/cpe/0", (LAN,))
    assert routes.best(BOTH) == {LAN: ["b/cpe/1"]}
    assert routes.of("b/cpe/0") == []


def test_withdrawing_what_was_never_learned_changes_nothing() -> None:
    routes = learned_by_both()
    routes.withdraw("b/other/0", (LAN,))
    assert routes.of("b/cpe/0") == [LAN]
