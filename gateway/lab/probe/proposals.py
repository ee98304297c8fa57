"""Proposals as a scenario writes them, transform by transform, in the names of the findings' tables."""

from collections.abc import Mapping, Sequence

from ike.constants import TRANSFORM_IDS, TransformType
from ike.proposal import Transform

Offer = Mapping[str, str | Sequence[str]]
"""A proposal: ``{"ENCR": "AES_GCM_16-256", "ESN": ["NO_ESN", "ESN"]}``; behind the dash the key length."""


def transforms_of(offer: Offer) -> tuple[Transform, ...]:
    """The transforms of a proposal, in its order.

    Raises:
        ValueError: A type or a transform that does not exist; the text names those that do.
    """
    found = []
    for kind, names in offer.items():
        if kind not in TransformType.__members__:
            raise ValueError(f"no transform type is called {kind}: {', '.join(TransformType.__members__)}")
        each = [names] if isinstance(names, str) else names
        found += [_transform(TransformType[kind], name) for name in each]
    return tuple(found)


def _transform(kind: TransformType, text: str) -> Transform:
    name, dash, bits = text.partition("-")
    known = TRANSFORM_IDS[kind].__members__
    if name not in known or (dash and not bits.isdecimal()):
        raise ValueError(
            f"{kind.name} has no transform {text}: {', '.join(known)}; AES_CBC-256 is one with a key"
        )
    return Transform(kind, known[name], int(bits) if dash else None)
