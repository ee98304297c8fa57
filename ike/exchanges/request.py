"""Looks into the payloads of a request."""

from collections.abc import Iterable
from typing import TypeVar

from ike.codec import NotifyPayload, Payload, UnknownPayload
from ike.constants import NotifyType, PayloadType, name_of
from ike.errors import InvalidSyntax, UnsupportedCriticalPayload

P = TypeVar("P", bound=Payload)


def names(payloads: Iterable[Payload]) -> tuple[str, ...]:
    """The payloads' names for events; notifications with their type: ``N(REKEY_SA)``."""
    return tuple(
        f"N({name_of(NotifyType, p.notify_type)})"
        if isinstance(p, NotifyPayload)
        else name_of(PayloadType, p.type)
        for p in payloads
    )


def refuse_unknown_critical(payloads: Iterable[Payload]) -> None:
    """Refuse a request with an unknown payload whose critical bit is set (RFC 7296 section 2.5)."""
    for payload in payloads:
        if isinstance(payload, UnknownPayload) and payload.critical:
            raise UnsupportedCriticalPayload(
                f"payload type {payload.type} is unknown and marked critical", data=bytes([payload.type])
            )


def optional(payloads: Iterable[Payload], kind: type[P]) -> P | None:
    """The one payload of a class, or None.

    Raises:
        InvalidSyntax: There are several.
    """
    found = [p for p in payloads if isinstance(p, kind)]
    if len(found) > 1:
        raise InvalidSyntax(f"{len(found)} {names(found)[0]} payloads where one is allowed")
    return found[0] if found else None


def required(payloads: Iterable[Payload], kind: type[P]) -> P:
    """The one payload of a class.

    Raises:
        InvalidSyntax: It is missing, or there are several.
    """
    payload = optional(payloads, kind)
    if payload is None:
        raise InvalidSyntax(f"the {kind.__name__.removesuffix('Payload')} payload is missing")
    return payload


def notifies(payloads: Iterable[Payload], kind: NotifyType) -> list[NotifyPayload]:
    """The notifications of one type, in order."""
    return [p for p in payloads if isinstance(p, NotifyPayload) and p.notify_type == kind]
