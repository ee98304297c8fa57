"""How tests are spread over workers: which stay together."""

import re

from tests.support.distribution import CONTAINERS, unit
from tests.support.runner import CHECKOUT


def test_all_tests_with_containers_run_on_one_worker() -> None:
    files = (
        "tests/interop/test_container_labs.py::test_a",
        "tests/interop/test_container_images.py::test_b[c]",
    )
    assert {unit(node) for node in files} == {CONTAINERS}


def test_every_file_with_the_mark_of_containers_has_the_name_that_keeps_them_together() -> None:
    mark = re.compile(r"^pytestmark = .*mark\.container\b|^@pytest\.mark\.container\b", re.MULTILINE)
    marked = [file for file in CHECKOUT.glob("tests/**/test_*.py") if mark.search(file.read_text())]
    assert marked
    assert [file.name for file in marked if not file.name.startswith("test_container_")] == []


def test_a_test_with_real_peers_waits_for_no_other() -> None:
    first, second = (f"tests/interop/test_dataplane_tcp.py::test_{name}" for name in "ab")
    assert unit(first) != unit(second)


def test_what_shares_a_fixture_of_its_file_stays_together() -> None:
    first, second = (f"tests/interop/test_edge_rules.py::test_{name}[root]" for name in "ab")
    assert unit(first) == unit(second)


def test_the_tests_of_a_file_without_real_peers_stay_together() -> None:
    first, second = (f"tests/ike/test_timers.py::test_{name}" for name in "ab")
    assert unit(first) == unit(second) != unit("tests/ike/test_nat.py::test_a")
