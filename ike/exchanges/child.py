"""What the exchanges that create a CHILD SA share (RFC 7296 sections 1.2, 1.3 and 2.17)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ike import trials, upkeep
from ike.child_sa import ESP_SPI_LENGTH, ChildSa, EspParameters
from ike.codec import KePayload, Payload, SaPayload, TSiPayload, TSrPayload
from ike.constants import DhGroup, Encr, Esn, ExchangeType, Integ, NotifyType, Prf, TransformType
from ike.context import ESP_SPI_MIN, Context
from ike.crypto import keys
from ike.errors import InvalidKePayload, NoAdditionalSas, NoProposalChosen, TsUnacceptable
from ike.events import ChildSaEstablished, EspKeysDerived, ProposalsEvaluated, SelectorsNarrowed
from ike.exchanges.ike_sa_init import check_group, exchange_keys, refusal_text
from ike.exchanges.request import notifies, optional, required
from ike.ike_sa import IkeSa
from ike.proposal import Proposal, Suite, Transform, alternatives
from ike.selection import Selection, select
from ike.selectors import ANY_IPV4, contains_any, text_of
from ike.state import ChildInput, ChildState


@dataclass(frozen=True, kw_only=True)
class ChildRequest:
    """A request of the peer for a CHILD SA.

    Args:
        exchange: Name of the exchange type.
        payloads: The request's payloads.
        nonces: Ni and Nr of the exchange.
        replaces: Our inbound SPI of the CHILD SA that is rekeyed, or None.
    """

    exchange: str
    payloads: Sequence[Payload]
    nonces: tuple[bytes, bytes]
    replaces: int | None = None

    @property
    def is_first(self) -> bool:
        """Whether it comes with IKE_AUTH."""
        return self.exchange == ExchangeType.IKE_AUTH.name


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What the two ends have agreed on for a CHILD SA.

    Args:
        proposal: The chosen proposal.
        nonces: Ni and Nr of the exchange.
        shared: g^ir of the exchange with PFS, else empty.
        spi_in: Our SPI.
        spi_out: The peer's SPI.
        by_us: Whether we are the initiator of the exchange.
        replaces: Our inbound SPI of the CHILD SA that is rekeyed, or None.
    """

    proposal: Proposal
    nonces: tuple[bytes, bytes]
    shared: bytes = field(repr=False)
    spi_in: int
    spi_out: int
    by_us: bool
    replaces: int | None


def create(sa: IkeSa, request: ChildRequest, ctx: Context) -> list[Payload]:
    """Create the CHILD SA; returns the SA, KE (with PFS), TSi and TSr payloads of the response.

    Raises:
        NoAdditionalSas: The IKE SA has as many CHILD SAs as it may have.
        NoProposalChosen: No proposal matches the policy, or the chosen one has an SPI that cannot be used.
        InvalidKePayload: The selected group has no KE payload, or one of another group.
        TsUnacceptable: The selectors do not contain any-to-any.
    """
    if len(sa.children) >= ctx.limits.max_child_sas:
        raise NoAdditionalSas(f"{len(sa.children)} CHILD SAs exist, which is the limit; delete some first")
    ke = None if request.is_first else optional(request.payloads, KePayload)
    selection, chosen = _choose_proposal(sa, request, ke, ctx)
    require_usable_spi(sa, chosen)
    _require_any_to_any(sa, request.payloads, ctx)
    reply: list[Payload] = []
    shared = b""
    if selection.transform(TransformType.DH) is not None:
        our_key, shared = exchange_keys(_matching_ke(ke, selection), selection, ctx)
        reply.append(KePayload(our_key.group, our_key.public))
    agreement = Agreement(
        proposal=chosen,
        nonces=request.nonces,
        shared=shared,
        spi_in=ctx.new_esp_spi(),
        spi_out=int.from_bytes(chosen.spi, "big"),
        by_us=False,
        replaces=request.replaces,
    )
    child = install(sa, agreement, ctx)
    if request.is_first:
        trials.begin(sa, child, ctx)
    ours = chosen.with_spi(agreement.spi_in.to_bytes(ESP_SPI_LENGTH, "big"))
    return [SaPayload((ours,)), *reply, TSiPayload((ANY_IPV4,)), TSrPayload((ANY_IPV4,))]


def _choose_proposal(
    sa: IkeSa, request: ChildRequest, ke: KePayload | None, ctx: Context
) -> tuple[Selection, Proposal]:
    """Select the proposal and report the selection.

    IKE_AUTH carries no KE payload, so a DH transform there means nothing yet (RFC 7296 section 1.2).
    """
    selection = select(
        required(request.payloads, SaPayload).proposals,
        sa.peer.esp_suites if request.is_first else suites_with_pfs(sa),
        preferred_group=ke.group if ke else None,
        ignored=(TransformType.DH,) if request.is_first else (),
    )
    _report_selection(sa, request, selection, ctx)
    if selection.chosen is None:
        raise NoProposalChosen(refusal_text(selection))
    return selection, selection.chosen


def install(sa: IkeSa, agreement: Agreement, ctx: Context, *, redundant: bool = False) -> ChildSa:
    """Derive the keys, register the CHILD SA and report it.

    One that is ``redundant`` receives until it is deleted, for the peer may send on it (RFC 7296 section
    2.8.1); we do not send on it.
    """
    esp = _parameters(sa, agreement)
    child = ChildSa(esp=esp, proposal=agreement.proposal, replaces=agreement.replaces)
    sa.children[esp.spi_in] = child
    ctx.esp_owner[esp.spi_in] = sa
    upkeep.begin_child(sa, child, ctx)
    ctx.emit(EspKeysDerived(**sa.where(), esp=esp))
    ctx.emit(
        ChildSaEstablished(
            **sa.where(),
            spi_in=esp.spi_in,
            spi_out=esp.spi_out,
            suite=agreement.proposal.text,
            udp_encapsulation=esp.udp_encapsulation,
            replaces=agreement.replaces,
            initiated_by_us=agreement.by_us and not redundant,
        )
    )
    return child


def restore(sa: IkeSa, deleted: ChildSa, ctx: Context) -> None:
    """Put a CHILD SA in its place again after the peer has deleted what it had replaced it with."""
    old = sa.children.get(deleted.replaces) if deleted.replaces is not None else None
    if old is None or old.state is not ChildState.REKEYED:
        return
    if not any(child.is_alive and child.replaces == old.spi_in for child in sa.children.values()):
        old.move(ChildInput.RESTORED)
        old.rekey_at = old.rekey_at or ctx.now + ctx.retry_wait()


def suites_with_pfs(sa: IkeSa) -> tuple[Suite, ...]:
    """The ESP suites with the DH groups that the policy's PFS setting requires in CREATE_CHILD_SA."""
    groups: tuple[int, ...] = sa.peer.pfs_groups
    if sa.peer.pfs_same_as_ike:
        transform = sa.selection.transform(TransformType.DH)
        groups = (transform.id,) if transform else ()
    if not groups:
        return sa.peer.esp_suites
    dh = {TransformType.DH: alternatives(TransformType.DH, groups)}
    names = "|".join(DhGroup(group).name for group in groups)
    return tuple(
        replace(suite, name=f"{suite.name} with PFS {names}", transforms={**suite.transforms, **dh})
        for suite in sa.peer.esp_suites
    )


def require_usable_spi(sa: IkeSa, chosen: Proposal) -> None:
    """The peer's SPI must not be reserved: zero would make ESP in UDP look like IKE (RFC 3948 section 2.2).

    Nor may another CHILD SA have it: the peer names the one that it deletes or rekeys by it.
    """
    spi = int.from_bytes(chosen.spi, "big")
    if spi < ESP_SPI_MIN or any(child.esp.spi_out == spi for child in sa.children.values()):
        why = "reserved" if spi < ESP_SPI_MIN else "in use by another CHILD SA"
        raise NoProposalChosen(f"proposal {chosen.number}: the ESP SPI {spi:08x} is {why}")


def _matching_ke(ke: KePayload | None, selection: Selection) -> KePayload:
    if ke is None:
        group = DhGroup(_required(selection.chosen, TransformType.DH).id)
        raise InvalidKePayload(
            f"no KE payload, the selected proposal needs group {group} ({group.name})", group
        )
    check_group(ke, selection)
    return ke


def _report_selection(sa: IkeSa, request: ChildRequest, selection: Selection, ctx: Context) -> None:
    ctx.emit(
        ProposalsEvaluated(
            **sa.where(),
            exchange=request.exchange,
            verdicts=selection.verdicts,
            selected=selection.chosen,
            suite=selection.suite.name if selection.suite else "",
            groups_without_meaning=selection.ignored,
        )
    )


def _require_any_to_any(sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> None:
    ts_i, ts_r = required(payloads, TSiPayload), required(payloads, TSrPayload)
    accepted = contains_any(ts_i.selectors) and contains_any(ts_r.selectors)
    event = SelectorsNarrowed(
        **sa.where(),
        offered_initiator=tuple(text_of(selector) for selector in ts_i.selectors),
        offered_responder=tuple(text_of(selector) for selector in ts_r.selectors),
        accepted=accepted,
    )
    ctx.emit(event)
    if not accepted:
        transport = bool(notifies(payloads, NotifyType.USE_TRANSPORT_MODE))
        raise TsUnacceptable(
            f"traffic selectors TSi {', '.join(event.offered_initiator)} and "
            f"TSr {', '.join(event.offered_responder)}; both must contain 0.0.0.0/0 for any protocol and port"
            + "; the peer asks for transport mode"
            * transport
        )


def _parameters(sa: IkeSa, agreement: Agreement) -> EspParameters:
    """Derive the keys: those named after the initiator protect the packets that it sends."""
    encr = _required(agreement.proposal, TransformType.ENCR)
    integ = _optional(agreement.proposal, TransformType.INTEG)
    derived = keys.child_keys(
        Prf(_required(sa.proposal, TransformType.PRF).id),
        sa.keys.SK_d,
        encr=encr,
        integ=integ,
        nonces=agreement.nonces,
        shared=agreement.shared,
    )
    of_initiator, of_responder = (derived.encr_i, derived.integ_i), (derived.encr_r, derived.integ_r)
    inbound, outbound = (of_responder, of_initiator) if agreement.by_us else (of_initiator, of_responder)
    return EspParameters(
        spi_in=agreement.spi_in,
        spi_out=agreement.spi_out,
        encr=Encr(encr.id),
        encr_key_bits=encr.key_bits,
        integ=Integ(integ.id) if integ else None,
        encr_key_in=inbound[0],
        integ_key_in=inbound[1],
        encr_key_out=outbound[0],
        integ_key_out=outbound[1],
        esn=_required(agreement.proposal, TransformType.ESN).id == Esn.ESN,
        udp_encapsulation=sa.nat.detected,
        path=sa.path,
    )


def _optional(proposal: Proposal, kind: TransformType) -> Transform | None:
    return next((t for t in proposal.of_type(kind) if t.id), None)


def _required(proposal: Proposal | None, kind: TransformType) -> Transform:
    found = proposal.of_type(kind) if proposal else ()
    if not found:
        raise NoProposalChosen(f"the chosen proposal has no {kind.name} transform")
    return found[0]
