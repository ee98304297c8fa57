"""Which CHILD SA of a tunnel sends (RFC 7296 section 2.8)."""

from gateway.dataplane.children import SETTLE
from tests.gateway.dataplane.one_tunnel import PACKET, OneTunnel, peer


def test_the_first_child_sa_sends_at_once(made: OneTunnel) -> None:
    made.install(1)
    assert made.sends_on() == 1


def test_one_beside_another_sends_after_its_first_valid_packet(made: OneTunnel) -> None:
    made.install(1)
    new = made.install(2)
    assert made.sends_on() == 1
    made.receive(new, peer(2).seal([PACKET]))
    assert made.sends_on() == 2


def test_one_beside_another_sends_after_a_while_even_without_a_packet(made: OneTunnel) -> None:
    made.install(1)
    made.install(2)
    made.now = SETTLE / 2
    assert made.sends_on() == 1
    made.now = SETTLE
    assert made.sends_on() == 2


def test_one_beside_another_sends_when_the_other_is_removed(made: OneTunnel) -> None:
    old = made.install(1)
    made.install(2)
    made.remove(old)
    assert made.sends_on() == 2


def test_one_that_sends_for_want_of_another_is_not_displaced_before_the_next_has_proven_itself(
    made: OneTunnel,
) -> None:
    old = made.install(1)
    made.install(2)
    made.remove(old)
    made.install(3)
    assert made.sends_on() == 2


def test_a_replacement_that_we_asked_for_sends_at_once(made: OneTunnel) -> None:
    made.install(1)
    made.install(2, replaces=1, by_us=True)
    assert made.sends_on() == 2


def test_when_a_replacement_that_we_asked_for_loses_a_collision_the_old_one_sends_again(
    made: OneTunnel,
) -> None:
    old = made.install(1)
    ours = made.install(2, replaces=1, by_us=True)
    made.install(3, replaces=1)
    made.remove(ours)
    assert made.sends_on() == 1
    made.remove(old)
    assert made.sends_on() == 3


def test_a_replacement_has_the_place_of_what_it_replaces_among_several(made: OneTunnel) -> None:
    made.install(1)
    made.install(2, by_us=True)
    made.receive(made.install(3, replaces=1), peer(3).seal([PACKET]))
    assert made.sends_on() == 2


def test_without_a_time_limit_a_replacement_waits_for_the_peer(made: OneTunnel) -> None:
    made.install(1)
    made.install(2, replaces=1)
    made.now = 100 * SETTLE
    assert made.sends_on() == 1


def test_a_replacement_waits(made: OneTunnel) -> None:
    made.install(1)
    made.install(2, replaces=1)
    assert made.sends_on() == 1


def test_a_replacement_sends_after_its_first_valid_packet(made: OneTunnel) -> None:
    made.install(1)
    new = made.install(2, replaces=1)
    assert made.receive(new, peer(2).seal([PACKET])) == [PACKET]
    assert made.sends_on() == 2


def test_a_forged_packet_does_not_make_a_replacement_send(made: OneTunnel) -> None:
    made.install(1)
    new = made.install(2, replaces=1)
    (forged,) = peer(2).seal([PACKET])
    assert made.receive(new, [forged[:-1] + b"\x00"]) == []
    assert made.sends_on() == 1


def test_a_replacement_sends_when_the_replaced_one_is_removed(made: OneTunnel) -> None:
    old = made.install(1)
    made.install(2, replaces=1)
    made.remove(old)
    assert made.sends_on() == 2


def test_a_replacement_of_one_that_is_gone_sends_at_once(made: OneTunnel) -> None:
    made.remove(made.install(1))
    made.install(2, replaces=1)
    assert made.sends_on() == 2


def test_late_packets_on_the_old_child_sa_pass_and_change_nothing(made: OneTunnel) -> None:
    old = made.install(1)
    made.install(2, replaces=1)
    made.remove(old)
    assert made.receive(old, peer(1).seal([PACKET])) == [PACKET]
    assert made.sends_on() == 2


def test_a_replacement_that_is_removed_before_its_use_leaves_the_old_one_sending(made: OneTunnel) -> None:
    made.install(1)
    new = made.install(2, replaces=1)
    made.remove(new)
    assert made.receive(new, peer(2).seal([PACKET])) == [PACKET]
    assert made.sends_on() == 1


def test_a_chain_of_replacements_ends_at_the_last(made: OneTunnel) -> None:
    first = made.install(1)
    second = made.install(2, replaces=1)
    made.install(3, replaces=2)
    made.remove(second)
    assert made.sends_on() == 1
    made.remove(first)
    assert made.sends_on() == 3


def test_when_the_newest_is_removed_an_older_one_sends_again(made: OneTunnel) -> None:
    made.install(1)
    newest = made.install(2, by_us=True)
    assert made.sends_on() == 2
    made.remove(newest)
    assert made.sends_on() == 1
