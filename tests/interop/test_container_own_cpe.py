"""A CPE on none of the engine's networks: published ports, macvlan; and a gateway without SYS_ADMIN."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.container_cable import BRANCH, CPE, LAN, MACHINE, Cable, laid_cable
from tests.interop.container_engine import TAG, Engine, Project, until
from tests.support.runner import CHECKOUT

pytestmark = [pytest.mark.interop, pytest.mark.container, pytest.mark.timeout(1800)]

TUNNEL = "bellevue/cpe1/0"
PUBLISHED = "198.18.50.20"
"""The gateway's address in profile ``published``."""
ANNOUNCED = ("198.18.62.0/24", LAN)
"""The branch, and the very network that the CPE's own packets come from."""
PATIENCE = 30
LAB = """\
gateway:
  endpoints: [{endpoint}]
  advertise: {advertise}
remoteNetworks:
  - name: bellevue
    region: westUS
    forwardingProfiles: [microsoft]
    deviceLinks:
      - name: cpe1
        ipAddress: {cpe}
        bgpConfiguration: {{localIpAddress: 10.2.0.4, peerIpAddress: 10.1.0.4, asn: 65001}}
"""
COUNT = ("birdc", "show", "route", "count", "protocol", "gsa0")
RIGHTS = """
--cap-drop ALL --cap-add NET_ADMIN --cap-add NET_BIND_SERVICE --cap-add NET_RAW --cap-add SYS_ADMIN
--security-opt seccomp=unconfined --security-opt apparmor=unconfined --device /dev/net/tun
"""
"""What a gateway with namespaces of its own needs."""
KNOCK = """
ip route add 10.2.0.4 via "$1" && ip route add 13.107.6.152 via "$1"
for port in "$1/81" "$1/53" "$1/80" "$1/179" 10.2.0.4/179 13.107.6.152/80; do
    {
        timeout 1 bash -c "exec 3<>/dev/tcp/$port" 2>/dev/null
        case $? in 0) echo "$port open" ;; 124) echo "$port silent" ;; *) echo "$port refused" ;; esac
    } &
done
wait
"""


def write_lab(file: Path, *, endpoint: str, advertise: str = "") -> Path:
    """Write a lab file; in place, because a container has this very file."""
    known = f"{{{endpoint}: {advertise}}}" if advertise else "{}"
    file.write_text(LAB.format(endpoint=endpoint, advertise=known, cpe=CPE))
    return file


def nat_check(project: Project) -> dict[str, Any]:
    """What ``gsalab doctor`` says of a NAT before the gateway."""
    doctor = json.loads(project.inside(project.gateway, "gsalab", "doctor", "-o", "json", check=False))
    (found,) = [check for check in doctor["checks"] if check["name"] == "NAT before the gateway"]
    return dict(found)


@pytest.fixture(scope="module")
def cable(images: Engine) -> Iterator[Cable]:
    with laid_cable(images) as laid:
        yield laid


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for lab files."""
    return tmp_path_factory.mktemp("labs")


@pytest.fixture(scope="module")
def project(images: Engine, cable: Cable, labs: Path) -> Iterator[Project]:  # noqa: ARG001 - it brings the address
    """Profile ``published``, whose lab file says nothing of the machine's address."""
    lab = write_lab(labs / "gateway.yaml", endpoint=PUBLISHED)
    project = Project(engine=images, profile="published", gateway="gateway-published")
    variables = {"LAB_FILE": str(lab), "TRACES": str(labs), "PUBLISH": MACHINE}
    try:
        project.compose("up", "-d", **variables)
        until(lambda: "gateway ready" in project.log("gateway-published"), 10)
        yield project
    finally:
        project.compose("down", **variables)
    assert project.left() == ""


@pytest.fixture(scope="module")
def told(project: Project, cable: Cable, labs: Path) -> dict[str, Any]:
    """What doctor and check say when a CPE came to the published ports, without ``advertise``."""
    lab = write_lab(labs / "cpe.yaml", endpoint=PUBLISHED, advertise=MACHINE)
    with cable.cpe(lab, *ANNOUNCED):
        until(lambda: bool(project.status(TUNNEL)["nat"]), PATIENCE)
        checked = project.inside("gateway-published", "gsalab", "check", "--wait", "0", check=False)
        return {"doctor": nat_check(project), "check": checked}


@pytest.fixture(scope="module")
def connected(told: dict[str, Any], project: Project, cable: Cable, labs: Path) -> Iterator[Project]:  # noqa: ARG001 - first without ``advertise``
    """The same with ``advertise`` in the gateway's lab file, and a tunnel with its BGP session."""
    write_lab(labs / "gateway.yaml", endpoint=PUBLISHED, advertise=MACHINE)
    project.engine.run("docker", "restart", "-t", "5", project.container("gateway-published"))
    with cable.cpe(labs / "cpe.yaml", *ANNOUNCED):
        until(lambda: project.has_session(TUNNEL), PATIENCE)
        yield project


def test_macvlan_gives_the_gateway_an_address_of_the_lan(images: Engine, cable: Cable, labs: Path) -> None:
    address, network = "198.18.60.20", f"{cable.name}-macvlan"
    lab = write_lab(labs / "macvlan.yaml", endpoint=address)
    options = ("-d", "macvlan", "-o", f"parent={cable.device}", "--subnet", LAN, "--gateway", MACHINE)
    images.run("docker", "network", "create", *options, network)
    try:
        rights = RIGHTS.split()
        run = ("docker", "run", "-d", "--name", network, "--network", network, "--ip", address, *rights)
        mount = ("-v", f"{lab}:/etc/gsalab/lab.yaml:ro", "-e", "GSALAB_PSK=a-long-shared-secret")
        images.run(*run, *mount, f"gsalab/gateway:{TAG}")
        with cable.cpe(lab, *ANNOUNCED) as cpe:
            until(lambda: "25 of" in images.run("docker", "exec", cpe, *COUNT, check=False), PATIENCE)
            page = cable.in_branch("curl", "--interface", BRANCH, "-sS", "-m", "4", "http://13.107.6.152/")
            assert "is reached through the tunnel" in page
    finally:
        images.run("docker", "rm", "-f", network, check=False)
        images.run("docker", "network", "rm", network)


def test_port_publishing_is_found_to_be_a_nat(told: dict[str, Any]) -> None:
    assert "GSA-NAT-001" in told["check"]
    assert not told["doctor"]["ok"]
    assert told["doctor"]["fix"][0] == "publishing a container's ports is a NAT"
    assert f"advertise: {{{PUBLISHED}: ADDRESS}}" in told["doctor"]["fix"][1]


def test_with_advertise_the_tunnel_comes_up_through_the_published_ports(connected: Project) -> None:
    status = connected.status(TUNNEL)
    assert set(status["learned"]) == set(ANNOUNCED)
    assert "ESP in UDP" in connected.log("gateway-published")
    assert nat_check(connected)["ok"]


def test_the_branch_is_answered_by_ping_dns_and_http(connected: Project, cable: Cable) -> None:
    script = f"""
        ping -q -I {BRANCH} -c 1 -W 2 13.107.6.152
        dig -b {BRANCH} +short +time=2 +tries=1 @13.107.6.152 login.microsoftonline.com
        curl --interface {BRANCH} -sS -m 4 http://13.107.6.152/.json
        curl --interface {CPE} -sS -m 4 http://13.107.6.152/.json
    """
    said = cable.in_branch("sh", "-c", script)
    assert " 1 received" in said
    assert re.search(r"^\d+\.\d+\.\d+\.\d+$", said, re.MULTILINE)
    assert f'"source": "{BRANCH}"' in said
    assert f'"source": "{CPE}"' in said
    checked = connected.inside("gateway-published", "gsalab", "check", "--wait", "0", check=False)
    assert "4 of 4 steps passed" in checked
    assert re.findall(r"GSA-\w+-\d+  ", checked) == ["GSA-BGP-022  "]  # the branch shares the WAN's network


def test_a_single_remote_network_needs_no_sys_admin(
    connected: Project,
) -> None:
    host = connected.engine.inspect(connected.container("gateway-published"))["HostConfig"]
    assert (host["Privileged"], host["CapDrop"]) == (False, ["ALL"])
    assert set(host["CapAdd"]) == {"NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW"}
    assert host["SecurityOpt"] == ["no-new-privileges=true"]


def test_shared_the_underlay_reaches_neither_bgp_nor_the_edge(connected: Project) -> None:
    (network,) = connected.engine.inspect(connected.container("gateway-published"))["NetworkSettings"][
        "Networks"
    ]
    options = ("--rm", "--network", network, "--cap-add=NET_ADMIN", "--entrypoint=bash")
    said = connected.engine.run(
        "docker", "run", *options, f"gsalab/host:{TAG}", "-c", KNOCK, "knock", PUBLISHED
    )
    assert sorted(said.splitlines()) == [
        "10.2.0.4/179 silent",
        "13.107.6.152/80 silent",
        f"{PUBLISHED}/179 silent",
        f"{PUBLISHED}/53 silent",
        f"{PUBLISHED}/80 silent",
        f"{PUBLISHED}/81 refused",  # so what knocks can be heard
    ]


@pytest.mark.parametrize("learned", [BRANCH, CPE, "13.107.6.152"])
def test_shared_the_underlay_sees_no_route_from_inside(connected: Project, learned: str) -> None:
    route = connected.inside("gateway-published", "ip", "-o", "route", "get", learned)
    assert f"{learned} via 198.18.50.1 dev eth0 " in route


def test_shared_inside_has_no_route_of_the_underlay(connected: Project) -> None:
    get = ("ip", "-o", "route", "get", "192.0.2.80", "mark", "0x6773")
    assert "Network is unreachable" in connected.inside("gateway-published", *get, check=False)


def test_shared_with_several_remote_networks_both_ways_out_are_named(images: Engine, labs: Path) -> None:
    one, other = ((CHECKOUT / f"containers/labs/{name}.yaml").read_text() for name in ("bellevue", "redmond"))
    lab = labs / "two.yaml"
    lab.write_text(one + other.partition("remoteNetworks:\n")[2])
    rights = ("--cap-drop=ALL", "-v", f"{lab}:/etc/gsalab/lab.yaml:ro")
    shared = ("-e", "GSALAB_NAMESPACES=shared", "-e", "GSALAB_PSK=a-long-shared-secret")
    said = images.run("docker", "run", "--rm", *rights, *shared, f"gsalab/gateway:{TAG}", check=False)
    assert "one container for each remote network; or --namespaces own" in said
    assert "SYS_ADMIN" in said


def test_shared_settings_that_are_missing_are_named(images: Engine, labs: Path) -> None:
    lab = write_lab(labs / "alone.yaml", endpoint="198.18.50.21")
    rights = ("--cap-drop=ALL", "--cap-add=NET_ADMIN", "-v", f"{lab}:/etc/gsalab/lab.yaml:ro")
    shared = ("-e", "GSALAB_NAMESPACES=shared", "-e", "GSALAB_PSK=a-long-shared-secret")
    said = images.run("docker", "run", "--rm", *rights, *shared, f"gsalab/gateway:{TAG}", check=False)
    assert re.search(r"fix: start the container with .*--sysctl net\.ipv4\.fib_multipath_hash_policy=1", said)
