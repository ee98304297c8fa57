"""When a check ends."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gateway.check import Status
from gateway.check import wait as wait_module
from gateway.check.wait import STANDING_SECONDS, Result, Standing, UnknownTunnel, check
from gateway.control.server import ControlError, ControlServer
from gateway.diagnosis import Certainty
from tests.gateway.diagnosis.later_story import LaterStory
from tests.gateway.diagnosis.story import DIFFERENT_KEYS, Story

KEYS = "GSA-IKE-020"


def broken() -> Story:
    """A CPE with another pre-shared key."""
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    return story


def status_of(story: Story, *more: dict[str, Any], **tunnel: Any) -> dict[str, Any]:
    """The gateway's ``status``: as the story's, down but for what is given."""
    facts = story.records()[0]["data"]["tunnels"][0]
    down: dict[str, Any] = {
        "ike": None,
        "children": [],
        "bgp": None,
        "nat": None,
        "syn_seen": None,
        "learned": [],
    }
    network = {
        "name": "branch1",
        "profiles": ["microsoft"],
        "advertised": 25,
        "answered": {"ping": 1, "dns": 0, "http": 0},
        "tunnels": [facts | down | tunnel, *more],
    }
    last = story.records()[-1]["id"]
    return {"time": story.now, "last_record": last, "remote_networks": [network]}


UP: dict[str, Any] = {
    "ike": {"spi": "1_2"},
    "children": [{"suite": "AES_GCM_16-256", "udp_encapsulation": True, "since": 1.0}],
    "bgp": {"peer_as": 65001, "hold_time": 30, "since": 2.0, "advertised": 25},
    "learned": ["10.1.0.0/16"],
}


async def checked(
    socket: Path, story: Story, wait: float, status: Callable[[], dict[str, Any]], **options: Any
) -> Result:
    """Check a gateway that tells a story."""

    async def ask_status(_: dict[str, Any]) -> dict[str, Any]:
        return status()

    server = ControlServer(socket, {"status": ask_status}, story.stream)
    await server.start()
    try:
        return await check(socket, wait=wait, **options)
    finally:
        await server.stop()


def test_a_healthy_gateway_passes_at_once(tmp_path: Path) -> None:
    story = Story()
    story.come_up()
    result = asyncio.run(checked(tmp_path / "s", story, 60, lambda: status_of(story, **UP)))
    assert result.ok
    assert result.seconds < 60
    assert [step.status for step in result.steps] == [Status.PASSED] * 4


def test_a_check_waits_for_what_is_still_coming(tmp_path: Path) -> None:
    story = Story()
    states = iter([{}, {}, UP])
    last = UP

    def status() -> dict[str, Any]:
        return status_of(story, **next(states, last))

    assert asyncio.run(checked(tmp_path / "s", story, 30, status)).ok


def test_a_check_waits_for_the_trial_rekey_and_tells_its_forecast(tmp_path: Path) -> None:
    story = LaterStory()
    story.come_up()
    looks = count(1)

    def status() -> dict[str, Any]:
        if next(looks) == 3:
            story.trial_refused()
        return status_of(story, trial_rekey_seconds=1.0, **UP)

    result = asyncio.run(checked(tmp_path / "s", story, 30, status))
    assert result.ok
    assert [finding.code for finding in result.findings] == ["GSA-IKE-036"]


def test_without_time_to_wait_the_records_still_count(tmp_path: Path) -> None:
    story = broken()
    result = asyncio.run(checked(tmp_path / "s", story, 0, lambda: status_of(story)))
    assert [finding.code for finding in result.findings] == [KEYS]


def test_a_proven_finding_ends_the_wait(tmp_path: Path) -> None:
    story = broken()
    result = asyncio.run(checked(tmp_path / "s", story, 60, lambda: status_of(story)))
    assert not result.ok
    assert STANDING_SECONDS <= result.seconds < 60


def test_a_finding_about_a_tunnel_that_is_not_graded_does_not_count(tmp_path: Path) -> None:
    story = broken()
    facts = story.records()[0]["data"]["tunnels"][0]
    seen = {"kind": "http", "source": "10.1.0.10", "host": "example.com"}
    story.stream.publish("edge", "request", tunnel="branch1/cpe2/0", **seen)
    other = facts | UP | {"name": "branch1/cpe2/0", "peer": "198.51.100.11"}
    result = asyncio.run(
        checked(
            tmp_path / "s", story, 0, lambda: status_of(story, other), select=lambda _: ["branch1/cpe2/0"]
        )
    )
    assert result.ok
    assert {step.tunnel for step in result.steps} == {"branch1/cpe2/0"}


def test_nothing_to_grade_is_no_success(tmp_path: Path) -> None:
    story = Story()
    with pytest.raises(UnknownTunnel, match="no tunnel to grade"):
        asyncio.run(checked(tmp_path / "s", story, 30, lambda: status_of(story), select=lambda _: []))


def test_a_stream_that_ends_before_what_the_status_knows_is_a_control_error(tmp_path: Path) -> None:
    story = Story()

    async def cut_off() -> None:
        server = ControlServer(tmp_path / "s", {"status": ask_status}, story.stream)
        await server.start()
        asyncio.get_running_loop().call_later(0.2, stop, server)
        await check(tmp_path / "s", wait=30)

    async def ask_status(_: dict[str, Any]) -> dict[str, Any]:
        return status_of(story) | {"last_record": 99}

    stopping = []

    def stop(server: ControlServer) -> None:
        stopping.append(asyncio.ensure_future(server.stop()))

    with pytest.raises(ControlError, match="ended"):
        asyncio.run(cut_off())


def test_no_gateway_is_a_control_error(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="no gateway answers"):
        asyncio.run(check(tmp_path / "nobody", wait=1))


def test_a_gateway_that_ends_meanwhile_is_a_control_error(tmp_path: Path) -> None:
    story = Story()
    ended = iter([status_of(story)])

    def status() -> dict[str, Any]:
        try:
            return next(ended)
        except StopIteration:
            raise ControlError("the gateway is stopping") from None

    with pytest.raises(ControlError, match="stopping"):
        asyncio.run(checked(tmp_path / "s", story, 30, status))


def test_an_unknown_tunnel_ends_the_check(tmp_path: Path) -> None:
    def refuse(_: object) -> None:
        raise UnknownTunnel("the running gateway has no device link branch9/cpe1")

    story = Story()
    with pytest.raises(UnknownTunnel):
        asyncio.run(checked(tmp_path / "s", story, 30, lambda: status_of(story), select=refuse))


def test_only_a_proven_finding_that_stands_ends_the_wait() -> None:
    finding = broken().finding()
    standing = Standing()
    assert standing.settled([finding], 1.0) == []
    assert standing.settled([finding], 3.9) == []
    assert standing.settled([finding], 4.0) == [finding]


def test_a_finding_on_old_evidence_stands_at_once() -> None:
    finding = broken().finding()
    last = finding.because[-1]
    assert Standing().settled([finding], 0.1, {last: 2.9}) == []
    assert Standing().settled([finding], 0.1, {last: 3.0}) == [finding]


def test_a_finding_whose_evidence_comes_again_and_again_stands_since_it_was_first_seen() -> None:
    finding = broken().finding()
    standing = Standing()
    assert standing.settled([finding], 1.0, {finding.because[-1]: 0.0}) == []
    assert standing.settled([finding], 4.0, {finding.because[-1]: 0.5}) == [finding]


def test_a_finding_that_went_away_begins_anew() -> None:
    finding = broken().finding()
    standing = Standing()
    assert standing.settled([finding], 0.0) == []
    assert standing.settled([], 1.0) == []
    assert standing.settled([finding], 3.5) == []


def test_a_likely_finding_is_told_while_it_stands_and_does_not_end_the_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wait_module, "STANDING_SECONDS", 0.2)
    told: list[tuple[str, Certainty, float]] = []
    story = Story()
    story.init()
    story.wait(10)
    result = asyncio.run(
        checked(
            *(tmp_path / "s", story, 1.0, lambda: status_of(story)),
            on_likely=lambda finding, left: told.append((finding.code, finding.certainty, left)),
        )
    )
    assert result.seconds >= 1.0
    assert [finding.code for finding in result.findings] == ["GSA-IKE-040"]
    assert {each[:2] for each in told} == {("GSA-IKE-040", Certainty.LIKELY)}
    assert 0.0 < told[0][2] <= 1.0


def test_a_warning_neither_fails_a_check_nor_ends_it_early(tmp_path: Path) -> None:
    story = Story()
    story.init(gateway_behind_nat=True)
    story.auth()
    story.create_child()
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    states: Iterator[dict[str, Any]] = iter([{}, {}])
    result = asyncio.run(checked(tmp_path / "s", story, 30, lambda: status_of(story, **next(states, UP))))
    assert result.ok
    assert [finding.code for finding in result.findings] == ["GSA-NAT-001"]
