"""The lab's own section of the lab file, ``gateway``: what a tenant leaves to Microsoft."""

import re
from ipaddress import IPv4Address
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from gateway.model.fields import EndpointAddress, GraphModel, Ipv4, broken
from gateway.model.ike_settings import IkeSettings

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")
MAX_NAME = 253
"""Characters of a domain name without its final dot (RFC 1035 section 2.3.4)."""


def _domain_name(value: object) -> object:
    if not isinstance(value, str):
        raise broken("a domain name is a text", "write it like www.example.com")
    name = value.lower().removesuffix(".")
    if len(name) > MAX_NAME or not all(_LABEL.match(label) for label in name.split(".")):
        raise broken(
            "a domain name is labels of letters, digits and hyphens", "write it like www.example.com"
        )
    return name


DomainName = Annotated[str, BeforeValidator(_domain_name)]
"""A domain name in lower case, without the final dot."""


class GatewaySettings(GraphModel):
    """Settings of the lab's gateway; nothing of it exists in Graph."""

    endpoints: tuple[EndpointAddress, ...] = Field(
        default=(),
        description="Addresses of this machine that tunnels end at; a zone-redundant link needs two. "
        "Left out: the gateway takes those it finds.",
        examples=[["198.51.100.20", "198.51.100.21"]],
    )
    advertise: dict[Ipv4, EndpointAddress] = Field(
        default_factory=dict,
        description="For a gateway behind a NAT: endpoint to the address that the CPE uses for it.",
        examples=[{"10.0.0.5": "203.0.113.5"}],
    )
    names: dict[DomainName, Ipv4] = Field(
        default_factory=dict,
        description="DNS names that the edge answers with an address of yours.",
        examples=[{"intranet.example.com": "20.190.128.10"}],
    )
    advertise_endpoint: bool = Field(
        default=False,
        strict=True,
        description="Let the internet profile cover the tunnel endpoints too, which makes a CPE route ESP "
        "into the tunnel unless it pins the endpoint.",
    )
    strict_sa_lifetime: bool = Field(
        default=False,
        strict=True,
        description="Refuse saLifeTimeSeconds 300 (the reference says more than 300).",
    )
    accept_legacy_aes256_sha256_modp1024: bool = Field(
        default=False,
        strict=True,
        description="Add AES256/SHA256/DHGroup2 of the 2023 preview to the default policy.",
    )
    ike: IkeSettings = Field(default_factory=IkeSettings, description="How the IKE responder behaves.")

    @field_validator("endpoints")
    @classmethod
    def _unique(cls, value: tuple[IPv4Address, ...]) -> tuple[IPv4Address, ...]:
        for index, endpoint in enumerate(value):
            if endpoint in value[:index]:
                raise broken(f"endpoint {endpoint} is listed twice", "remove one of them")
        return value
