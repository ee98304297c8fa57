"""The table of states of an IKE SA."""

import itertools

import pytest

from ike.constants import ExchangeType
from ike.state import ACCEPTED_REQUESTS, TRANSITIONS, Input, InvalidTransition, State, next_state

ALL = list(itertools.product(State, Input))
ENDINGS = set(Input) - {Input.AUTHENTICATED, Input.REKEYED_BY_PEER, Input.DELETE_SENT}


@pytest.mark.parametrize(("state", "step"), [pair for pair in ALL if pair not in TRANSITIONS])
def test_what_is_not_in_the_table_is_invalid(state: State, step: Input) -> None:
    with pytest.raises(InvalidTransition, match=f"{step.name} in state {state.name}"):
        next_state(state, step)


@pytest.mark.parametrize(("state", "step"), list(TRANSITIONS))
def test_what_is_in_the_table_is_followed(state: State, step: Input) -> None:
    assert next_state(state, step) is TRANSITIONS[state, step]


def test_every_state_can_end() -> None:
    living = set(State) - {State.CLOSED}
    assert {state for (state, step), to in TRANSITIONS.items() if to is State.CLOSED} == living


def test_an_ending_leads_nowhere_else() -> None:
    assert {to for (_, step), to in TRANSITIONS.items() if step in ENDINGS} == {State.CLOSED}


def test_a_closed_sa_stays_closed() -> None:
    assert all(state is not State.CLOSED for state, _ in TRANSITIONS)


def test_every_state_can_time_out_but_closed() -> None:
    assert {state for state, step in TRANSITIONS if step is Input.TIMED_OUT} == set(State) - {State.CLOSED}


def test_only_authentication_establishes_and_only_a_half_open_sa() -> None:
    to_established = [pair for pair, to in TRANSITIONS.items() if to is State.ESTABLISHED]
    assert to_established == [(State.HALF_OPEN, Input.AUTHENTICATED)]


def test_only_an_established_sa_is_rekeyed_or_asked_to_go() -> None:
    for step in (Input.REKEYED_BY_PEER, Input.DELETE_SENT):
        assert [state for state, other in TRANSITIONS if other is step] == [State.ESTABLISHED]


def test_a_half_open_sa_reads_ike_auth_alone() -> None:
    assert ACCEPTED_REQUESTS[State.HALF_OPEN] == {ExchangeType.IKE_AUTH}


@pytest.mark.parametrize("state", [State.ESTABLISHED, State.REKEYED, State.DELETING])
def test_an_authenticated_sa_reads_create_child_sa_and_informational(state: State) -> None:
    assert ACCEPTED_REQUESTS[state] == {ExchangeType.CREATE_CHILD_SA, ExchangeType.INFORMATIONAL}


def test_a_closed_sa_reads_nothing() -> None:
    assert ACCEPTED_REQUESTS[State.CLOSED] == frozenset()


def test_no_state_is_forgotten() -> None:
    assert set(ACCEPTED_REQUESTS) == set(State)
