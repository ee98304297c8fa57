"""rtnetlink inside a namespace, over pyroute2: links, addresses and rules (routes: see ``routes``)."""

import errno
import os
import socket
from collections.abc import Awaitable, Callable, Container
from ipaddress import IPv4Interface
from typing import Any

from pyroute2.iproute.linux import AsyncIPRoute
from pyroute2.netlink.exceptions import NetlinkError

LOOPBACK_INDEX = 1
"""Interface index of ``lo``: the first of every namespace."""
LOCAL_TABLE = 255
"""The kernel's routing table of local addresses."""
UNREACHABLE = 0
"""In place of a table: there is no route."""


class Netlink:
    """A netlink socket inside a namespace; every method raises OSError with the kernel's errno.

    Args:
        name: Of the namespace, for messages.
        run: Calls a function inside the namespace.
    """

    def __init__(self, name: str, run: Callable[[Callable[[], socket.socket]], socket.socket]) -> None:
        self._name = name
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC  # what asyncio accepts; netlink makes no difference
        self._socket = run(lambda: socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE))
        self._route = AsyncIPRoute(use_socket=self._socket)

    async def open(self) -> None:
        """Bind the socket, to no multicast group: notifications that nobody reads would pile up."""
        await self._route.bind(groups=0)

    def close(self) -> None:
        """Close the socket."""
        self._route.close()
        self._socket.close()

    async def set_up(self, index: int, *, mtu: int | None = None) -> None:
        """Bring an interface up, with an MTU in octets when given."""
        options = {} if mtu is None else {"mtu": mtu}
        await self._request(self._route.link("set", index=index, state="up", **options), f"interface {index}")

    async def add_address(self, address: IPv4Interface, index: int) -> None:
        """Give an interface an address."""
        await self._address("add", address, index)

    async def remove_address(self, address: IPv4Interface, index: int) -> None:
        """Take an address from an interface; one that went with its interface is gone already."""
        await self._address("del", address, index, ignore=(errno.ENODEV, errno.EADDRNOTAVAIL))

    async def _address(
        self, verb: str, address: IPv4Interface, index: int, ignore: Container[int] = ()
    ) -> None:
        request = self._route.addr(
            verb, index=index, address=str(address.ip), prefixlen=address.network.prefixlen
        )
        await self._request(request, f"{verb} address {address}", ignore)

    async def add_rule(
        self, table: int, *, priority: int, source: str | None = None, mark: int | None = None
    ) -> None:
        """Look routes up in ``table``: for packets from ``source`` (an address), with ``mark``, or for all.

        Table ``UNREACHABLE`` ends the lookup without a route. A rule that is there already is no error.
        """
        rule = _rule(table, priority, source, mark)
        await self._request(self._route.rule("add", **rule), f"add rule {priority}", (errno.EEXIST,))

    async def remove_rule(
        self, table: int, *, priority: int, source: str | None = None, mark: int | None = None
    ) -> None:
        """Undo ``add_rule``; a rule that is gone already is no error."""
        rule = _rule(table, priority, source, mark)
        await self._request(self._route.rule("del", **rule), f"remove rule {priority}", (errno.ENOENT,))

    async def copy_local_addresses(self, table: int) -> None:
        """Make ``table`` know the namespace's present addresses, as the table ``local`` does."""
        addresses = [message async for message in await self._route.addr("dump", family=socket.AF_INET)]
        for message in addresses:
            await self._local_route("replace", table, message)

    async def _local_route(self, verb: str, table: int, message: Any) -> None:  # noqa: ANN401 - pyroute2's
        index, address = message["index"], message.get_attr("IFA_LOCAL")
        length = message["prefixlen"] if index == LOOPBACK_INDEX else 32
        prefix = IPv4Interface(f"{address}/{length}").network
        request = self._route.route(
            verb, dst=str(prefix), table=table, oif=index, type="local", scope="host", proto="static"
        )
        await self._request(request, f"local address {address} in table {table}")

    async def flush(self, table: int) -> None:
        """Remove every route of a table."""
        await self._request(self._route.flush_routes(table=table, family=socket.AF_INET), f"table {table}")

    async def set_default_route(self, table: int, index: int) -> None:
        """Send what is looked up in ``table`` out of an interface."""
        request = self._route.route("replace", dst="0.0.0.0/0", table=table, oif=index, scope="link")
        await self._request(request, f"default route of table {table}")

    async def _request(self, request: Awaitable[object], what: str, ignore: Container[int] = ()) -> None:
        """Await a request; what the kernel refuses becomes an OSError that says what was asked."""
        try:
            await request
        except NetlinkError as error:
            if error.code not in ignore:
                raise OSError(error.code, f"{self._name}: {what}: {os.strerror(error.code)}") from error


def _rule(table: int, priority: int, source: str | None, mark: int | None) -> dict[str, object]:
    return {
        "family": socket.AF_INET,
        "priority": priority,
        **({"action": "unreachable"} if table == UNREACHABLE else {"table": table}),
        **({} if source is None else {"src": source, "src_len": 32}),
        **({} if mark is None else {"fwmark": mark}),
    }
