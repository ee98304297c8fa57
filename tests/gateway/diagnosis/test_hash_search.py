"""The search for the private address and port of a NAT detection hash."""

import json
import os
import subprocess
import sys
import time

import pytest

from gateway.diagnosis import hash_search
from gateway.diagnosis.hash_search import search
from ike.nat import detection_hash

SPIS = bytes(range(16))


def hash_of(address: str, port: int) -> bytes:
    """What a CPE sends that believes to have this address and port."""
    return detection_hash(SPIS[:8], SPIS[8:], address, port)


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("192.168.1.2", 500),
        ("192.168.255.254", 4500),
        ("10.0.0.138", 500),
        ("10.201.1.77", 500),
        ("172.31.0.9", 500),
        ("100.64.3.2", 500),
        ("100.127.0.5", 4500),
    ],
)
def test_a_usual_private_address_is_found_with_its_port(address: str, port: int) -> None:
    assert search(SPIS, [hash_of(address, port)], (500, 4500), thorough=False) == (address, port)


def test_an_unusual_private_address_is_found_by_the_thorough_search_alone() -> None:
    unusual = [hash_of("172.17.200.7", 500)]
    assert search(SPIS, unusual, (500,), thorough=False) is None
    assert search(SPIS, unusual, (500,), thorough=True) == ("172.17.200.7", 500)


def test_the_hash_that_forced_encapsulation_sends_fits_no_address() -> None:
    assert search(SPIS, [bytes(20)], (500,), thorough=False) is None


def test_the_hash_covers_the_spis() -> None:
    assert search(bytes(16), [hash_of("192.168.1.2", 500)], (500,), thorough=False) is None


PROGRAM = [sys.executable, "-I", "-S", hash_search.__file__]


def question(wanted: bytes, *, thorough: bool) -> bytes:
    """What the program reads."""
    asked = {"prefix": SPIS.hex(), "wanted": [wanted.hex()], "ports": [500], "thorough": thorough}
    return json.dumps(asked).encode()


def test_it_runs_as_a_program_without_the_gateway() -> None:
    asked = question(hash_of("192.168.1.2", 500), thorough=False)
    done = subprocess.run(PROGRAM, input=asked, capture_output=True, check=True)
    assert json.loads(done.stdout) == ["192.168.1.2", 500]


def test_the_program_takes_only_processor_time_that_nothing_else_wants() -> None:
    with subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None
        running.stdin.write(question(bytes(20), thorough=True))
        running.stdin.close()
        give_up = time.monotonic() + 10
        while os.sched_getscheduler(running.pid) != os.SCHED_IDLE and time.monotonic() < give_up:
            time.sleep(0.01)
        policy = os.sched_getscheduler(running.pid)
        running.kill()
    assert policy == os.SCHED_IDLE
