"""docker-compose.yml, profile ``basic``: the lab comes up, survives, and leaves nothing."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.container_engine import TAG, Engine, Project, until

pytestmark = [pytest.mark.interop, pytest.mark.container, pytest.mark.timeout(1800)]

TUNNEL = "bellevue/cpe1/0"
PAGE = "http://login.microsoftonline.com/"
RECONNECTED = 120
"""Seconds in which a CPE is back: 3 of silence, 8 of unanswered probes, and the time of a busy machine."""

PROCESSES = "for file in /proc/[0-9]*/stat; do cat $file; done 2>/dev/null; getconf CLK_TCK"
"""Prints one line for each process of a container, and the clock ticks of a second."""


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for the gateway's trace."""
    return tmp_path_factory.mktemp("traces")


@pytest.fixture(scope="module")
def basic(images: Engine, traces: Path) -> Iterator[Project]:
    """Profile ``basic``, up and with its page fetched; the gateway prints JSON lines."""
    project = Project(engine=images, profile="basic")
    try:
        project.compose("up", "-d", LOG="json", TRACES=str(traces))
        until(lambda: project.health("host") == "healthy", 150)
        yield project
    finally:
        project.compose("down")
    assert project.left() == ""


def starts(project: Project) -> list[float]:
    """When the gateway said that it was ready, for each of its starts; asking costs the gateway nothing."""
    records = map(json.loads, project.log("gateway").splitlines())
    return [record["time"] for record in records if record["name"] == "gateway_ready"]


def computed_until_ready(project: Project) -> float:
    """Restart the gateway; processor seconds of it and all its descendants, when it is ready."""
    before = starts(project)
    project.engine.run("docker", "restart", "-t", "5", project.container("gateway"))
    until(lambda: len(starts(project)) > len(before), 60)
    *lines, ticks = project.inside("gateway", "sh", "-c", PROCESSES).splitlines()
    fields = [line.rpartition(") ")[2].split() for line in lines]
    numbers = [int(line.split()[0]) for line in lines]
    family = {1}
    for number, (_, parent, *_) in sorted(zip(numbers, fields, strict=True)):
        family |= {number} if int(parent) in family else set()
    return sum(
        sum(map(int, rest[11:15]))  # user, system, and the same of children that have ended
        for number, rest in zip(numbers, fields, strict=True)
        if number in family
    ) / int(ticks)


def test_the_cpe_learns_the_routes_of_the_profile(basic: Project) -> None:
    routes = basic.inside("cpe", "birdc", "show", "route", "protocol", "gsa0")
    assert re.search(r"^13\.107\.6\.152/31 .*\n\tdev ipsec0$", routes, re.MULTILINE)
    assert basic.status(TUNNEL)["learned"] == ["198.18.2.0/24"]


def test_the_host_fetches_a_page_through_the_tunnel(basic: Project) -> None:
    assert "is reached through the tunnel" in basic.inside("host", "curl", "-sS", "-m", "5", PAGE)


def test_check_in_the_gateways_container_passes(basic: Project) -> None:
    assert "4 of 4 steps passed" in basic.inside("gateway", "gsalab", "check")


def test_what_no_profile_covers_is_dropped(basic: Project) -> None:
    fetch = ("curl", "-sS", "-m", "2", "http://192.0.2.80/")
    assert "timed out" in basic.inside("host", *fetch, check=False)


def test_without_nat_the_gateway_sees_the_cpes_own_address(basic: Project) -> None:
    assert basic.status(TUNNEL)["ike"]["identity"].startswith("198.18.1.10 ")


def test_the_log_is_one_json_record_per_line(basic: Project) -> None:
    names = [json.loads(line)["name"] for line in basic.log("gateway").splitlines()]
    assert {"gateway_ready", "ike_sa_established", "child_sa_established", "routes_learned"} <= set(names)


def test_the_trace_is_outside_the_container_and_can_be_diagnosed(basic: Project, traces: Path) -> None:
    (trace,) = traces.iterdir()
    folder = ("-v", f"{traces}:/traces:ro")
    run = ("docker", "run", "--rm", *folder, f"gsalab/gateway:{TAG}", "diagnose", f"/traces/{trace.name}")
    found = basic.engine.run(*run, check=False)
    assert not re.findall(r"GSA-\w+-\d+(?=  )", found)


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
    assert added["isp"] == added["host"] == {"NET_ADMIN", "SETGID", "SETPCAP", "SETUID"}


@pytest.mark.parametrize("service", ["host", "isp"])
def test_what_runs_on_is_an_ordinary_user_without_capabilities(service: str, basic: Project) -> None:
    status = basic.inside(service, "cat", "/proc/1/status")
    assert re.search(r"^Uid:\s+65534\b", status, re.MULTILINE)
    assert re.search(r"^CapPrm:\s+0+$", status, re.MULTILINE)


def test_the_gateway_computes_less_than_two_seconds_until_it_is_ready(basic: Project) -> None:
    """On a quiet machine it is ready in less than that; `make bench` says how soon."""
    assert min(computed_until_ready(basic) for _ in range(3)) < 2
    until(lambda: basic.has_session(TUNNEL), RECONNECTED)


def test_a_restarted_gateway_has_printed_nothing_but_records(basic: Project) -> None:
    assert all(json.loads(line) for line in basic.log("gateway").splitlines())


def test_sigterm_deletes_the_sas_and_ends_the_gateway_within_five_seconds(basic: Project) -> None:
    until(lambda: basic.has_session(TUNNEL), RECONNECTED)
    basic.engine.run("docker", "stop", "-t", "5", basic.container("gateway"))  # then a kill, status 137
    assert basic.engine.inspect(basic.container("gateway"))["State"]["ExitCode"] == 0
    until(lambda: "received DELETE for IKE_SA gsa" in basic.log("cpe"), 30)
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
    until(lambda: "AUTHENTICATION_FAILED" in basic.log("cpe"), 60)
    findings = basic.inside("gateway", "gsalab", "check", "--wait", "0", check=False)
    assert "Pre-shared keys differ" in findings
