"""After a failed authentication: which other key the AUTH payload was made with."""

from dataclasses import replace

import pytest

from ike.candidates import MOST
from ike.config import CandidateKey
from ike.constants import NotifyType
from ike.events import AuthResult
from tests.ike.initiator import Initiator, notified
from tests.ike.world import CPE, PEER, World

NEWLINE = CandidateKey(psk=PEER.psk + b"\n", hint="with a line break added at its end")
NEIGHBOUR = CandidateKey(psk=b"the neighbour's", hint="the key of branch2/cpe/0", owner="branch2/cpe/0")
OTHER = CandidateKey(psk=b"another", hint="another")


def world_with(*candidates: CandidateKey) -> World:
    return World(peers={CPE: replace(PEER, candidate_keys=lambda: candidates)})


def result_of(world: World, psk: bytes, *, seed: str = "cpe") -> AuthResult:
    cpe = Initiator(world, psk=psk, seed=seed)
    cpe.send_init()
    answer = cpe.send_auth()
    assert notified(answer) == [NotifyType.AUTHENTICATION_FAILED]
    return world.last(AuthResult)


@pytest.mark.parametrize("used", [NEWLINE, NEIGHBOUR])
def test_the_candidate_that_verifies_is_reported_by_its_hint_and_owner(used: CandidateKey) -> None:
    result = result_of(world_with(OTHER, NEWLINE, NEIGHBOUR), used.psk)
    assert (result.ok, result.hint, result.key_of) == (False, used.hint, used.owner)
    assert "pre-shared keys differ" in result.detail


def test_when_none_verifies_the_hint_is_empty() -> None:
    result = result_of(world_with(OTHER, NEWLINE), b"mistyped")
    assert (result.hint, result.key_of) == ("", "")


def test_without_candidates_nothing_is_tried() -> None:
    assert result_of(World(), b"mistyped").hint is None


def test_candidates_are_not_asked_for_while_authentication_succeeds() -> None:
    def never() -> tuple[CandidateKey, ...]:
        raise AssertionError("asked for candidates")

    world = World(peers={CPE: replace(PEER, candidate_keys=never)})
    cpe = Initiator(world)
    assert cpe.accepts(cpe.connect())
    assert world.last(AuthResult).hint is None


def test_a_bounded_number_of_candidates_is_tried() -> None:
    world = world_with(*[OTHER] * MOST, NEWLINE)
    assert result_of(world, NEWLINE.psk).hint == ""


def test_a_source_that_fails_again_and_again_is_tried_less_often() -> None:
    world = world_with(NEWLINE)
    hints = [result_of(world, NEWLINE.psk, seed=str(n)).hint for n in range(4)]
    assert hints == [NEWLINE.hint] * 3 + [None]
    world.now += 5
    assert result_of(world, NEWLINE.psk, seed="later").hint == NEWLINE.hint


def test_a_candidate_never_authenticates_anybody() -> None:
    world = world_with(NEWLINE)
    result_of(world, NEWLINE.psk)
    assert world.is_empty


def test_a_candidate_does_not_show_its_key() -> None:
    assert "neighbour's" not in repr(NEIGHBOUR)
