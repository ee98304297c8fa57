"""CHILD SAs: what the dataplane needs to carry ESP (RFC 7296 section 2.17, RFC 4303)."""

import math
from dataclasses import dataclass, field

from ike.constants import Encr, Integ, ProtocolId
from ike.path import Path
from ike.proposal import Proposal
from ike.state import CHILD_TRANSITIONS, ChildInput, ChildState, next_state

ESP_SPI_LENGTH = 4


@dataclass(frozen=True, kw_only=True)
class EspParameters:
    """The two ESP SAs of one CHILD SA, seen from us.

    Args:
        spi_in: SPI on packets that we receive (we chose it).
        spi_out: SPI on packets that we send (the peer chose it).
        encr: Encryption algorithm; AES_GCM_16 or NULL on this service.
        encr_key_bits: Key length in bits, None for NULL.
        integ: Integrity algorithm; None with an AEAD.
        encr_key_in: Key of received packets; for AES-GCM followed by the 4-octet salt (RFC 4106 section 8.1).
        integ_key_in: Integrity key of received packets, empty with an AEAD.
        encr_key_out: Key of sent packets, shaped like ``encr_key_in``.
        integ_key_out: Integrity key of sent packets.
        esn: Whether 64-bit sequence numbers were negotiated.
        udp_encapsulation: ESP in UDP (RFC 3948) rather than IP protocol 50.
        path: Where to send; the ports count with UDP encapsulation only.
    """

    spi_in: int
    spi_out: int
    encr: Encr
    encr_key_bits: int | None
    integ: Integ | None
    encr_key_in: bytes = field(repr=False)
    integ_key_in: bytes = field(repr=False)
    encr_key_out: bytes = field(repr=False)
    integ_key_out: bytes = field(repr=False)
    esn: bool
    udp_encapsulation: bool
    path: Path


@dataclass(eq=False, slots=True, kw_only=True)
class ChildSa:
    """One CHILD SA of an IKE SA.

    Args:
        esp: What the dataplane needs.
        proposal: The chosen ESP proposal.
        replaces: Our inbound SPI of the CHILD SA that it rekeyed, or None.
        state: State of the table in ``ike.state``.
        rekey_at: When we ask for its replacement, or None.
        expire_at: When it ends, or None.
        refused_until: The peer refused to replace it for now; until then it is not asked again.
        trial_at: When we try whether the peer will rekey it, or None; see ``ike.trials``.
        trial_refused_at: When the peer refused that.
    """

    esp: EspParameters
    proposal: Proposal
    replaces: int | None = None
    state: ChildState = ChildState.INSTALLED
    rekey_at: float | None = None
    expire_at: float | None = None
    refused_until: float = -math.inf
    trial_at: float | None = None
    trial_refused_at: float = -math.inf

    @property
    def spi_in(self) -> int:
        """SPI on packets that we receive; our name of the CHILD SA."""
        return self.esp.spi_in

    @property
    def is_alive(self) -> bool:
        """Whether it has its place, also while it is being rekeyed."""
        return self.state in {ChildState.INSTALLED, ChildState.REKEYING}

    def is_named(self, protocol: int, spi: bytes) -> bool:
        """Whether the peer means this CHILD SA: it names the SPI of the packets that it receives."""
        return protocol == ProtocolId.ESP and spi == self.esp.spi_out.to_bytes(ESP_SPI_LENGTH, "big")

    def move(self, step: ChildInput) -> None:
        """Take one step of the state table."""
        self.state = next_state(CHILD_TRANSITIONS, self.state, step)
