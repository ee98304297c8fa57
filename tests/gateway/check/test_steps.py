"""How the steps of a tunnel are graded."""

from typing import Any

from gateway.check import Status, Step, grade
from gateway.records import Stream

SINCE = 1_700_000_000.0  # 22:13:20 UTC
TUNNEL = "branch1/cpe1/0"


def child() -> dict[str, Any]:
    """A CHILD SA as ``status`` has it."""
    return {
        "spi_in": "1",
        "spi_out": "2",
        "suite": "AES_GCM_16-256 / NO_ESN",
        "udp_encapsulation": True,
        "since": SINCE,
    }


def status(answered: dict[str, int] | None = None, **tunnel: Any) -> dict[str, Any]:
    """A gateway with one tunnel, where everything works but for what is given."""
    up = {
        "name": TUNNEL,
        "endpoint": "198.51.100.20",
        "peer": "198.51.100.10",
        "local_bgp": "10.2.0.4",
        "peer_bgp": "10.1.0.4",
        "ike": {"spi": "1_2"},
        "children": [child()],
        "bgp": {"peer_as": 65001, "hold_time": 30, "since": SINCE + 1, "advertised": 25},
        "syn_seen": SINCE,
        "learned": ["10.1.0.0/16"],
    }
    network = {
        "name": "branch1",
        "profiles": ["microsoft"],
        "advertised": 25,
        "answered": answered or {"ping": 0, "dns": 0, "http": 0},
        "tunnels": [up | tunnel],
    }
    return {"remote_networks": [network]}


def request(tunnel: str | None = TUNNEL) -> dict[str, Any]:
    """An HTTP request that the edge answered."""
    stream = Stream(lambda: SINCE + 5)
    facts = {"kind": "http", "source": "10.1.0.10", "host": "www.example.com"}
    stream.publish("edge", "request", tunnel=tunnel, **facts)
    return stream.history[-1].as_json()


def saw(steps: list[Step], name: str) -> str:
    """What one step says."""
    return next(step.saw for step in steps if step.name == name)


def outcomes(steps: list[Step]) -> list[Status]:
    """How each step did."""
    return [step.status for step in steps]


def test_everything_works() -> None:
    steps = grade(status(), [request()])
    assert outcomes(steps) == [Status.PASSED] * 4
    assert [(step.name, step.saw, step.time) for step in steps] == [
        ("tunnel", "CHILD SA AES_GCM_16-256, ESP in UDP, since 22:13:20 (UTC)", SINCE),
        ("bgp", "Established with AS 65001, hold time 30 s, since 22:13:21 (UTC)", SINCE + 1),
        ("routes", "25 of 25 advertised, 1 learned: 10.1.0.0/16", None),
        ("traffic", "HTTP www.example.com from 10.1.0.10 answered, at 22:13:25 (UTC)", SINCE + 5),
    ]


def test_steps_after_a_failed_one_are_skipped() -> None:
    steps = grade(status(bgp=None, learned=[]), [request()])
    assert outcomes(steps) == [Status.PASSED, Status.FAILED, Status.SKIPPED, Status.SKIPPED]
    assert saw(steps, "traffic") == "waits for step bgp"


def test_a_tunnel_of_which_nothing_was_heard_says_so() -> None:
    steps = grade(status(ike=None, children=[]), [])
    assert saw(steps, "tunnel") == "no IKE message has come from 198.51.100.10 at 198.51.100.20, UDP 500"


def test_a_tunnel_says_which_sa_is_missing() -> None:
    heard = {"id": 1, "time": SINCE, "category": "ike", "name": "message_received", "tunnel": TUNNEL}
    ends = "198.51.100.10 at 198.51.100.20"
    assert saw(grade(status(children=[]), []), "tunnel") == f"no CHILD SA with {ends}"
    assert saw(grade(status(ike=None, children=[]), [heard]), "tunnel") == f"no IKE SA with {ends}"


def test_bgp_says_whether_the_cpe_tried() -> None:
    assert saw(grade(status(bgp=None), []), "bgp").endswith("the last TCP SYN came at 22:13:20 (UTC)")
    assert saw(grade(status(bgp=None, syn_seen=None), []), "bgp").endswith("no TCP SYN to port 179 was seen")


def test_routes_need_all_of_ours_and_one_of_the_cpes() -> None:
    some = {"peer_as": 65001, "hold_time": 30, "since": SINCE, "advertised": 24}
    assert outcomes(grade(status(bgp=some), []))[2] is Status.FAILED
    nothing = grade(status(learned=[]), [])
    assert outcomes(nothing)[2] is Status.FAILED
    assert saw(nothing, "routes") == "25 of 25 advertised, 0 learned from the CPE"


def test_many_learned_routes_are_not_all_listed() -> None:
    steps = grade(status(learned=[f"10.{n}.0.0/16" for n in range(9)]), [])
    assert saw(steps, "routes").endswith("10.0.0.0/16, 10.1.0.0/16, 10.2.0.0/16 and 6 more")


def test_a_ping_passes_the_traffic_step() -> None:
    steps = grade(status({"ping": 3, "dns": 0, "http": 0}), [])
    assert (outcomes(steps)[3], saw(steps, "traffic")) == (Status.PASSED, "3 pings answered in branch1")


def test_a_request_through_the_other_tunnel_of_the_link_counts_because_one_may_stand_by() -> None:
    steps = grade(status(), [request("branch1/cpe1/1")])
    assert outcomes(steps)[3] is Status.PASSED
    assert saw(steps, "traffic").endswith("at 22:13:25 (UTC), through branch1/cpe1/1")


def test_a_request_through_another_link_does_not_count() -> None:
    assert outcomes(grade(status(), [request("branch1/cpe2/0"), request(None)]))[3] is Status.FAILED


def test_pings_do_not_count_where_they_may_be_another_links() -> None:
    two_links = status({"ping": 3, "dns": 0, "http": 0})
    tunnels = two_links["remote_networks"][0]["tunnels"]
    tunnels.append(tunnels[0] | {"name": "branch1/cpe2/0"})
    steps = grade(two_links, [], only=[TUNNEL])
    assert outcomes(steps)[3] is Status.FAILED
    assert "ping" not in saw(steps, "traffic")


def test_without_traffic_it_says_what_to_type() -> None:
    assert "type ping 52.96.0.1, or curl http://52.96.0.1/" in saw(grade(status(), []), "traffic")


def test_without_a_profile_there_is_nothing_to_type() -> None:
    without = status()
    without["remote_networks"][0]["profiles"] = []
    assert "associate a traffic profile" in saw(grade(without, []), "traffic")


def test_only_the_chosen_tunnels_are_graded() -> None:
    assert grade(status(), [], only=["branch1/cpe2/0"]) == []
    assert len(grade(status(), [], only=[TUNNEL])) == 4
