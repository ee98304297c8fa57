"""The relay between ExaBGP's pipes and the gateway's socket."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bgp import api_child
from bgp.api_child import Overflow, Relay


@dataclass
class Ends:
    """The far ends of a relay."""

    exabgp_in: int
    exabgp_out: int
    gateway: socket.socket
    relay: Relay


@pytest.fixture
def ends() -> Iterator[Ends]:
    events, exabgp_out = os.pipe()
    exabgp_in, commands = os.pipe()
    gateway, own = socket.socketpair()
    gateway.settimeout(30)
    relay = Relay(events, commands, own.fileno(), max_waiting=1_000_000)
    yield Ends(exabgp_in, exabgp_out, gateway, relay)
    for descriptor in (events, exabgp_in, commands):
        os.close(descriptor)
    gateway.close()
    own.close()


def run(relay: Relay) -> threading.Thread:
    thread = threading.Thread(target=relay.run, daemon=True)
    thread.start()
    return thread


def test_events_go_to_the_gateway_and_commands_to_exabgp(ends: Ends) -> None:
    thread = run(ends.relay)
    os.write(ends.exabgp_out, b"event\n")
    assert ends.gateway.recv(100) == b"event\n"
    ends.gateway.sendall(b"command\n")
    assert os.read(ends.exabgp_in, 100) == b"command\n"
    os.close(ends.exabgp_out)
    thread.join(5)
    assert not thread.is_alive()


def test_it_ends_when_the_gateway_goes_away(ends: Ends) -> None:
    thread = run(ends.relay)
    ends.gateway.close()
    thread.join(5)
    assert not thread.is_alive()
    os.close(ends.exabgp_out)


def test_exabgp_never_waits_for_a_gateway_that_does_not_read(ends: Ends) -> None:
    thread = run(ends.relay)
    writer = threading.Thread(target=os.write, args=(ends.exabgp_out, bytes(900_000)), daemon=True)
    writer.start()
    writer.join(5)
    assert not writer.is_alive()
    os.close(ends.exabgp_out)
    thread.join(5)


def test_it_gives_up_rather_than_losing_events(ends: Ends) -> None:
    writer = threading.Thread(target=os.write, args=(ends.exabgp_out, bytes(3_000_000)), daemon=True)
    writer.start()
    with pytest.raises(Overflow, match="wait for the gateway"):
        ends.relay.run()
    os.set_blocking(ends.relay._events, False)
    while writer.is_alive():
        with contextlib.suppress(BlockingIOError):
            os.read(ends.relay._events, 1 << 20)
        writer.join(0.01)
    os.close(ends.exabgp_out)


def test_it_starts_with_the_standard_library_only_and_reports_a_missing_gateway(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-I", "-S", api_child.__file__],
        env={api_child.SOCKET_VARIABLE: str(tmp_path / "none.sock")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert finished.returncode == 1
    assert finished.stderr.startswith("api ")
