"""UDP replies leave from the address that was asked."""

import asyncio
import socket
from ipaddress import IPv4Address

from gateway.edge.datagrams import DatagramServer
from gateway.edge.visit import Flow
from gateway.netns.netlink import LOOPBACK_INDEX


def exchange(queries: list[bytes], server_address: str) -> tuple[list[tuple[bytes, str]], list[Flow]]:
    """Send datagrams to an echo server, silent about ``quiet``; replies with origin, and flows."""

    async def run() -> tuple[list[tuple[bytes, str]], list[Flow]]:
        flows: list[Flow] = []

        def handler(data: bytes, flow: Flow) -> bytes | None:
            flows.append(flow)
            return None if data == b"quiet" else data

        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind(("", 0))
        server = DatagramServer(bound, handler)
        replies: list[tuple[bytes, str]] = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            for query in queries:
                client.sendto(query, (server_address, bound.getsockname()[1]))
            async with asyncio.timeout(5):
                while len(replies) < len(queries) - queries.count(b"quiet"):
                    data, origin = await asyncio.get_running_loop().sock_recvfrom(client, 4096)
                    replies.append((data, origin[0]))
        server.close()
        return replies, flows

    return asyncio.run(run())


def test_the_reply_comes_from_the_address_that_was_asked() -> None:
    replies, _ = exchange([b"hello"], "127.0.0.53")
    assert replies == [(b"hello", "127.0.0.53")]


def test_the_addresses_and_the_interface_of_the_datagram_are_known() -> None:
    _, (flow,) = exchange([b"hello"], "127.0.0.53")
    assert flow == Flow(
        source=IPv4Address("127.0.0.1"), destination=IPv4Address("127.0.0.53"), interface=LOOPBACK_INDEX
    )


def test_no_reply_is_silence_and_the_next_datagram_is_answered() -> None:
    replies, flows = exchange([b"quiet", b"hello"], "127.0.0.1")
    assert replies == [(b"hello", "127.0.0.1")]
    assert len(flows) == 2


def test_more_than_a_batch_is_answered_to_the_last() -> None:
    queries = [str(number).encode() for number in range(100)]
    replies, _ = exchange(queries, "127.0.0.1")
    assert [data for data, _ in replies] == queries
