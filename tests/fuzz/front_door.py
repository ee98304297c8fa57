"""Fuzzes the front door: any datagrams from anywhere, in any order, at any time.

A step's kind says where its datagram comes from (bits 0 and 1) and how long after the last one (bits 2 and
3); bit 4 repeats it; bit 5, in the first step, makes a responder that asks everybody for a cookie. The seeds
are whole sessions: the responder draws the same random values in every run, so the messages that were
recorded verify again.
"""

from functools import cache

from ike.config import CookieMode
from ike.constants import HEADER_LENGTH, PayloadType
from ike.path import Path
from ike.state import State
from tests.fuzz.harness import Harness
from tests.fuzz.records import Mutate, Step, decode, encode, mutated
from tests.fuzz.seeds import messages, session_with_a_cookie, sessions
from tests.fuzz.sessions import check_end, check_step, new_world
from tests.ike.world import CPE, GATEWAY, PATH_500, PATH_4500

_STRANGER = "192.0.2.66"
_PATHS = (PATH_500, PATH_4500, Path(GATEWAY, 4500, CPE, 61000), Path(GATEWAY, 500, _STRANGER, 500))
_PAUSES = (0.0, 1.0, 12.0, 45.0)
_REPEAT, _COOKIES = 0x10, 0x20
_FIRST_PAYLOAD = 16


def check(data: bytes) -> None:
    """One input."""
    steps = decode(data)
    asks = bool(steps and steps[0][0] & _COOKIES)
    world = new_world(CookieMode.ALWAYS if asks else CookieMode.THRESHOLD)
    sources = {CPE, _STRANGER}
    for kind, datagram in steps:
        check_step(world, world.advance(_PAUSES[kind >> 2 & 3]), sources)
        path = _PATHS[kind & 3]
        for _ in range(2 if kind & _REPEAT else 1):
            before = len(world.sas)
            sent = world.deliver(datagram, path)
            assert all(answer_path.remote_ip == path.remote_ip for _, answer_path in sent)
            if path.remote_ip == _STRANGER:
                assert not sent or any(datagram[8:16])  # a peer that moved
            if asks and len(world.sas) > before and not any(datagram[8:16]):
                assert datagram[_FIRST_PAYLOAD] == PayloadType.NOTIFY  # its cookie
            check_step(world, sent, sources)
        half_open = sum(sa.state is State.HALF_OPEN for sa in world.sas)
        assert half_open <= world.limits.max_half_open
    check_end(world)


@cache
def _seed_steps() -> list[list[Step]]:
    whole = [
        [(_PATHS.index(path), datagram) for datagram, path in session if path in _PATHS]
        for session in sessions()
    ]
    cookie = [(_PATHS.index(path) | _COOKIES, datagram) for datagram, path in session_with_a_cookie()]
    return [*whole, cookie, *([(0, message)] for message in messages())]


def seeds() -> list[bytes]:
    """Whole sessions, and each message alone."""
    return [encode(steps) for steps in _seed_steps()]


def mutate(data: bytes, most: int, seed: int, blind: Mutate) -> bytes:
    """Change the order, the times, the places, or a payload of an unencrypted message."""
    pool = [step for steps in _seed_steps() for step in steps]
    return mutated(data, seed, _in_message(blind), pool=pool)[:most]


def _in_message(blind: Mutate) -> Mutate:
    """Octets changed, then the length in the IKE header put right: more than the header is reached."""

    def change(body: bytes, most: int) -> bytes:
        changed = blind(body, most)
        if len(changed) < HEADER_LENGTH:
            return changed
        return changed[:24] + len(changed).to_bytes(4, "big") + changed[HEADER_LENGTH:]

    return change


HARNESS = Harness(name="front-door", check=check, seeds=seeds, mutate=mutate)
