"""The address and port that a CPE believes to have, from its NAT detection hash."""

import time

import pytest

from gateway.daemon.translate import publish_ike
from gateway.diagnosis.autopsy import Inside, find_inside, inside_of, sentence
from gateway.records import Stream
from ike.events import NatDetection
from ike.nat import detection_hash
from tests.ike.initiator import Initiator
from tests.ike.world import World

SPI_I, SPI_R = bytes(range(1, 9)), bytes(8)
SPIS = (SPI_I + SPI_R).hex()


def hash_of(address: str, port: int) -> str:
    """What a CPE sends that believes to have this address and port."""
    return detection_hash(SPI_I, SPI_R, address, port).hex()


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("192.168.1.2", 500),
        ("192.168.255.254", 4500),
        ("10.0.0.138", 500),
        ("10.201.1.77", 500),
        ("172.16.5.4", 4500),
        ("172.31.0.9", 500),
        ("100.64.3.2", 500),
        ("100.127.0.5", 4500),
    ],
)
def test_a_usual_private_address_is_found_with_its_port(address: str, port: int) -> None:
    assert find_inside(SPIS, hash_of(address, port)) == Inside(address=address, port=port)


def test_an_address_that_the_lab_file_names_is_found_wherever_it_is() -> None:
    assert find_inside(SPIS, hash_of("203.0.113.99", 500)) is None
    assert find_inside(SPIS, hash_of("203.0.113.99", 500), ("198.51.100.1", "203.0.113.99")) == Inside(
        address="203.0.113.99", port=500
    )


def test_an_unusual_private_address_is_found_by_the_thorough_search_alone() -> None:
    unusual = hash_of("172.17.200.7", 500)
    assert find_inside(SPIS, unusual) is None
    assert find_inside(SPIS, unusual, thorough=True) == Inside(address="172.17.200.7", port=500)


def test_the_hash_that_forced_encapsulation_sends_fits_no_address() -> None:
    assert find_inside(SPIS, "5a" * 20) is None


def test_one_of_several_hashes_is_enough() -> None:
    hashes = ",".join(["5a" * 20, hash_of("192.168.1.2", 500)])
    assert find_inside(SPIS, hashes) == Inside(address="192.168.1.2", port=500)


@pytest.mark.parametrize(("spis", "hashes"), [("", "5a" * 20), (SPIS, ""), ("no", "hex"), (SPIS, "zz")])
def test_records_without_usable_hashes_give_nothing(spis: str, hashes: str) -> None:
    assert find_inside(spis, hashes) is None


def test_the_hash_covers_the_spis() -> None:
    other = (SPI_R + SPI_I).hex()
    assert find_inside(other, hash_of("192.168.1.2", 500)) is None


def test_a_search_that_was_made_is_not_made_again() -> None:
    hashes = "a5" * 20
    find_inside(SPIS, hashes)
    begun = time.process_time()
    find_inside(SPIS, hashes)
    assert time.process_time() - begun < 0.01


def test_a_cpe_without_a_nat_before_it_is_not_searched_for() -> None:
    data = {
        "status": {"remote_behind_nat": False},
        "spis": SPIS,
        "source_hash": hash_of("192.168.1.2", 500),
    }
    assert inside_of({"data": data}) is None
    data["status"] = {"remote_behind_nat": True}
    assert inside_of({"data": data}) == Inside(address="192.168.1.2", port=500)


@pytest.mark.parametrize(
    ("arrived", "end"),
    [
        ("198.51.100.10:40231", "address and port were rewritten"),
        ("198.51.100.10:500", "address was rewritten"),
        ("192.168.1.2:40231", "port was rewritten"),
    ],
)
def test_the_sentence_says_what_was_rewritten(arrived: str, end: str) -> None:
    assert sentence(Inside(address="192.168.1.2", port=500), arrived) == (
        f"the CPE believes it is 192.168.1.2:500; it arrived as {arrived}: {end}"
    )


def test_the_record_of_a_real_exchange_is_enough() -> None:
    cpe = Initiator(World())
    cpe.send_init(cpe.init_payloads(nat=cpe.nat_payloads(source=("192.168.178.20", 500))))
    record = publish_ike(Stream(), cpe.world.last(NatDetection))
    assert record is not None
    assert inside_of(record.as_json()) == Inside(address="192.168.178.20", port=500)
