"""docker-compose.yml, profiles ``nat-static`` and ``gateway``."""

from pathlib import Path

import pytest

from tests.interop.container_engine import Engine, Project, until
from tests.support.runner import CHECKOUT

pytestmark = [pytest.mark.interop, pytest.mark.container, pytest.mark.timeout(1800)]


def test_nat_static_hides_the_cpe_behind_the_isp_and_down_leaves_nothing(images: Engine, home: Path) -> None:
    project = Project(engine=images, profile="nat-static", gateway="gateway-nat")
    try:
        project.compose("up", "-d", TRACES=str(home))
        until(lambda: project.health("host-nat") == "healthy", 150)
        assert project.status("redmond/cpe1/0")["ike"]["identity"].startswith("198.18.0.3 ")
        assert "198.18.0.3:4500" in project.log("gateway-nat")
        assert "198.18.11.10" not in project.log("gateway-nat")
    finally:
        project.compose("down")
    assert project.left() == ""


def test_the_gateway_alone_listens_on_the_machines_own_network(images: Engine, home: Path) -> None:
    address = images.inspect("bridge")["IPAM"]["Config"][0]["Gateway"]
    lab = home / "lab.yaml"
    lab.write_text((CHECKOUT / "examples/minimal.yaml").read_text().replace("198.51.100.20", address))
    variables = {"LAB_FILE": str(lab), "TRACES": str(home / "traces")}
    project = Project(engine=images, profile="gateway")
    try:
        project.compose("up", "-d", **variables)
        until(lambda: f"gateway ready on {address}" in project.log("gateway-host"), 60)
        assert (
            project.engine.inspect(project.container("gateway-host"))["HostConfig"]["NetworkMode"] == "host"
        )
    finally:
        project.compose("down", **variables)
    assert project.left() == ""
