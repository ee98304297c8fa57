"""An inner network namespace: the far end of one remote network's tunnels.

How a packet finds its way inside, first match wins:

====  ==================================  =========================================================
pref  rule                                why
====  ==================================  =========================================================
10    from a tunnel's BGP address         answers leave through that very tunnel, also when two
                                          tunnels have the same peer, and when the peer is covered
100   everything: table 255 (``local``)   covered prefixes (edge) and learned prefixes (tunnels)
                                          side by side, so that the longest prefix wins
====  ==================================  =========================================================

The covered prefixes are in the kernel's own table of local addresses because only there an address counts as
the namespace's own when it sends. The learned ones join them: a table apart could only win always or never.
"""

import errno
import os
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Interface, IPv4Network
from typing import Self, TypeVar

from gateway.dataplane.tun import open_tun
from gateway.doctor.problem import EnvironmentProblem
from gateway.netns import sysctl
from gateway.netns.inside import in_namespace, in_new_thread
from gateway.netns.linux import CLONE_NEWNET, unshare
from gateway.netns.netlink import LOCAL_TABLE, LOOPBACK_INDEX, Netlink
from gateway.netns.routes import RouteSocket

T = TypeVar("T")

INTERFACE_NAME_LENGTH = 15
"""The longest name of an interface, in octets (IFNAMSIZ less its end)."""

_SOURCE_RULE = 10
_LOCAL_RULE = 100
_FIRST_SOURCE_TABLE = 1000
"""The table of a tunnel's BGP address: this plus the index of its interface."""
_FIX = """\
as root: sudo gsalab up
in a container: --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined
in a container with a single remote network, without SYS_ADMIN: gsalab up --namespaces shared"""


class InnerNamespace:
    """A network namespace, made by ``create``; lives as long as its descriptor and what was opened inside.

    Attributes:
        name: What messages call it.
        fd: Descriptor of the namespace.
        mark: Of every packet inside; None where nothing but what is inside is in the namespace.
    """

    mark: int | None = None

    def __init__(self, name: str, fd: int) -> None:
        self.name = name
        self.fd = fd
        self._netlink = Netlink(name, self.run)
        self._routes = RouteSocket(name, self.run)
        self._covered: frozenset[IPv4Network] = frozenset()
        self._learned: dict[IPv4Network, tuple[int, ...]] = {}
        self._addresses: dict[tuple[IPv4Interface, str], int] = {}

    @classmethod
    async def create(cls, name: str) -> Self:
        """Make a namespace: ``lo`` up, nothing forwarded, no IPv6.

        Raises:
            EnvironmentProblem: The right to make one is missing.
            OSError: The kernel refuses a setting.
        """
        namespace = cls(name, cls._open())
        try:
            namespace.write_sysctls(sysctl.ROUTING)
            await namespace._set_up()
        except BaseException:
            await namespace.close()
            raise
        return namespace

    @classmethod
    def _open(cls) -> int:
        """A descriptor of the namespace."""
        try:
            return in_new_thread(_unshare_network)
        except PermissionError as error:
            raise EnvironmentProblem(f"a remote network cannot have its namespace: {error}", _FIX) from error

    async def _set_up(self) -> None:
        """Bring ``lo`` up and make room before the rule that looks up local addresses."""
        await self._netlink.open()
        await self._netlink.set_up(LOOPBACK_INDEX)
        await self._netlink.add_rule(LOCAL_TABLE, priority=_LOCAL_RULE)
        await self._netlink.remove_rule(LOCAL_TABLE, priority=0)

    def enter_command(self) -> list[str]:
        """What to put in front of a command so that it runs inside, while this process lives."""
        return ["nsenter", f"--net=/proc/{os.getpid()}/fd/{self.fd}", "--"]

    def run(self, function: Callable[[], T]) -> T:
        """Call ``function`` in a thread inside the namespace and wait for it."""
        return in_namespace(self.fd, function)

    def socket(self, family: int, kind: int) -> socket.socket:
        """A socket that belongs to the namespace and is used from any thread."""
        return self.run(lambda: socket.socket(family, kind))

    def write_sysctls(self, settings: Mapping[str, str]) -> None:
        """Write settings: path below /proc/sys/net and value; OSError when one is missing or refused."""
        self.run(lambda: sysctl.write(settings))

    async def add_tun(self, device: str, mtu: int, *, vnet_hdr: bool) -> int:
        """Create a TUN device inside and bring it up; it exists until its descriptor is closed.

        Args:
            device: Interface name, at most 15 octets.
            mtu: Octets.
            vnet_hdr: As in ``open_tun``.

        Returns:
            The open descriptor, non-blocking; the caller's to close.
        """
        if len(device.encode()) > INTERFACE_NAME_LENGTH:
            raise ValueError(f"interface name {device!r}: at most {INTERFACE_NAME_LENGTH} octets")
        fd = self.run(lambda: open_tun(device, vnet_hdr=vnet_hdr))
        try:
            await self._netlink.set_up(self.index_of(device), mtu=mtu)
        except BaseException:
            os.close(fd)
            raise
        return fd

    async def add_address(self, address: str, device: str) -> None:
        """Give a tunnel its BGP address; what is sent from it leaves through ``device``, whoever the peer.

        Args:
            address: With or without ``/32``.
            device: A TUN device of this namespace.
        """
        interface = IPv4Interface(address)
        index = self.index_of(device)
        table = _FIRST_SOURCE_TABLE + index
        await self._netlink.add_address(interface, index)
        await self._netlink.set_default_route(table, index)
        await self._netlink.add_rule(table, priority=_SOURCE_RULE, source=str(interface.ip))
        self._addresses[interface, device] = index

    async def remove_address(self, address: str, device: str) -> None:
        """Undo ``add_address``; the device may be gone already. KeyError when there is no such address."""
        interface = IPv4Interface(address)
        index = self._addresses.pop((interface, device))
        await self._netlink.remove_rule(
            _FIRST_SOURCE_TABLE + index, priority=_SOURCE_RULE, source=str(interface.ip)
        )
        await self._netlink.remove_address(interface, index)

    async def set_learned_routes(self, routes: Mapping[IPv4Network, Sequence[str]]) -> None:
        """Make these the learned routes: prefix and devices, several of equal cost. Touches differences only.

        A prefix without devices has no route. OSError ENODEV names a device that does not exist.
        """
        index = self._indexes({device for through in routes.values() for device in through})
        wanted = {
            prefix: tuple(index[device] for device in through)
            for prefix, through in routes.items()
            if through
        }
        changed = [route for route in wanted.items() if self._learned.get(route[0]) != route[1]]
        self._routes.change_learned(changed, self._learned.keys() - wanted.keys())
        self._learned = wanted

    async def set_covered(self, prefixes: Iterable[IPv4Network]) -> None:
        """Make every address of ``prefixes`` the namespace's own, unless a learned prefix is longer.

        Replaces the previous set; touches differences only.
        """
        wanted = frozenset(prefixes)
        self._routes.change_covered(wanted - self._covered, self._covered - wanted)
        self._covered = wanted

    def index_of(self, device: str) -> int:
        """The interface index of a device; OSError ENODEV when there is no such device."""
        return self._indexes([device])[device]

    def _indexes(self, devices: Iterable[str]) -> dict[str, int]:
        """The interface index of each device; OSError ENODEV names one that does not exist."""

        def look_up() -> dict[str, int]:
            known = {name: index for index, name in socket.if_nameindex()}
            missing = sorted(set(devices) - known.keys())
            if missing:
                raise OSError(errno.ENODEV, f"{self.name}: there is no interface {missing[0]}")
            return {device: known[device] for device in devices}

        return self.run(look_up)

    async def close(self) -> None:
        """Let go of the namespace; the kernel removes it with the last socket and TUN device inside."""
        self._netlink.close()
        self._routes.close()
        os.close(self.fd)


def _unshare_network() -> int:
    """Move the calling thread into a new network namespace; returns a descriptor of it."""
    unshare(CLONE_NEWNET)
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
