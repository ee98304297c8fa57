"""A tunnel is up while it has a CHILD SA, of whichever IKE SA."""

import pytest

from gateway.daemon.live_children import LiveChildren
from gateway.records import Stream


class Play:
    """Publishes records of CHILD SAs and writes down what is called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str]] = []
        live = LiveChildren(
            lambda *names: self.calls.append(("up", *names)),
            lambda *names: self.calls.append(("down", *names)),
        )
        self.stream = Stream()
        self.stream.subscribe(live.on_record)

    def established(self, spi: str, tunnel: str = "branch/cpe/0") -> None:
        self.stream.publish("ike", "child_sa_established", tunnel=tunnel, spi_in=spi)

    def closed(self, spi: str, tunnel: str = "branch/cpe/0") -> None:
        self.stream.publish("ike", "child_sa_closed", tunnel=tunnel, spi_in=spi)


@pytest.fixture
def play() -> Play:
    return Play()


UP, DOWN = ("up", "branch", "branch/cpe/0"), ("down", "branch", "branch/cpe/0")


def test_the_first_child_sa_takes_the_tunnel_up_and_the_last_takes_it_down(play: Play) -> None:
    play.established("1")
    play.closed("1")
    assert play.calls == [UP, DOWN]


def test_make_before_break_leaves_the_tunnel_up(play: Play) -> None:
    play.established("1")
    play.established("2")
    play.closed("1")
    assert play.calls == [UP]


def test_break_before_make_takes_the_tunnel_down_and_up_again(play: Play) -> None:
    play.established("1")
    play.closed("1")
    play.established("2")
    assert play.calls == [UP, DOWN, UP]


def test_a_child_sa_that_was_never_seen_changes_nothing(play: Play) -> None:
    play.closed("1")
    assert play.calls == []


def test_tunnels_do_not_share_child_sas(play: Play) -> None:
    play.established("1")
    play.established("2", "branch/cpe/1")
    play.closed("2", "branch/cpe/1")
    assert play.calls == [UP, ("up", "branch", "branch/cpe/1"), ("down", "branch", "branch/cpe/1")]
