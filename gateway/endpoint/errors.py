"""What keeps an endpoint from opening, in words for the person who has to change it."""

import errno


class EndpointError(Exception):
    """An underlay socket could not be opened; the text says which, why and what to do."""


def endpoint_error(error: OSError, what: str, address: str) -> EndpointError:
    """The ``EndpointError`` for a failed socket call.

    Args:
        error: What the kernel answered.
        what: The socket: ``UDP port 500`` or ``IP protocol 50 (ESP)``.
        address: The address it was to be bound to.
    """
    match error.errno:
        case errno.EADDRNOTAVAIL:
            text = (
                f"{address} is not an address of this machine ({what}): add it to an interface, "
                "or choose one that 'ip -4 address' shows"
            )
        case errno.EADDRINUSE:
            text = (
                f"{what} on {address} is in use: another IKE daemon such as charon is running; stop it "
                "('ss -ulnp' shows which), or choose another address"
            )
        case errno.EACCES | errno.EPERM:
            capability = "CAP_NET_BIND_SERVICE" if what.startswith("UDP") else "CAP_NET_RAW"
            text = f"{what} on {address}: no permission: run as root or grant {capability}"
        case _:
            text = f"{what} on {address}: {error.strerror or error}"
    return EndpointError(text)
