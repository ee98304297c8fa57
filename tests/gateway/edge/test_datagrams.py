"""UDP replies leave from the address that was asked."""

import asyncio
import socket
from ipaddress import IPv4Address

from gateway.edge.datagrams import DatagramServer


def exchange(queries: list[bytes], server_address: str) -> tuple[list[tuple[bytes, str]], list[IPv4Address]]:
    """Send datagrams to an echo server, silent about ``quiet``; replies with origin, and destinations."""

    async def run() -> tuple[list[tuple[bytes, str]], list[IPv4Address]]:
        destinations: list[IPv4Address] = []

        def handler(data: bytes, _: IPv4Address, destination: IPv4Address) -> bytes | None:
            destinations.append(destination)
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
        return replies, destinations

    return asyncio.run(run())


def test_the_reply_comes_from_the_address_that_was_asked() -> None:
    replies, destinations = exchange([b"hello"], "127.0.0.53")
    assert replies == [(b"hello", "127.0.0.53")]
    assert destinations == [IPv4Address("127.0.0.53")]


def test_no_reply_is_silence_and_the_next_datagram_is_answered() -> None:
    replies, destinations = exchange([b"quiet", b"hello"], "127.0.0.1")
    assert replies == [(b"hello", "127.0.0.1")]
    assert len(destinations) == 2


def test_more_than_a_batch_is_answered_to_the_last() -> None:
    queries = [str(number).encode() for number in range(100)]
    replies, _ = exchange(queries, "127.0.0.1")
    assert [data for data, _ in replies] == queries
