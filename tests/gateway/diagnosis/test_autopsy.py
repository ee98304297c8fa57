"""The address and port that a CPE believes to have, from its NAT detection hash."""

from typing import Any

import pytest

from gateway.daemon.translate import publish_ike
from gateway.diagnosis.autopsy import (
    AUTOPSY,
    FORCED,
    Autopsies,
    Autopsy,
    Hashes,
    Inside,
    find_inside,
    hashes_of,
    sentence,
)
from gateway.records import Stream
from ike.events import NatDetection
from ike.nat import detection_hash
from tests.gateway.diagnosis.story import Story
from tests.ike.initiator import Initiator
from tests.ike.world import World

SPI_I, SPI_R = bytes(range(1, 9)), bytes(8)
SPIS = (SPI_I + SPI_R).hex()
SEEN = "198.51.100.10:40231"
ENDPOINT = "203.0.113.1:500"


def hash_of(address: str, port: int) -> str:
    """What a CPE sends that believes to have this address and port."""
    return detection_hash(SPI_I, SPI_R, address, port).hex()


def sent(*sources: str) -> Hashes:
    """The hashes of a message."""
    return Hashes(spis=SPIS, sources=sources, remote=SEEN, local=ENDPOINT)


def detection(hashed: str, *, nat: bool = True, spis: str = SPIS) -> dict[str, Any]:
    """A ``nat_detection`` record."""
    data = {
        "status": {"remote_behind_nat": nat},
        "spis": spis,
        "source_hash": hashed,
        "remote": SEEN,
        "local": ENDPOINT,
    }
    return {"id": 7, "name": "nat_detection", "data": data}


def outcome(hashes: Hashes, inside: Inside | None, searched: str) -> dict[str, Any]:
    """The record of a search."""
    data = Autopsy(hashes=hashes, inside=inside, searched=searched).as_json()
    return {"id": 8, "name": AUTOPSY, "data": data}


@pytest.mark.parametrize("port", [500, 4500, 40231])
def test_a_named_address_is_recognised_with_the_usual_ports_and_the_one_that_was_seen(port: int) -> None:
    hashes = sent(hash_of("203.0.113.99", port))
    assert find_inside(hashes, ["198.51.100.1", "203.0.113.99"]) == Inside(address="203.0.113.99", port=port)


def test_an_address_that_is_not_named_is_not_found() -> None:
    assert find_inside(sent(hash_of("203.0.113.99", 500)), ["198.51.100.1"]) is None


def test_one_of_several_hashes_is_enough() -> None:
    hashes = sent("5a" * 20, hash_of("192.168.1.2", 500))
    assert find_inside(hashes, ["192.168.1.2"]) == Inside(address="192.168.1.2", port=500)


def test_the_likeliest_port_is_the_one_that_the_cpe_sends_to() -> None:
    assert sent("5a" * 20).ports == (500, 4500)
    natt = Hashes(spis=SPIS, sources=("5a" * 20,), remote=SEEN, local="203.0.113.1:4500")
    assert natt.ports == (4500, 500)


@pytest.mark.parametrize(
    ("spis", "hashed"), [("", "5a" * 20), (SPIS, ""), ("no", "hex"), (SPIS, "zz"), (SPIS[:16], "5a" * 20)]
)
def test_records_without_usable_hashes_give_nothing(spis: str, hashed: str) -> None:
    assert hashes_of(detection(hashed, spis=spis)) is None


def test_the_outcome_of_a_search_is_found_by_the_hash_that_was_searched_for() -> None:
    hashed = hash_of("172.17.200.7", 500)
    inside = Inside(address="172.17.200.7", port=500)
    known = Autopsies([], [outcome(sent(hashed), inside, "all")])
    assert known.inside(detection(hashed)) == inside
    assert known.inside(detection("5a" * 20)) is None


def test_a_cpe_without_a_nat_before_it_is_not_searched_for() -> None:
    hashed = hash_of("192.168.1.2", 500)
    known = Autopsies([], [outcome(sent(hashed), Inside(address="192.168.1.2", port=500), "usual")])
    assert known.inside(detection(hashed, nat=False)) is None


def test_an_exhaustive_search_without_result_says_so() -> None:
    known = Autopsies([], [outcome(sent("5a" * 20), None, "all")])
    assert known.account(detection("5a" * 20)) == FORCED


def test_a_search_of_the_usual_addresses_alone_concludes_nothing() -> None:
    known = Autopsies([], [outcome(sent("5a" * 20), None, "usual")])
    assert known.account(detection("5a" * 20)) == ""


def test_without_a_search_nothing_is_said() -> None:
    assert Autopsies([], []).account(detection("5a" * 20)) == ""


def test_the_addresses_that_the_lab_file_names_need_no_search() -> None:
    facts = Story().facts
    hashed = hash_of(facts.peer, 500)
    assert Autopsies([facts], []).inside(detection(hashed)) == Inside(address=facts.peer, port=500)


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
    hashes = hashes_of(record.as_json())
    assert hashes is not None
    assert find_inside(hashes, ["192.168.178.20"]) == Inside(address="192.168.178.20", port=500)
