"""What came back decides: an answer, an error, or nothing at all."""

import asyncio
from ipaddress import IPv4Address
from typing import Any, cast

import pytest

from gateway.lab.backend import Completed, Node
from gateway.lab.result import TrafficResult
from gateway.lab.scenario_model import TrafficCheck
from gateway.lab.traffic import ask, page_lines, with_drops

PING = "64 bytes from 52.96.0.1: icmp_seq=1 ttl=63 time=1.20 ms\n2 packets transmitted, 2 received\n"
UNREACHABLE = (
    "From 203.0.113.9 icmp_seq=1 Destination Net Unreachable\n2 packets transmitted, 0 received, +2 errors\n"
)
SILENCE = "2 packets transmitted, 0 received, 100% packet loss\n"
ANSWER = ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\nlogin.example. 60 IN A 20.190.128.10\n"
EMPTY = ";; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 1\n"
PAGE = "<h1>It&#x27;s reached</h1><dl><dt>Your address</dt><dd>10.1.0.10</dd></dl>\n200 20.190.128.10"


class Answering:
    """A node on which every program ends in the same way."""

    def __init__(self, status: int, output: str, errors: str) -> None:
        self._done = Completed(status=status, output=output, errors=errors)
        self.asked: tuple[str, ...] = ()

    async def run(self, *argv: str, **_: object) -> Completed:
        self.asked = argv
        return self._done


def check(expect: str = "answer", **question: Any) -> TrafficCheck:
    return TrafficCheck.model_validate({"from": "host", "expect": expect, **question})


def result_of(question: TrafficCheck, status: int, output: str, errors: str = "") -> TrafficResult:
    return asyncio.run(ask(cast("Node", Answering(status, output, errors)), question))


@pytest.mark.parametrize(
    ("question", "status", "output", "outcome", "saw"),
    [
        ({"ping": "52.96.0.1"}, 0, PING, "answer", "answer from 52.96.0.1 in 1.20 ms"),
        ({"ping": "52.96.0.1"}, 1, UNREACHABLE, "error", "ICMP from 203.0.113.9"),
        ({"ping": "52.96.0.1"}, 1, SILENCE, "dropped", "no answer"),
        ({"resolve": "login.example"}, 0, ANSWER, "answer", "20.190.128.10"),
        ({"resolve": "login.example"}, 0, EMPTY, "error", "NXDOMAIN"),
        ({"resolve": "login.example"}, 9, ";; no servers could be reached", "dropped", "no answer"),
        ({"fetch": "http://a/"}, 0, PAGE, "answer", "HTTP 200 from 20.190.128.10"),
        ({"fetch": "http://a/"}, 0, "oops\n404 20.190.128.10", "error", "HTTP 404"),
        ({"fetch": "http://a/"}, 28, "\n000 ", "dropped", "no answer within 2 s"),
        ({"fetch": "http://a/"}, 6, "\n000 ", "error", "the name was not resolved"),
    ],
)
def test_the_outcome_is_read_from_the_program(
    question: dict[str, str], status: int, output: str, outcome: str, saw: str
) -> None:
    result = result_of(check(**question), status, output)
    assert result.outcome == outcome
    assert saw in result.saw


def test_a_refused_connection_is_an_error_and_not_a_drop() -> None:
    errors = "curl: (7) Failed to connect to 192.0.2.80 port 80: Connection refused"
    result = result_of(check("dropped", fetch="http://192.0.2.80/"), 7, "\n000 ", errors)
    assert (result.outcome, result.ok) == ("error", False)
    assert result.saw == "Failed to connect to 192.0.2.80 port 80: Connection refused"


def test_silence_is_right_where_the_scenario_expects_a_drop() -> None:
    assert (result_of(check("dropped", ping="192.0.2.80"), 1, SILENCE)).ok


def test_an_icmp_error_is_wrong_where_the_scenario_expects_a_drop() -> None:
    assert not (result_of(check("dropped", ping="192.0.2.80"), 1, UNREACHABLE)).ok


def test_no_proxy_and_no_settings_of_the_user_take_part_in_a_fetch() -> None:
    node = Answering(0, PAGE, "")
    asyncio.run(ask(cast("Node", node), check(fetch="http://a/")))
    assert node.asked[:2] == ("curl", "-q")
    assert node.asked[node.asked.index("--noproxy") + 1] == "*"


def test_a_drop_is_confirmed_by_the_counters_of_the_gateway() -> None:
    dropped = result_of(check("dropped", fetch="http://192.0.2.80/"), 28, "\n000 ")
    drops = [
        {"destination": "192.0.2.80", "packets": 2, "explanation": "no profile"},
        {"destination": str(IPv4Address("192.0.2.81")), "packets": 9, "explanation": "other"},
    ]
    assert with_drops(dropped, drops).saw == "no answer within 2 s; gateway counted 2 packets: no profile"


def test_an_answer_is_left_alone_by_the_counters() -> None:
    answered = result_of(check(ping="52.96.0.1"), 0, PING)
    assert with_drops(answered, [{"destination": "52.96.0.1", "packets": 2, "explanation": "x"}]) == answered


def test_a_page_is_read_as_a_person_would() -> None:
    assert page_lines(PAGE) == ["It's reached", "Your address: 10.1.0.10"]
