"""Rekeying and re-authentication by strongSwan while traffic runs, and counters that agree on both ends."""

from functools import partial

import pytest

from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from tests.interop.cpe_drills import both_counters, ping_while, reauthenticate

pytestmark = pytest.mark.interop

ONE_PING = [{"from": "host", "ping": "52.96.0.1"}]
REKEY_CHILD, REKEY_IKE = ["--rekey", "--child", "gsa"], ["--rekey", "--ike", "gsa"]


def test_rekeying_child_and_ike_sa_under_traffic_loses_no_packet() -> None:
    async def drill(lab: Lab) -> object:
        return await ping_while(lab, [REKEY_CHILD, REKEY_IKE, REKEY_CHILD, REKEY_IKE, REKEY_CHILD])

    run = run_scenario(load("basic", {"traffic": ONE_PING}), during=drill)
    assert run.extra["outcomes"] == [0] * 5
    assert "250 packets transmitted, 250 received, 0% packet loss" in run.extra["ping"]


def test_a_reauthentication_that_makes_before_it_breaks_loses_neither_a_packet_nor_the_bgp_session() -> None:
    drill = partial(reauthenticate, make_before_break=True)
    run = run_scenario(load("basic", {"traffic": ONE_PING}), during=drill)
    assert run.extra["outcomes"] == [0]
    assert run.extra["is_new"]
    assert "250 packets transmitted, 250 received, 0% packet loss" in run.extra["ping"]
    assert run.extra["same_session"]
    assert (run.extra["ike_sas"], run.extra["sending"]) == (1, [True])


def test_a_reauthentication_that_breaks_before_it_makes_brings_tunnel_and_bgp_session_back() -> None:
    drill = partial(reauthenticate, make_before_break=False)
    run = run_scenario(load("basic", {"traffic": ONE_PING}), during=drill)
    assert run.extra["outcomes"] == [0]
    assert run.extra["is_new"]
    assert not run.extra["same_session"]
    assert (run.extra["ike_sas"], run.extra["sending"]) == (1, [True])


def test_both_ends_count_the_same_packets_and_octets() -> None:
    run = run_scenario(load("basic", {"traffic": ONE_PING}), during=both_counters)
    theirs, ours = run.extra["strongswan"], run.extra["gateway"]
    assert (ours["spi_in"], ours["spi_out"]) == (theirs["spi_out"], theirs["spi_in"])
    assert (ours["packets_in"], ours["bytes_in"]) == (theirs["packets_out"], theirs["bytes_out"])
    assert (ours["packets_out"], ours["bytes_out"]) == (theirs["packets_in"], theirs["bytes_in"])
    assert theirs["packets_out"] >= 20
