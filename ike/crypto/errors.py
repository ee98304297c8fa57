"""What a peer can get wrong in cryptography."""


class InvalidPublicKey(Exception):
    """The data of a KE payload is no usable public value of its group (RFC 6989)."""


class IntegrityError(Exception):
    """An encrypted payload is damaged, forged, or made with another key."""
