"""IKE_SA_INIT: negotiate algorithms, exchange nonces and Diffie-Hellman values (RFC 7296 section 1.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ike import fragmentation
from ike.codec import (
    Header,
    KePayload,
    Message,
    NoncePayload,
    NotifyPayload,
    Payload,
    SaPayload,
    build_message,
)
from ike.config import PeerConfig
from ike.constants import DhGroup, ExchangeType, HeaderFlag, NotifyType, Prf, TransformType
from ike.context import Context
from ike.crypto import dh, keys
from ike.errors import InvalidKePayload, InvalidSyntax, NoProposalChosen
from ike.events import (
    IkeKeysDerived,
    IkeSaInitAnswered,
    MessageSent,
    NatDetection,
    ProposalsEvaluated,
    Where,
)
from ike.exchanges.request import names, notifies, refuse_unknown_critical, required
from ike.ike_sa import IkeSa, InitMessages
from ike.nat import NatStatus, detect, detection_hash
from ike.path import Path
from ike.sealing import make_sealer
from ike.selection import Selection, select


@dataclass(frozen=True, kw_only=True)
class InitRequest:
    """An IKE_SA_INIT request that was parsed and belongs to a known peer."""

    data: bytes
    message: Message
    path: Path
    peer: PeerConfig


def answer(request: InitRequest, ctx: Context) -> IkeSa:
    """Answer the request with a half-open IKE SA.

    Raises:
        NotifyError: The request is refused; no state is kept.
    """
    payloads = request.message.payloads
    refuse_unknown_critical(payloads)
    nonce_i = required(payloads, NoncePayload).data
    ke_i = required(payloads, KePayload)
    where = Where(peer=request.peer.name, ike_spi="", path=request.path)
    selection = choose_ike_proposal(payloads, request.peer, where, ctx)
    our_key, shared = exchange_keys(ke_i, selection, ctx)
    spi_i, spi_r = request.message.header.spi_i, ctx.new_ike_spi()
    nat = _detect_nat(request, ctx)
    fragments, announcement = fragmentation.negotiate(payloads, request.peer)
    nonces = (nonce_i, ctx.nonce())
    prf_id = Prf(_transform_id(selection, TransformType.PRF))
    ike_keys = derive(keys.skeyseed(prf_id, *nonces, shared), selection, nonces, (spi_i, spi_r))
    sa = IkeSa(
        peer=request.peer,
        spi_i=spi_i,
        spi_r=spi_r,
        path=request.path,
        selection=selection,
        keys=ike_keys,
        sealer=make_sealer(selection, ike_keys, ctx.random),
        nat=nat,
        deadline=ctx.now + ctx.limits.half_open_timeout,
        expected_id=1,
        last_request=request.data,
        fragmentation=fragments,
    )
    reply = (
        SaPayload((sa.proposal.with_spi(b""),)),
        KePayload(our_key.group, our_key.public),
        NoncePayload(nonces[1]),
        *_nat_notifies(request, nat, spi_i, spi_r),
        *announcement,
        NotifyPayload(NotifyType.CHILDLESS_IKEV2_SUPPORTED),
    )
    _respond(sa, reply, nonces, ctx)
    return sa


def _respond(sa: IkeSa, reply: tuple[Payload, ...], nonces: tuple[bytes, bytes], ctx: Context) -> None:
    """Send the response, and keep what IKE_AUTH covers of the exchange."""
    header = Header(
        spi_i=sa.spi_i,
        spi_r=sa.spi_r,
        exchange=ExchangeType.IKE_SA_INIT,
        flags=HeaderFlag.RESPONSE,
        message_id=0,
    )
    response = build_message(header, reply)
    sa.init = InitMessages(request=sa.last_request, response=response, nonce_i=nonces[0], nonce_r=nonces[1])
    sa.last_response = (response,)
    _report(sa, reply, len(response), ctx)
    ctx.send((response,), sa.path)


def choose_ike_proposal(
    payloads: Sequence[Payload], peer: PeerConfig, where: Where, ctx: Context
) -> Selection:
    """Select the proposal of an IKE SA, new or rekeyed.

    Raises:
        NoProposalChosen: Nothing matches.
        InvalidKePayload: The KE payload belongs to another group than the selected one.
    """
    ke = required(payloads, KePayload)
    selection = select(required(payloads, SaPayload).proposals, peer.ike_suites, preferred_group=ke.group)
    ctx.emit(
        ProposalsEvaluated(
            **where,
            exchange="CREATE_CHILD_SA" if where["ike_spi"] else "IKE_SA_INIT",
            verdicts=selection.verdicts,
            selected=selection.chosen,
            suite=selection.suite.name if selection.suite else "",
        )
    )
    if selection.chosen is None:
        raise NoProposalChosen(refusal_text(selection))
    check_group(ke, selection)
    return selection


def refusal_text(selection: Selection) -> str:
    """One sentence: what was offered and which transform types the closest suite refuses."""
    parts = []
    for verdict in selection.verdicts:
        refused = [
            f"{t.type} offered {'|'.join(t.offered) or 'none'}, allowed {'|'.join(t.allowed) or 'none'}"
            for t in verdict.transforms
            if not t.accepted
        ]
        why = "; ".join(refused) or "the policy has nothing for this protocol"
        parts.append(f"proposal {verdict.number} ({verdict.offered}): {why}")
    return ". ".join(parts) or "the SA payload holds no proposal"


def check_group(ke: KePayload, selection: Selection) -> None:
    """Require that the KE payload belongs to the selected group (RFC 7296 section 1.3)."""
    wanted = selection.transform(TransformType.DH)
    if wanted is not None and ke.group != wanted.id:
        group = DhGroup(wanted.id)
        raise InvalidKePayload(
            f"KE payload of group {ke.group}, selected is {wanted.id} ({group.name})", group
        )


def exchange_keys(ke: KePayload, selection: Selection, ctx: Context) -> tuple[dh.DhKey, bytes]:
    """Our Diffie-Hellman key and the shared secret.

    Raises:
        InvalidSyntax: The peer's public value is not valid in its group (RFC 6989).
    """
    our_key = dh.generate(DhGroup(_transform_id(selection, TransformType.DH)), ctx.random)
    return our_key, shared_secret(our_key, ke)


def shared_secret(our_key: dh.DhKey, ke: KePayload) -> bytes:
    """The shared secret of our key and the peer's KE payload.

    Raises:
        InvalidSyntax: The payload is of another group, or its value is not valid in the group (RFC 6989).
    """
    if ke.group != our_key.group:
        raise InvalidSyntax(f"KE payload of group {ke.group}, ours is of group {our_key.group}")
    try:
        return our_key.shared(ke.data)
    except dh.InvalidPublicKey as error:
        raise InvalidSyntax(f"KE payload: {error}") from error


def derive(
    seed: bytes, selection: Selection, nonces: tuple[bytes, bytes], spis: tuple[bytes, bytes]
) -> keys.IkeKeys:
    """The keys of an IKE SA from its SKEYSEED (RFC 7296 section 2.14)."""
    encryption = selection.transform(TransformType.ENCR)
    if encryption is None:
        raise InvalidSyntax("the proposal has no encryption transform")
    return keys.ike_keys(
        seed,
        prf_id=Prf(_transform_id(selection, TransformType.PRF)),
        encr=encryption,
        integ=selection.transform(TransformType.INTEG),
        nonces=nonces,
        spis=spis,
    )


def _transform_id(selection: Selection, kind: TransformType) -> int:
    transform = selection.transform(kind)
    if transform is None:
        raise NoProposalChosen(f"the policy's suite has no {kind.name} transform")
    return transform.id


def _detect_nat(request: InitRequest, ctx: Context) -> NatStatus:
    header, path = request.message.header, request.path
    payloads = request.message.payloads
    sources = [n.data for n in notifies(payloads, NotifyType.NAT_DETECTION_SOURCE_IP)]
    destinations = [n.data for n in notifies(payloads, NotifyType.NAT_DETECTION_DESTINATION_IP)]
    status = detect(
        sources,
        destinations,
        detection_hash(header.spi_i, header.spi_r, path.remote_ip, path.remote_port),
        detection_hash(
            header.spi_i, header.spi_r, request.peer.advertised_ip or path.local_ip, path.local_port
        ),
    )
    ctx.emit(
        NatDetection(
            peer=request.peer.name,
            path=path,
            status=status,
            source_hash=",".join(s.hex() for s in sources),
            destination_hash=",".join(d.hex() for d in destinations),
            spis=(header.spi_i + header.spi_r).hex(),
        )
    )
    return status


def _nat_notifies(request: InitRequest, nat: NatStatus, spi_i: bytes, spi_r: bytes) -> tuple[Payload, ...]:
    """Our own hashes, sent to a peer that sent its own."""
    if not nat.supported:
        return ()
    path = request.path
    ours = detection_hash(spi_i, spi_r, request.peer.advertised_ip or path.local_ip, path.local_port)
    theirs = detection_hash(spi_i, spi_r, path.remote_ip, path.remote_port)
    return (
        NotifyPayload(notify_type=NotifyType.NAT_DETECTION_SOURCE_IP, data=ours),
        NotifyPayload(notify_type=NotifyType.NAT_DETECTION_DESTINATION_IP, data=theirs),
    )


def _report(sa: IkeSa, reply: tuple[Payload, ...], length: int, ctx: Context) -> None:
    ctx.emit(IkeKeysDerived(**sa.where(), selected=sa.proposal, keys=sa.keys))
    ctx.emit(
        MessageSent(
            **sa.where(),
            exchange="IKE_SA_INIT",
            message_id=0,
            is_response=True,
            length=length,
            payloads=names(reply),
        )
    )
    ctx.emit(IkeSaInitAnswered(**sa.where(), suite=sa.proposal.text))
