"""docker-compose.yml: the lab comes up, survives, and leaves nothing."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.interop.container_engine import Engine, Project, until

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

TUNNEL = "bellevue/cpe1/0"
PAGE = "http://login.microsoftonline.com/"
RECONNECTED = 45
"""Seconds in which a CPE is back: 3 of silence, 8 of unanswered probes, and the time of a busy machine."""


@pytest.fixture(scope="module")
def basic(images: Engine) -> Iterator[Project]:
    """Profile ``basic``, up and with its page fetched; the gateway prints JSON lines."""
    project = Project(engine=images, profile="basic")
    try:
        project.compose("up", "-d", LOG="json")
        until(lambda: project.health("host") == "healthy", 60)
        yield project
    finally:
        project.compose("down")


def ready_after(project: Project) -> float:
    """Seconds from the start of the gateway's container to its record that it is ready."""
    started = project.engine.inspect(project.container("gateway"))["State"]["StartedAt"]
    at = datetime.strptime(started[:26], "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC).timestamp()
    records = map(json.loads, project.log("gateway").splitlines())
    return float(max(r["time"] for r in records if r["name"] == "gateway_ready") - at)


def test_the_cpe_learns_the_routes_of_the_profile(basic: Project) -> None:
    routes = basic.inside("cpe", "birdc", "show", "route", "protocol", "gsa0")
    assert re.search(r"^13\.107\.6\.152/31 .*\n\tdev ipsec0$", routes, re.MULTILINE)
    assert basic.status(TUNNEL)["learned"] == ["198.18.2.0/24"]


def test_the_host_fetches_a_page_through_the_tunnel(basic: Project) -> None:
    assert "is reached through the tunnel" in basic.inside("host", "curl", "-sS", "-m", "5", PAGE)


def test_what_no_profile_covers_is_dropped(basic: Project) -> None:
    fetch = ("curl", "-sS", "-m", "2", "http://192.0.2.80/")
    assert "timed out" in basic.inside("host", *fetch, check=False)


def test_without_nat_the_gateway_sees_the_cpes_own_address(basic: Project) -> None:
    assert basic.status(TUNNEL)["ike"]["identity"].startswith("198.18.1.10 ")


def test_the_log_is_one_json_record_per_line(basic: Project) -> None:
    names = [json.loads(line)["name"] for line in basic.log("gateway").splitlines()]
    assert {"gateway_ready", "ike_sa_established", "child_sa_established", "routes_learned"} <= set(names)


def test_containers_have_the_listed_rights_and_no_more(basic: Project) -> None:
    rights = {
        service: basic.engine.inspect(basic.container(service))["HostConfig"]
        for service in ("gateway", "isp", "cpe", "host")
    }
    assert not any(host["Privileged"] for host in rights.values())
    assert all(host["CapDrop"] == ["ALL"] for host in rights.values())
    added = {service: set(host["CapAdd"]) for service, host in rights.items()}
    assert added["gateway"] == {"NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW", "SYS_ADMIN"}
    assert added["cpe"] == {"NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW"}
    assert added["isp"] == {"NET_ADMIN"}


def test_the_program_of_the_host_is_an_ordinary_user_without_capabilities(basic: Project) -> None:
    status = basic.inside("host", "cat", "/proc/1/status")
    assert re.search(r"^Uid:\s+65534\b", status, re.MULTILINE)
    assert re.search(r"^CapPrm:\s+0+$", status, re.MULTILINE)


def test_the_gateway_is_ready_in_under_two_seconds(basic: Project) -> None:
    durations = []
    for _ in range(2):
        basic.engine.run("docker", "restart", "-t", "5", basic.container("gateway"))
        until(lambda: basic.inside("gateway", "gsalab", "status", check=False).startswith("bellevue"), 10)
        durations.append(ready_after(basic))
    assert min(durations) < 2
    until(lambda: basic.has_session(TUNNEL), RECONNECTED)


def test_sigterm_deletes_the_sas_and_ends_the_gateway_within_five_seconds(basic: Project) -> None:
    until(lambda: basic.has_session(TUNNEL), RECONNECTED)
    took = until(lambda: bool(basic.engine.run("docker", "stop", "-t", "10", basic.container("gateway"))), 10)
    assert took < 5
    assert basic.engine.inspect(basic.container("gateway"))["State"]["ExitCode"] == 0
    until(lambda: "received DELETE for IKE_SA gsa" in basic.log("cpe"), 5)
    basic.engine.run("docker", "start", basic.container("gateway"))
    until(lambda: basic.has_session(TUNNEL), RECONNECTED)


def test_after_a_kill_the_gateway_starts_again_and_the_cpe_reconnects_by_itself(basic: Project) -> None:
    until(lambda: basic.has_session(TUNNEL), RECONNECTED)
    basic.engine.run("docker", "kill", basic.container("gateway"))
    basic.engine.run("docker", "start", basic.container("gateway"))
    until(lambda: basic.has_session(TUNNEL), RECONNECTED)
    assert "is reached through the tunnel" in basic.inside("host", "curl", "-sS", "-m", "5", PAGE)


def test_the_cpe_restarts_without_help_also_after_a_kill(basic: Project) -> None:
    for how in ("restart", "kill"):
        before = basic.status(TUNNEL)["ike"]
        basic.engine.run("docker", how, basic.container("cpe"))
        basic.engine.run("docker", "start", basic.container("cpe"))
        until(lambda: basic.has_session(TUNNEL) and basic.status(TUNNEL)["ike"] != before, RECONNECTED)  # noqa: B023


def test_a_wrong_key_on_the_cpe_is_told_by_the_gateway(basic: Project) -> None:
    """Last of the tests with this lab: it makes the CPE anew."""
    basic.compose("up", "-d", "--no-deps", "cpe", LOG="json", CPE_PSK="another-secret")
    until(lambda: "AUTHENTICATION_FAILED" in basic.log("cpe"), 20)
    findings = basic.inside("gateway", "gsalab", "check", "--wait", "0", check=False)
    assert "Pre-shared keys differ" in findings


def test_nat_static_hides_the_cpe_behind_the_isp_and_down_leaves_nothing(images: Engine) -> None:
    project = Project(engine=images, profile="nat-static")
    try:
        project.compose("up", "-d")
        until(lambda: project.health("host-nat") == "healthy", 60)
        assert project.status("redmond/cpe1/0")["ike"]["identity"].startswith("198.18.0.3 ")
        assert "198.18.0.3:4500" in project.log("gateway")
        assert "198.18.11.10" not in project.log("gateway")
    finally:
        project.compose("down")
    assert project.left() == ""


def test_the_gateway_alone_listens_on_the_machines_own_network(images: Engine, home: Path) -> None:
    address = images.inspect("bridge")["IPAM"]["Config"][0]["Gateway"]
    lab = home / "lab.yaml"
    example = Path("examples/minimal.yaml").read_text().replace("198.51.100.20", address)
    lab.write_text(example)
    project = Project(engine=images, profile="gateway")
    try:
        project.compose("up", "-d", LAB_FILE=str(lab))
        until(lambda: f"gateway ready on {address}" in project.log("gateway-host"), 10)
        assert (
            project.engine.inspect(project.container("gateway-host"))["HostConfig"]["NetworkMode"] == "host"
        )
    finally:
        project.compose("down", LAB_FILE=str(lab))
    assert project.left() == ""
