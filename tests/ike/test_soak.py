"""Rekeying for weeks on a bad network leaves both ends agreed and the memory as it was. Short here.

The long run is part of ``make stress``.
"""

from tests.ike.soak import soak


def test_all_rekeyings_converge_with_a_tenth_of_the_messages_lost_and_the_memory_is_flat() -> None:
    run = soak(child_rekeys=300, ike_rekeys=30, loss=0.1, seed=1)
    assert (run.child_rekeys, run.ike_rekeys, run.given_up) == (300, 30, 0)
    assert run.lost > 100
    assert run.collisions > 10
    middle, end = run.memory
    assert end - middle < 50_000, "octets; one tunnel has more"


def test_where_an_ike_sa_is_given_up_the_cpe_connects_anew_and_both_ends_hold_that_one_alone() -> None:
    run = soak(child_rekeys=60, ike_rekeys=12, loss=0.45, seed=1)
    assert (run.child_rekeys, run.ike_rekeys) == (60, 12)
    assert run.connected_anew == run.given_up > 10
    assert run.attempts > run.connected_anew, "a connection was lost half-way"
    middle, end = run.memory
    assert end - middle < 50_000
