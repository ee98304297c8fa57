"""The state of a tunnel follows from its records, in whatever order lives and deaths come."""

from typing import Any

from gateway.daemon.progress import Progress
from gateway.records import Stream

TUNNEL = "branch/cpe/0"


class Play:
    """Publishes records of one tunnel to a ``Progress``."""

    def __init__(self) -> None:
        self.progress = Progress()
        self.stream = Stream(clock=lambda: 5.0)
        self.stream.subscribe(self.progress.on_record)

    def ike(self, name: str, **data: Any) -> None:
        self.stream.publish("ike", name, tunnel=TUNNEL, **data)

    def up(self, spi: str = "aa_bb", child: str = "00000001") -> None:
        self.ike("ike_sa_established", ike_spi=spi, suite="s", identity="i", remote="r")
        self.ike("child_sa_established", spi_in=child, spi_out="2", suite="e", udp_encapsulation=True)

    def bgp(self) -> None:
        self.ike("established", peer_as=65001, hold_time=9, router_id="10.1.0.4")

    @property
    def state(self) -> str:
        return self.progress.tunnel(TUNNEL).state


def test_a_tunnel_goes_from_down_over_tunnel_to_up() -> None:
    play = Play()
    assert play.state == "down"
    play.ike("ike_sa_established", ike_spi="aa_bb", suite="s", identity="i", remote="r")
    assert play.state == "ike"
    play.ike("child_sa_established", spi_in="1", spi_out="2", suite="e", udp_encapsulation=True)
    assert play.state == "tunnel"
    play.bgp()
    assert play.state == "up"


def test_a_rekeyed_child_sa_leaves_the_tunnel_up() -> None:
    play = Play()
    play.up()
    play.ike("child_sa_established", spi_in="00000003", spi_out="4", suite="e", udp_encapsulation=True)
    play.ike("child_sa_closed", spi_in="00000001")
    assert play.state == "tunnel"
    assert list(play.progress.tunnel(TUNNEL).children) == ["00000003"]


def test_the_close_of_a_rekeyed_ike_sa_leaves_its_successor() -> None:
    play = Play()
    play.up(spi="aa_bb")
    play.ike("ike_sa_rekeyed", ike_spi="cc_dd", suite="t")
    play.ike("ike_sa_closed", ike_spi="aa_bb", reason="", rekeyed=True)
    ike = play.progress.tunnel(TUNNEL).ike
    assert ike is not None
    assert (ike["spi"], ike["suite"]) == ("cc_dd", "t")


def test_the_close_of_the_ike_sa_takes_the_tunnel_down() -> None:
    play = Play()
    play.up(spi="aa_bb")
    play.ike("child_sa_closed", spi_in="00000001")
    play.ike("ike_sa_closed", ike_spi="aa_bb", reason="", rekeyed=False)
    assert play.state == "down"


def test_a_closed_session_is_no_session() -> None:
    play = Play()
    play.up()
    play.bgp()
    play.ike("routes_advertised", count=25)
    assert play.progress.tunnel(TUNNEL).as_json()["bgp"]["advertised"] == 25
    play.ike("closed", reason="hold timer")
    assert play.state == "tunnel"


def test_refusals_are_counted_by_reason() -> None:
    play = Play()
    play.stream.publish("ike", "datagram_dropped", reason="unknown_source")
    play.ike("request_refused", notify="NO_PROPOSAL_CHOSEN")
    play.ike("request_refused", notify="NO_PROPOSAL_CHOSEN")
    assert play.progress.refused == {"unknown_source": 1, "no_proposal_chosen": 2}


def test_the_outcome_of_the_last_nat_detection_is_shown() -> None:
    play = Play()
    assert play.progress.tunnel(TUNNEL).as_json()["nat"] is None
    outcome = {"supported": True, "remote_behind_nat": False, "local_behind_nat": True}
    play.stream.publish("nat", "nat_detection", tunnel=TUNNEL, status=outcome)
    assert play.progress.tunnel(TUNNEL).as_json()["nat"] == outcome
