"""What the responder must know about a peer, and how it asks.

The application implements ``PeerLookup``; no rule of any particular service lives in ``ike``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from ike.constants import DhGroup, NotifyType
from ike.events import DropReason
from ike.identification import Identification
from ike.path import Path
from ike.proposal import Suite

MIN_FRAGMENT_SIZE = 256
"""Octets of the smallest IP datagram that a fragment is cut for: headers, IV and checksum need half of it."""


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    """How long SAs of ours live; they are local, never negotiated (RFC 7296 section 2.8).

    At the soft limit we rekey, at the hard one the SA ends. The soft limit comes ``margin`` before the hard
    one, and of that margin the part ``jitter`` is left to chance, so that not all SAs are rekeyed at once.

    Args:
        ike: Hard limit of an IKE SA in seconds.
        child: Hard limit of a CHILD SA in seconds.
        margin: Part of the lifetime that the soft limit comes before the hard one, 0 to 1.
        jitter: Part of the margin that is random, 0 to 1.
        child_packets: Soft limit of the packets of a CHILD SA with 32-bit sequence numbers.
    """

    ike: float = 28_800.0
    child: float = 3_600.0
    margin: float = 0.1
    jitter: float = 0.5
    child_packets: int = 2**31

    def soft(self, hard: float, chance: float) -> float:
        """The soft limit that belongs to a hard one.

        Args:
            hard: The hard limit: ``ike`` or ``child``.
            chance: A random number from 0 to 1.
        """
        return hard * (1 - self.margin * (1 - self.jitter * chance))


@dataclass(frozen=True, kw_only=True)
class CandidateKey:
    """A key that the peer may have used instead of its own, tried only to tell why authentication failed.

    Args:
        psk: The key, as octets.
        hint: What it is, for people, without a word of the key: ``with a line break at its end``.
        owner: Name of the peer whose key it is; empty for a variant of the peer's own.
    """

    psk: bytes = field(repr=False)
    hint: str
    owner: str = ""


def no_candidates() -> Sequence[CandidateKey]:
    """None: nothing is tried."""
    return ()


@dataclass(frozen=True, kw_only=True)
class PeerConfig:
    """One peer that may bring up one IKE SA with us.

    Args:
        name: The tunnel's name in events, for example ``branch1/cpe1/0``.
        psk: The pre-shared key, as octets.
        local_identity: What we send as IDr.
        candidate_keys: What to try on an AUTH payload that ``psk`` does not verify, asked for only then.
        advertised_ip: The address that the peer knows us by when it is not the one we listen on; goes into
            the NAT detection hashes.
        expected_identity: What the peer is expected to send as IDi; named in events.
        enforce_identity: Refuse another IDi. Without, authentication rests on the key, and another one is
            reported and accepted.
        ike_suites: Allowed combinations for the IKE SA.
        esp_suites: Allowed combinations for CHILD SAs, without a DH group.
        pfs_groups: Groups required when a CHILD SA is created by CREATE_CHILD_SA; empty means that none may
            be offered.
        pfs_same_as_ike: Require the group of the IKE SA instead of ``pfs_groups``.
        lifetimes: How long its SAs live.
        trial_rekey: Seconds after which we try whether the peer will rekey its first CHILD SA; 0: we do not.
        liveness_interval: Seconds without a sign of life after which we ask for one; 0: we never ask.
        mobike: Whether the peer may change its address (RFC 4555).
        fragmentation: Whether IKE messages may come and go in fragments (RFC 7383).
        fragment_size: Octets of the largest IP datagram that every path to the peer takes, at least
            ``MIN_FRAGMENT_SIZE``; larger messages are sent in fragments (RFC 7383 section 2.5.1).
    """

    name: str
    psk: bytes = field(repr=False)
    local_identity: Identification
    expected_identity: Identification
    ike_suites: tuple[Suite, ...]
    esp_suites: tuple[Suite, ...]
    pfs_groups: tuple[DhGroup, ...] = ()
    pfs_same_as_ike: bool = False
    candidate_keys: Callable[[], Sequence[CandidateKey]] = field(
        default=no_candidates, repr=False, compare=False
    )
    advertised_ip: str | None = None
    enforce_identity: bool = False
    lifetimes: Lifetimes = Lifetimes()
    trial_rekey: float = 0.0
    liveness_interval: float = 45.0
    mobike: bool = True
    fragmentation: bool = True
    fragment_size: int = 576


@dataclass(frozen=True, kw_only=True)
class Unidentified:
    """The application knows why a datagram's path belongs to no peer.

    Args:
        reason: Which rule says so.
        detail: What was seen and what was expected, for people.
        name: Name of the peer that it would be without that rule, for events; empty when there is none.
        notify: What an IKE_SA_INIT request is answered with, or None for silence.
    """

    reason: DropReason
    detail: str
    name: str = ""
    notify: NotifyType | None = None


class PeerLookup(Protocol):
    """Finds the configuration of the peer that a new IKE SA belongs to."""

    def __call__(self, path: Path) -> PeerConfig | Unidentified | None:
        """The peer configured for this path; otherwise the reason, or None for an unknown source address."""


class CookieMode(Enum):
    """When an IKE_SA_INIT request must return a cookie (RFC 7296 section 2.6)."""

    ALWAYS = auto()
    THRESHOLD = auto()
    """When many IKE SAs are half-open, or many requests were refused."""
    NEVER = auto()


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of the responder; times in seconds.

    Args:
        half_open_timeout: An IKE SA that has not authenticated by then is dropped.
        max_half_open: Half-open IKE SAs in total.
        max_half_open_per_source: Half-open IKE SAs of one source address.
        failed_auths: Burst and rate per second of IKE_AUTH requests that may be refused before IKE_SA_INIT is
            dropped: each has cost two exponentiations, and its IKE SA is half-open no longer.
        failed_auths_of_source: The same for one source address.
        cookies: When a request must return a cookie.
        cookie_threshold: Half-open IKE SAs from which on it must, and requests in a burst that may be refused
            before it must.
        answer_unknown_spi: Answer a request for an unknown IKE SA with INVALID_IKE_SPI.
        max_datagram: Octets of the largest accepted IKE message.
        max_ike_sas_of_peer: IKE SAs that one peer may have at a time; beyond, the oldest is deleted.
        max_child_sas: CHILD SAs of one IKE SA. A tunnel needs two while one replaces the other, and the peer
            may be slow to delete old ones.
        retransmit_timeout: Wait before the first retransmission of a request of ours.
        retransmit_base: Each further wait is longer by this factor.
        retransmit_tries: Retransmissions before the peer is declared dead.
        reassembly_timeout: A message whose fragments have not all come by then is forgotten.
        max_fragments: Fragments of one message.
        max_reassembled: Octets of the fragments of one message.
        max_half_open_reassemblies: Half-open IKE SAs that wait for fragments of a message.
        retransmit_jitter: Part of each wait that is left to chance, 0 to 1.
        retry_wait: About how long we wait before we ask again for what the peer refused for now.
        out_of_step: A peer that refuses for now for so long has another idea of our common state.
    """

    half_open_timeout: float = 30.0
    max_half_open: int = 1000
    max_half_open_per_source: int = 5
    failed_auths: tuple[float, float] = (1000.0, 50.0)
    failed_auths_of_source: tuple[float, float] = (300.0, 20.0)
    cookies: CookieMode = CookieMode.THRESHOLD
    cookie_threshold: int = 30
    answer_unknown_spi: bool = False
    max_datagram: int = 65535
    max_ike_sas_of_peer: int = 8
    max_child_sas: int = 8
    retransmit_timeout: float = 4.0
    retransmit_base: float = 1.8
    retransmit_tries: int = 5
    reassembly_timeout: float = 30.0
    max_fragments: int = 64
    max_reassembled: int = 32768
    max_half_open_reassemblies: int = 64
    retransmit_jitter: float = 0.1
    retry_wait: float = 10.0
    out_of_step: float = 300.0

    def retransmit_wait(self, attempt: int, chance: float) -> float:
        """Seconds until the next retransmission.

        Args:
            attempt: Retransmissions so far.
            chance: A random number from 0 to 1.
        """
        wait = self.retransmit_timeout * self.retransmit_base**attempt
        return wait * (1 - self.retransmit_jitter * chance)

    @property
    def patience(self) -> float:
        """Seconds until a request without an answer is given up; a peer may be as patient as we are."""
        return sum(self.retransmit_wait(attempt, 0) for attempt in range(self.retransmit_tries + 1))
