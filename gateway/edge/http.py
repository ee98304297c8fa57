"""The edge's HTTP/1.1 server for one connection (RFC 9112), on h11."""

import asyncio
import contextlib
from email.utils import formatdate
from http import HTTPStatus

import h11

from gateway.edge.page import Page, page_for
from gateway.edge.visit import Describe, Flow

REQUEST_SECONDS = 10.0
"""A request's head must be here within this time, and a kept connection is idle for no longer."""
MAX_HEAD = 8192
"""Octets of a request line with its headers."""
MAX_REQUESTS = 100
"""Requests on one connection."""
MAX_HOST = 255
"""Characters of a host name that are kept."""

_LINGER_SECONDS = 1.0
_LINGER_CHUNKS = 16
_CHUNK = 4096
_SCHEME = "http://"


class HttpConnection:
    """Serves one connection.

    Args:
        reader, writer: The connection.
        flow: Between whom it is.
        describe: Makes a visit of each request.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        flow: Flow,
        describe: Describe,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._flow = flow
        self._describe = describe
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)

    async def serve(self) -> None:
        """Answer requests until the client leaves, misbehaves or is too slow; the writer stays open."""
        for _ in range(MAX_REQUESTS):
            try:
                async with asyncio.timeout(REQUEST_SECONDS):
                    keep = await self._serve_one()
            except TimeoutError:
                if self._http.trailing_data[0]:
                    self._refuse(HTTPStatus.REQUEST_TIMEOUT)
                return
            except h11.RemoteProtocolError as error:
                self._refuse(HTTPStatus(error.error_status_hint))
                return
            if not keep:
                return

    async def _serve_one(self) -> bool:
        """Answer one request; whether another may follow."""
        request = await self._next_event()
        if not isinstance(request, h11.Request):
            return False
        has_body = not isinstance(self._http.next_event(), h11.EndOfMessage)
        host, path = _host_and_path(request)
        visit = self._describe("http", self._flow, host or str(self._flow.destination))
        page = page_for(request.method.decode("ascii"), path, visit)
        self._write(page, head_only=request.method == b"HEAD", close=has_body)
        await self._writer.drain()
        if has_body:
            await self._discard_body()
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    async def _next_event(self) -> object:
        """The client's next event, reading as long as it takes."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(_CHUNK))
        return event

    def _write(self, page: Page, *, head_only: bool, close: bool) -> None:
        """Send a page, without its body in answer to HEAD."""
        headers = [
            ("Date", formatdate(usegmt=True)),
            ("Server", "gsa-lab"),
            ("Cache-Control", "no-store"),
            ("Content-Type", page.content_type),
            ("Content-Length", str(len(page.body))),
        ]
        if page.status is HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append(("Allow", "GET, HEAD"))
        if close:
            headers.append(("Connection", "close"))
        response = h11.Response(status_code=page.status, reason=page.status.phrase, headers=headers)
        events = [response, *([] if head_only else [h11.Data(data=page.body)]), h11.EndOfMessage()]
        self._writer.write(b"".join(self._http.send(event) or b"" for event in events))

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why the connection ends, where a response is still possible."""
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            text = f"{status.value} {status.phrase}\n"
            page = Page(status=status, content_type="text/plain; charset=utf-8", body=text.encode())
            self._write(page, head_only=False, close=True)

    async def _discard_body(self) -> None:
        """Read what still comes, within bounds: closing on unread data would reset the response away."""
        self._writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                for _ in range(_LINGER_CHUNKS):
                    if not await self._reader.read(_CHUNK):
                        return


def _host_and_path(request: h11.Request) -> tuple[str, str]:
    """The host without its port, empty when there is none, and the path (RFC 9112 3.2.1, 3.2.2)."""
    target = request.target.decode("latin-1")
    headers = dict(request.headers)
    host = headers.get(b"host", b"").decode("latin-1")
    if target.lower().startswith(_SCHEME):
        host, _, path = target[len(_SCHEME) :].partition("/")
        target = f"/{path}"
    return host.rpartition(":")[0][:MAX_HOST] if ":" in host else host[:MAX_HOST], target
