"""Creates a CHILD SA, in IKE_AUTH or in CREATE_CHILD_SA (RFC 7296 sections 1.2, 1.3 and 2.17)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ike.child_sa import EspParameters
from ike.codec import KePayload, Payload, SaPayload, TSiPayload, TSrPayload
from ike.constants import DhGroup, Encr, Esn, Integ, Prf, TransformType
from ike.context import ESP_SPI_MIN, Context
from ike.crypto import keys
from ike.errors import InvalidKePayload, NoAdditionalSas, NoProposalChosen, TsUnacceptable
from ike.events import ChildSaEstablished, EspKeysDerived, ProposalsEvaluated, SelectorsNarrowed
from ike.exchanges.ike_sa_init import check_group, exchange_keys, refusal_text
from ike.exchanges.request import optional, required
from ike.ike_sa import IkeSa
from ike.proposal import Proposal, Suite, Transform, alternatives
from ike.selection import Selection, select
from ike.selectors import ANY_IPV4, contains_any, text_of


@dataclass(frozen=True, kw_only=True)
class ChildRequest:
    """A request for a CHILD SA.

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


def create(sa: IkeSa, request: ChildRequest, ctx: Context) -> list[Payload]:
    """Create the CHILD SA; returns the SA, KE (with PFS), TSi and TSr payloads of the response.

    Raises:
        NoAdditionalSas: The IKE SA has as many CHILD SAs as it may have.
        NoProposalChosen: No proposal matches the policy, or the chosen one has an SPI that cannot be used.
        InvalidKePayload: The selected group has no KE payload, or one of another group.
        TsUnacceptable: The selectors do not contain any-to-any.
    """
    if len(sa.children) >= ctx.limits.max_child_sas:
        raise NoAdditionalSas(f"{len(sa.children)} CHILD SAs exist; replaced ones must be deleted first")
    sa_payload = required(request.payloads, SaPayload)
    first = request.exchange == "IKE_AUTH"
    ke = None if first else optional(request.payloads, KePayload)
    suites = sa.peer.esp_suites if first else _with_pfs(sa)
    # IKE_AUTH carries no KE payload, so a DH transform there means nothing yet (RFC 7296 section 1.2).
    selection = select(
        sa_payload.proposals,
        suites,
        preferred_group=ke.group if ke else None,
        ignored=(TransformType.DH,) if first else (),
    )
    _report_selection(sa, request, selection, ctx)
    if selection.chosen is None:
        raise NoProposalChosen(refusal_text(selection))
    _require_usable_spi(sa, selection.chosen)
    _require_any_to_any(sa, request.payloads, ctx)
    reply: list[Payload] = []
    shared = b""
    if selection.transform(TransformType.DH) is not None:
        our_key, shared = exchange_keys(_matching_ke(ke, selection), selection, ctx)
        reply.append(KePayload(our_key.group, our_key.public))
    esp = _parameters(sa, selection, request.nonces, shared, ctx.new_esp_spi())
    _register(sa, request, selection, esp, ctx)
    chosen = replace(selection.chosen, spi=esp.spi_in.to_bytes(4, "big"))
    return [SaPayload((chosen,)), *reply, TSiPayload((ANY_IPV4,)), TSrPayload((ANY_IPV4,))]


def _matching_ke(ke: KePayload | None, selection: Selection) -> KePayload:
    if ke is None:
        group = DhGroup(_required(selection, TransformType.DH).id)
        raise InvalidKePayload(
            f"no KE payload, the selected proposal needs group {group} ({group.name})", group
        )
    check_group(ke, selection)
    return ke


def _require_usable_spi(sa: IkeSa, chosen: Proposal) -> None:
    """The peer's SPI must not be reserved: zero would make ESP in UDP look like IKE (RFC 3948 section 2.2).

    Nor may another CHILD SA have it: the peer names the one that it deletes or rekeys by it.
    """
    spi = int.from_bytes(chosen.spi, "big")
    if spi < ESP_SPI_MIN or any(esp.spi_out == spi for esp in sa.children.values()):
        why = "reserved" if spi < ESP_SPI_MIN else "in use by another CHILD SA"
        raise NoProposalChosen(f"proposal {chosen.number}: the ESP SPI {spi:08x} is {why}")


def _with_pfs(sa: IkeSa) -> tuple[Suite, ...]:
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


def _report_selection(sa: IkeSa, request: ChildRequest, selection: Selection, ctx: Context) -> None:
    ctx.emit(
        ProposalsEvaluated(
            **sa.where(),
            exchange=request.exchange,
            verdicts=selection.verdicts,
            selected=selection.chosen,
            suite=selection.suite.name if selection.suite else "",
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
        raise TsUnacceptable(
            f"traffic selectors TSi {', '.join(event.offered_initiator)} and "
            f"TSr {', '.join(event.offered_responder)}; both must contain 0.0.0.0/0 for any protocol and port"
        )


def _parameters(
    sa: IkeSa, selection: Selection, nonces: tuple[bytes, bytes], shared: bytes, spi_in: int
) -> EspParameters:
    """Derive the keys; the initiator of the exchange is the peer, so its keys are our inbound ones."""
    encr, integ = _required(selection, TransformType.ENCR), selection.transform(TransformType.INTEG)
    esn = _required(selection, TransformType.ESN)
    child = keys.child_keys(
        Prf(_required(sa.selection, TransformType.PRF).id),
        sa.keys.SK_d,
        encr=encr,
        integ=integ,
        nonces=nonces,
        shared=shared,
    )
    return EspParameters(
        spi_in=spi_in,
        spi_out=int.from_bytes(selection.chosen.spi, "big") if selection.chosen else 0,
        encr=Encr(encr.id),
        encr_key_bits=encr.key_bits,
        integ=Integ(integ.id) if integ else None,
        encr_key_in=child.encr_i,
        integ_key_in=child.integ_i,
        encr_key_out=child.encr_r,
        integ_key_out=child.integ_r,
        esn=esn.id == Esn.ESN,
        udp_encapsulation=sa.nat.detected,
        path=sa.path,
    )


def _required(selection: Selection, kind: TransformType) -> Transform:
    transform = selection.transform(kind)
    if transform is None:
        raise NoProposalChosen(f"the chosen proposal has no {kind.name} transform")
    return transform


def _register(
    sa: IkeSa, request: ChildRequest, selection: Selection, esp: EspParameters, ctx: Context
) -> None:
    sa.children[esp.spi_in] = esp
    ctx.esp_owner[esp.spi_in] = sa
    ctx.emit(EspKeysDerived(**sa.where(), esp=esp))
    ctx.emit(
        ChildSaEstablished(
            **sa.where(),
            spi_in=esp.spi_in,
            spi_out=esp.spi_out,
            suite=selection.chosen.text if selection.chosen else "",
            udp_encapsulation=esp.udp_encapsulation,
            replaces=request.replaces,
        )
    )
