"""Errors that are answered with a Notify payload, one exception per notify type (RFC 7296 section 3.10.1)."""

from ike.constants import DhGroup, NotifyType, ProtocolId


class NotifyError(Exception):
    """The request is refused with a Notify payload.

    Args:
        reason: Why, for events: what was seen and what was expected.
        data: Notification data.
        protocol: Protocol ID of the Notify payload; not NONE only where an SPI is given.
        spi: SPI that the notification is about.
    """

    notify: NotifyType
    fatal = False
    """Whether the IKE SA ends with it (RFC 7296 section 2.21)."""

    def __init__(
        self, reason: str, *, data: bytes = b"", protocol: int = ProtocolId.NONE, spi: bytes = b""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.data = data
        self.protocol = protocol
        self.spi = spi


class UnsupportedCriticalPayload(NotifyError):
    """An unknown payload had its critical bit set (RFC 7296 section 2.5); data is the payload type."""

    notify = NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD


class InvalidSyntax(NotifyError):
    """An authenticated request cannot be parsed or lacks a payload (RFC 7296 section 2.21.3)."""

    notify = NotifyType.INVALID_SYNTAX
    fatal = True


class NoProposalChosen(NotifyError):
    """No offered proposal matches the policy (RFC 7296 section 2.7)."""

    notify = NotifyType.NO_PROPOSAL_CHOSEN


class InvalidKePayload(NotifyError):
    """The KE payload's group is not the selected one (RFC 7296 section 1.3); data is the wanted group."""

    notify = NotifyType.INVALID_KE_PAYLOAD

    def __init__(self, reason: str, wanted: DhGroup) -> None:
        super().__init__(reason, data=int(wanted).to_bytes(2, "big"))


class AuthenticationFailed(NotifyError):
    """The peer did not prove its identity (RFC 7296 section 2.21.2)."""

    notify = NotifyType.AUTHENTICATION_FAILED
    fatal = True


class KeysDiffer(AuthenticationFailed):
    """The AUTH payload was made with another pre-shared key.

    Args:
        octets: What it covers (RFC 7296 section 2.15).
        received: Its authentication data.
    """

    def __init__(self, octets: bytes, received: bytes) -> None:
        super().__init__("the AUTH payload does not verify: the two pre-shared keys differ")
        self.octets = octets
        self.received = received


class IdentityRefused(AuthenticationFailed):
    """The peer proved the pre-shared key, and its identity is not the expected one."""


class TsUnacceptable(NotifyError):
    """The offered traffic selectors do not contain the wanted ones (RFC 7296 section 2.9)."""

    notify = NotifyType.TS_UNACCEPTABLE


class NoAdditionalSas(NotifyError):
    """A further CHILD SA is refused (RFC 7296 section 1.3.1)."""

    notify = NotifyType.NO_ADDITIONAL_SAS


class TemporaryFailure(NotifyError):
    """The request collides with one under way (RFC 7296 section 2.25)."""

    notify = NotifyType.TEMPORARY_FAILURE


class ChildSaNotFound(NotifyError):
    """The CHILD SA to rekey does not exist (RFC 7296 section 2.25)."""

    notify = NotifyType.CHILD_SA_NOT_FOUND


class UnexpectedNatDetected(NotifyError):
    """The peer allows no NAT on its path, and there is one (RFC 4555 section 3.9)."""

    notify = NotifyType.UNEXPECTED_NAT_DETECTED
