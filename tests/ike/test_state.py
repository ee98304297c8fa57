"""The tables of states of IKE SAs and CHILD SAs."""

import itertools
from enum import Enum

import pytest

from ike.constants import ExchangeType
from ike.state import (
    ACCEPTED_REQUESTS,
    CHILD_TRANSITIONS,
    TRANSITIONS,
    ChildInput,
    ChildState,
    Input,
    InvalidTransition,
    State,
    next_state,
)

ALL: list[tuple[State, Input]] = list(itertools.product(State, Input))
ALL_OF_CHILD: list[tuple[ChildState, ChildInput]] = list(itertools.product(ChildState, ChildInput))
AUTHENTICATED = set(State) - {State.HALF_OPEN, State.CLOSED}
BY_THE_PEER = {Input.REFUSED, Input.DELETE_RECEIVED, Input.REJECTED_BY_PEER, Input.SUPERSEDED}


@pytest.mark.parametrize(("state", "step"), [pair for pair in ALL if pair not in TRANSITIONS])
def test_what_is_not_in_the_table_is_invalid(state: State, step: Input) -> None:
    with pytest.raises(InvalidTransition, match=f"{step.name} in state {state.name}"):
        next_state(TRANSITIONS, state, step)


@pytest.mark.parametrize(("state", "step"), list(TRANSITIONS))
def test_what_is_in_the_table_is_followed(state: State, step: Input) -> None:
    assert next_state(TRANSITIONS, state, step) is TRANSITIONS[state, step]


@pytest.mark.parametrize(("state", "step"), [pair for pair in ALL_OF_CHILD if pair not in CHILD_TRANSITIONS])
def test_what_is_not_in_the_table_of_child_sas_is_invalid(state: ChildState, step: ChildInput) -> None:
    with pytest.raises(InvalidTransition, match=f"{step.name} in state {state.name}"):
        next_state(CHILD_TRANSITIONS, state, step)


@pytest.mark.parametrize("step", [step for step in Input if step in BY_THE_PEER | {Input.TIMED_OUT}])
def test_an_authenticated_ike_sa_can_end_at_any_time(step: Input) -> None:
    assert {TRANSITIONS[state, step] for state in AUTHENTICATED} == {State.CLOSED}


def test_every_child_sa_can_be_closed() -> None:
    closing = {state for state, step in CHILD_TRANSITIONS if step is ChildInput.CLOSED}
    assert closing == set(ChildState) - {ChildState.CLOSED}


@pytest.mark.parametrize("table", [TRANSITIONS, CHILD_TRANSITIONS], ids=["IKE SA", "CHILD SA"])
def test_what_is_closed_stays_closed(table: dict[tuple[Enum, Enum], Enum]) -> None:
    assert not [pair for pair in table if pair[0].name == "CLOSED"]


@pytest.mark.parametrize(
    ("table", "start"),
    [(TRANSITIONS, State.HALF_OPEN), (CHILD_TRANSITIONS, ChildState.INSTALLED)],
    ids=["IKE SA", "CHILD SA"],
)
def test_every_state_can_be_reached(table: dict[tuple[Enum, Enum], Enum], start: Enum) -> None:
    created_as = {start, State.UNDECIDED}  # the peer's rekeying makes an IKE SA in this state
    assert set(table.values()) | created_as >= set(type(start))


def test_only_a_half_open_ike_sa_can_be_authenticated() -> None:
    assert [state for state, step in TRANSITIONS if step is Input.AUTHENTICATED] == [State.HALF_OPEN]


def test_only_an_established_ike_sa_is_rekeyed_by_us() -> None:
    assert [state for state, step in TRANSITIONS if step is Input.REKEY_SENT] == [State.ESTABLISHED]


def test_an_ike_sa_that_is_being_deleted_only_ends() -> None:
    assert {to for (state, _), to in TRANSITIONS.items() if state is State.DELETING} == {State.CLOSED}


def test_a_half_open_sa_reads_ike_auth_alone() -> None:
    assert ACCEPTED_REQUESTS[State.HALF_OPEN] == {ExchangeType.IKE_AUTH}


@pytest.mark.parametrize("state", [state for state in State if state in AUTHENTICATED])
def test_an_authenticated_sa_reads_create_child_sa_and_informational(state: State) -> None:
    assert ACCEPTED_REQUESTS[state] == {ExchangeType.CREATE_CHILD_SA, ExchangeType.INFORMATIONAL}


def test_a_closed_sa_reads_nothing() -> None:
    assert ACCEPTED_REQUESTS[State.CLOSED] == frozenset()


def test_no_state_is_forgotten() -> None:
    assert set(ACCEPTED_REQUESTS) == set(State)
