"""The far end of one remote network inside the namespace that the underlay is in: needs no SYS_ADMIN.

No namespace keeps the two apart here, but a mark does. What comes out of a tunnel gets it from the edge's
rules, what the edge sends from its sockets, what the kernel answers from the packet that it answers.

====  ==================================  =========================================================
pref  rule                                why
====  ==================================  =========================================================
10    from a tunnel's BGP address         as in a namespace of its own
50    marked: table 255 (``local``)       covered and learned prefixes, for what is inside only
51    marked: unreachable                 nothing from inside leaves by a route of the underlay
100   everything: table 999               the underlay's own addresses, as they are at the start
====  ==================================  =========================================================

Rule 0, by which the kernel looks into table 255 for everything, goes; the underlay's routes stay in ``main``.
So a learned or covered prefix is invisible to the underlay, and a BGP address is none that it answers for.
What listens inside listens on every address: the edge's rules drop its ports for what has no mark.
"""

import os
import socket
from collections.abc import Callable, Mapping
from typing import TypeVar

from gateway.netns import sysctl
from gateway.netns.namespace import InnerNamespace
from gateway.netns.netlink import LOCAL_TABLE, UNREACHABLE

T = TypeVar("T")

MARK = 0x6773
"""Of packets inside."""
_INSIDE_RULE, _INSIDE_END, _UNDERLAY_RULE = 50, 51, 100
_UNDERLAY_TABLE = 999


class SharedNamespace(InnerNamespace):
    """An inner side in the caller's own network namespace, which no second one and no host may share."""

    mark = MARK
    _divided = False

    @classmethod
    def _open(cls) -> int:
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    async def _set_up(self) -> None:
        """Divide the routing between what is marked and what is not."""
        await self._netlink.open()
        self.write_sysctls(sysctl.MARKS)
        self._divided = True
        await self._netlink.copy_local_addresses(_UNDERLAY_TABLE)
        await self._netlink.add_rule(LOCAL_TABLE, priority=_INSIDE_RULE, mark=MARK)
        await self._netlink.add_rule(UNREACHABLE, priority=_INSIDE_END, mark=MARK)
        await self._netlink.add_rule(_UNDERLAY_TABLE, priority=_UNDERLAY_RULE)
        await self._netlink.remove_rule(LOCAL_TABLE, priority=0)

    def enter_command(self) -> list[str]:
        """Nothing: a command runs inside already."""
        return []

    def run(self, function: Callable[[], T]) -> T:
        """Call ``function``."""
        return function()

    def socket(self, family: int, kind: int) -> socket.socket:
        """A socket whose packets, and those of the connections that it accepts, have the mark."""
        made = super().socket(family, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
        return made

    def write_sysctls(self, settings: Mapping[str, str]) -> None:
        """Find settings as they have to be: they are the underlay's too, so whoever made it chooses them.

        Raises:
            EnvironmentProblem: It names those that are different, and how a container gets them.
        """
        sysctl.require(settings)

    async def close(self) -> None:
        """Let go of the namespace, and give it its own routing back."""
        if self._divided:
            await self._reunite()
        await super().close()

    async def _reunite(self) -> None:
        """Undo what divided the routing, and what is inside."""
        await self._netlink.remove_rule(LOCAL_TABLE, priority=0)  # still there when dividing failed
        await self._netlink.add_rule(LOCAL_TABLE, priority=0)
        for interface, device in list(self._addresses):
            await self.remove_address(str(interface), device)
        await self.set_learned_routes({})
        await self.set_covered(())
        await self._netlink.remove_rule(_UNDERLAY_TABLE, priority=_UNDERLAY_RULE)
        await self._netlink.remove_rule(UNREACHABLE, priority=_INSIDE_END, mark=MARK)
        await self._netlink.remove_rule(LOCAL_TABLE, priority=_INSIDE_RULE, mark=MARK)
        await self._netlink.flush(_UNDERLAY_TABLE)
