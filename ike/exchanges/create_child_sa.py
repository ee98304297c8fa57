"""CREATE_CHILD_SA as the peer asks for it: create or rekey a CHILD SA, rekey the IKE SA.

Source: RFC 7296 sections 1.3, 2.8, 2.18 and 2.25.
"""

from collections.abc import Sequence

from ike import succession
from ike.child_sa import ChildSa
from ike.codec import KePayload, NoncePayload, NotifyPayload, Payload, SaPayload
from ike.collisions import Answer, Asked, answer_to
from ike.constants import NotifyType, ProtocolId
from ike.context import Context
from ike.errors import ChildSaNotFound, InvalidSyntax, TemporaryFailure
from ike.exchanges import child, child_request
from ike.exchanges.ike_sa_init import choose_ike_proposal, exchange_keys
from ike.exchanges.request import notifies, required
from ike.ike_sa import IkeSa
from ike.requests.child import RekeyChild, RivalChild
from ike.requests.rekey_ike import RekeyIke, RivalIkeSa
from ike.state import ChildInput, State

EXCHANGE = "CREATE_CHILD_SA"


def respond(sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> list[Payload]:
    """Create or rekey what the request names.

    Raises:
        TemporaryFailure: The request collides with something that we are at (section 2.25).
        ChildSaNotFound: The CHILD SA to rekey does not exist.
        NotifyError: As raised by the two kinds of SA.
    """
    proposals = required(payloads, SaPayload).proposals
    if any(p.protocol == ProtocolId.IKE for p in proposals):
        return _rekey_ike(sa, payloads, ctx)
    rekeyed = notifies(payloads, NotifyType.REKEY_SA)
    if rekeyed:
        return _rekey_child(sa, rekeyed[0], payloads, ctx)
    _decide(Asked.CREATE_CHILD, sa)
    return _create_child(sa, payloads, None, ctx)[0]


def _decide(asked: Asked, sa: IkeSa, old: ChildSa | None = None) -> Answer:
    """Look the request up in the table of collisions.

    Raises:
        TemporaryFailure: The table says so.
    """
    answer, under_way = answer_to(asked, sa, old)
    if answer is Answer.TEMPORARY_FAILURE:
        raise TemporaryFailure(f"asked to {asked.value} while {under_way.value}")
    return answer


def _rekey_child(sa: IkeSa, rekey: NotifyPayload, payloads: Sequence[Payload], ctx: Context) -> list[Payload]:
    old = next((c for c in sa.children.values() if c.is_named(rekey.protocol, rekey.spi)), None)
    answer = _decide(Asked.REKEY_CHILD, sa, old)
    if old is None:
        raise ChildSaNotFound(
            f"no CHILD SA has the peer's SPI {rekey.spi.hex()}", protocol=rekey.protocol, spi=rekey.spi
        )
    reply, nonces = _create_child(sa, payloads, old.spi_in, ctx)
    ours = sa.outstanding.request if sa.outstanding else None
    if answer is Answer.AND_COMPARE_NONCES and isinstance(ours, RekeyChild):
        ours.rival = RivalChild(nonces, next(reversed(sa.children)))
    else:
        old.move(ChildInput.REPLACED)
    return reply


def _create_child(
    sa: IkeSa, payloads: Sequence[Payload], replaces: int | None, ctx: Context
) -> tuple[list[Payload], tuple[bytes, bytes]]:
    child_request.report(sa, EXCHANGE, payloads, ctx)
    nonce_r = ctx.nonce()
    nonces = (required(payloads, NoncePayload).data, nonce_r)
    request = child.ChildRequest(exchange=EXCHANGE, payloads=payloads, nonces=nonces, replaces=replaces)
    made, *rest = child.create(sa, request, ctx)
    return [made, NoncePayload(nonce_r), *rest], nonces


def _rekey_ike(sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> list[Payload]:
    """Make the IKE SA that takes over the CHILD SAs (section 2.18)."""
    answer = _decide(Asked.REKEY_IKE, sa)
    ke_i, nonce_i = required(payloads, KePayload), required(payloads, NoncePayload).data
    selection = choose_ike_proposal(payloads, sa.peer, sa.where(), ctx)
    if selection.chosen is None or not any(selection.chosen.spi):
        raise InvalidSyntax("the proposal for the new IKE SA carries no SPI")
    our_key, shared = exchange_keys(ke_i, selection, ctx)
    agreement = succession.Agreement(
        selection=selection,
        nonces=(nonce_i, ctx.nonce()),
        shared=shared,
        spi_i=selection.chosen.spi,
        spi_r=ctx.new_ike_spi(),
        by_us=False,
    )
    ours = sa.outstanding.request if sa.outstanding else None
    if answer is Answer.AND_COMPARE_NONCES and isinstance(ours, RekeyIke):
        new = succession.create(sa, agreement, State.UNDECIDED, ctx)
        ours.rival = RivalIkeSa(agreement.nonces, new)
    else:
        new = succession.create(sa, agreement, State.ESTABLISHED, ctx)
        succession.hand_over(sa, new, ctx)
        succession.await_delete(sa, ctx)
    chosen = selection.chosen.with_spi(new.own_spi)
    return [
        SaPayload((chosen,)),
        NoncePayload(agreement.nonces[1]),
        KePayload(our_key.group, our_key.public),
    ]
