"""How the IKE responder behaves where the service's behaviour is not documented: ``gateway.ike``."""

from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from gateway.model.fields import GraphModel, broken
from ike.config import MIN_FRAGMENT_SIZE

E = TypeVar("E", bound=StrEnum)


class NatPortRewrite(StrEnum):
    """What becomes of an IKE_SA_INIT to port 500 that does not come from port 500."""

    REJECT = "reject"
    ACCEPT = "accept"


class UnknownSource(StrEnum):
    """What a source address that no device link has gets."""

    SILENT = "silent"
    NO_PROPOSAL_CHOSEN = "noProposalChosen"


class UnknownSpi(StrEnum):
    """What a request for an IKE SA that does not exist gets."""

    SILENT = "silent"
    INVALID_IKE_SPI = "invalidIkeSpi"


class Identity(StrEnum):
    """What IDi must be."""

    IGNORE = "ignore"
    ADDRESS = "address"


class Cookies(StrEnum):
    """When IKE_SA_INIT must return a cookie."""

    ALWAYS = "always"
    THRESHOLD = "threshold"
    NEVER = "never"


def _chosen(enum: type[E]) -> BeforeValidator:
    known = " or ".join(enum)

    def check(value: object) -> E:
        if not isinstance(value, str) or value not in list(enum):
            raise broken("this is no value of the setting", f"write {known}")
        return enum(value)

    return BeforeValidator(check)


def _number(low: int, high: int, *, off: bool = False) -> tuple[BeforeValidator, WithJsonSchema]:
    """A whole number within bounds; with ``off``, 0 too."""
    bounds = f"{'0, or ' if off else ''}a whole number from {low} to {high}"

    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise broken(f"the setting is {bounds}", "write a number without quotes")
        if not (low <= value <= high or (off and value == 0)):
            raise broken(f"the setting is {bounds}", f"write a number in these bounds, not {value}")
        return value

    schema = {"type": "integer", "minimum": 0 if off else low, "maximum": high}
    return BeforeValidator(check), WithJsonSchema(schema)


MAX_FRAGMENT_SIZE = 1500
"""Octets of an Ethernet frame's content: IP would cut a larger datagram."""
DAY = 86_400
"""Seconds of a day, the most that a timer of the lab takes."""


class IkeSettings(GraphModel):
    """Settings of the IKE responder; nothing of it exists in Graph."""

    nat_port_rewrite: Annotated[NatPortRewrite, _chosen(NatPortRewrite)] = Field(
        default=NatPortRewrite.REJECT,
        description="An IKE_SA_INIT to port 500 from another source port than 500: reject leaves it "
        "unanswered, as the page on creating remote networks says; accept as the page on NAT says.",
    )
    unknown_source: Annotated[UnknownSource, _chosen(UnknownSource)] = Field(
        default=UnknownSource.SILENT,
        description="What a source address that no device link has gets: nothing, or NO_PROPOSAL_CHOSEN.",
    )
    unknown_spi: Annotated[UnknownSpi, _chosen(UnknownSpi)] = Field(
        default=UnknownSpi.SILENT,
        description="What a request for an IKE SA that does not exist gets: nothing, or INVALID_IKE_SPI.",
    )
    identity: Annotated[Identity, _chosen(Identity)] = Field(
        default=Identity.IGNORE,
        description="ignore: any IDi is accepted, the key counts; address: IDi must be ipAddress.",
    )
    ike_lifetime_seconds: Annotated[int, *_number(60, DAY)] = Field(
        default=28_800, description="Lifetime of an IKE SA. We rekey it before."
    )
    child_lifetime_seconds: Annotated[int, *_number(60, DAY)] = Field(
        default=3_600,
        description="Lifetime of a CHILD SA under the default policy; a custom policy has saLifeTimeSeconds.",
    )
    rekey_margin_percent: Annotated[int, *_number(1, 90)] = Field(
        default=10, description="How much of a lifetime before its end we rekey, at most."
    )
    rekey_jitter_percent: Annotated[int, *_number(0, 100)] = Field(
        default=50, description="How much of that margin is left to chance."
    )
    trial_rekey_seconds: Annotated[int, *_number(1, DAY, off=True)] = Field(
        default=0,
        description="After this long we rekey the first CHILD SA on trial: another PFS setting of the CPE "
        "shows at once, and a refusal changes nothing; 0: never.",
    )
    liveness_seconds: Annotated[int, *_number(1, DAY, off=True)] = Field(
        default=45, description="After this long without a sign of life we ask the CPE for one; 0: never."
    )
    retransmit_seconds: Annotated[int, *_number(1, 60)] = Field(
        default=4,
        description="Wait before a request of ours is sent again; each further wait is 1.8 as long.",
    )
    retransmit_tries: Annotated[int, *_number(1, 20)] = Field(
        default=5, description="How often a request is sent again before the CPE counts as gone."
    )
    nat_keepalive_seconds: Annotated[int, *_number(1, DAY, off=True)] = Field(
        default=20, description="Between two NAT keepalives for a NAT on our side; 0: none."
    )
    mobike: bool = Field(
        default=True, strict=True, description="Let the CPE move its tunnel to another address (RFC 4555)."
    )
    fragmentation: bool = Field(
        default=True,
        strict=True,
        description="Take and send IKE messages in fragments (RFC 7383) when the CPE announces that it can.",
    )
    fragment_size: Annotated[int, *_number(MIN_FRAGMENT_SIZE, MAX_FRAGMENT_SIZE)] = Field(
        default=576,
        description="Octets of the largest IP datagram that an IKE message is sent in; a larger message goes "
        "in fragments.",
    )
    esn: bool = Field(
        default=True, strict=True, description="Accept extended sequence numbers where they are offered."
    )
    cookies: Annotated[Cookies, _chosen(Cookies)] = Field(
        default=Cookies.THRESHOLD,
        description="When an IKE_SA_INIT must return a cookie: always, never, or beyond cookieThreshold.",
    )
    cookie_threshold: Annotated[int, *_number(0, 100_000)] = Field(
        default=30, description="Half-open IKE SAs from which on a cookie is wanted."
    )
    half_open_per_source: Annotated[int, *_number(1, 100_000)] = Field(
        default=5, description="Half-open IKE SAs of one source address."
    )
    half_open_total: Annotated[int, *_number(1, 100_000)] = Field(
        default=1_000, description="Half-open IKE SAs of all together."
    )
    half_open_seconds: Annotated[int, *_number(1, 3_600)] = Field(
        default=30, description="An IKE SA that is not authenticated after this long is dropped."
    )
