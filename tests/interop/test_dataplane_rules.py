"""What two dataplanes do on a real network: demultiplexing, bandwidth, rekey, unknown SPIs."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.dataplane.bandwidth import BURST_SECONDS
from tests.interop.dataplane_world import (
    INNER_LEFT,
    INNER_RIGHT,
    LEFT,
    RIGHT,
    ROOT,
    World,
    finish,
    pump,
    ready,
    world,
)

pytestmark = pytest.mark.interop


@pytest.fixture
def net() -> Iterator[World]:
    with world() as made:
        yield made


def wait_for(
    state: Callable[[], dict[str, Any]], condition: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The first state that meets the condition, within 20 s; the last one seen otherwise."""
    until = time.monotonic() + 20
    while not condition(seen := state()) and time.monotonic() < until:
        time.sleep(0.02)
    return seen


def sends_on(spi: int) -> Callable[[dict[str, Any]], bool]:
    """Whether a state says that the SA with our SPI ``spi`` is the one that sends."""
    return lambda seen: bool(seen["sending"] == spi)


def udp_stream(net: World, *, seconds: float, rate: int, size: int = 1200, to: str = INNER_RIGHT) -> Any:
    """Start numbered datagrams through the tunnel; returns what waits for the receiver's result."""
    there, back = (
        (net.right_namespace, net.left_namespace)
        if to == INNER_RIGHT
        else (net.left_namespace, net.right_namespace)
    )
    receiver = ready(there.start(*pump("udp-receive", to, str(seconds + 20))))
    sender = back.start(*pump("udp-send", to, str(seconds), str(rate), str(size)))

    def result() -> tuple[dict[str, Any], dict[str, Any]]:
        return json.loads(finish(sender)), json.loads(finish(receiver))

    return result


def test_a_keepalive_is_counted_and_nothing_else(net: World) -> None:
    net.start()
    net.left.ask("keepalive", path=(LEFT, 4500, RIGHT, 4500))
    state = wait_for(net.right.state, lambda seen: bool(seen["keepalives"]))
    assert state["keepalives"] == 1
    assert (state["ike"], state["unknown_spi"], state["records"]) == ([], 0, [])


@pytest.mark.parametrize("port", [500, 4500])
def test_an_ike_message_arrives_without_the_marker_and_with_its_path(net: World, port: int) -> None:
    net.start()
    net.left.ask("send_ike", data="0102030405", path=(LEFT, port, RIGHT, port))
    state = wait_for(net.right.state, lambda seen: bool(seen["ike"]))
    assert state["ike"] == [["0102030405", [RIGHT, port, LEFT, port]]]


def test_a_packet_with_an_unknown_spi_is_counted_and_reported_once(net: World) -> None:
    net.start()
    left, _ = net.sa(7)
    net.left.ask("install", sa=left, replaces=None)
    net.left_namespace.run("sh", "-c", f"ping -c 5 -i 0.02 -W 0.1 {INNER_RIGHT} || true")
    state = net.right.state()
    assert state["unknown_spi"] == 5
    assert [record for record in state["records"] if record["name"] == "esp_dropped"] == [
        {
            "category": "esp",
            "name": "esp_dropped",
            "tunnel": None,
            "reason": "unknown_spi",
            "direction": "in",
            "packets": 1,
            "remote": f"{LEFT}:4500",
            "spi": "00002007",
        }
    ]


@pytest.mark.parametrize("direction", ["out", "in"])
def test_the_bandwidth_tier_is_enforced_in_both_directions(net: World, direction: str) -> None:
    net.start(rate_mbps=4)
    net.install(1)
    to = INNER_RIGHT if direction == "out" else INNER_LEFT
    result = udp_stream(net, seconds=2, rate=30, size=1172, to=to)
    sent, received = result()
    inner_bits = received["packets"] * 1200 * 8
    # The tier for as long as the stream lasted, and a full bucket at the start; a busy machine may use less
    # of it. What a bucket admits exactly is in tests/gateway/dataplane/test_bandwidth.py.
    admitted = 4e6 * (max(sent["seconds"], received["seconds"]) + BURST_SECONDS)
    assert sent["packets"] > 2 * received["packets"]
    assert 0.3 * admitted < inner_bits < 1.1 * admitted
    state = net.left.state()
    assert state[f"drops_{direction}"]["bandwidth"] == sent["packets"] - received["packets"]


def test_a_stream_within_the_bandwidth_tier_is_not_limited(net: World) -> None:
    net.start(rate_mbps=250)
    net.install(1)
    _sent, received = udp_stream(net, seconds=2, rate=40)()
    assert received["packets"] > 0
    assert "bandwidth" not in net.left.state()["drops_out"]
    assert "bandwidth" not in net.right.state()["drops_in"]


@pytest.mark.parametrize("replacing", [True, False], ids=["rekey", "make-before-break"])
def test_a_new_child_sa_under_a_running_stream_loses_no_packet(net: World, *, replacing: bool) -> None:
    net.start()
    net.install(1)
    there = udp_stream(net, seconds=4, rate=10, to=INNER_RIGHT)
    back = udp_stream(net, seconds=4, rate=10, to=INNER_LEFT)
    for number in range(2, 6):
        time.sleep(0.5)
        left, right = net.sa(number)
        old_left, old_right = net.sa(number - 1)
        # As in an exchange that left starts: right (responder) has the new SA first, left sends on it,
        # then left deletes the old one and right follows.
        net.right.ask("install", sa=right, replaces=old_right["spi_in"] if replacing else None)
        time.sleep(0.05)
        assert net.right.state()["sending"] == old_right["spi_in"]
        replaces = old_left["spi_in"] if replacing else None
        net.left.ask("install", sa=left, replaces=replaces, initiated_by_us=True)
        wait_for(net.right.state, sends_on(right["spi_in"]))
        assert net.right.state()["sending"] == right["spi_in"]
        net.left.ask("remove", spi=old_left["spi_in"])
        net.right.ask("remove", spi=old_right["spi_in"])
    there()
    back()
    # Not what the receiving programs count: on a busy machine their sockets overflow.
    for sender, receiver in ((net.left, net.right), (net.right, net.left)):
        assert receiver.state()["packets_in"] == sender.state()["packets_out"] > 500
        assert receiver.state()["drops_in"] == {}
        assert receiver.state()["unknown_spi"] == 0


def test_an_address_that_another_daemon_uses_is_refused_with_words(net: World) -> None:
    script = (
        "import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
        "s.bind(('0.0.0.0', 500)); print('ready', flush=True); time.sleep(30)"
    )
    other = ready(net.left_namespace.start("python3", "-c", script))
    opening = (
        "import asyncio, sys; from gateway.endpoint import Endpoint, EndpointError\n"
        "async def main():\n"
        "    try: Endpoint(sys.argv[1], None, None).open()\n"
        "    except EndpointError as error: print(error)\n"
        "asyncio.run(main())"
    )
    try:
        text = net.left_namespace.run("env", "-C", str(ROOT), sys.executable, "-c", opening, LEFT)
    finally:
        other.kill()
        other.wait()
    assert text == (
        f"UDP port 500 on {LEFT} is in use: another IKE daemon such as charon is running; stop it "
        "('ss -ulnp' shows which), or choose another address\n"
    )
