"""The smallest change that makes a refused request for a CHILD SA succeed: it is replayed with each.

The request, as a record holds it, goes through the responder's own core (``replay``): its key, its identity,
its proposals, its selectors and its mode are changed one at a time, then two together, and so on.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from gateway.diagnosis.counterfactual import Change, changed, changes_of, is_old, proposal_of, suites_of
from gateway.diagnosis.facts import Allowed, Record, TunnelFacts
from gateway.diagnosis.history import History
from gateway.diagnosis.proposals import Offer, compare, enumeration
from gateway.diagnosis.replay import Exchange, accepted_as, payloads_of
from ike.codec import IDiPayload, Payload, SaPayload, TSiPayload, TSrPayload
from ike.constants import DhGroup, PayloadType, ProtocolId, TransformType, name_of
from ike.identification import Identification
from ike.proposal import Proposal
from ike.selectors import ANY_IPV4, contains_any, text_of

_MOST_CHANGES = 5


@dataclass(frozen=True, kw_only=True)
class Swap:
    """A change of anything but a proposal.

    Args:
        text: ``TSi 0.0.0.0/0 instead of 10.1.0.0-10.1.255.255``.
        apply: Makes it.
    """

    text: str
    apply: Callable[[Exchange], Exchange]


def what_if(history: History, refused: Record, *, key: str = "") -> str:
    """What to change in a request so that it is accepted, in one sentence; empty when that is not known.

    Args:
        history: Of the tunnel.
        refused: A record of the exchange, from the refusal on back to the request.
        key: When the AUTH payload does not prove the device link's key: which key instead of which.
    """
    request = _request(history, refused)
    if request is None:
        return ""
    exchange = _exchange(request, history.tunnel, proves_key=not key)
    return smallest(exchange, key) if exchange is not None else ""


def _request(history: History, refused: Record) -> Record | None:
    """The last request for a CHILD SA before a record, in its IKE SA."""
    found = [
        record
        for record in history.all("child_sa_requested")
        if record["id"] < refused["id"] and record.get("ike_spi") == refused.get("ike_spi")
    ]
    return found[-1] if found else None


def _exchange(request: Record, tunnel: TunnelFacts, *, proves_key: bool) -> Exchange | None:
    """The exchange of a request; None when the records do not tell all that decides about it."""
    name = request["data"]["exchange"]
    try:
        payloads = payloads_of(request["data"]["payloads"])
    except ValueError:  # somebody else's recording
        return None
    if not payloads or (name != "IKE_AUTH" and tunnel.pfs is None):
        return None
    return Exchange(
        name=name,
        payloads=payloads,
        proves_key=proves_key,
        identity=Identification.from_address(tunnel.peer) if tunnel.enforces_identity else None,
        suites=suites_of(tunnel.esp, ProtocolId.ESP),
        pfs=tuple(DhGroup[group] for group in tunnel.pfs or ()),
    )


@lru_cache(maxsize=64)
def smallest(exchange: Exchange, key: str) -> str:
    """The fewest changes with which an exchange succeeds, in one sentence; empty when none of them helps.

    Args:
        exchange: The exchange.
        key: The change of the key in words, when it does not prove the right one.
    """
    if accepted_as(exchange) is not None:  # what refused it is not in the request
        return ""
    policy = _policy(exchange)
    offer = _closest(exchange, policy)
    swaps = [*_swaps(exchange, key)]
    proposals = changes_of(_names(offer), policy).values() if offer else ()
    alternatives: list[Sequence[Swap | Change]] = [*([swap] for swap in swaps), *proposals]
    for size in range(1, _MOST_CHANGES + 1):
        for kinds in itertools.combinations(alternatives, size):
            found = [
                (is_old(changed({}, _of_proposal(picked))), picked, suite)
                for picked in itertools.product(*kinds)
                if (suite := accepted_as(_with(exchange, offer, picked))) is not None
            ]
            if found:
                _, picked, suite = min(found, key=lambda each: each[0])
                return _sentence(picked, suite)
    return ""


def _sentence(changes: Sequence[Swap | Change], suite: str) -> str:
    told = enumeration([change.text for change in changes])
    by = f" ({suite})" if _of_proposal(changes) else ""
    return f"with {told}, and nothing else changed, the same request is accepted{by}"


def _swaps(exchange: Exchange, key: str) -> Iterator[Swap]:
    if not exchange.proves_key:
        yield Swap(text=key, apply=lambda e: replace(e, proves_key=True))
    sender, wanted = exchange.sender, exchange.identity
    if wanted is not None and sender is not None and sender != wanted:
        identity = IDiPayload(wanted)
        yield Swap(text=f"IDi {wanted.text} instead of {sender.text}", apply=_having(identity))
    if exchange.wants_transport_mode:
        yield Swap(
            text="tunnel mode instead of transport mode", apply=lambda e: e.without(PayloadType.NOTIFY)
        )
    for any_to_any in (TSiPayload((ANY_IPV4,)), TSrPayload((ANY_IPV4,))):
        offered = exchange.selectors(any_to_any.type)
        if offered is not None and not contains_any(offered.selectors):
            yield Swap(
                text=f"{name_of(PayloadType, any_to_any.type)} 0.0.0.0/0 instead of "
                + ", ".join(text_of(selector) for selector in offered.selectors),
                apply=_having(any_to_any),
            )


def _having(payload: Payload) -> Callable[[Exchange], Exchange]:
    return lambda exchange: exchange.having(payload)


def _policy(exchange: Exchange) -> Mapping[str, Allowed]:
    """What the exchange may offer, in names."""
    groups = {"DH": tuple(group.name for group in exchange.pfs)} if exchange.pfs else {}
    rekey = groups if exchange.name != "IKE_AUTH" else {}
    return {
        suite.name: {kind.name: tuple(t.name for t in of) for kind, of in suite.transforms.items()} | rekey
        for suite in exchange.suites
    }


def _closest(exchange: Exchange, policy: Mapping[str, Allowed]) -> Proposal | None:
    """The offered proposal that lacks least; only that one is changed."""
    offers = [Offer(text=str(number), names=_names(p)) for number, p in enumerate(exchange.proposals)]
    comparison = compare(offers, policy)
    return exchange.proposals[int(comparison.offer.text)] if comparison else None


def _names(proposal: Proposal) -> dict[str, tuple[str, ...]]:
    kinds = dict.fromkeys(t.type for t in proposal.transforms)
    return {name_of(TransformType, kind): tuple(t.name for t in proposal.of_type(kind)) for kind in kinds}


def _with(exchange: Exchange, offer: Proposal | None, changes: Sequence[Swap | Change]) -> Exchange:
    """The exchange after changes."""
    for change in changes:
        if isinstance(change, Swap):
            exchange = change.apply(exchange)
    of_proposal = _of_proposal(changes)
    if offer is None or not of_proposal:
        return exchange
    names = changed(_names(offer), of_proposal)
    exchange = exchange.having(SaPayload((proposal_of(names, ProtocolId.ESP, offer.spi),)))
    for change in of_proposal:
        if change.kind == "DH":
            group = DhGroup[change.instead] if change.instead else None
            exchange = exchange.with_group(group) if group else exchange.without(PayloadType.KE)
    return exchange


def _of_proposal(changes: Sequence[Swap | Change]) -> list[Change]:
    return [change for change in changes if isinstance(change, Change)]
