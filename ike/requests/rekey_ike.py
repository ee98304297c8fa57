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
from ike.requests.refusal import refusal, wanted_group
from ike.selection import Selection
from ike.state import Input, State


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
        if sa.state is State.DELETING and self.rival is not None:
            self._give_up_rival(self.rival, ctx)
        error = refusal(payloads)
        if error is not None:
            self._refused(sa, error, ctx)
            return
        new, nonces = self._successor(sa, payloads, ctx)
        if sa.state is State.DELETING:
            succession.delete(new, "the IKE SA that it replaces is being deleted", ctx)
            return
        if self.rival is not None:
            ours_stays = min(nonces) > min(self.rival.nonces)
            ctx.emit(RekeyCollision(**sa.where(), of_ike_sa=True, ours_stays=ours_stays))
            if not ours_stays:
                succession.delete(new, "redundant after a rekey collision", ctx)
                self._choose_rival(sa, self.rival, ctx)
                return
            self._give_up_rival(self.rival, ctx)
        succession.hand_over(sa, new, ctx)
        succession.delete(sa, "rekeyed by us", ctx)

    def abandoned(self, sa: IkeSa, ctx: Context) -> None:
        """The old IKE SA ends without an answer: the peer has moved to its own new one, if it made one."""
        if self.rival is not None:
            self._choose_rival(sa, self.rival, ctx)

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

    @staticmethod
    def _give_up_rival(rival: RivalIkeSa, ctx: Context) -> None:
        if rival.sa.state is State.UNDECIDED:
            succession.await_delete(rival.sa, ctx)

    def _choose_rival(self, sa: IkeSa, rival: RivalIkeSa, ctx: Context) -> None:
        if rival.sa.state is State.UNDECIDED:
            rival.sa.move(Input.CHOSEN)
            succession.hand_over(sa, rival.sa, ctx)
            if sa.state is State.REKEYING:
                succession.await_delete(sa, ctx)

    def _refused(self, sa: IkeSa, error: NotifyPayload, ctx: Context) -> None:
        allowed = groups_of(sa.peer.ike_suites)
        group = wanted_group(error, allowed, tried=self._group) if self.rival is None else None
        ctx.emit(OwnRequestRefused.of(sa.where(), "rekey the IKE SA", error, again=group is not None))
        if sa.state is not State.REKEYING:
            return
        if self.rival is not None and self.rival.sa.state is State.UNDECIDED:
            self._choose_rival(sa, self.rival, ctx)
            return
        sa.move(Input.REKEY_REFUSED)
        if group is not None:
            ctx.want(sa, RekeyIke(group))
        else:
            sa.rekey_at = ctx.now + ctx.retry_wait()
