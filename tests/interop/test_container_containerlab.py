"""The gateway as containerlab runs it: commands split without a shell, on a terminal, with all of /proc.

containerlab runs nodes as privileged, which not every machine allows. What differs for the gateway is that
/proc/sys is no mount of its own then; ``systempaths=unconfined`` has the same effect.
"""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.lab.containerlab import topology
from gateway.model import load, tunnels
from tests.interop.container_engine import TAG, Engine, until
from tests.support.runner import CHECKOUT

pytestmark = [pytest.mark.interop, pytest.mark.container, pytest.mark.timeout(300)]

EXAMPLE = CHECKOUT / "examples/zone-redundancy.yaml"
RIGHTS = (
    *("--cap-add=NET_ADMIN", "--cap-add=SYS_ADMIN", "--device=/dev/net/tun"),
    *("--security-opt=apparmor=unconfined", "--security-opt=seccomp=unconfined"),
    "--security-opt=systempaths=unconfined",
)


@pytest.fixture
def node() -> dict[str, Any]:
    """The gateway in the exported topology."""
    text = topology("lab", tunnels(load([EXAMPLE])), [str(EXAMPLE)], f"gsalab/gateway:{TAG}")
    found: dict[str, Any] = YAML(typ="safe").load(text)["topology"]["nodes"]["gateway"]
    return found


@pytest.fixture
def gateway(images: Engine, node: dict[str, Any]) -> Iterator[str]:
    """Its container, which has no cable yet."""
    (bind,) = node["binds"]
    run = ("docker", "run", "-d", "-t", "--network=none", *RIGHTS, "-v", bind)
    name = images.run(
        *run, "--entrypoint", node["entrypoint"], node["image"], *shlex.split(node["cmd"])
    ).strip()
    yield name
    images.run("docker", "rm", "-f", name)


def test_it_is_ready_before_its_cables_and_takes_them(
    images: Engine, node: dict[str, Any], gateway: str
) -> None:
    until(
        lambda: "gateway ready on 198.51.100.20, 198.51.100.21" in images.run("docker", "logs", gateway), 60
    )
    inside = ("docker", "exec", gateway)
    images.run(*inside, "ip", "link", "add", "eth1", "type", "veth", "peer", "name", "cpe1")
    for command in node["exec"]:
        images.run(*inside, *shlex.split(command))
    assert "198.51.100.11/31" in images.run(*inside, "ip", "address", "show", "eth1")
    assert "198.51.100.10" in images.run(*inside, "gsalab", "status")
