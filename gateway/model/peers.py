"""What the IKE responder is told: the configuration of a tunnel, and its limits."""

from dataclasses import replace
from ipaddress import IPv4Address

from gateway.model.ike_settings import Cookies, Identity, IkeSettings, UnknownSpi
from gateway.model.policy import IkePolicy
from ike.config import CookieMode, Lifetimes, Limits, PeerConfig
from ike.constants import Esn, TransformType
from ike.identification import Identification
from ike.proposal import Suite, alternatives

_COOKIES = {
    Cookies.ALWAYS: CookieMode.ALWAYS,
    Cookies.THRESHOLD: CookieMode.THRESHOLD,
    Cookies.NEVER: CookieMode.NEVER,
}


def peer_config(
    *,
    name: str,
    psk: bytes,
    policy: IkePolicy,
    settings: IkeSettings,
    endpoint: IPv4Address,
    advertised: IPv4Address,
    peer: IPv4Address,
) -> PeerConfig:
    """The IKE responder's configuration of one tunnel.

    Args:
        name: The tunnel's name.
        psk: The tunnel's pre-shared key.
        policy: The link's policy.
        settings: The lab's settings.
        endpoint: The address that we listen on.
        advertised: Our address as the CPE knows it, our identity.
        peer: The device IP address, the identity that is expected.
    """
    esp_suites = policy.esp_suites
    return PeerConfig(
        name=name,
        psk=psk,
        local_identity=Identification.from_address(str(advertised)),
        expected_identity=Identification.from_address(str(peer)),
        enforce_identity=settings.identity is Identity.ADDRESS,
        ike_suites=policy.ike_suites,
        esp_suites=esp_suites if settings.esn else tuple(_without_esn(suite) for suite in esp_suites),
        pfs_groups=policy.pfs_groups,
        pfs_same_as_ike=policy.pfs_same_as_ike,
        advertised_ip=str(advertised) if advertised != endpoint else None,
        lifetimes=Lifetimes(
            ike=settings.ike_lifetime_seconds,
            child=policy.child_lifetime or settings.child_lifetime_seconds,
            margin=settings.rekey_margin_percent / 100,
            jitter=settings.rekey_jitter_percent / 100,
        ),
        trial_rekey=settings.trial_rekey_seconds,
        liveness_interval=settings.liveness_seconds,
        mobike=settings.mobike,
        fragmentation=settings.fragmentation,
        fragment_size=settings.fragment_size,
    )


def limits(settings: IkeSettings) -> Limits:
    """The responder's limits that the lab file sets."""
    return Limits(
        half_open_timeout=settings.half_open_seconds,
        max_half_open=settings.half_open_total,
        max_half_open_per_source=settings.half_open_per_source,
        cookies=_COOKIES[settings.cookies],
        cookie_threshold=settings.cookie_threshold,
        answer_unknown_spi=settings.unknown_spi is UnknownSpi.INVALID_IKE_SPI,
        retransmit_timeout=settings.retransmit_seconds,
        retransmit_tries=settings.retransmit_tries,
    )


def _without_esn(suite: Suite) -> Suite:
    only = {**suite.transforms, TransformType.ESN: alternatives(TransformType.ESN, [Esn.NO_ESN])}
    return replace(suite, transforms=only)
