"""The states of IKE SAs and CHILD SAs as tables: state x input -> state. What is not in a table is invalid.

Source: RFC 7296 sections 1.2, 1.4.1, 2.4, 2.8, 2.21 and 2.25.
"""

from enum import Enum, auto
from typing import TypeVar

from ike.constants import ExchangeType


class State(Enum):
    """States of an IKE SA."""

    HALF_OPEN = auto()
    """IKE_SA_INIT was answered, IKE_AUTH has not succeeded."""
    ESTABLISHED = auto()
    """The peer is authenticated; CHILD SAs can be made."""
    REKEYING = auto()
    """We asked the peer to replace the SA."""
    UNDECIDED = auto()
    """The peer made the SA to replace one that we are rekeying too; the nonces will tell which one stays."""
    REKEYED = auto()
    """Another IKE SA has, or takes, its place; the peer is about to delete this one."""
    DELETING = auto()
    """We asked the peer to delete the SA."""
    CLOSED = auto()
    """Gone; nothing is sent or accepted any more."""


class Input(Enum):
    """What moves an IKE SA from one state to another."""

    AUTHENTICATED = auto()
    REFUSED = auto()
    REKEY_SENT = auto()
    REKEY_REFUSED = auto()
    REPLACED = auto()
    CHOSEN = auto()
    DELETE_SENT = auto()
    DELETE_RECEIVED = auto()
    DELETE_ANSWERED = auto()
    REJECTED_BY_PEER = auto()
    SUPERSEDED = auto()
    TIMED_OUT = auto()


_ENDS = (Input.REFUSED, Input.DELETE_RECEIVED, Input.REJECTED_BY_PEER, Input.SUPERSEDED, Input.TIMED_OUT)
"""Inputs that end an authenticated IKE SA in any state."""
_AUTHENTICATED = (State.ESTABLISHED, State.REKEYING, State.UNDECIDED, State.REKEYED, State.DELETING)

TRANSITIONS: dict[tuple[State, Input], State] = {
    (State.HALF_OPEN, Input.AUTHENTICATED): State.ESTABLISHED,
    (State.HALF_OPEN, Input.REFUSED): State.CLOSED,
    (State.HALF_OPEN, Input.TIMED_OUT): State.CLOSED,
    (State.ESTABLISHED, Input.REKEY_SENT): State.REKEYING,
    (State.ESTABLISHED, Input.REPLACED): State.REKEYED,
    (State.ESTABLISHED, Input.DELETE_SENT): State.DELETING,
    (State.REKEYING, Input.REKEY_REFUSED): State.ESTABLISHED,
    (State.REKEYING, Input.REPLACED): State.REKEYED,
    (State.REKEYING, Input.DELETE_SENT): State.DELETING,
    (State.UNDECIDED, Input.CHOSEN): State.ESTABLISHED,
    (State.UNDECIDED, Input.REPLACED): State.REKEYED,
    (State.UNDECIDED, Input.DELETE_SENT): State.DELETING,
    (State.REKEYED, Input.DELETE_SENT): State.DELETING,
    (State.DELETING, Input.DELETE_ANSWERED): State.CLOSED,
    **{(state, step): State.CLOSED for state in _AUTHENTICATED for step in _ENDS},
}

_LATER = frozenset({ExchangeType.CREATE_CHILD_SA, ExchangeType.INFORMATIONAL})
ACCEPTED_REQUESTS: dict[State, frozenset[ExchangeType]] = {
    State.HALF_OPEN: frozenset({ExchangeType.IKE_AUTH}),
    **dict.fromkeys(_AUTHENTICATED, _LATER),
    State.CLOSED: frozenset(),
}
"""Exchange types whose requests an IKE SA in this state reads; others are dropped."""


class ChildState(Enum):
    """States of a CHILD SA."""

    INSTALLED = auto()
    """It carries traffic."""
    REKEYING = auto()
    """We asked the peer to replace it; it carries traffic meanwhile."""
    REKEYED = auto()
    """Another CHILD SA has its place; the peer is about to delete it."""
    DELETING = auto()
    """We ask the peer to delete it, when our request under way is answered."""
    CLOSED = auto()
    """Gone."""


class ChildInput(Enum):
    """What moves a CHILD SA from one state to another."""

    REKEY_SENT = auto()
    REKEY_REFUSED = auto()
    REPLACED = auto()
    RESTORED = auto()
    DELETE_SENT = auto()
    CLOSED = auto()


CHILD_TRANSITIONS: dict[tuple[ChildState, ChildInput], ChildState] = {
    (ChildState.INSTALLED, ChildInput.REKEY_SENT): ChildState.REKEYING,
    (ChildState.INSTALLED, ChildInput.REPLACED): ChildState.REKEYED,
    (ChildState.INSTALLED, ChildInput.DELETE_SENT): ChildState.DELETING,
    (ChildState.INSTALLED, ChildInput.CLOSED): ChildState.CLOSED,
    (ChildState.REKEYING, ChildInput.REKEY_REFUSED): ChildState.INSTALLED,
    (ChildState.REKEYING, ChildInput.REPLACED): ChildState.REKEYED,
    (ChildState.REKEYING, ChildInput.DELETE_SENT): ChildState.DELETING,
    (ChildState.REKEYING, ChildInput.CLOSED): ChildState.CLOSED,
    (ChildState.REKEYED, ChildInput.REPLACED): ChildState.REKEYED,
    (ChildState.REKEYED, ChildInput.RESTORED): ChildState.INSTALLED,
    (ChildState.REKEYED, ChildInput.DELETE_SENT): ChildState.DELETING,
    (ChildState.REKEYED, ChildInput.CLOSED): ChildState.CLOSED,
    (ChildState.DELETING, ChildInput.CLOSED): ChildState.CLOSED,
}


class InvalidTransition(Exception):
    """An input that the table does not allow in this state."""


S = TypeVar("S", bound=Enum)
Step = TypeVar("Step", bound=Enum)


def next_state(table: dict[tuple[S, Step], S], state: S, step: Step) -> S:
    """The state after an input.

    Raises:
        InvalidTransition: The table has no such transition.
    """
    try:
        return table[state, step]
    except KeyError:
        raise InvalidTransition(f"{step.name} in state {state.name}") from None
