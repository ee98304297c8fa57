"""Rekeying that the gateway begins, and rekeying that both ends begin at once, while traffic runs."""

from functools import partial
from typing import Any

import pytest

from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from tests.interop.asked_gateway import COMMAND
from tests.interop.rekey_drills import live_through_lifetimes, rekey_and_collide

pytestmark = pytest.mark.interop

BASIC = {"traffic": [{"from": "host", "ping": "52.96.0.1"}]}
LINK = "lab.remoteNetworks.0.deviceLinks.0"
WITH_PFS = {
    "@odata.type": "#microsoft.graph.networkaccess.tunnelConfigurationIKEv2Custom",
    "preSharedKey": "a-long-shared-secret",
    "ikeEncryption": "gcmAes256",
    "ikeIntegrity": "sha384",
    "dhGroup": "dhGroup14",
    "ipSecEncryption": "gcmAes256",
    "ipSecIntegrity": "gcmAes256",
    "pfsGroup": "ecp256",
    "saLifeTimeSeconds": 3600,
}


@pytest.fixture(scope="module")
def drilled() -> Any:
    """A run without PFS."""
    scenario = load("basic", BASIC | {"lab.gateway.ike.retransmitSeconds": 1})
    return run_scenario(scenario, gateway_command=COMMAND, during=rekey_and_collide).extra


@pytest.fixture(scope="module")
def drilled_with_pfs() -> Any:
    """A run with a custom policy that asks for PFS."""
    overrides = {"lab.gateway.ike.retransmitSeconds": 1, f"{LINK}.tunnelConfiguration": WITH_PFS}
    during = partial(rekey_and_collide, group="ecp256")
    return run_scenario(load("basic", BASIC | overrides), gateway_command=COMMAND, during=during).extra


def assert_each_was_new(seen: list[dict[str, Any]], kind: str) -> None:
    """Both ends agreed on one SA every time, and never on the same twice."""
    assert [views["strongswan"] for views in seen] == [views["gateway"] for views in seen]
    names = [views["gateway"][kind] for views in seen]
    assert [len(each) for each in names] == [1] * len(seen)
    assert len({str(each) for each in names}) == len(seen)


def test_child_sas_that_the_gateway_rekeys_in_a_row_lose_no_packet(drilled: Any) -> None:
    assert drilled["child"]["pings"]["unanswered"] == []
    assert_each_was_new(drilled["child"]["seen"], "children")


def test_both_directions_use_the_newest_child_sa(drilled: Any) -> None:
    (sa,) = drilled["child"]["carried"]
    assert sa["sending"]
    assert min(sa["packets_in"], sa["packets_out"]) > 5


def test_ike_sas_that_the_gateway_rekeys_in_a_row_lose_no_packet_and_keep_the_child_sa(drilled: Any) -> None:
    assert drilled["ike"]["pings"]["unanswered"] == []
    assert_each_was_new(drilled["ike"]["seen"], "ike")
    assert len({str(views["gateway"]["children"]) for views in drilled["ike"]["seen"]}) == 1


def test_collisions_with_strongswan_end_with_one_sa_and_lose_no_packet(drilled: Any) -> None:
    collisions = drilled["collisions"]
    assert collisions["pings"]["unanswered"] == []
    for views in collisions["seen"]:
        assert views["strongswan"] == views["gateway"]
        assert (len(views["gateway"]["ike"]), len(views["gateway"]["children"])) == (1, 1)
    assert drilled["same_session"]


def test_rekeyings_of_both_ends_at_about_the_same_time_lose_no_packet_and_leave_one_sa_that_works(
    drilled: Any,
) -> None:
    assert drilled["race"]["pings"]["unanswered"] == []
    assert_each_was_new(drilled["race"]["left"], "ike")
    assert [len(views["gateway"]["children"]) for views in drilled["race"]["left"]] == [1, 1]


def test_with_pfs_the_rekeyed_child_sa_has_a_key_exchange_of_its_own(drilled_with_pfs: Any) -> None:
    assert_each_was_new(drilled_with_pfs["child"]["seen"], "children")
    assert drilled_with_pfs["suites"] == ["AES_GCM_16-256 / ECP_256"]
    assert drilled_with_pfs["child"]["pings"]["unanswered"] == []


def test_with_pfs_a_collision_ends_with_one_child_sa_too(drilled_with_pfs: Any) -> None:
    (views,) = drilled_with_pfs["collisions"]["seen"]
    assert views["strongswan"] == views["gateway"]
    assert len(views["gateway"]["children"]) == 1
    assert drilled_with_pfs["collisions"]["pings"]["longest_gap"] == 0


def test_short_lifetimes_of_the_lab_file_are_lived_through_without_loss() -> None:
    settings = {
        "ikeLifetimeSeconds": 60,
        "childLifetimeSeconds": 60,
        "rekeyMarginPercent": 90,
        "rekeyJitterPercent": 0,
    }
    during = partial(live_through_lifetimes, seconds=8)
    told = run_scenario(load("basic", BASIC | {"lab.gateway.ike": settings}), during=during).extra
    assert told["pings"]["unanswered"] == []
    assert told["views"]["strongswan"] == told["views"]["gateway"]
    assert told["ike"] >= 1
    assert set(told["child"]) == {True}
    assert told["due"] == [True]
