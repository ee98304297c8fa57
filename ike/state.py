"""The states of an IKE SA, as one table: state x input -> state. What is not in the table is invalid.

Source: RFC 7296 sections 1.2, 1.4.1, 2.4, 2.8 and 2.21.
"""

from enum import Enum, auto

from ike.constants import ExchangeType


class State(Enum):
    """States of an IKE SA seen from the responder."""

    HALF_OPEN = auto()
    """IKE_SA_INIT was answered, IKE_AUTH has not succeeded."""
    ESTABLISHED = auto()
    """The peer is authenticated; CHILD SAs can be made."""
    REKEYED = auto()
    """Another IKE SA has taken over the CHILD SAs; the peer is about to delete this one."""
    DELETING = auto()
    """We asked the peer to delete the SA."""
    CLOSED = auto()
    """Gone; nothing is sent or accepted any more."""


class Input(Enum):
    """What moves an IKE SA from one state to another."""

    AUTHENTICATED = auto()
    REFUSED = auto()
    REKEYED_BY_PEER = auto()
    DELETE_SENT = auto()
    DELETE_RECEIVED = auto()
    DELETE_ANSWERED = auto()
    REJECTED_BY_PEER = auto()
    REPLACED = auto()
    TIMED_OUT = auto()


TRANSITIONS: dict[tuple[State, Input], State] = {
    (State.HALF_OPEN, Input.AUTHENTICATED): State.ESTABLISHED,
    (State.HALF_OPEN, Input.REFUSED): State.CLOSED,
    (State.HALF_OPEN, Input.TIMED_OUT): State.CLOSED,
    (State.ESTABLISHED, Input.REFUSED): State.CLOSED,
    (State.ESTABLISHED, Input.REKEYED_BY_PEER): State.REKEYED,
    (State.ESTABLISHED, Input.DELETE_SENT): State.DELETING,
    (State.ESTABLISHED, Input.DELETE_RECEIVED): State.CLOSED,
    (State.ESTABLISHED, Input.REJECTED_BY_PEER): State.CLOSED,
    (State.ESTABLISHED, Input.REPLACED): State.CLOSED,
    (State.ESTABLISHED, Input.TIMED_OUT): State.CLOSED,
    (State.REKEYED, Input.REFUSED): State.CLOSED,
    (State.REKEYED, Input.DELETE_RECEIVED): State.CLOSED,
    (State.REKEYED, Input.REJECTED_BY_PEER): State.CLOSED,
    (State.REKEYED, Input.REPLACED): State.CLOSED,
    (State.REKEYED, Input.TIMED_OUT): State.CLOSED,
    (State.DELETING, Input.REFUSED): State.CLOSED,
    (State.DELETING, Input.DELETE_RECEIVED): State.CLOSED,
    (State.DELETING, Input.REJECTED_BY_PEER): State.CLOSED,
    (State.DELETING, Input.DELETE_ANSWERED): State.CLOSED,
    (State.DELETING, Input.REPLACED): State.CLOSED,
    (State.DELETING, Input.TIMED_OUT): State.CLOSED,
}

ACCEPTED_REQUESTS: dict[State, frozenset[int]] = {
    State.HALF_OPEN: frozenset({ExchangeType.IKE_AUTH}),
    State.ESTABLISHED: frozenset({ExchangeType.CREATE_CHILD_SA, ExchangeType.INFORMATIONAL}),
    State.REKEYED: frozenset({ExchangeType.CREATE_CHILD_SA, ExchangeType.INFORMATIONAL}),
    State.DELETING: frozenset({ExchangeType.CREATE_CHILD_SA, ExchangeType.INFORMATIONAL}),
    State.CLOSED: frozenset(),
}
"""Exchange types whose requests an IKE SA in this state reads; others are dropped."""


class InvalidTransition(Exception):
    """An input that the table does not allow in this state."""


def next_state(state: State, step: Input) -> State:
    """The state after an input.

    Raises:
        InvalidTransition: The table has no such transition.
    """
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise InvalidTransition(f"{step.name} in state {state.name}") from None
