"""Names of the codes and subcodes of NOTIFICATION messages.

Source: RFC 4271 section 4.5, RFC 4486 (Cease), RFC 5492, RFC 6608, RFC 7313, RFC 8538, RFC 9234, RFC 9384 and
the IANA registry "Border Gateway Protocol (BGP) Parameters".
"""

MAXIMUM_PREFIXES = 1
"""Cease subcode (RFC 4486)."""
PEER_DECONFIGURED = 3
"""Cease subcode (RFC 4486)."""
ADMINISTRATIVE_SHUTDOWN = 2
"""Cease subcode (RFC 4486, RFC 9003)."""
ADMINISTRATIVE_RESET = 4
"""Cease subcode (RFC 4486, RFC 9003)."""

_CODES = {
    1: "Message Header Error",
    2: "OPEN Message Error",
    3: "UPDATE Message Error",
    4: "Hold Timer Expired",
    5: "Finite State Machine Error",
    6: "Cease",
    7: "ROUTE-REFRESH Message Error",
}

_SUBCODES = {
    (1, 1): "Connection Not Synchronized",
    (1, 2): "Bad Message Length",
    (1, 3): "Bad Message Type",
    (2, 1): "Unsupported Version Number",
    (2, 2): "Bad Peer AS",
    (2, 3): "Bad BGP Identifier",
    (2, 4): "Unsupported Optional Parameter",
    (2, 6): "Unacceptable Hold Time",
    (2, 7): "Unsupported Capability",
    (2, 11): "Role Mismatch",
    (3, 1): "Malformed Attribute List",
    (3, 2): "Unrecognized Well-known Attribute",
    (3, 3): "Missing Well-known Attribute",
    (3, 4): "Attribute Flags Error",
    (3, 5): "Attribute Length Error",
    (3, 6): "Invalid ORIGIN Attribute",
    (3, 8): "Invalid NEXT_HOP Attribute",
    (3, 9): "Optional Attribute Error",
    (3, 10): "Invalid Network Field",
    (3, 11): "Malformed AS_PATH",
    (5, 1): "Receive Unexpected Message in OpenSent State",
    (5, 2): "Receive Unexpected Message in OpenConfirm State",
    (5, 3): "Receive Unexpected Message in Established State",
    (6, 1): "Maximum Number of Prefixes Reached",
    (6, 2): "Administrative Shutdown",
    (6, 3): "Peer De-configured",
    (6, 4): "Administrative Reset",
    (6, 5): "Connection Rejected",
    (6, 6): "Other Configuration Change",
    (6, 7): "Connection Collision Resolution",
    (6, 8): "Out of Resources",
    (6, 9): "Hard Reset",
    (6, 10): "BFD Down",
    (7, 1): "Invalid Message Length",
}


def notification_name(code: int, subcode: int) -> str:
    """The registry's words for a NOTIFICATION: ``OPEN Message Error / Bad Peer AS``.

    Numbers without a name are given as numbers; subcode 0 (unspecific) is left out.
    """
    name = _CODES.get(code, f"code {code}")
    if not subcode:
        return name
    return f"{name} / {_SUBCODES.get((code, subcode), f'subcode {subcode}')}"
