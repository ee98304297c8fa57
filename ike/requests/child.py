"""Create or rekey a CHILD SA (RFC 7296 sections 1.3.1, 1.3.3, 2.8 and 2.25.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ike import trials
from ike.child_sa import ESP_SPI_LENGTH, ChildSa
from ike.codec import KePayload, NoncePayload, NotifyPayload, Payload, SaPayload, TSiPayload, TSrPayload
from ike.constants import DhGroup, ExchangeType, NotifyType, ProtocolId, TransformType
from ike.context import Context
from ike.crypto import dh
from ike.errors import InvalidSyntax
from ike.events import OwnRequestRefused, RekeyCollision
from ike.exchanges import child as children
from ike.exchanges.ike_sa_init import shared_secret
from ike.exchanges.request import required
from ike.ike_sa import IkeSa
from ike.proposal import Proposal
from ike.request import Request
from ike.requests.delete import DeleteChild
from ike.requests.offers import accepted, groups_of, offers
from ike.requests.refusal import refusal, tolerate, wanted_group
from ike.selectors import ANY_IPV4, contains_any
from ike.state import ChildInput, ChildState, State

_LOST = "the peer does not have it"
_UNWANTED = "deleted by us while it was being made"


@dataclass(frozen=True, slots=True)
class RivalChild:
    """The CHILD SA that the peer made to replace the one that we are rekeying too.

    Args:
        nonces: Ni and Nr of the peer's exchange.
        spi_in: Our inbound SPI of the peer's CHILD SA.
    """

    nonces: tuple[bytes, bytes]
    spi_in: int


class ChildExchange(Request):
    """What creating and rekeying share.

    Args:
        like: The proposal of the CHILD SA that is, or was, in its place.
        group: The DH group that the peer asked for (INVALID_KE_PAYLOAD), or None.
    """

    exchange: ClassVar[ExchangeType] = ExchangeType.CREATE_CHILD_SA
    moves_with_children: ClassVar[bool] = True

    def __init__(self, like: Proposal, group: DhGroup | None = None) -> None:
        self._like = like
        self._group = group
        self._key: dh.DhKey | None = None
        self._offers: tuple[Proposal, ...] = ()
        self._spi = 0
        self._nonce = b""

    def payloads(self, sa: IkeSa, ctx: Context) -> Sequence[Payload] | None:
        """SA, Ni, KEi with PFS, TSi and TSr."""
        if sa.state is not State.ESTABLISHED:
            return None
        suites = children.suites_with_pfs(sa)
        group = self._group or next(iter(groups_of(suites)), None)
        self._spi, self._nonce = ctx.new_esp_spi(), ctx.nonce()
        self._key = dh.generate(group, ctx.random) if group else None
        self._offers = offers(suites, self._like, self._spi.to_bytes(ESP_SPI_LENGTH, "big"), group)
        ke = [KePayload(self._key.group, self._key.public)] if self._key else []
        any_to_any = [TSiPayload((ANY_IPV4,)), TSrPayload((ANY_IPV4,))]
        return [SaPayload(self._offers), NoncePayload(self._nonce), *ke, *any_to_any]

    def _agreement(self, sa: IkeSa, payloads: Sequence[Payload], replaces: int | None) -> children.Agreement:
        """What the response agrees to.

        Raises:
            NotifyError: It is no possible answer to the request.
        """
        chosen = accepted(self._offers, required(payloads, SaPayload), ProtocolId.ESP)
        children.require_usable_spi(sa, chosen)
        selectors = (required(payloads, TSiPayload).selectors, required(payloads, TSrPayload).selectors)
        if not all(contains_any(each) for each in selectors):
            raise InvalidSyntax("the peer narrowed the traffic selectors of its own CHILD SA")
        shared = b""
        if self._key and any(t.id for t in chosen.of_type(TransformType.DH)):
            shared = shared_secret(self._key, required(payloads, KePayload))
        return children.Agreement(
            proposal=chosen,
            nonces=(self._nonce, required(payloads, NoncePayload).data),
            shared=shared,
            spi_in=self._spi,
            spi_out=int.from_bytes(chosen.spi, "big"),
            by_us=True,
            replaces=replaces,
        )

    def _better_group(self, sa: IkeSa, error: NotifyPayload) -> DhGroup | None:
        """The group to try again with, when the peer asks for one that the policy allows."""
        return wanted_group(error, groups_of(children.suites_with_pfs(sa)), tried=self._group)


class CreateChild(ChildExchange):
    """Create a CHILD SA, where the peer has lost the one that we have tried to rekey (section 2.25)."""

    def payloads(self, sa: IkeSa, ctx: Context) -> Sequence[Payload] | None:
        """As for any; nothing when the peer was faster."""
        if any(child.is_alive for child in sa.children.values()):
            return None
        return super().payloads(sa, ctx)

    def answered(self, sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> None:
        """Install the CHILD SA; when the peer cannot make it now, ask again later."""
        error = refusal(payloads)
        if sa.state is State.DELETING:
            return
        if error is None:
            sa.put_off = None
            children.install(sa, self._agreement(sa, payloads, None), ctx)
            return
        group = self._better_group(sa, error)
        ctx.emit(OwnRequestRefused.of(sa.where(), "create a CHILD SA", error, again=group is not None))
        if group is not None:
            ctx.want(sa, CreateChild(self._like, group))
        elif error.notify_type == NotifyType.TEMPORARY_FAILURE and tolerate(sa, error, ctx):
            ctx.want_later(sa, CreateChild(self._like), ctx.now + ctx.retry_wait())


class RekeyChild(ChildExchange):
    """Rekey a CHILD SA.

    Args:
        old: The CHILD SA.
        group: As in ``ChildExchange``.
        is_trial: Whether it is only to find out what the peer answers, see ``ike.trials``.
    """

    def __init__(self, old: ChildSa, group: DhGroup | None = None, *, is_trial: bool = False) -> None:
        super().__init__(old.proposal, group)
        self.spi_in = old.spi_in
        self._is_trial = is_trial
        self.rival: RivalChild | None = None
        self._is_unwanted = False

    def payloads(self, sa: IkeSa, ctx: Context) -> Sequence[Payload] | None:
        """REKEY_SA with our inbound SPI of the old CHILD SA, then as for a new one (section 1.3.3)."""
        old = sa.children.get(self.spi_in)
        if old is None or old.state is not ChildState.INSTALLED:
            return None
        request = super().payloads(sa, ctx)
        if request is None:
            return None
        old.move(ChildInput.REKEY_SENT)
        spi = self.spi_in.to_bytes(ESP_SPI_LENGTH, "big")
        return [NotifyPayload(NotifyType.REKEY_SA, protocol=ProtocolId.ESP, spi=spi), *request]

    def answered(self, sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> None:
        """Put the new CHILD SA in the place of the old one and delete that; or let the nonces decide."""
        error = refusal(payloads)
        if error is not None:
            self._refused(sa, error, ctx)
            return
        if sa.state is State.DELETING:
            return
        sa.put_off = None
        agreement = self._agreement(sa, payloads, self.spi_in)
        old = sa.children.get(self.spi_in)
        if self._is_unwanted:
            delete_child(sa, children.install(sa, agreement, ctx, redundant=True), _UNWANTED, ctx)
        elif not self._stays(sa, agreement, ctx):
            redundant = children.install(sa, agreement, ctx, redundant=True)
            if old is not None:
                old.move(ChildInput.REPLACED)
            delete_child(sa, redundant, "redundant after a rekey collision", ctx)
        else:
            children.install(sa, agreement, ctx)
            if old is not None:
                delete_child(sa, old, "rekeyed by us on trial" if self._is_trial else "rekeyed by us", ctx)

    def abandoned(self, sa: IkeSa, ctx: Context) -> None:
        """A peer whose IKE SA ends over a trial is not tried again."""
        if self._is_trial:
            ctx.spared.add(sa.peer.name)

    def _stays(self, sa: IkeSa, agreement: children.Agreement, ctx: Context) -> bool:
        """Whether our new CHILD SA stays: without a collision, or when the peer's has the lowest nonce."""
        if self.rival is None:
            return True
        ours_stays = min(agreement.nonces) > min(self.rival.nonces)
        ctx.emit(RekeyCollision(**sa.where(), of_ike_sa=False, ours_stays=ours_stays))
        redundant = sa.children.get(self.rival.spi_in) if ours_stays else None
        if redundant is not None and redundant.is_alive:
            redundant.move(ChildInput.REPLACED)
        return ours_stays

    def has_rival(self, sa: IkeSa) -> bool:
        """Whether the peer's CHILD SA is there, which it has made to replace the same one."""
        return self.rival is not None and self.rival.spi_in in sa.children

    def not_wanted(self, sa: IkeSa, ctx: Context) -> None:
        """Let what replaces the old CHILD SA go with it: what the peer has made now, ours when it is made."""
        self._is_unwanted = True
        rival = sa.children.get(self.rival.spi_in) if self.rival else None
        if rival is not None and rival.is_alive:
            delete_child(sa, rival, _UNWANTED, ctx)

    def _refused(self, sa: IkeSa, error: NotifyPayload, ctx: Context) -> None:
        old = sa.children.get(self.spi_in)
        replaced = old is None or self._is_unwanted or self.has_rival(sa) or sa.state is State.DELETING
        group = None if replaced else self._better_group(sa, error)
        is_last_word = self._is_trial and not replaced and group is None
        if is_last_word and trials.is_decided(sa, self.spi_in, error, self._key, ctx):
            return
        ctx.emit(OwnRequestRefused.of(sa.where(), "rekey the CHILD SA", error, again=group is not None))
        if old is None:
            return
        if self._is_unwanted:
            if error.notify_type == NotifyType.CHILD_SA_NOT_FOUND:
                ctx.close_child(sa, self.spi_in, _LOST)
            return  # else its Delete is the next request
        if self.has_rival(sa):
            old.move(ChildInput.REPLACED)
            return
        old.move(ChildInput.REKEY_REFUSED)
        if group is not None:
            ctx.want(sa, RekeyChild(old, group, is_trial=self._is_trial))
        else:
            self._go_on_with(old, sa, error, ctx)

    def _go_on_with(self, old: ChildSa, sa: IkeSa, error: NotifyPayload, ctx: Context) -> None:
        """Ask for the CHILD SA again later, or for a new one where the peer has lost it."""
        if error.notify_type == NotifyType.CHILD_SA_NOT_FOUND:
            # The peer has it no longer: remove it silently and make a new one (section 2.25).
            ctx.close_child(sa, self.spi_in, _LOST)
            if not any(child.is_alive for child in sa.children.values()):
                ctx.want(sa, CreateChild(self._like))
        elif self._is_trial and old.rekey_at is not None:
            old.trial_at = ctx.now + ctx.retry_wait()
        elif tolerate(sa, error, ctx):
            old.rekey_at = old.refused_until = ctx.now + ctx.retry_wait()


def delete_child(sa: IkeSa, child: ChildSa, reason: str, ctx: Context) -> None:
    """Delete a CHILD SA, when our request under way is answered.

    From here on the peer can no longer rekey it (section 2.25.1). If the request under way rekeys it, what
    takes its place is deleted too: whoever asked for this could not name that yet.
    """
    request = sa.outstanding.request if sa.outstanding else None
    if child.state is ChildState.REKEYING and isinstance(request, RekeyChild):
        request.not_wanted(sa, ctx)
    child.move(ChildInput.DELETE_SENT)
    ctx.want(sa, DeleteChild(child.spi_in, reason))


def is_queued(sa: IkeSa, spi_in: int) -> bool:
    """Whether a request to rekey a CHILD SA waits already."""
    return any(isinstance(each, RekeyChild) and each.spi_in == spi_in for each in sa.queued)
