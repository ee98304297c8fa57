"""NAT keepalives are told by tunnel, and not more often than a CPE has to send them."""

import pytest

from gateway.daemon.nat_keepalives import INTERVAL, NatKeepalives
from gateway.records import Stream
from ike.path import Path

FROM_CPE = Path("198.51.100.20", 4500, "203.0.113.10", 61234)


class Kept:
    """Keepalives, their clock and what was told of them."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.stream = Stream()
        tunnels = {("198.51.100.20", "203.0.113.10"): "branch/cpe/0"}
        self.keepalives = NatKeepalives(tunnels, self.stream.publish, lambda: self.now)

    def come(self, path: Path = FROM_CPE, *, after: float = 0.0) -> int:
        """One comes; how many were told until now."""
        self.now += after
        self.keepalives.on_keepalive(path)
        return len(self.stream.history)


@pytest.fixture
def kept() -> Kept:
    """Before the first."""
    return Kept()


def test_the_first_is_told_with_its_tunnel_and_port(kept: Kept) -> None:
    assert kept.come() == 1
    (record,) = kept.stream.history
    assert (record.category, record.name, record.tunnel) == ("nat", "nat_keepalive_received", "branch/cpe/0")
    assert record.data == {"local": "198.51.100.20:4500", "remote": "203.0.113.10:61234"}


def test_many_at_once_are_told_once_in_an_interval(kept: Kept) -> None:
    assert [kept.come() for _ in range(3)] == [1, 1, 1]
    assert kept.come(after=INTERVAL - 0.1) == 1
    assert kept.come(after=0.1) == 2


def test_those_of_strangers_are_not_told(kept: Kept) -> None:
    assert kept.come(Path("198.51.100.20", 4500, "192.0.2.7", 4500)) == 0
