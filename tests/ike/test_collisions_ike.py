"""Two ends rekey or delete the same IKE SA at the same time (RFC 7296 sections 2.8.2 and 2.25.2)."""

import pytest

from ike.events import RekeyCollision
from ike.state import State
from tests.ike.pair import HIGH, HIGHEST, LOW, MIDDLE, Pair


def test_the_gateway_rekeys_the_ike_sa_and_deletes_the_old_one() -> None:
    pair = Pair()
    (old,) = pair.gateway.sas
    pair.rekey_ike(pair.gateway)
    pair.deliver_all()
    (new,) = pair.gateway.sas
    assert (old.state, new.state, new.we_initiated) == (State.CLOSED, State.ESTABLISHED, True)
    assert len(new.children) == 1
    pair.assert_agreement()
    pair.rekey_child(pair.gateway)
    pair.rekey_child(pair.cpe)
    pair.deliver_all()
    pair.rekey_ike(pair.cpe)
    pair.deliver_all()
    pair.assert_agreement()


@pytest.mark.parametrize("lowest", ["request of the gateway", "request of the CPE"])
def test_of_two_rekeyings_at_the_same_time_the_one_with_the_lowest_nonce_goes(lowest: str) -> None:
    pair = Pair()
    ours_goes = lowest == "request of the gateway"
    pair.rekey_ike(pair.gateway, nonce=LOW if ours_goes else HIGH)
    pair.rekey_ike(pair.cpe, nonce=HIGH if ours_goes else LOW)
    pair.deliver_to(pair.gateway, nonce=HIGHEST)
    pair.deliver_to(pair.cpe, nonce=MIDDLE)
    pair.deliver_all()
    assert [event.ours_stays for event in pair.gateway.of(RekeyCollision)] == [not ours_goes]
    assert [event.ours_stays for event in pair.cpe.of(RekeyCollision)] == [ours_goes]
    assert pair.gateway.sa.we_initiated is not ours_goes
    assert len(pair.gateway.sa.children) == 1
    pair.assert_agreement()
