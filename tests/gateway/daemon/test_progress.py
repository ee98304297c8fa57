"""The state of a tunnel follows from its records, in whatever order lives and deaths come."""

from typing import Any

from gateway.daemon.progress import Progress
from gateway.records import Stream

TUNNEL = "branch/cpe/0"


class Play:
    """Publishes records of one tunnel to a ``Progress``."""

    def __init__(self) -> None:
        self.progress = Progress()
        self.now = 5.0
        self.stream = Stream(clock=lambda: self.now)
        self.stream.subscribe(self.progress.on_record)

    def ike(self, name: str, spi: str = "aa_bb", **data: Any) -> None:
        self.stream.publish("ike", name, tunnel=TUNNEL, ike_spi=spi, **data)

    def ike_up(self, spi: str = "aa_bb") -> None:
        self.ike("ike_sa_established", spi, suite="s", identity="i", remote="r:4500")

    def child_up(self, child: str = "00000001", spi: str = "aa_bb") -> None:
        self.ike("child_sa_established", spi, spi_in=child, spi_out="2", suite="e", udp_encapsulation=True)

    def up(self, spi: str = "aa_bb", child: str = "00000001") -> None:
        self.ike_up(spi)
        self.child_up(child, spi)

    def bgp(self) -> None:
        facts = {"peer_as": 65001, "hold_time": 9, "router_id": "10.1.0.4"}
        self.stream.publish("bgp", "established", tunnel=TUNNEL, **facts)

    @property
    def state(self) -> str:
        return self.progress.tunnel(TUNNEL).state


def test_a_tunnel_goes_from_down_over_tunnel_to_up() -> None:
    play = Play()
    assert play.state == "down"
    play.ike_up()
    assert play.state == "ike"
    play.child_up()
    assert play.state == "tunnel"
    play.bgp()
    assert play.state == "up"


def test_a_rekeyed_child_sa_leaves_the_tunnel_up() -> None:
    play = Play()
    play.up()
    play.child_up("00000003")
    play.ike("child_sa_closed", spi_in="00000001")
    assert play.state == "tunnel"
    assert list(play.progress.tunnel(TUNNEL).children) == ["00000003"]


def test_the_close_of_a_rekeyed_ike_sa_leaves_its_successor_with_the_child_sas() -> None:
    play = Play()
    play.up(spi="aa_bb")
    play.now = 6.0
    play.ike("ike_sa_rekeyed", "cc_dd", suite="t", replaces="aa_bb")
    play.ike("ike_sa_closed", "aa_bb", reason="", rekeyed=True)
    tunnel = play.progress.tunnel(TUNNEL)
    (ike,) = tunnel.ike_sas.values()
    assert (ike["spi"], ike["suite"], ike["since"]) == ("cc_dd", "t", 6.0)
    assert [child["ike_spi"] for child in tunnel.children.values()] == ["cc_dd"]


def test_the_close_of_the_ike_sa_takes_the_tunnel_down() -> None:
    play = Play()
    play.up(spi="aa_bb")
    play.ike("child_sa_closed", spi_in="00000001")
    play.ike("ike_sa_closed", "aa_bb", reason="", rekeyed=False)
    assert play.state == "down"


def test_of_two_ike_sas_each_is_shown_and_the_newest_stands_for_the_tunnel() -> None:
    play = Play()
    play.up("aa_bb", "00000001")
    play.up("cc_dd", "00000003")
    shown = play.progress.tunnel(TUNNEL).as_json()
    assert [ike["spi"] for ike in shown["ike_sas"]] == ["aa_bb", "cc_dd"]
    assert shown["ike"]["spi"] == "cc_dd"
    assert [child["ike_spi"] for child in shown["children"]] == ["aa_bb", "cc_dd"]


def test_the_close_of_one_of_two_ike_sas_leaves_the_other_and_the_tunnel_up() -> None:
    play = Play()
    play.up("aa_bb", "00000001")
    play.up("cc_dd", "00000003")
    play.ike("child_sa_closed", "cc_dd", spi_in="00000003")
    play.ike("ike_sa_closed", "cc_dd", reason="", rekeyed=False)
    shown = play.progress.tunnel(TUNNEL).as_json()
    assert shown["state"] == "tunnel"
    assert shown["ike"]["spi"] == "aa_bb"
    assert [child["spi_in"] for child in shown["children"]] == ["00000001"]


def test_an_ike_sa_was_heard_when_its_last_message_came() -> None:
    play = Play()
    play.up("aa_bb", "00000001")
    play.up("cc_dd", "00000003")
    play.now = 9.0
    play.ike("message_received", "aa_bb")
    heard = {spi: ike["heard"] for spi, ike in play.progress.tunnel(TUNNEL).ike_sas.items()}
    assert heard == {"aa_bb": 9.0, "cc_dd": 5.0}


def test_a_repeated_request_is_no_sign_of_life_for_anyone_can_repeat_it() -> None:
    play = Play()
    play.up()
    play.now = 9.0
    play.ike("request_repeated")
    ike = play.progress.tunnel(TUNNEL).ike
    assert ike is not None
    assert ike["heard"] == 5.0


def test_a_changed_path_is_shown_as_the_remote_end() -> None:
    play = Play()
    play.up()
    play.ike("path_changed", new=["g", 4500, "r", 1024])
    ike = play.progress.tunnel(TUNNEL).ike
    assert ike is not None
    assert ike["remote"] == "r:1024"


def test_a_closed_session_is_no_session() -> None:
    play = Play()
    play.up()
    play.bgp()
    play.stream.publish("bgp", "routes_advertised", tunnel=TUNNEL, count=25)
    assert play.progress.tunnel(TUNNEL).as_json()["bgp"]["advertised"] == 25
    play.stream.publish("bgp", "closed", tunnel=TUNNEL, reason="hold timer")
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


def test_drops_that_were_counted_in_a_flood_are_counted_as_those_that_were_told() -> None:
    play = Play()
    play.ike("datagram_dropped", reason="integrity")
    play.ike("events_suppressed", kind="datagram_dropped", reason="integrity", count=40)
    play.ike("events_suppressed", kind="cookie_requested", reason=None, count=7)
    assert play.progress.refused == {"integrity": 41}
