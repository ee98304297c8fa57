"""What the models share: the base class, rule violations, and the checked field types."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from gateway.model.problems import nearest

RULE = "lab_rule"
"""The type of the validation errors that ``broken`` makes."""


def broken(rule: str, fix: str, *, at: str = "", saw: str | None = None) -> PydanticCustomError:
    """A violated rule, to be raised by a validator.

    Args:
        rule: The rule in one line.
        fix: What to write instead.
        at: Member below the validated value that the problem is about.
        saw: What stands there, when it is not simply the value.
    """
    return PydanticCustomError(RULE, "{rule}: {fix}", {"rule": rule, "fix": fix, "at": at, "saw": saw})


class GraphModel(BaseModel):
    """A resource in Microsoft Graph's property names; attributes are the same names in snake case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")

    graph_members: ClassVar[frozenset[str]] = frozenset()
    """Further members that Graph documents for this resource and that mean nothing to the lab."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Close the object against misspelt names; OData annotations stay free."""
        result: JsonSchemaValue = handler(schema)
        target = handler.resolve_ref_schema(result)
        properties = target.setdefault("properties", {})
        for described in properties.values():
            described.pop("title", None)  # it only repeats the name
        for name in sorted(cls.graph_members):
            properties.setdefault(name, {"description": "Ignored by the lab; part of an export of Graph."})
        target["additionalProperties"] = False
        target["patternProperties"] = {"^#|@": {"description": "OData annotation, ignored."}}
        return result


@dataclass(frozen=True)
class AlsoWritten:
    """Annotation: further ways to write a value, for the JSON Schema."""

    values: tuple[str | int, ...]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Either one of the values or what the type accepts."""
        return {"anyOf": [{"enum": list(self.values)}, handler(schema)]}


E = TypeVar("E", bound=StrEnum)


def one_of(enum: type[E], noun: str) -> BeforeValidator:
    """Checks a member of ``enum`` by its exact spelling and suggests the nearest one."""
    known = ", ".join(enum)

    def check(value: object) -> E:
        if isinstance(value, enum):
            return value
        if value == "unknownFutureValue":
            rule = "unknownFutureValue stands for a value that the export could not show"
            raise broken(rule, f"write the real one: {known}")
        if not isinstance(value, str):
            raise broken(f"{noun} is written by its name in Graph", f"one of {known}")
        if value not in list(enum):
            guess = nearest(value, enum)
            raise broken(f"this is no {noun} of Graph", f"write {guess}" if guess else f"one of {known}")
        return enum(value)

    return BeforeValidator(check)


def ipv4(value: object) -> IPv4Address:
    """An IPv4 address from its dotted text."""
    if isinstance(value, IPv4Address):
        return value
    if not isinstance(value, str):
        raise broken("an IPv4 address is a text", "write it like 198.51.100.10")
    try:
        return IPv4Address(value)
    except ValueError:
        pass
    if "/" in value:
        raise broken("an address has no prefix length", f"write {value.partition('/')[0]}")
    try:
        IPv6Address(value)
    except ValueError:
        raise broken("an IPv4 address is four numbers from 0 to 255", "write it like 198.51.100.10") from None
    raise broken("remote networks are IPv4 only", "write an IPv4 address")


Ipv4 = Annotated[IPv4Address, BeforeValidator(ipv4)]
"""Any IPv4 address."""


def in_any(address: IPv4Address, networks: tuple[IPv4Network, ...]) -> IPv4Network | None:
    """The first of the networks that holds the address."""
    return next((network for network in networks if address in network), None)


def outside(noun: str, excluded: dict[str, str], fix: str) -> Callable[[object], IPv4Address]:
    """A check for an IPv4 address that lies in none of the excluded prefixes (prefix to its meaning)."""
    networks = tuple(IPv4Network(prefix) for prefix in excluded)

    def check(value: object) -> IPv4Address:
        address = ipv4(value)
        if (network := in_any(address, networks)) is not None:
            raise broken(f"{noun} cannot be in {network} ({excluded[str(network)]})", fix)
        return address

    return check


_NO_BGP = {
    "0.0.0.0/32": "this host",
    "127.0.0.0/8": "loopback",
    "224.0.0.0/4": "multicast",
    "255.255.255.255/32": "broadcast",
}
BgpAddress = Annotated[
    IPv4Address,
    BeforeValidator(
        outside("a BGP address", _NO_BGP, "use an address such as 169.254.21.1 or 10.2.0.4"),
    ),
]
"""A BGP address; valid ones: everything but 0.0.0.0, 127/8, 224/4 and 255.255.255.255."""


def reserved_bgp_address(address: str) -> str | None:
    """Why no device link can have a BGP address: ``127.0.0.0/8, loopback``; None when one can."""
    network = in_any(IPv4Address(address), tuple(map(IPv4Network, _NO_BGP)))
    return None if network is None else f"{network}, {_NO_BGP[str(network)]}"


_NO_UNDERLAY = {
    "0.0.0.0/8": "this network",
    "127.0.0.0/8": "loopback",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
PeerAddress = Annotated[
    IPv4Address,
    BeforeValidator(
        outside(
            "the device IP address",
            _NO_UNDERLAY,
            "write the public IP address that the CPE's packets come from",
        )
    ),
]
"""The CPE's address as the gateway sees it."""

EndpointAddress = Annotated[
    IPv4Address,
    BeforeValidator(outside("an endpoint", _NO_UNDERLAY, "write a unicast address of this machine")),
]
"""An address that tunnels end at."""

RESERVED_ASNS = {
    **dict.fromkeys((8075, 8076, 12076, 65517, 65518, 65519, 65520), "reserved by Azure"),
    23456: "reserved by IANA (AS_TRANS)",
    **dict.fromkeys(range(64496, 64512), "reserved by IANA for documentation"),
    65476: "Microsoft's own: the session is eBGP, so the two ends differ",
}
"""ASNs between 1 and 65534 that a device link cannot have, with the reason."""


_LAST_ASN = 65534
_RESERVED_ABOVE = (*range(65535, 65552), 4294967295)
_NOT_TWO_BYTES = "not a 2-byte number"


def reserved_asn(number: int) -> str | None:
    """Why a device link cannot have an AS number, in words; None when it can."""
    if number in _RESERVED_ABOVE:
        return "reserved by IANA"
    if not 1 <= number <= _LAST_ASN:
        return _NOT_TWO_BYTES
    return RESERVED_ASNS.get(number)


def _asn(value: object) -> object:
    fix = "use a 2-byte ASN such as 65001"
    if not isinstance(value, int) or isinstance(value, bool):
        raise broken("an ASN is a whole number without quotes", fix)
    reason = reserved_asn(value)
    if reason == _NOT_TWO_BYTES:
        raise broken("an ASN is a 2-byte number from 1 to 65534; 4-byte ASNs are not accepted", fix)
    if reason is not None:
        raise broken(f"ASN {value} is {reason}", fix)
    return value


_ASN_SCHEMA: dict[str, Any] = {"minimum": 1, "maximum": 65534, "not": {"enum": sorted(RESERVED_ASNS)}}
Asn = Annotated[int, BeforeValidator(_asn), Field(json_schema_extra=_ASN_SCHEMA)]
"""The CPE's autonomous system number."""


def _name(value: object) -> object:
    if isinstance(value, str) and not value.isprintable():
        raise broken(
            "a name has printable characters only", "remove line breaks, tabs and control characters"
        )
    if isinstance(value, str) and not value.strip():
        raise broken("a name is not empty", "write a name")
    return value


Name = Annotated[str, BeforeValidator(_name), Field(min_length=1)]
"""A name that people read."""
