"""A private Diffie-Hellman value serves one exchange, so small subgroups need no check (RFC 6989 2.2)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from ike.constants import DhGroup
from ike.crypto import dh
from tests.ike.pair import Pair
from tests.ike.world import PEER


class Counted:
    """A key that counts its uses by its public value."""

    def __init__(self, key: dh.DhKey, uses: Counter[bytes]) -> None:
        self.group = key.group
        self.public = key.public
        self._key = key
        self._uses = uses
        uses[key.public] += 0

    def shared(self, peer_public: bytes) -> bytes:
        """The shared secret."""
        self._uses[self.public] += 1
        return self._key.shared(peer_public)


@pytest.fixture
def uses(monkeypatch: pytest.MonkeyPatch) -> Counter[bytes]:
    """By public value, how often each private value was used."""
    uses: Counter[bytes] = Counter()
    generate = dh.generate

    def counted(group: DhGroup, random: Callable[[int], bytes]) -> dh.DhKey:
        return Counted(generate(group, random), uses)

    monkeypatch.setattr(dh, "generate", counted)
    return uses


def test_no_exchange_uses_the_private_value_of_another(uses: Counter[bytes]) -> None:
    pair = Pair(config=replace(PEER, pfs_same_as_ike=True))
    for end in (pair.gateway, pair.cpe):
        pair.rekey_child(end)
        pair.deliver_all()
        pair.rekey_ike(end)
        pair.deliver_all()
    assert len(uses) == 2 * 5
    assert set(uses.values()) == {1}


def test_rekeyings_that_collide_have_private_values_of_their_own(uses: Counter[bytes]) -> None:
    pair = Pair()
    pair.rekey_ike(pair.gateway)
    pair.rekey_ike(pair.cpe)
    pair.deliver_all()
    assert len(uses) == 2 * 3
    assert set(uses.values()) == {1}
