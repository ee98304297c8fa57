"""The gateway tells IP fragments that never became a datagram, by the kernel's counters."""

import pytest

from gateway.daemon.fragment_watch import INTERVAL, PATIENCE, FragmentWatch, Reassembly, reassembly
from gateway.records import Stream


class Kernel:
    """A kernel that reassembles, and the watch that looks at it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.counted = Reassembly(whole=20, failed=7, waiting=1)
        self.stream = Stream()
        self.watch = FragmentWatch(self.stream.publish, count=lambda: self.counted, clock=lambda: self.now)

    def first_fragment(self, of: int = 1) -> None:
        """The first fragments of so many datagrams arrive."""
        self.counted = self.counted._replace(waiting=self.counted.waiting + of)

    def becomes_whole(self, of: int = 1) -> None:
        """The missing fragments of so many datagrams arrive."""
        whole, failed, waiting = self.counted
        self.counted = Reassembly(whole + of, failed, waiting - of)

    def gives_up(self, of: int = 1) -> None:
        """The time of so many datagrams is over."""
        whole, failed, waiting = self.counted
        self.counted = Reassembly(whole, failed + of, waiting - of)

    def told(self, after: float = 0.0) -> list[int]:
        """What a look so many seconds later, and all before it, told: lost datagrams."""
        self.now += after
        self.watch.look()
        assert {record.name for record in self.stream.history} <= {"ip_fragments_incomplete"}
        return [record.data["datagrams"] for record in self.stream.history]


@pytest.fixture
def kernel() -> Kernel:
    """One that has counted some before, and whose one waiting datagram becomes whole at once."""
    kernel = Kernel()
    kernel.becomes_whole()
    return kernel


def test_what_was_counted_before_is_not_told(kernel: Kernel) -> None:
    assert kernel.told(after=1) == []
    assert kernel.told(after=60) == []


def test_a_datagram_that_becomes_whole_just_after_a_look_is_not_told(kernel: Kernel) -> None:
    kernel.first_fragment()
    assert kernel.told(after=1) == []
    kernel.becomes_whole()
    assert kernel.told(after=1) == []
    assert kernel.told(after=60) == []


def test_a_datagram_that_stays_incomplete_is_told_once_and_not_before_its_time(kernel: Kernel) -> None:
    kernel.first_fragment()
    assert kernel.told() == []
    assert kernel.told(after=PATIENCE - 0.1) == []
    assert kernel.told(after=0.1) == [1]
    kernel.gives_up()
    assert kernel.told(after=30) == [1]


def test_what_arrived_since_the_last_look_has_all_its_time(kernel: Kernel) -> None:
    kernel.told(after=1)
    kernel.first_fragment()
    assert kernel.told(after=60) == []


def test_a_lost_datagram_is_told_beside_one_that_becomes_whole(kernel: Kernel) -> None:
    kernel.first_fragment(of=2)
    kernel.told(after=1)
    kernel.becomes_whole()
    assert kernel.told(after=PATIENCE) == [1]


def test_what_the_kernel_gave_up_is_told_however_many_became_whole_meanwhile(kernel: Kernel) -> None:
    kernel.first_fragment(of=100)
    kernel.told(after=1)
    kernel.becomes_whole(of=99)
    kernel.first_fragment(of=50)
    kernel.becomes_whole(of=50)
    assert kernel.told(after=PATIENCE) == []
    kernel.gives_up()
    assert kernel.told(after=1) == [1]


def test_a_flood_is_told_every_few_seconds_in_sum(kernel: Kernel) -> None:
    for _ in range(int(PATIENCE + INTERVAL) + 1):
        kernel.first_fragment(of=10)
        kernel.told(after=1)
    assert kernel.told() == [10, 30]


def test_the_kernels_own_counters_are_read() -> None:
    assert min(reassembly()) >= 0
