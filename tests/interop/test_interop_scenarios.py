"""The scenarios from the command line, as a person runs them: as an ordinary user and as root."""

import json
from typing import Any

import pytest

from tests.support.runner import CHECKOUT, USERS, Runner, User

pytestmark = pytest.mark.interop

GSALAB = CHECKOUT / ".venv/bin/gsalab"
KEYS = {
    "scenario",
    "ok",
    "tunnels",
    "routes_learned_by_cpe",
    "routes_learned_from_cpe",
    "traffic",
    "timings_ms",
}


def run(shell: Runner, scenario: str, user: User) -> dict[str, Any]:
    """The JSON report of a scenario that has to succeed."""
    done = shell.run(GSALAB, "lab", "run", scenario, "-o", "json", user=user, timeout=120)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.parametrize("user", USERS)
def test_basic_succeeds_for_an_ordinary_user_and_for_root(shell: Runner, user: User) -> None:
    report = run(shell, "basic", user)
    assert report["ok"] is True
    assert report.keys() >= KEYS
    (tunnel,) = report["tunnels"]
    assert tunnel["ike"]["state"] == "ESTABLISHED"
    assert tunnel["child"]["state"] == "INSTALLED"
    assert tunnel["bgp"]["state"] == "Established"
    assert tunnel["routes_learned_by_cpe"] == 25
    assert tunnel["routes_learned_from_cpe"] == ["10.1.0.0/16"]
    dropped = [check for check in report["traffic"] if check["expect"] == "dropped"]
    assert dropped
    assert all(check["ok"] for check in report["traffic"])


def test_behind_a_nat_that_keeps_the_ports_the_tunnel_comes_up(shell: Runner) -> None:
    report = run(shell, "nat-static", USERS[0])
    assert report["ok"] is True
    (tunnel,) = report["tunnels"]
    assert tunnel["ike"]["local"].startswith("192.168.")


def test_zone_redundancy_uses_both_tunnels_and_survives_the_loss_of_either(shell: Runner) -> None:
    report = run(shell, "zone-redundancy", USERS[0])
    assert report["ok"] is True
    assert len(report["tunnels"]) == 2
    (spread,) = [check for check in report["traffic"] if check["spread"]]
    assert len(spread["packets"]) == 2
    assert all(spread["packets"].values())


def test_two_branches_with_the_same_addresses_do_not_meet(shell: Runner) -> None:
    report = run(shell, "two-branches", USERS[0])
    assert report["ok"] is True
    names = {tunnel["name"].split("/")[0] for tunnel in report["tunnels"]}
    assert names == {"north", "south"}


def test_a_wrong_pre_shared_key_fails_with_exit_status_1(shell: Runner) -> None:
    done = shell.run(
        GSALAB, "lab", "run", "basic", "--set", "cpe.psk=wrong", "--set", "timeout=5", check=False, timeout=60
    )
    assert done.returncode == 1
    assert "no IKE SA" in done.stdout + done.stderr
