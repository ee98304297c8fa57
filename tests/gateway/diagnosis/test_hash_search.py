"""The search for the private address and port of a NAT detection hash."""

import json
import subprocess
import sys

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


def test_it_runs_as_a_program_without_the_gateway() -> None:
    asked = {
        "prefix": SPIS.hex(),
        "wanted": [hash_of("192.168.1.2", 500).hex()],
        "ports": [500],
        "thorough": False,
    }
    program = [sys.executable, "-I", "-S", hash_search.__file__]
    done = subprocess.run(program, input=json.dumps(asked).encode(), capture_output=True, check=True)
    assert json.loads(done.stdout) == ["192.168.1.2", 500]
