"""The gateway tells IP fragments that never became a datagram, by the kernel's counters."""

import pytest

from gateway.daemon.fragment_watch import INTERVAL, FragmentWatch, Reassembly, reassembly
from gateway.endpoint import kernel_counters
from gateway.records import Stream


class Watched:
    """A watch, and the kernel that it looks at."""

    def __init__(self) -> None:
        self.now = 100.0
        self.counted = Reassembly(fragments=40, whole=20)
        self.stream = Stream()
        self.watch = FragmentWatch(self.stream.publish, count=lambda: self.counted, clock=lambda: self.now)

    def look(self, fragments: int, whole: int) -> list[int]:
        """A second later so many more have arrived; the numbers of fragments told until now."""
        self.now += 1
        self.counted = Reassembly(self.counted.fragments + fragments, self.counted.whole + whole)
        self.watch.look()
        assert {record.name for record in self.stream.history} <= {"ip_fragments_incomplete"}
        return [record.data["fragments"] for record in self.stream.history]


@pytest.fixture
def watched() -> Watched:
    """One that was started when the kernel had counted some."""
    return Watched()


def test_what_was_counted_before_is_not_told(watched: Watched) -> None:
    assert watched.look(0, 0) == []


def test_fragments_of_which_no_datagram_became_whole_are_told(watched: Watched) -> None:
    assert watched.look(2, 0) == [2]


def test_fragments_that_became_a_datagram_are_not_told(watched: Watched) -> None:
    assert watched.look(2, 1) == []


def test_a_flood_is_told_every_few_seconds_in_sum(watched: Watched) -> None:
    for _ in range(int(INTERVAL)):
        watched.look(10, 0)
    assert watched.look(10, 0) == [10, 30]


def test_the_kernels_own_counters_are_read() -> None:
    counted = reassembly(kernel_counters.read())
    assert counted.fragments >= counted.whole >= 0
