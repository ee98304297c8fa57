"""The speaker against BIRD 2 as the branch's router, over a routed path (multihop eBGP)."""

import asyncio
import os
import signal
import sys
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from bgp import SpeakerError
from bgp.events import (
    Closed,
    Connected,
    Established,
    NotificationReceived,
    NotificationSent,
    RoutesAdvertised,
    RoutesLearned,
    RoutesWithdrawn,
    SpeakerMessage,
    SpeakerStarted,
    SpeakerStopped,
    UnexpectedOutput,
)
from tests.bgp.sandbox import (
    BRANCH,
    CPE_ADDRESS,
    CPE_AS,
    Bird,
    Recorder,
    exabgp_processes,
    neighbor,
    sandboxed,
    sh,
    speaker,
    until,
)

pytestmark = pytest.mark.interop

FIRST, SECOND = neighbor(0), neighbor(1)
PROFILE = [IPv4Network((0x14000000 + (index << 16), 16)) for index in range(25)]
INTERNET = [IPv4Network((0x14000000 + (index << 16), 16)) for index in range(600)]


async def run_both_ways(directory: Path) -> None:
    """One session from nothing to nothing: routes both ways, then a clean end."""
    bird, recorder = Bird(directory, sessions=1), Recorder()
    gsa = speaker(directory, recorder)
    await gsa.start()
    gsa.advertise(FIRST.name, PROFILE)
    await gsa.set_neighbors([FIRST])
    bird.start()

    established = await recorder.wait(Established, FIRST.name)
    assert established.peer_as == CPE_AS
    assert established.router_id == CPE_ADDRESS
    assert established.hold_time == 30
    assert established.families == ("ipv4 unicast",)
    assert (await recorder.wait(RoutesAdvertised)).count == len(PROFILE)
    learned = await recorder.wait(RoutesLearned)
    assert frozenset(learned.prefixes) == gsa.learned(FIRST.name) == BRANCH
    assert (learned.next_hop, learned.as_path) == (CPE_ADDRESS, (CPE_AS,))
    await until(lambda: bird.routes() == len(PROFILE), 30, "the profile in BIRD's table")
    details = bird.ask("show route protocol gsa0 table t0 all 20.0.0.0/16")
    assert "BGP.as_path: 65476\n" in details
    assert f"BGP.next_hop: {FIRST.local_address}\n" in details

    await gsa.stop()
    assert "Received: Administrative shutdown" in bird.ask("show protocols gsa0")
    assert recorder.of(SpeakerStopped) == [SpeakerStopped(reason="stopped", restart_in=None)]
    assert not recorder.of(UnexpectedOutput)
    assert not recorder.of(SpeakerMessage)
    assert not exabgp_processes()
    assert not list((directory / "bgp run").iterdir())


@sandboxed()
async def test_routes_go_both_ways(tmp_path: Path) -> None:
    await run_both_ways(tmp_path)


@sandboxed(unprivileged=True)
async def test_routes_go_both_ways_for_an_ordinary_user(tmp_path: Path) -> None:
    await run_both_ways(tmp_path)


@sandboxed()
async def test_an_internet_profile_of_600_routes_is_sent_soon_after_established(tmp_path: Path) -> None:
    bird, recorder = Bird(tmp_path, sessions=1), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    gsa.advertise(FIRST.name, INTERNET)
    await gsa.set_neighbors([FIRST])
    bird.start()
    await recorder.wait(Connected)
    await recorder.wait(Established)
    await until(lambda: bird.routes() == len(INTERNET), 15, "600 routes in BIRD's table")
    await gsa.stop()


@sandboxed()
async def test_two_sessions_of_one_router_carry_the_same_prefixes(tmp_path: Path) -> None:
    bird, recorder = Bird(tmp_path), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    await gsa.set_neighbors([FIRST, SECOND])
    bird.start()
    for tunnel, count in ((FIRST, 25), (SECOND, 10)):
        gsa.advertise(tunnel.name, PROFILE[:count])
    for index, (tunnel, count) in enumerate(((FIRST, 25), (SECOND, 10))):
        await recorder.wait(RoutesLearned, tunnel.name)
        await until(partial(bird.has_routes, index, count), 30, "each session's own routes")
        assert gsa.learned(tunnel.name) == BRANCH
    await gsa.stop()


@sandboxed()
async def test_routes_can_be_withdrawn_by_either_side(tmp_path: Path) -> None:
    bird, recorder = Bird(tmp_path, sessions=1), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    gsa.advertise(FIRST.name, PROFILE)
    await gsa.set_neighbors([FIRST])
    bird.start()
    await recorder.wait(RoutesAdvertised)
    gsa.advertise(FIRST.name, PROFILE[:5])
    assert (await recorder.wait(RoutesAdvertised, count=2)).count == 5
    await until(lambda: bird.routes() == 5, 30, "five routes left in BIRD's table")
    gsa.advertise(FIRST.name, [])
    assert (await recorder.wait(RoutesAdvertised, count=3)).count == 0
    await recorder.wait(RoutesLearned)
    bird.ask("disable branch")
    assert frozenset((await recorder.wait(RoutesWithdrawn)).prefixes) == BRANCH
    assert not gsa.learned(FIRST.name)
    assert bird.established()
    await gsa.stop()


@sandboxed()
async def test_routes_are_back_after_a_flap(tmp_path: Path) -> None:
    bird, recorder = Bird(tmp_path, sessions=1), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    gsa.advertise(FIRST.name, PROFILE)
    await gsa.set_neighbors([FIRST])
    bird.start()
    await recorder.wait(RoutesAdvertised)
    await recorder.wait(RoutesLearned)
    bird.ask('disable gsa0 "planned work"')
    received = await recorder.wait(NotificationReceived)
    assert (received.text, received.detail) == ("Cease / Administrative Shutdown", "planned work")
    assert not gsa.learned(FIRST.name)
    bird.ask("enable gsa0")
    assert (await recorder.wait(RoutesAdvertised, count=2)).count == len(PROFILE)
    await until(lambda: bird.routes() == len(PROFILE), 30, "the profile in BIRD's table again")
    await recorder.wait(RoutesLearned, count=2)
    assert gsa.learned(FIRST.name) == BRANCH
    await gsa.stop()


@sandboxed()
async def test_a_session_that_is_reset_comes_back_with_its_routes(tmp_path: Path) -> None:
    bird, recorder = Bird(tmp_path, sessions=1), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    gsa.advertise(FIRST.name, PROFILE)
    await gsa.set_neighbors([FIRST])
    bird.start()
    await recorder.wait(RoutesAdvertised)
    gsa.reset(FIRST.name)
    assert (await recorder.wait(NotificationSent)).text == "Cease / Administrative Reset"
    assert (await recorder.wait(RoutesAdvertised, count=2)).count == len(PROFILE)
    await gsa.stop()


@sandboxed()
async def test_a_neighbour_removed_and_added_again_has_its_routes_and_the_other_stays_up(
    tmp_path: Path,
) -> None:
    bird, recorder = Bird(tmp_path), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    for tunnel in (FIRST, SECOND):
        gsa.advertise(tunnel.name, PROFILE)
    await gsa.set_neighbors([FIRST, SECOND])
    bird.start()
    for index, tunnel in enumerate((FIRST, SECOND)):
        await recorder.wait(RoutesAdvertised, tunnel.name)
        await until(partial(bird.has_routes, index, len(PROFILE)), 30, "the profile")
    since = bird.ask("show protocols gsa0").split()[-2]

    await gsa.set_neighbors([FIRST])
    assert (await recorder.wait(NotificationSent, SECOND.name)).text == "Cease / Peer De-configured"
    assert (await recorder.wait(Closed, SECOND.name)).was_established
    assert not gsa.learned(SECOND.name)
    await until(lambda: bird.routes(1) == 0, 30, "nothing left over the second session")
    await gsa.set_neighbors([FIRST, SECOND])
    await until(lambda: bird.routes(1) == len(PROFILE), 30, "the profile over the second session again")

    assert bird.routes(0) == len(PROFILE)
    assert bird.ask("show protocols gsa0").split()[-2] == since
    assert not recorder.of(Closed, FIRST.name)
    assert not recorder.of(SpeakerStopped)
    await gsa.stop()


@sandboxed()
async def test_a_neighbour_can_be_changed_in_place(tmp_path: Path) -> None:
    bird, recorder = Bird(tmp_path), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    await gsa.set_neighbors([FIRST, SECOND])
    await gsa.set_neighbors([FIRST, neighbor(1, hold_time=9)])
    bird.start()
    assert (await recorder.wait(Established, SECOND.name)).hold_time == 9
    await recorder.wait(Established, FIRST.name)
    assert not recorder.of(Closed)
    assert not recorder.of(SpeakerStopped)
    await gsa.stop()


@sandboxed()
async def test_exabgp_is_started_again_when_it_is_killed(tmp_path: Path) -> None:
    bird, recorder = Bird(tmp_path, sessions=1), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    gsa.advertise(FIRST.name, PROFILE)
    await gsa.set_neighbors([FIRST])
    bird.start()
    await recorder.wait(RoutesAdvertised)
    await recorder.wait(RoutesLearned)
    os.kill((await recorder.wait(SpeakerStarted)).pid, signal.SIGKILL)
    stopped = await recorder.wait(SpeakerStopped)
    assert stopped.reason == "ExaBGP ended by SIGKILL"
    assert stopped.restart_in is not None
    assert (await recorder.wait(Closed)).reason == stopped.reason
    assert (await recorder.wait(RoutesAdvertised, count=2)).count == len(PROFILE)
    await recorder.wait(RoutesLearned, count=2)
    await until(lambda: bird.routes() == len(PROFILE), 30, "the profile in BIRD's table again")
    await gsa.stop()


@sandboxed()
async def test_exabgp_is_started_again_when_its_api_process_is_killed(tmp_path: Path) -> None:
    recorder = Recorder()
    Bird(tmp_path)
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    await gsa.set_neighbors([FIRST])
    exabgp = (await recorder.wait(SpeakerStarted)).pid
    (api,) = set(exabgp_processes()) - {exabgp}
    os.kill(api, signal.SIGKILL)
    await recorder.wait(SpeakerStopped)
    assert (await recorder.wait(SpeakerStarted, count=2)).pid != exabgp
    await gsa.stop()
    assert not exabgp_processes()


@sandboxed()
async def test_a_wrong_as_number_is_answered_with_a_notification_2_2(tmp_path: Path) -> None:
    bird, recorder = Bird(tmp_path, sessions=1, local_as=65000), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    await gsa.set_neighbors([FIRST])
    bird.start()
    sent = await recorder.wait(NotificationSent)
    assert (sent.code, sent.subcode, sent.text) == (2, 2, "OPEN Message Error / Bad Peer AS")
    assert sent.detail == "ASN in OPEN (65000) did not match ASN expected (65533)"
    assert not (await recorder.wait(Closed)).was_established
    await gsa.stop()


@sandboxed()
async def test_a_router_without_capabilities_has_ipv4_unicast(tmp_path: Path) -> None:
    """RFC 4760 section 8: the capability is for other address families."""
    bird, recorder = Bird(tmp_path, sessions=1, options="capabilities off;"), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    gsa.advertise(FIRST.name, PROFILE)
    await gsa.set_neighbors([FIRST])
    bird.start()
    established = await recorder.wait(Established)
    assert (established.families, established.capabilities) == (("ipv4 unicast",), ())
    assert (await recorder.wait(RoutesAdvertised)).count == len(PROFILE)
    await recorder.wait(RoutesLearned)
    assert gsa.learned(FIRST.name) == BRANCH
    await until(lambda: bird.routes() == len(PROFILE), 30, "the profile in BIRD's table")
    await gsa.stop()


@sandboxed()
async def test_a_router_that_wants_another_as_number_of_ours_says_so(tmp_path: Path) -> None:
    bird, recorder = Bird(tmp_path, sessions=1, peer_as=65001), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    await gsa.set_neighbors([FIRST])
    bird.start()
    received = await recorder.wait(NotificationReceived)
    assert (received.code, received.subcode) == (2, 2)
    await gsa.stop()


@sandboxed()
async def test_a_silent_router_loses_its_session_and_routes_when_the_hold_time_is_over(
    tmp_path: Path,
) -> None:
    bird, recorder = Bird(tmp_path, sessions=1, hold_time=3), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    await gsa.set_neighbors([FIRST])
    bird.start()
    await recorder.wait(RoutesLearned)
    bird.freeze()
    sent = await recorder.wait(NotificationSent)
    assert (sent.code, sent.text) == (4, "Hold Timer Expired")
    assert (await recorder.wait(Closed)).reason == "NOTIFICATION sent: Hold Timer Expired"
    assert frozenset((await recorder.wait(RoutesWithdrawn)).prefixes) == BRANCH
    await gsa.stop()


@sandboxed()
async def test_a_refused_start_is_reported_and_tried_again(tmp_path: Path) -> None:
    sh("ip link set lo up")
    sh("ip address add 192.168.1.2/32 dev lo")
    squatter = await asyncio.start_server(lambda _r, _w: None, "192.168.1.2", 179)
    recorder = Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    await gsa.set_neighbors([FIRST])
    stopped = await recorder.wait(SpeakerStopped)
    assert "ExaBGP ended by exit status 1: " in stopped.reason
    assert "0.0.0.0:179" in stopped.reason
    squatter.close()
    await squatter.wait_closed()
    await recorder.wait(SpeakerStarted)
    await gsa.stop()


@sandboxed()
async def test_a_run_directory_may_have_any_length_and_name(tmp_path: Path) -> None:
    Bird(tmp_path)
    recorder = Recorder()
    gsa = speaker(tmp_path / ("a branch's; {network} #" + 100 * "x"), recorder)
    await gsa.start()
    await gsa.set_neighbors([FIRST])
    await gsa.set_neighbors([FIRST, SECOND])
    assert [type(event) for event in recorder.events] == [SpeakerStarted]
    await gsa.stop()


@sandboxed()
async def test_a_launcher_that_is_missing_is_reported(tmp_path: Path) -> None:
    recorder = Recorder()
    gsa = speaker(tmp_path, recorder)
    gsa._launcher = ("/no/such/launcher",)
    await gsa.start()
    await gsa.set_neighbors([FIRST])
    stopped = await recorder.wait(SpeakerStopped)
    assert stopped.reason == "cannot start /no/such/launcher: No such file or directory"
    await gsa.stop()


@sandboxed()
async def test_a_configuration_that_exabgp_refuses_changes_nothing(tmp_path: Path) -> None:
    bird, recorder = Bird(tmp_path), Recorder()
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    await gsa.set_neighbors([FIRST])
    bird.start()
    await recorder.wait(Established)
    with pytest.raises(SpeakerError, match="ExaBGP refuses the configuration"):
        await gsa.set_neighbors([FIRST, neighbor(1, local_address="no address")])
    await gsa.set_neighbors([FIRST, SECOND])
    await recorder.wait(Established, SECOND.name)
    assert not recorder.of(Closed)
    await gsa.stop()


@sandboxed()
async def test_without_neighbours_exabgp_does_not_run(tmp_path: Path) -> None:
    recorder = Recorder()
    Bird(tmp_path)
    gsa = speaker(tmp_path, recorder)
    await gsa.start()
    await gsa.set_neighbors([])
    assert not recorder.events
    await gsa.set_neighbors([FIRST])
    assert len(exabgp_processes()) == 2
    await gsa.set_neighbors([])
    assert recorder.of(SpeakerStopped) == [SpeakerStopped(reason="no neighbour remains", restart_in=None)]
    assert not exabgp_processes()
    await gsa.stop()


GATEWAY = """
import asyncio, sys
from pathlib import Path
from tests.bgp.sandbox import Recorder, neighbor, speaker

async def main():
    gsa = speaker(Path(sys.argv[1]), Recorder())
    await gsa.start()
    await gsa.set_neighbors([neighbor(0)])
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@sandboxed()
async def test_exabgp_does_not_outlive_a_gateway_that_is_killed(tmp_path: Path) -> None:
    Bird(tmp_path)
    pipe = asyncio.subprocess.PIPE
    gateway = await asyncio.create_subprocess_exec(sys.executable, "-c", GATEWAY, str(tmp_path), stdout=pipe)
    assert gateway.stdout is not None
    assert await gateway.stdout.readline() == b"ready\n"
    assert len(exabgp_processes()) == 2
    gateway.kill()
    await gateway.wait()
    await until(lambda: not exabgp_processes(), 30, "no ExaBGP and no API process left")
