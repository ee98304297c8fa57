"""Messages of an IKE SA in one datagram or in several: IKEv2 fragmentation (RFC 7383).

Every fragment is authenticated on its own before anything is kept of it, so a datagram of somebody else
neither adds to a message nor takes from it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ike.codec import (
    CodecError,
    EncryptedFragmentPayload,
    Header,
    Message,
    NotifyPayload,
    Payload,
    parse_message,
)
from ike.config import MIN_FRAGMENT_SIZE, PeerConfig
from ike.constants import ExchangeType, NotifyType, PayloadType, name_of
from ike.context import Context
from ike.crypto.errors import IntegrityError
from ike.events import DropReason, ReassemblyStarted
from ike.ike_sa import IkeSa
from ike.path import Path
from ike.reassembly import Fragmentation, Opened, Reassembly
from ike.sealing import NotEncryptedError
from ike.state import State

OVERHEAD = 32
"""Octets of a datagram around an IKE message: IPv4 20, UDP 8, the non-ESP marker of port 4500 4."""
PROBED_SIZE = 1280
"""Octets of the largest datagram that a request of ours tries first (RFC 7383 section 2.5.2)."""


def negotiate(payloads: Iterable[Payload], peer: PeerConfig) -> tuple[Fragmentation, tuple[Payload, ...]]:
    """What IKE_SA_INIT says about fragmentation: the IKE SA's state, and our notification for the response.

    Args:
        payloads: Of the peer's IKE_SA_INIT request.
        peer: The peer's configuration.
    """
    supported = NotifyType.IKEV2_FRAGMENTATION_SUPPORTED
    announced = any(isinstance(p, NotifyPayload) and p.notify_type == supported for p in payloads)
    if not (announced and peer.fragmentation):
        return Fragmentation(), ()
    return Fragmentation(negotiated=True), (NotifyPayload(supported),)


# Receiving


def receive(sa: IkeSa, data: bytes, path: Path, ctx: Context) -> Opened | None:
    """Parse and decrypt a datagram; the message, when it is one or makes one complete.

    A datagram that does not verify is dropped and changes nothing.

    Args:
        sa: The IKE SA; its state and window accept a message with this header.
        data: The datagram.
        path: Where it came from.
        ctx: The surroundings.
    """
    try:
        message = parse_message(data)
        fragment = _fragment_of(message)
        if fragment is not None:
            return _receive_fragment(sa, _Arrival(data, path, message, fragment), ctx)
        plaintext = sa.sealer.open(data, message)
    except _DroppedError as error:
        ctx.drop(sa, path, error.reason, str(error))
    except NotEncryptedError as error:
        ctx.drop(sa, path, DropReason.NOT_ENCRYPTED, str(error))
    except CodecError as error:
        ctx.drop(sa, path, DropReason.MALFORMED, str(error))
    except IntegrityError as error:
        ctx.drop(sa, path, DropReason.INTEGRITY, str(error))
    else:
        sa.fragmentation.partial.pop(message.header.is_response, None)  # it came whole after all
        return Opened(message, plaintext, data, (len(data),), in_fragments=False)
    return None


class _DroppedError(Exception):
    """A fragment that a rule drops."""

    def __init__(self, reason: DropReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A datagram with a fragment in it."""

    data: bytes
    path: Path
    message: Message
    fragment: EncryptedFragmentPayload


def _fragment_of(message: Message) -> EncryptedFragmentPayload | None:
    last = message.payloads[-1] if message.payloads else None
    return last if isinstance(last, EncryptedFragmentPayload) else None


def _receive_fragment(sa: IkeSa, arrival: _Arrival, ctx: Context) -> Opened | None:
    """Keep a fragment; the message when it was the last one missing.

    Raises:
        _DroppedError: It is not wanted.
        CodecError: It is malformed.
        IntegrityError: It is not authentic.
    """
    header, fragment = arrival.message.header, arrival.fragment
    partial = sa.fragmentation.partial.get(header.is_response)
    if partial is not None and not partial.belongs(header):
        partial = None  # of an exchange that is over
    _require_wanted(sa, fragment, partial, ctx)
    content = sa.sealer.open_fragment(arrival.data, fragment)
    if fragment.number > 1 and fragment.first_inner != PayloadType.NONE:
        raise CodecError("only the first fragment names a first inner payload", payload=PayloadType.SKF)
    if partial is None or partial.total < fragment.total:
        partial = _start(sa, arrival, ctx)
    limit = ctx.limits.max_reassembled
    if partial.octets + len(arrival.data) > limit:
        raise _DroppedError(DropReason.TOO_LONG, f"the fragments have more than {limit} octets")
    partial.add(arrival.data, arrival.message.payloads[:-1], fragment, content)
    if not partial.complete:
        return None
    del sa.fragmentation.partial[header.is_response]
    return partial.join()


def _require_wanted(
    sa: IkeSa, fragment: EncryptedFragmentPayload, partial: Reassembly | None, ctx: Context
) -> None:
    """Refuse, without a look inside, a fragment that cannot be of use (section 2.6).

    Raises:
        _DroppedError: It is of no use.
    """
    number, total = fragment.number, fragment.total
    if not sa.fragmentation.negotiated:
        raise _DroppedError(DropReason.FRAGMENTATION_NOT_NEGOTIATED, f"fragment {number} of {total}")
    if total > ctx.limits.max_fragments:
        detail = f"a message in {total} fragments, at most {ctx.limits.max_fragments} are accepted"
        raise _DroppedError(DropReason.TOO_LONG, detail)
    if partial is None:
        _require_room(sa, ctx)
    elif total < partial.total:
        detail = f"fragment {number} of {total}, while fragments of {partial.total} are here"
        raise _DroppedError(DropReason.UNEXPECTED_FRAGMENT, detail)
    elif total == partial.total and partial.has(number):
        raise _DroppedError(DropReason.UNEXPECTED_FRAGMENT, f"fragment {number} of {total} is here already")


def _require_room(sa: IkeSa, ctx: Context) -> None:
    """Whoever answers our IKE_SA_INIT may send authentic fragments: such peers share a bounded memory."""
    if sa.state is not State.HALF_OPEN or sa.fragmentation.partial:
        return
    waiting = sum(
        bool(other.fragmentation.partial) for other in ctx.sas.values() if other.state is State.HALF_OPEN
    )
    if waiting >= ctx.limits.max_half_open_reassemblies:
        detail = f"{waiting} half-open IKE SAs wait for fragments already"
        raise _DroppedError(DropReason.TOO_MANY_FRAGMENTED, detail)


def _start(sa: IkeSa, arrival: _Arrival, ctx: Context) -> Reassembly:
    """Begin a message; fragments of fewer in all, if there are any, are forgotten (section 2.6)."""
    header, total = arrival.message.header, arrival.fragment.total
    partial = Reassembly(header, total, ctx.now + ctx.limits.reassembly_timeout)
    sa.fragmentation.partial[header.is_response] = partial
    ctx.emit(
        ReassemblyStarted(
            **sa.where(arrival.path),
            exchange=name_of(ExchangeType, header.exchange),
            message_id=header.message_id,
            is_response=header.is_response,
            total=total,
        )
    )
    return partial


def is_repeated(sa: IkeSa, data: bytes, path: Path, ctx: Context) -> bool | None:
    """Whether a datagram with the message ID of the last request asks for its response again (section 2.6.1).

    Only the first fragment does, and it has to be authentic: the peer may have cut the request anew.

    Returns:
        True when the response is to be sent again; None when the datagram was dropped here, as later
        fragments are; False when it is no fragment.
    """
    try:
        fragment = _fragment_of(parse_message(data))
        if fragment is None or not sa.fragmentation.negotiated:
            return False
        if fragment.number == 1:
            sa.sealer.open_fragment(data, fragment)
            return True
        detail = f"fragment {fragment.number} of {fragment.total} of a request that was answered"
        ctx.drop(sa, path, DropReason.UNEXPECTED_FRAGMENT, detail)
    except CodecError as error:
        ctx.drop(sa, path, DropReason.MALFORMED, str(error))
    except IntegrityError as error:
        ctx.drop(sa, path, DropReason.INTEGRITY, str(error))
    return None


def handle_timer(sa: IkeSa, ctx: Context) -> None:
    """Give up the messages whose fragments did not all come in time."""
    for is_response, partial in tuple(sa.fragmentation.partial.items()):
        if partial.deadline <= ctx.now:
            del sa.fragmentation.partial[is_response]
            ctx.emit(partial.dropped(sa.where(), "the other fragments did not come in time"))


# Sending


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message of ours, ready to be sent.

    Args:
        header: Its header, without next payload and length.
        payloads: Its inner payloads.
        datagrams: The message in one datagram or in fragments; sent again, they are the same to the bit.
        smaller: The same in smaller fragments; empty when it cannot get smaller.
    """

    header: Header
    payloads: Sequence[Payload]
    datagrams: tuple[bytes, ...]
    smaller: tuple[bytes, ...] = ()


def seal_response(
    sa: IkeSa, header: Header, payloads: Sequence[Payload], request: Opened | None = None
) -> Sealed:
    """A response, in datagrams no larger than the path certainly takes.

    A lost response is repeated to the bit, so no larger size is tried; and if the fragments of the request
    were smaller than ours, the peer knows why.

    Args:
        sa: The IKE SA.
        header: Of the message.
        payloads: The inner payloads.
        request: What is answered.
    """
    size = sa.peer.fragment_size
    if request is not None and request.in_fragments:
        size = max(MIN_FRAGMENT_SIZE, min(size, max(request.datagrams) + OVERHEAD))
    return Sealed(header, payloads, _seal(sa, header, payloads, size))


def seal_request(sa: IkeSa, header: Header, payloads: Sequence[Payload]) -> Sealed:
    """A request of ours, and its smaller form for retransmissions.

    The first try has datagrams that most paths take; should it be lost, smaller ones follow (section 2.5.2).
    """
    small = sa.peer.fragment_size
    size = small if sa.fragmentation.path_is_small else max(small, PROBED_SIZE)
    datagrams = _seal(sa, header, payloads, size)
    if not sa.fragmentation.negotiated or max(map(len, datagrams)) + OVERHEAD <= small:
        return Sealed(header, payloads, datagrams)
    return Sealed(header, payloads, datagrams, _seal(sa, header, payloads, small))


def _seal(sa: IkeSa, header: Header, payloads: Sequence[Payload], size: int) -> tuple[bytes, ...]:
    """The message in datagrams of at most ``size`` octets, IP header included."""
    if not sa.fragmentation.negotiated:
        return (sa.sealer.seal(header, payloads),)
    return sa.sealer.seal_within(header, payloads, size - OVERHEAD)
