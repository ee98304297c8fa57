"""rtnetlink inside a namespace, over pyroute2: links, addresses and rules (routes: see ``routes``)."""

import errno
import os
import socket
from collections.abc import Awaitable, Container
from ipaddress import IPv4Interface

from pyroute2.iproute.linux import AsyncIPRoute
from pyroute2.netlink.exceptions import NetlinkError

from gateway.netns.inside import in_namespace

LOOPBACK_INDEX = 1
"""Interface index of ``lo``: the first of every namespace."""
LOCAL_TABLE = 255
"""The kernel's routing table of local addresses."""


class Netlink:
    """A netlink socket inside a namespace; every method raises OSError with the kernel's errno.

    Args:
        name: Of the namespace, for messages.
        fd: Of the namespace.
    """

    def __init__(self, name: str, fd: int) -> None:
        self._name = name
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC  # what asyncio accepts; netlink makes no difference
        self._socket = in_namespace(fd, lambda: socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE))
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

    async def add_rule(self, table: int, *, priority: int, source: str | None = None) -> None:
        """Look routes up in ``table``, for packets from ``source`` (an address) or for all."""
        await self._rule("add", table, priority, source)

    async def remove_rule(self, table: int, *, priority: int, source: str | None = None) -> None:
        """Undo ``add_rule``."""
        await self._rule("del", table, priority, source)

    async def _rule(self, verb: str, table: int, priority: int, source: str | None) -> None:
        options: dict[str, object] = {} if source is None else {"src": source, "src_len": 32}
        request = self._route.rule(verb, table=table, priority=priority, family=socket.AF_INET, **options)
        await self._request(request, f"{verb} rule {priority}")

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
