"""The one error of the codec."""

from ike.constants import PayloadType, name_of


class CodecError(ValueError):
    """Octets that are no IKEv2 message, or a value that does not fit the wire format.

    Attributes:
        what: What was seen and what was expected.
        offset: Octet, from the start of the parsed bytes, at which the rule was broken.
        payload: Type of the payload in question; None for the header and the message as a whole.
    """

    def __init__(self, what: str, offset: int = 0, payload: int | None = None) -> None:
        self.what = what
        self.offset = offset
        self.payload = payload
        super().__init__(what, offset, payload)

    def __str__(self) -> str:
        where = "message" if self.payload is None else f"{name_of(PayloadType, self.payload)} payload"
        return f"{where}, octet {self.offset}: {self.what}"
