"""The text that ExaBGP is given: one rule, one test."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from bgp import render
from bgp.neighbor import Neighbor

API = ("/usr/bin/python3", "-I", "/opt/gsa lab/api.py")
LINK = Neighbor(
    name="branch/link/0",
    local_address=IPv4Address("192.168.1.2"),
    local_as=65476,
    peer_address=IPv4Address("10.1.1.2"),
    peer_as=65533,
    router_id=IPv4Address("192.168.1.2"),
    hold_time=90,
)
OTHER = Neighbor(
    name="branch/link/1",
    local_address=IPv4Address("192.168.1.3"),
    local_as=65476,
    peer_address=IPv4Address("10.1.1.2"),
    peer_as=65533,
    router_id=IPv4Address("192.168.1.3"),
)

GOLDEN = """\
process gateway {
    run "/usr/bin/python3" "-I" "/opt/gsa lab/api.py";
    encoder json;
}
neighbor 10.1.1.2 {
    local-address 192.168.1.2;
    local-as 65476;
    peer-as 65533;
    router-id 192.168.1.2;
    hold-time 90;
    passive true;
    adj-rib-in true;
    adj-rib-out true;
    capability {
        asn4 enable;
        route-refresh enable;
        graceful-restart disable;
        extended-message disable;
    }
    family {
        ipv4 unicast;
    }
    api {
        processes [ gateway ];
        neighbor-changes;
        negotiated;
        fsm;
        receive { parsed; open; update; notification; }
        send { parsed; update; notification; }
    }
}
"""


def prefixes(count: int) -> list[IPv4Network]:
    return [IPv4Network((0x14000000 + (index << 8), 24)) for index in range(count)]


def test_a_neighbour_is_one_explicit_block() -> None:
    assert render.configuration([LINK], API) == GOLDEN


def test_two_tunnels_of_a_link_are_two_blocks_with_the_same_peer_address() -> None:
    text = render.configuration([LINK, OTHER], API)
    assert text.count("neighbor 10.1.1.2 {") == 2
    assert "local-address 192.168.1.2;" in text
    assert "local-address 192.168.1.3;" in text


def test_no_neighbour_has_a_listen_line_because_exabgp_refuses_two_of_the_same_peer() -> None:
    assert "listen" not in render.configuration([LINK, OTHER], API)


@pytest.mark.parametrize("path", ['/opt/"lab"/api.py', "/opt/lab\\/api.py", "/opt/lab\n/api.py"])
def test_a_path_that_exabgp_cannot_read_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="which ExaBGP cannot read"):
        render.configuration([LINK], [path])


def test_the_settings_keep_exabgp_to_its_own_directory() -> None:
    settings = render.settings(Path("/run/x"))
    assert settings["EXABGP_ROOT"] == "/run/x"
    assert settings["EXABGP_ENVFILE"] == "/run/x/exabgp.env"
    assert settings["exabgp_api_cli"] == "false"


def test_the_settings_need_no_user_but_root() -> None:
    assert render.settings(Path("/run/x"))["exabgp_daemon_user"] == "root"


def test_the_settings_listen_for_neighbours_that_a_reload_brings() -> None:
    assert render.settings(Path("/run/x"))["exabgp_tcp_bind"] == "0.0.0.0"  # noqa: S104  it is no socket


def test_an_announcement_names_the_session_by_both_addresses_and_the_next_hop_self() -> None:
    lines = list(render.announcements(LINK, [IPv4Network("20.0.0.0/8"), IPv4Network("40.0.0.0/10")], []))
    assert lines == [
        "neighbor 10.1.1.2 local-ip 192.168.1.2 announce attributes next-hop self nlri 20.0.0.0/8 40.0.0.0/10"
    ]


def test_withdrawals_go_before_announcements() -> None:
    lines = list(render.announcements(LINK, [IPv4Network("20.0.0.0/9")], [IPv4Network("20.0.0.0/8")]))
    assert [line.split()[4] for line in lines] == ["withdraw", "announce"]


@pytest.mark.parametrize(("count", "lines"), [(0, 0), (1, 1), (200, 1), (201, 2), (600, 3)])
def test_announcements_go_in_batches(count: int, lines: int) -> None:
    assert len(list(render.announcements(LINK, prefixes(count), []))) == lines


def test_no_prefix_is_lost_between_batches() -> None:
    lines = render.announcements(LINK, prefixes(450), [])
    sent = [word for line in lines for word in line.partition("nlri ")[2].split()]
    assert sent == [str(prefix) for prefix in prefixes(450)]


def test_a_teardown_carries_the_subcode_of_the_cease() -> None:
    assert render.teardown(LINK, 3) == "neighbor 10.1.1.2 local-ip 192.168.1.2 teardown 3"
