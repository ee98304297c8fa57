"""Scapy's ESP over a real raw socket against our dataplane: an independent implementation."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.dataplane_world import INNER_LEFT, INNER_RIGHT, LEFT, RIGHT, World, finish, ready, world

pytestmark = pytest.mark.interop

PEER = """
import json, socket, sys
from scapy.layers.inet import IP, ICMP, TCP
from scapy.layers.ipsec import ESP, SecurityAssociation
me, peer, inner_me, inner_peer, sa = sys.argv[1:5] + [json.loads(sys.argv[5])]
def association(spi, key, source, destination):
    key = bytes.fromhex(key)
    return SecurityAssociation(
        ESP, spi=spi, tunnel_header=IP(src=source, dst=destination),
        **(dict(crypt_algo="AES-GCM", crypt_key=key) if sa["encr_key_bits"]
           else dict(crypt_algo="NULL", auth_algo="SHA2-256-128", auth_key=key)))
out = association(sa["spi_out"], sa["key_out"], me, peer)
into = association(sa["spi_in"], sa["key_in"], peer, me)
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ESP)
raw.bind((me, 0)); raw.settimeout(3)
print("ready", flush=True)
replies = []
for number in range(20):
    echo = IP(src=inner_me, dst=inner_peer) / ICMP(id=7, seq=number) / bytes(number * 67)
    raw.sendto(bytes(out.encrypt(echo)[ESP]), (peer, 0))
    reply = into.decrypt(IP(raw.recv(65535)))
    assert ICMP in reply and reply[ICMP].type == 0 and bytes(reply[ICMP].payload) == bytes(number * 67)
    replies.append(reply[ICMP].seq)
print(json.dumps(replies))
"""


@pytest.fixture
def net() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.mark.parametrize("bits", [128, 256, None], ids=["gcm-128", "gcm-256", "null-sha256"])
@pytest.mark.parametrize("vnet_hdr", [False, True], ids=["single-packets", "vnet-hdr"])
def test_scapy_pings_through_raw_esp_in_both_directions(
    net: World, *, bits: int | None, vnet_hdr: bool
) -> None:
    net.left = net.dataplane(net.left_namespace, LEFT, vnet_hdr=vnet_hdr)
    left, right = net.sa(1, udp=False, bits=bits)
    net.left.ask("install", sa=left, replaces=None)
    arguments: list[Any] = [RIGHT, LEFT, INNER_RIGHT, INNER_LEFT, json.dumps(right)]
    peer = ready(net.right_namespace.start(sys.executable, "-c", PEER, *arguments))
    assert json.loads(finish(peer)) == list(range(20))
    state = net.left.state()
    assert (state["packets_in"], state["packets_out"]) == (20, 20)
    assert state["drops_in"] == {}
