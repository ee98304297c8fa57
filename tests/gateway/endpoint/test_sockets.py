"""How the sockets of an endpoint are opened; the ports themselves are tested in namespaces."""

import socket
import struct

import pytest

from gateway.endpoint.errors import EndpointError
from gateway.endpoint.sockets import UDP_GRO, gro_size, open_sockets


@pytest.mark.parametrize("address", ["", "gateway", "2001:db8::1", "198.51.100.300"])
def test_anything_but_an_ipv4_address_is_refused(address: str) -> None:
    with pytest.raises(
        EndpointError, match=r"is not an IPv4 address: an address like 198\.51\.100\.20 expected"
    ):
        open_sockets(address)


def test_a_merged_read_names_its_segment_size() -> None:
    assert gro_size([(socket.IPPROTO_UDP, UDP_GRO, struct.pack("i", 1400))]) == 1400


def test_a_read_of_one_datagram_names_none() -> None:
    assert gro_size([]) == 0
