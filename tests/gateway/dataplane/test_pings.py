"""A ping through a tunnel, read by another implementation."""

from ipaddress import IPv4Address

from scapy.layers.inet import ICMP, IP

from gateway.dataplane.pings import echo_request


def test_a_ping_is_a_right_one() -> None:
    packet = IP(echo_request(IPv4Address("10.2.0.4"), IPv4Address("10.1.0.4"), 2))
    assert (packet.src, packet.dst, packet[ICMP].type, packet[ICMP].seq) == ("10.2.0.4", "10.1.0.4", 8, 2)
    sent = packet.chksum, packet[ICMP].chksum
    del packet.chksum
    del packet[ICMP].chksum
    again = IP(bytes(packet))
    assert (again.chksum, again[ICMP].chksum) == sent
