"""What the edge's HTTP server answers, by an h11 client over a socket pair."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv4Network

import h11
import pytest

from gateway.edge import http
from gateway.edge.coverage import Match
from gateway.edge.http import HttpConnection
from gateway.edge.visit import Flow, Kind, Visit

FLOW = Flow(source=IPv4Address("10.1.0.10"), destination=IPv4Address("52.96.1.1"), interface=7)
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def describe(kind: Kind, flow: Flow, host: str) -> Visit:
    return Visit(
        kind=kind,
        time=1_700_000_000.25,
        flow=flow,
        host=host,
        match=Match(profile="microsoft", prefix=IPv4Network("52.96.0.0/14")),
        tunnel="hq/cpe1/0",
    )


def serve(script: Script) -> None:
    """Run a client's script against a connection, and see that the server ends when the client has."""

    async def run() -> None:
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        connection = HttpConnection(reader, writer, flow=FLOW, describe=describe)

        async def serve_and_close() -> None:
            await connection.serve()
            writer.close()

        task = asyncio.create_task(serve_and_close())
        client_reader, client_writer = await asyncio.open_connection(sock=theirs)
        async with asyncio.timeout(5):
            await script(client_reader, client_writer)
            client_writer.close()
            await task

    asyncio.run(run())


class Reply:
    """A response that h11 took apart."""

    def __init__(self, response: h11.Response, body: bytes) -> None:
        self.status = response.status_code
        self.headers = {name.decode(): value.decode() for name, value in response.headers}
        self.body = body


async def read_reply(reader: asyncio.StreamReader, method: str = "GET") -> Reply:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
    client.send(h11.EndOfMessage())
    response, body = None, b""
    while True:
        event = client.next_event()
        if event is h11.NEED_DATA:
            client.receive_data(await reader.read(4096))
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body += event.data
        else:
            assert isinstance(event, h11.EndOfMessage)
            assert response is not None
            return Reply(response, body)


def fetch(request: bytes, method: str = "GET") -> Reply:
    """The reply to the octets of one request."""
    replies = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request)
        replies.append(await read_reply(reader, method))

    serve(script)
    return replies[0]


def get(path: str) -> Reply:
    return fetch(f"GET {path} HTTP/1.1\r\nHost: www.example.com\r\n\r\n".encode())


FACTS = {
    "source": "10.1.0.10",
    "destination": "52.96.1.1",
    "host": "www.example.com",
    "profile": "microsoft",
    "prefix": "52.96.0.0/14",
    "tunnel": "hq/cpe1/0",
}


def test_json_states_the_facts_of_the_visit() -> None:
    reply = get("/.json")
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert json.loads(reply.body) == FACTS | {"time": "2023-11-14T22:13:20.250Z"}


def test_a_query_string_does_not_change_the_page() -> None:
    assert get("/.json?x=1").headers["content-type"] == "application/json"


def test_the_front_page_states_the_same_facts() -> None:
    reply = get("/")
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert all(value in reply.body.decode() for value in FACTS.values())


def test_the_page_loads_nothing_from_elsewhere() -> None:
    page = get("/").body.decode()
    assert "http:" not in page
    assert "https:" not in page
    assert "src=" not in page


def test_any_other_path_is_404_with_the_same_facts() -> None:
    reply = get("/nope")
    assert reply.status == 404
    assert all(value in reply.body.decode() for value in FACTS.values())


def test_a_host_name_is_escaped() -> None:
    reply = fetch(b"GET / HTTP/1.1\r\nHost: <script>alert(1)</script>\r\n\r\n")
    assert b"<script>" not in reply.body
    assert b"&lt;script&gt;" in reply.body


def test_the_port_is_not_part_of_the_host() -> None:
    reply = fetch(b"GET /.json HTTP/1.1\r\nHost: www.example.com:80\r\n\r\n")
    assert json.loads(reply.body)["host"] == "www.example.com"


def test_an_absolute_target_names_the_host() -> None:
    reply = fetch(b"GET http://other.example/.json HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
    assert json.loads(reply.body)["host"] == "other.example"


def test_without_a_host_the_destination_is_named() -> None:
    reply = fetch(b"GET /.json HTTP/1.0\r\n\r\n")
    assert json.loads(reply.body)["host"] == "52.96.1.1"


def test_head_has_the_headers_of_get_and_no_body() -> None:
    head = fetch(b"HEAD / HTTP/1.1\r\nHost: www.example.com\r\n\r\n", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == get("/").headers["content-length"]


def test_another_method_is_405_and_says_which_are_allowed() -> None:
    reply = fetch(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "POST")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")
    assert reply.headers["connection"] == "close"


@pytest.mark.parametrize(
    "request_octets",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
    ids=["no request line", "no host", "two hosts", "bad length", "TLS"],
)
def test_what_is_not_http_is_400(request_octets: bytes) -> None:
    assert fetch(request_octets).status == 400


def test_a_head_beyond_the_bound_is_431() -> None:
    reply = fetch(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * http.MAX_HEAD)
    assert reply.status == 431


def test_a_connection_is_kept_for_the_next_request() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for host in ("one.example", "two.example"):
            writer.write(f"GET /.json HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert json.loads((await read_reply(reader)).body)["host"] == host

    serve(script)


def test_a_request_that_drips_in_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "REQUEST_SECONDS", 0.1)

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET / HTT")
        assert (await read_reply(reader)).status == 408
        assert await reader.read() == b""

    serve(script)


def test_an_idle_connection_is_closed_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "REQUEST_SECONDS", 0.1)

    async def script(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""

    serve(script)


def test_a_connection_carries_a_bounded_number_of_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_REQUESTS", 2)

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        answers = await reader.read()
        assert answers.count(b"HTTP/1.1 200 OK") == 2

    serve(script)


def test_a_client_that_leaves_ends_the_connection() -> None:
    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET / HT")

    serve(script)
