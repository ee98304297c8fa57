"""What we answer when the peer asks for something while we are at something ourselves.

Source: RFC 7296 section 2.25, with section 2.8.1 for two rekeyings of the same SA.
"""

from enum import Enum, auto

from ike.child_sa import ChildSa
from ike.ike_sa import IkeSa
from ike.request import Request
from ike.requests.child import CreateChild, RekeyChild
from ike.requests.delete import DeleteChild, is_asked_to_delete
from ike.requests.rekey_ike import RekeyIke
from ike.state import ChildState, State


class Asked(Enum):
    """What the peer asks for."""

    REKEY_IKE = "rekey the IKE SA"
    CREATE_CHILD = "create a CHILD SA"
    REKEY_CHILD = "rekey a CHILD SA"
    DELETE_CHILD = "delete a CHILD SA"
    DELETE_IKE = "delete the IKE SA"


class UnderWay(Enum):
    """What we are at."""

    NOTHING = "nothing"
    REKEYING_IKE = "rekeying the IKE SA"
    COMPARING_IKE = "rekeying the IKE SA, as the peer is already"
    UNDECIDED = "waiting for the nonces to decide whether the IKE SA stays"
    REPLACED = "having the IKE SA deleted by the peer, another has its place"
    DELETING_IKE = "deleting the IKE SA"
    CREATING_CHILD = "creating a CHILD SA"
    REKEYING_CHILD = "rekeying the same CHILD SA"
    COMPARING_CHILD = "rekeying the same CHILD SA, as the peer is already"
    REKEYING_OTHER_CHILD = "rekeying another CHILD SA"
    DELETING_CHILD = "deleting the same CHILD SA"
    ABOUT_TO_DELETE_CHILD = "about to delete the same CHILD SA"
    DELETING_OTHER_CHILD = "deleting another CHILD SA"


class Answer(Enum):
    """How we answer."""

    AS_USUAL = auto()
    AND_COMPARE_NONCES = auto()
    """As usual; when the response to our own request is there, the nonces decide (section 2.8.1)."""
    WITHOUT_DELETE_PAYLOAD = auto()
    TEMPORARY_FAILURE = auto()


_NO = Answer.TEMPORARY_FAILURE
EXCEPTIONS: dict[tuple[Asked, UnderWay], Answer] = {
    (Asked.REKEY_IKE, UnderWay.REKEYING_IKE): Answer.AND_COMPARE_NONCES,
    (Asked.REKEY_IKE, UnderWay.COMPARING_IKE): _NO,
    (Asked.REKEY_IKE, UnderWay.UNDECIDED): _NO,
    (Asked.REKEY_IKE, UnderWay.REPLACED): _NO,
    (Asked.REKEY_IKE, UnderWay.DELETING_IKE): _NO,
    (Asked.REKEY_IKE, UnderWay.CREATING_CHILD): _NO,
    (Asked.REKEY_IKE, UnderWay.REKEYING_OTHER_CHILD): _NO,
    (Asked.REKEY_IKE, UnderWay.DELETING_OTHER_CHILD): _NO,
    (Asked.CREATE_CHILD, UnderWay.REKEYING_IKE): _NO,
    (Asked.CREATE_CHILD, UnderWay.COMPARING_IKE): _NO,
    (Asked.CREATE_CHILD, UnderWay.UNDECIDED): _NO,
    (Asked.CREATE_CHILD, UnderWay.REPLACED): _NO,
    (Asked.CREATE_CHILD, UnderWay.DELETING_IKE): _NO,
    (Asked.REKEY_CHILD, UnderWay.REKEYING_IKE): _NO,
    (Asked.REKEY_CHILD, UnderWay.COMPARING_IKE): _NO,
    (Asked.REKEY_CHILD, UnderWay.UNDECIDED): _NO,
    (Asked.REKEY_CHILD, UnderWay.REPLACED): _NO,
    (Asked.REKEY_CHILD, UnderWay.DELETING_IKE): _NO,
    (Asked.REKEY_CHILD, UnderWay.REKEYING_CHILD): Answer.AND_COMPARE_NONCES,
    (Asked.REKEY_CHILD, UnderWay.COMPARING_CHILD): _NO,
    (Asked.REKEY_CHILD, UnderWay.DELETING_CHILD): _NO,
    (Asked.REKEY_CHILD, UnderWay.ABOUT_TO_DELETE_CHILD): _NO,
    (Asked.DELETE_CHILD, UnderWay.DELETING_CHILD): Answer.WITHOUT_DELETE_PAYLOAD,
}
"""The answers that are not ``AS_USUAL``."""

_OF_STATE = {
    State.REKEYING: UnderWay.REKEYING_IKE,
    State.UNDECIDED: UnderWay.UNDECIDED,
    State.REKEYED: UnderWay.REPLACED,
    State.DELETING: UnderWay.DELETING_IKE,
}
_OF_REQUEST: dict[type[Request], UnderWay] = {
    RekeyChild: UnderWay.REKEYING_OTHER_CHILD,
    DeleteChild: UnderWay.DELETING_OTHER_CHILD,
    CreateChild: UnderWay.CREATING_CHILD,
}


def answer_to(asked: Asked, sa: IkeSa, child: ChildSa | None = None) -> tuple[Answer, UnderWay]:
    """How to answer a request, and what we are at; ``child`` is the CHILD SA that it is about, if any."""
    under_way = _under_way(sa, child)
    return EXCEPTIONS.get((asked, under_way), Answer.AS_USUAL), under_way


def _under_way(sa: IkeSa, child: ChildSa | None) -> UnderWay:
    request = sa.outstanding.request if sa.outstanding else None
    # A second rival would make us forget the first, and nobody would end it.
    if sa.state in _OF_STATE:
        both = sa.state is State.REKEYING and isinstance(request, RekeyIke) and request.has_rival
        return UnderWay.COMPARING_IKE if both else _OF_STATE[sa.state]
    if child is not None and child.state is ChildState.REKEYING:
        both = isinstance(request, RekeyChild) and request.has_rival(sa)
        return UnderWay.COMPARING_CHILD if both else UnderWay.REKEYING_CHILD
    if child is not None and child.state is ChildState.DELETING:
        sent = is_asked_to_delete(sa, child.spi_in)
        return UnderWay.DELETING_CHILD if sent else UnderWay.ABOUT_TO_DELETE_CHILD
    return next((found for kind, found in _OF_REQUEST.items() if isinstance(request, kind)), UnderWay.NOTHING)
