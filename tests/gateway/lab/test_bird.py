"""BIRD's configuration, and the reading of what birdc prints."""

import subprocess
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from gateway.doctor.programs import search_path
from gateway.lab.bird import Neighbor, Speaker, configuration, parse_session

ESTABLISHED = """\
BIRD 2.0.12 ready.
Name       Proto      Table      State  Since         Info
gsa0       BGP        ---        up     11:50:04.034  Established
  BGP state:          Established
    Neighbor address: 10.2.0.4
    Neighbor AS:      65476
    Local AS:         65001
  Channel ipv4
    State:          UP
    Routes:         25 imported, 1 exported, 25 preferred
"""
DOWN = """\
gsa0       BGP        ---        start  11:50:04.034  Active        Socket: Connection refused
  BGP state:          Active
    Neighbor AS:      65476
    Local AS:         65001
    Last error:       Socket: Connection refused
"""
ZONES = Speaker(
    address=IPv4Address("10.1.0.4"),
    asn=65001,
    announces=(IPv4Network("10.1.0.0/16"),),
    through_tunnel=(IPv4Network("192.0.2.80/32"),),
    hold_time=30,
    neighbors=(
        Neighbor(index=0, address=IPv4Address("10.2.0.4"), asn=65476, via='"ipsec0"'),
        Neighbor(index=1, address=IPv4Address("10.2.0.5"), asn=65476, via="172.31.0.6"),
    ),
)


def test_an_established_session_is_read_with_its_routes() -> None:
    session = parse_session(ESTABLISHED)
    assert (session.state, session.local_as, session.peer_as) == ("Established", 65001, 65476)
    assert (session.imported, session.exported, session.error) == (25, 1, None)


def test_a_session_that_is_down_is_read_with_its_last_error() -> None:
    session = parse_session(DOWN)
    assert (session.state, session.imported) == ("Active", 0)
    assert session.error == "Socket: Connection refused"


def test_a_disabled_session_is_down() -> None:
    assert parse_session("gsa0       BGP        ---        down   11:50:03.100\n").state == "Down"


def test_the_far_bgp_address_is_routed_into_its_tunnel() -> None:
    text = configuration(ZONES)
    assert 'route 10.2.0.4/32 via "ipsec0";' in text
    assert "route 10.2.0.5/32 via 172.31.0.6;" in text


def test_a_demonstration_route_goes_into_the_first_tunnel_only() -> None:
    assert configuration(ZONES).count("route 192.0.2.80/32") == 1


def test_sessions_and_tunnel_routes_wait_for_their_tunnel() -> None:
    assert configuration(ZONES).count("disabled;") == 4


def test_the_announced_prefix_stays_out_of_the_kernel() -> None:
    assert 'export where proto != "announced";' in configuration(ZONES)


@pytest.mark.interop
def test_bird_accepts_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "bird.conf"
    file.write_text(configuration(ZONES))
    subprocess.run(["bird", "-p", "-c", str(file)], env={"PATH": search_path()}, check=True)
