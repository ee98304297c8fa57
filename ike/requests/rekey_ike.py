"""Rekey the IKE SA (RFC 7296 sections 1.3.2, 2.8.2, 2.18 and 2.25.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ike import succession
from ike.codec import KePayload, NoncePayload, NotifyPayload, Payload, SaPayload
from ike.constants import DhGroup, ExchangeType, ProtocolId, TransformType
from ike.context import Context
from ike.crypto import dh
from ike.events import OwnRequestRefused, RekeyCollision
from ike.exchanges.ike_sa_init import shared_secret
from ike.exchanges.request import required
from ike.ike_sa import IkeSa
from ike.proposal import Proposal
from ike.request import Request
from ike.requests.offers import accepted, groups_of, offers
from ike.requests.refusal import refusal, tolerate, wanted_group
from ike.selection import Selection
from ike.state import Input, State

_NOT_WANTED = "the IKE SA that it replaces is being deleted"


@dataclass(frozen=True, slots=True)
class RivalIkeSa:
    """The IKE SA that the peer made to replace the one that we are rekeying too.

    Args:
        nonces: Ni and Nr of the peer's exchange.
        sa: The peer's IKE SA.
    """

    nonces: tuple[bytes, bytes]
    sa: IkeSa


class RekeyIke(Request):
    """Replace the IKE SA by a new one; ``group`` is the DH group that the peer asked for, if any."""

    exchange: ClassVar[ExchangeType] = ExchangeType.CREATE_CHILD_SA

    def __init__(self, group: DhGroup | None = None) -> None:
        self.rival: RivalIkeSa | None = None
        self._group = group
        self._key: dh.DhKey | None = None
        self._offers = tuple[Proposal, ...]()
        self._nonce = b""

    def payloads(self, sa: IkeSa, ctx: Context) -> Sequence[Payload] | None:
        """SA with our new SPI, Ni and KEi."""
        if sa.state is not State.ESTABLISHED:
            return None
        current = next((DhGroup(t.id) for t in sa.proposal.of_type(TransformType.DH)), None)
        group = self._group or current or groups_of(sa.peer.ike_suites)[0]
        sa.move(Input.REKEY_SENT)
        self._nonce = ctx.nonce()
        self._key = dh.generate(group, ctx.random)
        self._offers = offers(sa.peer.ike_suites, sa.proposal, ctx.new_ike_spi(), group)
        return [SaPayload(self._offers), NoncePayload(self._nonce), KePayload(group, self._key.public)]

    def answered(self, sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> None:
        """Move to the new IKE SA and delete the old one; or let the nonces decide."""
        error = refusal(payloads)
        if error is not None:
            self._refused(sa, error, ctx)
            return
        new, nonces = self._successor(sa, payloads, ctx)
        if sa.state is State.DELETING:
            succession.delete(new, _NOT_WANTED, ctx)
            self.abandoned(sa, ctx)
            return
        if not self._stays(sa, nonces, ctx):
            new.has_successor = True
            succession.delete(new, "redundant after a rekey collision", ctx)
            self.give_way(sa, ctx)
            return
        succession.hand_over(sa, new, ctx)
        succession.delete(sa, "rekeyed by us", ctx)

    def _stays(self, sa: IkeSa, nonces: tuple[bytes, bytes], ctx: Context) -> bool:
        """Whether our new IKE SA stays: without a collision, or when the peer's has the lowest nonce."""
        if self.rival is None:
            return True
        theirs = self.rival.sa
        ours_stays = sa.state is State.REKEYING and min(nonces) > min(self.rival.nonces)
        ctx.emit(RekeyCollision(**sa.where(), of_ike_sa=True, ours_stays=ours_stays))
        if ours_stays and theirs.state is State.UNDECIDED:
            theirs.has_successor = True
            succession.await_delete(theirs, ctx)
        return ours_stays

    @property
    def has_rival(self) -> bool:
        """Whether the peer has made an IKE SA too, and it is undecided which one stays."""
        return self.rival is not None and self.rival.sa.state is State.UNDECIDED

    def give_way(self, sa: IkeSa, ctx: Context) -> None:
        """Let the peer's new IKE SA stay; the peer deletes the old one."""
        if self.rival is not None and self.has_rival:
            succession.choose(sa, self.rival.sa, ctx)
        if sa.state is State.REKEYING:
            succession.await_delete(sa, ctx)

    def abandoned(self, sa: IkeSa, ctx: Context) -> None:
        """The old IKE SA ends without a usable answer: the peer has moved to its own new one, if it made one.

        Where we delete the old one, we delete that too.
        """
        if self.rival is None or not self.has_rival:
            return
        if sa.state is State.DELETING:
            succession.delete(self.rival.sa, _NOT_WANTED, ctx)
        else:
            succession.choose(sa, self.rival.sa, ctx)

    def _successor(
        self, sa: IkeSa, payloads: Sequence[Payload], ctx: Context
    ) -> tuple[IkeSa, tuple[bytes, bytes]]:
        chosen = accepted(self._offers, required(payloads, SaPayload), ProtocolId.IKE)
        nonces = (self._nonce, required(payloads, NoncePayload).data)
        if self._key is None:
            raise ValueError("an answer to a request that was not sent")
        agreement = succession.Agreement(
            selection=Selection(verdicts=(), chosen=chosen, suite=None),
            nonces=nonces,
            shared=shared_secret(self._key, required(payloads, KePayload)),
            spi_i=self._offers[0].spi,
            spi_r=chosen.spi,
            by_us=True,
        )
        return succession.create(sa, agreement, State.ESTABLISHED, ctx), nonces

    def _refused(self, sa: IkeSa, error: NotifyPayload, ctx: Context) -> None:
        allowed = groups_of(sa.peer.ike_suites)
        alone = sa.state is State.REKEYING and not self.has_rival
        group = wanted_group(error, allowed, tried=self._group) if alone else None
        ctx.emit(OwnRequestRefused.of(sa.where(), "rekey the IKE SA", error, again=group is not None))
        if sa.state is State.DELETING:
            self.abandoned(sa, ctx)
        elif not alone:
            self.give_way(sa, ctx)
        else:
            self._try_again(sa, error, group, ctx)

    def _try_again(self, sa: IkeSa, error: NotifyPayload, group: DhGroup | None, ctx: Context) -> None:
        sa.move(Input.REKEY_REFUSED)
        if group is not None:
            ctx.want(sa, RekeyIke(group))
        elif tolerate(sa, error, ctx):
            sa.rekey_at = ctx.now + ctx.retry_wait()


def decide_for(new: IkeSa, ctx: Context) -> None:
    """Choose an undecided IKE SA that the peer uses: it has both answers, so it knows that this one stays."""
    for old in ctx.of_peer(new.peer.name):
        ours = old.outstanding.request if old.outstanding else None
        if isinstance(ours, RekeyIke) and ours.rival is not None and ours.rival.sa is new:
            ours.give_way(old, ctx)
