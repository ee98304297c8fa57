"""What an inner SYN or SYN-ACK says."""

import pytest

from gateway.dataplane.handshake import Authentication, read_handshake
from tests.gateway.dataplane.packets import ipv4, tcp

MSS_1460 = bytes.fromhex("020405b4")
MD5 = bytes([19, 18]) + bytes(16)
AO = bytes([29, 16]) + bytes(14)


@pytest.mark.parametrize("ip_options", [b"", bytes(40)])
def test_addresses_ports_and_ttl(ip_options: bytes) -> None:
    seen = read_handshake(tcp(port=179, flags=0x02, ip_options=ip_options))
    assert (seen.source_port, seen.destination_port, seen.ttl) == (4000, 179, 64)
    assert ipv4(b"")[12:20] == seen.source.packed + seen.destination.packed
    assert not seen.is_answer


def test_a_syn_ack_is_an_answer() -> None:
    assert read_handshake(tcp(flags=0x12)).is_answer


@pytest.mark.parametrize(
    ("options", "mss", "authentication"),
    [
        (b"", None, Authentication.NONE),
        (MSS_1460, 1460, Authentication.NONE),
        (b"\x01\x01\x01\x01" + MSS_1460, 1460, Authentication.NONE),
        (MSS_1460 + MD5 + b"\x01\x01", 1460, Authentication.MD5),
        (AO + MSS_1460, 1460, Authentication.AO),
    ],
)
def test_options_are_read(options: bytes, mss: int | None, authentication: Authentication) -> None:
    seen = read_handshake(tcp(flags=0x02, options=options))
    assert (seen.mss, seen.authentication) == (mss, authentication)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(b"\x00\x00\x00\x00" + MSS_1460, id="behind the end of the list"),
        pytest.param(b"\x08\x00\x00\x00" + MSS_1460, id="behind a length of 0"),
        pytest.param(b"\x08\x01\x00\x00" + MSS_1460, id="behind a length of 1"),
        pytest.param(b"\x02\x03\x05\x01", id="a value of one octet"),
        pytest.param(b"\x01\x02\x04\x05", id="longer than the header"),
        pytest.param(b"\x01\x01\x01\x02", id="cut behind its kind"),
    ],
)
def test_broken_options_end_the_list(options: bytes) -> None:
    assert read_handshake(tcp(flags=0x02, options=options)).mss is None
