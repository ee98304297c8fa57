"""A namespace that is shared with the underlay: it is given back as it was found."""

import json
import subprocess
import sys

import pytest

from tests.support.runner import CHECKOUT

pytestmark = pytest.mark.interop

ROUTING = "ip rule; ip route show table all; ip -o link"
LIFE = """
import asyncio, json, os, subprocess, sys
from ipaddress import IPv4Network
from gateway.edge.edge import CONNTRACK
from gateway.netns import SharedNamespace, sysctl

def routing():
    return subprocess.run(["sh", "-c", sys.argv[1]], capture_output=True, text=True).stdout

async def life():
    namespace = await SharedNamespace.create("hq")
    device = await namespace.add_tun("gsa0", 1400, vnet_hdr=True)
    await namespace.add_address("10.2.0.4", "gsa0")
    await namespace.set_covered([IPv4Network("192.0.2.0/24")])
    await namespace.set_learned_routes({IPv4Network("10.1.0.0/16"): ["gsa0"]})
    during = routing()
    os.close(device)
    await namespace.close()
    return during

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
sysctl.write({**sysctl.ROUTING, **sysctl.MARKS})
before = routing()
during = asyncio.run(life())
json.dump({"before": before, "during": during, "after": routing()}, sys.stdout)
"""


SANDBOX = ("unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc")
REFUSED = """
import asyncio, json, subprocess, sys
from gateway.doctor.problem import EnvironmentProblem
from gateway.netns import SharedNamespace

def routing():
    return subprocess.run(["sh", "-c", sys.argv[1]], capture_output=True, text=True).stdout

before = routing()
try:
    asyncio.run(SharedNamespace.create("hq"))
except EnvironmentProblem as problem:
    json.dump({"before": before, "after": routing(), "fix": problem.fix}, sys.stdout)
"""


def in_sandbox(script: str) -> dict[str, str]:
    """Run a script in namespaces of its own; the object that it prints."""
    done = subprocess.run(
        [*SANDBOX, sys.executable, "-c", script, ROUTING],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_after_close_rules_routes_and_devices_are_as_before() -> None:
    found = in_sandbox(LIFE)
    assert "fwmark 0x6773 lookup local" in found["during"]
    assert "10.1.0.0/16 dev gsa0 table local" in found["during"]
    assert found["after"] == found["before"]


def test_with_other_settings_nothing_is_changed_and_the_options_are_named() -> None:
    found = in_sandbox(REFUSED)
    assert "--sysctl net.ipv4.fib_multipath_hash_policy=1" in found["fix"]
    assert found["after"] == found["before"]
