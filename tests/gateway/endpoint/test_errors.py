"""Errors of the endpoint say what is wrong and what to do."""

import errno
import os

import pytest

from gateway.endpoint.errors import endpoint_error


@pytest.mark.parametrize(
    ("code", "what", "text"),
    [
        (
            errno.EADDRNOTAVAIL,
            "UDP port 500",
            (
                "198.51.100.20 is not an address of this machine (UDP port 500): add it to an interface, "
                "or choose one that 'ip -4 address' shows"
            ),
        ),
        (
            errno.EADDRINUSE,
            "UDP port 4500",
            (
                "UDP port 4500 on 198.51.100.20 is in use: another IKE daemon such as charon is running; "
                "stop it ('ss -ulnp' shows which), or choose another address"
            ),
        ),
        (
            errno.EACCES,
            "UDP port 500",
            "UDP port 500 on 198.51.100.20: no permission: run as root or grant CAP_NET_BIND_SERVICE",
        ),
        (
            errno.EPERM,
            "IP protocol 50 (ESP)",
            "IP protocol 50 (ESP) on 198.51.100.20: no permission: run as root or grant CAP_NET_RAW",
        ),
        (errno.EMFILE, "UDP port 500", "UDP port 500 on 198.51.100.20: Too many open files"),
    ],
)
def test_the_text_names_socket_address_cause_and_way_out(code: int, what: str, text: str) -> None:
    assert str(endpoint_error(OSError(code, os.strerror(code)), what, "198.51.100.20")) == text
