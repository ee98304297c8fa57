"""Kernel TCP through TUN devices, our dataplane on both sides: the content arrives unchanged."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.dataplane_world import INNER_RIGHT, World, finish, pump, ready, world

pytestmark = pytest.mark.interop

SECONDS = "1"


@pytest.fixture
def net() -> Iterator[World]:
    with world() as made:
        yield made


def transfer(net: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """Send by TCP from left to right: what the sender and what the receiver say."""
    receiver = ready(net.right_namespace.start(*pump("tcp-receive", INNER_RIGHT)))
    sender = net.left_namespace.start(*pump("tcp-send", INNER_RIGHT, SECONDS))
    return json.loads(finish(sender)), json.loads(finish(receiver))


@pytest.mark.parametrize("vnet_hdr", [False, True], ids=["single-packets", "vnet-hdr"])
def test_tcp_over_udp_4500_arrives_unchanged(net: World, *, vnet_hdr: bool) -> None:
    net.start(vnet_hdr=vnet_hdr)
    net.install(1)
    sent, received = transfer(net)
    assert received["bytes"] == sent["bytes"] > 1_000_000
    assert received["sha256"] == sent["sha256"]


@pytest.mark.parametrize("bits", [128, 192, 256, None], ids=lambda bits: f"gcm-{bits}" if bits else "null")
def test_tcp_over_protocol_50_arrives_unchanged_with_every_algorithm(net: World, bits: int | None) -> None:
    net.start()
    net.install(1, udp=False, bits=bits)
    sent, received = transfer(net)
    assert received["bytes"] == sent["bytes"] > 1_000_000
    assert received["sha256"] == sent["sha256"]


def test_tcp_arrives_unchanged_when_outer_packets_have_to_be_fragmented(net: World) -> None:
    net.start()
    net.install(1)
    for namespace in (net.left_namespace, net.right_namespace):
        namespace.run("ip", "link", "set", "under0", "mtu", "1000")
    sent, received = transfer(net)
    assert received["sha256"] == sent["sha256"]
    assert net.left.state()["send_errors"] == {}


def test_both_sides_count_the_same(net: World) -> None:
    net.start()
    net.install(1)
    transfer(net)
    left, right = net.left.state(), net.right.state()
    assert (left["packets_out"], left["bytes_out"]) == (right["packets_in"], right["bytes_in"])
    assert (right["packets_out"], right["bytes_out"]) == (left["packets_in"], left["bytes_in"])
    assert left["drops_in"] == right["drops_in"] == {}


def test_an_inner_syn_to_the_bgp_port_is_seen_where_it_comes_out_of_the_tunnel(net: World) -> None:
    net.start()
    net.install(1)
    script = f"import socket; socket.socket().connect_ex(('{INNER_RIGHT}', 179))"
    net.left_namespace.run("python3", "-c", script)
    assert net.right.state()["syns"] == 1
    assert net.left.state()["syns"] == 0
