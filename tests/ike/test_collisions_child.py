"""Two ends rekey or delete the same CHILD SA at the same time (RFC 7296 sections 2.8.1 and 2.25.1)."""

import pytest

from ike.events import OwnRequestRefused, RekeyCollision
from ike.state import ChildState
from tests.ike.pair import HIGH, HIGHEST, LOW, MIDDLE, Pair


def test_the_gateway_rekeys_a_child_sa_and_deletes_the_old_one() -> None:
    pair = Pair()
    (old,) = pair.gateway.children
    pair.rekey_child(pair.gateway)
    pair.deliver_all()
    (new,) = pair.gateway.children
    assert (new.replaces, new.state) == (old.spi_in, ChildState.INSTALLED)
    assert old.state is ChildState.CLOSED
    pair.assert_agreement()


@pytest.mark.parametrize("lowest", ["request of the gateway", "request of the CPE"])
def test_of_two_rekeyings_at_the_same_time_the_one_with_the_lowest_nonce_goes(lowest: str) -> None:
    pair = Pair()
    ours_goes = lowest == "request of the gateway"
    pair.rekey_child(pair.gateway, nonce=LOW if ours_goes else HIGH)
    pair.rekey_child(pair.cpe, nonce=HIGH if ours_goes else LOW)
    pair.deliver_to(pair.gateway, nonce=HIGHEST)
    pair.deliver_to(pair.cpe, nonce=MIDDLE)
    pair.deliver_all()
    assert [event.ours_stays for event in pair.gateway.of(RekeyCollision)] == [not ours_goes]
    assert [event.ours_stays for event in pair.cpe.of(RekeyCollision)] == [ours_goes]
    assert [child.state for child in pair.gateway.children] == [ChildState.INSTALLED]
    pair.assert_agreement()


def test_a_rekey_that_meets_a_delete_gets_temporary_failure() -> None:
    pair = Pair()
    pair.rekey_child(pair.gateway)
    pair.delete_child(pair.cpe)
    pair.deliver_to(pair.cpe)
    pair.deliver_to(pair.gateway)
    pair.deliver_all()
    assert [event.notify for event in pair.gateway.of(OwnRequestRefused)] == ["TEMPORARY_FAILURE"]
    assert pair.gateway.children == []
    pair.assert_agreement()
