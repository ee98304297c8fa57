"""A fuzzer's input as a list of steps: one octet of kind, two of length, then that many octets.

Every byte string is a list of steps, so that a fuzzer's blind changes also mean something: a length that
reaches beyond the end stands for what is left.
"""

import random
from collections.abc import Callable, Sequence

Step = tuple[int, bytes]
"""Kind and content."""
Mutate = Callable[[bytes, int], bytes]
"""Changes octets somehow, up to a length."""

MOST_STEPS = 24
_HEAD = 3
_LONGEST = 0xFFFF
_GENERIC = 4
_BITS = 8


def decode(data: bytes) -> list[Step]:
    """The steps in a fuzzer's input; at most ``MOST_STEPS``."""
    steps: list[Step] = []
    offset = 0
    while offset + _HEAD <= len(data) and len(steps) < MOST_STEPS:
        start = offset + _HEAD
        offset = start + int.from_bytes(data[start - 2 : start], "big")
        steps.append((data[start - _HEAD], data[start:offset]))
    return steps


def encode(steps: Sequence[Step]) -> bytes:
    """The input that ``decode`` reads as these steps."""
    return b"".join(
        bytes([kind]) + min(len(body), _LONGEST).to_bytes(2, "big") + body[:_LONGEST] for kind, body in steps
    )


def mutated(
    data: bytes,
    seed: int,
    blind: Mutate,
    *,
    pool: Sequence[Step],
    has_chain: Callable[[int], bool] = lambda _kind: False,
) -> bytes:
    """A changed input: one change to the steps, or to the payloads or octets of one step.

    Args:
        data: The input.
        seed: Makes the same choice again.
        pool: Steps of the seed corpus, which may be inserted.
        blind: The fuzzer's own mutation of octets.
        has_chain: Whether the content of a kind of step is a chain of payloads behind the type of the first.
    """
    choice = random.Random(seed)
    steps = decode(data) or [choice.choice(pool)]
    index = choice.randrange(len(steps))
    kind, body = steps[index]
    match choice.randrange(10):
        case 0:
            steps.insert(index, choice.choice(pool))
        case 1:
            del steps[index]
        case 2:
            steps.insert(choice.randrange(len(steps) + 1), steps[index])
        case 3:
            steps[index] = (kind ^ 1 << choice.randrange(_BITS), body)
        case 4 | 5:
            steps[index] = (kind, blind(body, len(body) + 64))
        case _ if body and has_chain(kind):
            steps[index] = (kind, changed_chain(body, choice, blind))
        case _:
            steps[index] = (kind, blind(body, len(body) + 64))
    return encode(steps)


def changed_chain(chain: bytes, choice: random.Random, blind: Mutate) -> bytes:
    """The payloads behind an octet that types the first, with one payload changed and its length right."""
    payloads, rest = split(chain)
    if not payloads:
        return blind(chain, len(chain) + 64)
    index = choice.randrange(len(payloads))
    kind, flags, body = payloads[index]
    match choice.randrange(7):
        case 0:
            del payloads[index]
        case 1:
            payloads.insert(choice.randrange(len(payloads) + 1), payloads[index])
        case 2:
            other = choice.randrange(len(payloads))
            payloads[index], payloads[other] = payloads[other], payloads[index]
        case 3:
            payloads[index] = (choice.randrange(32, 56), flags, body)
        case 4:
            payloads[index] = (kind, flags ^ 0x80, body)
        case _:
            payloads[index] = (kind, flags, blind(body, len(body) + 64))
    return joined(payloads) + rest


def split(chain: bytes) -> tuple[list[tuple[int, int, bytes]], bytes]:
    """The payloads as (type, flags, body), and what no longer is one."""
    payloads, following, offset = [], chain[0] if chain else 0, 1
    while following and offset + _GENERIC <= len(chain):
        length = int.from_bytes(chain[offset + 2 : offset + 4], "big")
        if length < _GENERIC or offset + length > len(chain):
            break
        body = chain[offset + _GENERIC : offset + length]
        payloads.append((following, chain[offset + 1], body))
        following = chain[offset]
        offset += length
    return payloads, chain[offset:]


def joined(payloads: Sequence[tuple[int, int, bytes]]) -> bytes:
    """Payloads (type, flags, body) as a chain, the type of the first in front."""
    types = [kind for kind, _, _ in payloads] + [0]
    parts = [types[:1]]
    chain = bytes(parts[0])
    for (_, flags, body), following in zip(payloads, types[1:], strict=True):
        length = min(_GENERIC + len(body), _LONGEST)
        chain += bytes([following, flags]) + length.to_bytes(2, "big") + body[: length - _GENERIC]
    return chain
