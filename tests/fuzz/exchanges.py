"""Fuzzes what is inside encrypted messages: the inner parser, the exchanges, our own requests.

The responder has answered IKE_SA_INIT; the fuzzer's peer holds the keys, so that every chain of payloads
that it makes up arrives in a message that verifies. The low four bits of a step's kind are a ``Kind``. Of the
others ``KEEP_AUTH`` leaves the AUTH payload wrong where it would be made right, and ``WRONG_ID`` uses the
message ID after the next one.
"""

import copy
from enum import IntEnum
from functools import cache

from ike.codec import (
    DeletePayload,
    EncryptedFragmentPayload,
    Header,
    NotifyPayload,
    Payload,
    encrypted_prefix,
    fragment_prefix,
    parse_header,
)
from ike.constants import (
    AuthMethod,
    ExchangeType,
    HeaderFlag,
    NotifyType,
    PayloadType,
    ProtocolId,
    TransformType,
)
from ike.crypto import auth
from ike.path import Path
from ike.state import State
from tests.fuzz.harness import Harness
from tests.fuzz.records import Mutate, Step, decode, encode, joined, mutated, split
from tests.fuzz.seeds import NEW_SPI, fresh_ke
from tests.fuzz.sessions import P256, chain_of, check_end, check_step, new_world
from tests.ike.initiator import Initiator
from tests.ike.world import CPE, PATH_4500, World


class Kind(IntEnum):
    """What a step does."""

    IKE_AUTH = 0
    CREATE_CHILD_SA = 1
    INFORMATIONAL = 2
    OTHER_EXCHANGE = 3
    """A request of the exchange that the first octet names."""
    RESPONSE = 4
    """To our last request."""
    WAIT = 5
    """As many seconds as the first octet says."""
    PROBE = 6
    DELETE = 7
    REPEAT = 8
    """The last message once more."""
    DAMAGED = 9
    """The last message, the content of the step XORed into its end."""
    RAW = 10
    """An INFORMATIONAL request whose plaintext is the content, padding included."""
    MOVED = 11
    """An INFORMATIONAL request from another address and port."""
    FRAGMENTS = 12
    """An IKE_AUTH request, later an INFORMATIONAL one, in as many fragments as the first octet says."""
    REKEY_CHILD = 13
    REKEY_IKE = 14
    DELETE_CHILD = 15


KEEP_AUTH = 0x10
WRONG_ID = 0x20
_EXCHANGES: dict[int, ExchangeType] = {
    Kind.IKE_AUTH: ExchangeType.IKE_AUTH,
    Kind.CREATE_CHILD_SA: ExchangeType.CREATE_CHILD_SA,
    Kind.INFORMATIONAL: ExchangeType.INFORMATIONAL,
    Kind.RAW: ExchangeType.INFORMATIONAL,
    Kind.MOVED: ExchangeType.INFORMATIONAL,
}
_MOVED = PATH_4500._replace(remote_ip="203.0.113.77", remote_port=4999)
_IV = 8


@cache
def _connecting() -> Initiator:
    """An initiator after IKE_SA_INIT, whose keys fit every world: all of them draw the same values."""
    cpe = Initiator(new_world(), suite=P256)
    cpe.send_init(cpe.fragmenting_init_payloads())
    return cpe


class Peer:
    """The peer that holds the keys."""

    def __init__(self) -> None:
        self.world: World = new_world()
        self.cpe = copy.copy(_connecting())
        self.world.deliver(self.cpe.init)
        self.last = b""
        self._ivs = 0
        self._pending: tuple[int, int] | None = None

    def seal(self, header: Header, first: int, plaintext: bytes) -> bytes:
        """A message that verifies, whatever is inside."""
        self._ivs += 1
        iv = self._ivs.to_bytes(_IV, "big")
        protection = self.cpe.outbound
        prefix = encrypted_prefix(header, first, _IV + len(plaintext) + protection.icv_length)
        return prefix + iv + protection.seal(iv, prefix, plaintext)

    def do(self, kind: int, body: bytes) -> list[tuple[bytes, Path]]:
        """Carry out a step; what the responder sends."""
        what = kind & 0xF
        world = self.world
        match what:
            case Kind.WAIT:
                return world.advance(body[0] if body else 1)
            case Kind.PROBE | Kind.DELETE | Kind.REKEY_IKE:
                responder = world.responder
                calls = {Kind.PROBE: responder.probe, Kind.REKEY_IKE: responder.rekey_ike}
                for sa in world.sas:
                    calls.get(Kind(what), responder.delete)(sa, world.now)
                return world.take()
            case Kind.REKEY_CHILD | Kind.DELETE_CHILD:
                ask = (
                    world.responder.rekey_child if what == Kind.REKEY_CHILD else world.responder.delete_child
                )
                for spi in [spi for sa in world.sas for spi in sa.children]:
                    ask(spi, world.now)
                return world.take()
            case Kind.FRAGMENTS:
                datagrams = self._fragments(body)
            case Kind.REPEAT:
                datagrams = [self.last]
            case Kind.DAMAGED:
                datagrams = [_xored(self.last, body)]
            case _:
                self.last = self._message(kind, body)
                datagrams = [self.last]
        path = _MOVED if what == Kind.MOVED else PATH_4500
        return [sent for data in datagrams for sent in world.deliver(data, path)]

    def _message(self, kind: int, body: bytes) -> bytes:
        """The message of a step that sends a new one."""
        what, flags, message_id = kind & 0xF, int(HeaderFlag.INITIATOR), self._next_id()
        exchange: int = _EXCHANGES.get(what, 0)
        if what == Kind.RESPONSE and self._pending is not None:
            flags |= HeaderFlag.RESPONSE
            exchange, message_id = self._pending
        elif not exchange:
            exchange, body = (body or b"\0")[0], body[1:]
        header = self.cpe.header(exchange, message_id + bool(kind & WRONG_ID), flags)
        if what == Kind.RAW:
            return self.seal(header, PayloadType.NOTIFY, body)
        if what == Kind.IKE_AUTH and not kind & KEEP_AUTH:
            body = self._with_right_auth(body)
        return self.seal(header, (body or b"\0")[0], body[1:] + b"\0")

    def _fragments(self, body: bytes) -> list[bytes]:
        """A request in fragments, in reverse order when the first octet says so; each of them verifies."""
        how, first, chain = (body or b"\0")[0], (body[1:] or b"\0")[0], body[2:]
        exchange = ExchangeType.INFORMATIONAL if self._next_id() > 1 else ExchangeType.IKE_AUTH
        header, total = self.cpe.header(exchange, self._next_id()), how % 8 + 1
        if exchange is ExchangeType.IKE_AUTH:
            chain = self._with_right_auth(bytes([first]) + chain)[1:]
        room = -(-len(chain) // total)
        fragments = [
            self._fragment(
                header,
                EncryptedFragmentPayload(0 if number else first, number + 1, total, b""),
                chain[number * room : (number + 1) * room],
            )
            for number in range(total)
        ]
        return fragments[::-1] if how & 8 else fragments

    def _fragment(self, header: Header, numbers: EncryptedFragmentPayload, content: bytes) -> bytes:
        self._ivs += 1
        iv, protection = self._ivs.to_bytes(_IV, "big"), self.cpe.outbound
        prefix = fragment_prefix(header, numbers, _IV + len(content) + 1 + protection.icv_length)
        return prefix + iv + protection.seal(iv, prefix, content + b"\0")

    def _next_id(self) -> int:
        return next((sa.expected_id for sa in self.world.sas if sa.spi_r == self.cpe.spi_r), 1)

    def note(self, sent: list[tuple[bytes, Path]]) -> None:
        """Remember the last request of the responder."""
        for data, _ in sent:
            header = parse_header(data)
            if not header.is_response:
                self._pending = (header.exchange, header.message_id)

    def _with_right_auth(self, chain: bytes) -> bytes:
        """The chain whose AUTH payload proves the key for its IDi payload, whatever that says."""
        payloads, rest = split(chain)
        id_i = next((body for kind, _, body in payloads if kind == PayloadType.IDi), b"")
        octets = auth.signed_octets(self.cpe.prf, self.cpe.init, self.cpe.nonce_r, self.cpe.keys.SK_pi, id_i)
        proof = bytes([AuthMethod.SHARED_KEY_MIC, 0, 0, 0]) + auth.psk_auth(
            self.cpe.prf, self.cpe.psk, octets
        )
        return (
            joined([(k, flags, proof if k == PayloadType.AUTH else body) for k, flags, body in payloads])
            + rest
        )


def _xored(message: bytes, mask: bytes) -> bytes:
    tail = message[-len(mask) :] if mask else b""
    return message[: len(message) - len(tail)] + bytes(a ^ b for a, b in zip(tail, mask, strict=False))


def check(data: bytes) -> None:
    """One input."""
    peer, sources = Peer(), {CPE}
    for kind, body in decode(data):
        if kind & 0xF == Kind.MOVED:
            sources.add(_MOVED.remote_ip)
        before = {sa.spi_r: sa.expected_id for sa in peer.world.sas}
        sent = peer.do(kind, body)
        peer.note(sent)
        for answer, _ in sent:
            header = parse_header(answer)
            if header.spi_r == peer.cpe.spi_r and header.next_payload == PayloadType.SK:
                peer.cpe.open(answer)
        for sa in peer.world.sas:
            assert sa.expected_id - before.get(sa.spi_r, sa.expected_id) in (0, 1)
            assert sa.identity or sa.state is State.HALF_OPEN
        check_step(peer.world, sent, sources)
    check_end(peer.world)


def _informational(*payloads: Payload) -> Step:
    return Kind.INFORMATIONAL, chain_of(payloads)


@cache
def _seed_steps() -> list[list[Step]]:
    cpe = copy.copy(_connecting())
    auth_step: Step = (Kind.IKE_AUTH, chain_of(cpe.auth_payloads()))
    rekey = NotifyPayload(NotifyType.REKEY_SA, protocol=ProtocolId.ESP, spi=cpe.esp_spi)
    pfs = P256.transforms[TransformType.DH]
    rekey_child = chain_of([rekey, *cpe.child_payloads(spi=NEW_SPI, offered=pfs, ke=fresh_ke(cpe))])
    answer = chain_of(cpe.child_payloads(spi=NEW_SPI, offered=pfs, ke=fresh_ke(cpe)))
    rekey_ike = chain_of(cpe.rekey_ike_payloads(cpe.successor(suite=P256)))
    after: list[list[Step]] = [
        [
            (Kind.CREATE_CHILD_SA, rekey_child),
            _informational(DeletePayload(ProtocolId.ESP, 4, (cpe.esp_spi,))),
        ],
        [(Kind.CREATE_CHILD_SA, rekey_ike), _informational(DeletePayload(ProtocolId.IKE, 0))],
        [(Kind.PROBE, b""), (Kind.RESPONSE, b"\0"), (Kind.REPEAT, b"")],
        [(Kind.DELETE, b""), (Kind.CREATE_CHILD_SA, rekey_child), (Kind.RESPONSE, b"\0")],
        [
            _informational(NotifyPayload(NotifyType.INITIAL_CONTACT)),
            (Kind.DAMAGED, b"\1"),
            (Kind.WAIT, b"\x28"),
        ],
        [(Kind.RAW, bytes(9) + b"\x08"), (Kind.MOVED, b"\0"), (Kind.OTHER_EXCHANGE, b"\x2b\0")],
        [_informational(NotifyPayload(NotifyType.AUTHENTICATION_FAILED))],
        [(Kind.REKEY_CHILD, b""), (Kind.CREATE_CHILD_SA, rekey_child), (Kind.RESPONSE, rekey_child)],
        [(Kind.REKEY_IKE, b""), (Kind.CREATE_CHILD_SA, rekey_ike), (Kind.RESPONSE, rekey_ike)],
        [(Kind.REKEY_CHILD, b""), (Kind.RESPONSE, answer)],
        [
            (Kind.REKEY_CHILD, b""),
            (Kind.DELETE_CHILD, b""),
            (Kind.RESPONSE, answer),
            *[(Kind.RESPONSE, b"\0")] * 2,
        ],
        [(Kind.REKEY_IKE, b""), (Kind.RESPONSE, rekey_ike), (Kind.WAIT, b"\x80")],
    ]
    moving: list[Step] = [
        (Kind.IKE_AUTH, chain_of([*cpe.auth_payloads(), NotifyPayload(NotifyType.MOBIKE_SUPPORTED)])),
        (Kind.MOVED, chain_of([NotifyPayload(NotifyType.UPDATE_SA_ADDRESSES)])),
        (Kind.RESPONSE, chain_of([NotifyPayload(NotifyType.COOKIE2, bytes(16))])),
    ]
    fragments: Step = (Kind.FRAGMENTS, b"\3" + auth_step[1])
    return [
        [auth_step],
        [fragments],
        [(Kind.FRAGMENTS, b"\x0b" + auth_step[1])],
        moving,
        *([auth_step, *steps] for steps in after),
    ]


def seeds() -> list[bytes]:
    """IKE_AUTH, then each of the exchanges."""
    return [encode(steps) for steps in _seed_steps()]


_CHAINS = frozenset({Kind.IKE_AUTH, Kind.CREATE_CHILD_SA, Kind.INFORMATIONAL, Kind.RESPONSE, Kind.MOVED})


def mutate(data: bytes, most: int, seed: int, blind: Mutate) -> bytes:
    """Change the order of the steps, or the payloads of one."""
    pool = [step for steps in _seed_steps() for step in steps]
    return mutated(data, seed, blind, pool=pool, has_chain=lambda kind: kind & 0xF in _CHAINS)[:most]


HARNESS = Harness(name="exchanges", check=check, seeds=seeds, mutate=mutate)
