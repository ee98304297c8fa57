"""ExaBGP's API process: carries bytes between ExaBGP's pipes and the gateway's socket.

ExaBGP starts it as a script (``python -I -S``: standard library only) with its events on standard input and
its commands on standard output, and blocks when nobody reads its events: hold timers expire, signals are
ignored. So reading from ExaBGP never waits for the gateway. What the gateway does not take is kept up to a
limit; beyond it events would be lost, so the process ends and the gateway starts ExaBGP anew. It also ends
when either side goes away.
"""

import os
import select
import socket
import sys

SOCKET_VARIABLE = "GSALAB_BGP_API"
"""Environment variable with the path of the gateway's socket."""
MAX_WAITING = 64 * 1024 * 1024
"""Octets of events that may wait for the gateway."""
MAX_COMMANDS = 1024 * 1024
"""Octets of commands that may wait for ExaBGP; the gateway waits beyond."""
CHUNK = 65536


class Overflow(Exception):
    """The gateway does not read ExaBGP's events."""


class Relay:
    """Two one-way streams between non-blocking file descriptors.

    Args:
        events: Where ExaBGP's events are read.
        commands: Where commands for ExaBGP are written.
        gateway: The socket of the gateway.
        max_waiting: Octets of events that may wait for the gateway.
    """

    def __init__(self, events: int, commands: int, gateway: int, max_waiting: int = MAX_WAITING) -> None:
        self._events, self._commands, self._gateway = events, commands, gateway
        self._max_waiting = max_waiting
        self._to_gateway, self._to_exabgp = bytearray(), bytearray()
        for descriptor in (events, commands, gateway):
            os.set_blocking(descriptor, False)

    def run(self) -> None:
        """Carry bytes until one side closes.

        Raises:
            Overflow: More than ``max_waiting`` octets wait for the gateway.
        """
        while self._turn():
            if len(self._to_gateway) > self._max_waiting:
                raise Overflow(f"{len(self._to_gateway)} octets of events wait for the gateway")

    def _turn(self) -> bool:
        poll = select.poll()
        poll.register(self._events, select.POLLIN)
        wants_commands = select.POLLIN if len(self._to_exabgp) < MAX_COMMANDS else 0
        poll.register(self._gateway, wants_commands | (select.POLLOUT if self._to_gateway else 0))
        if self._to_exabgp:
            poll.register(self._commands, select.POLLOUT)
        alive = True
        for descriptor, flags in poll.poll():
            if descriptor == self._events:
                alive &= _read(descriptor, self._to_gateway)
                continue
            if flags & select.POLLOUT:
                _write(descriptor, self._to_gateway if descriptor == self._gateway else self._to_exabgp)
            if flags & select.POLLIN:
                alive &= _read(descriptor, self._to_exabgp)
            elif flags & (select.POLLHUP | select.POLLERR):
                alive = False
        return alive


def _read(descriptor: int, buffer: bytearray) -> bool:
    chunk = os.read(descriptor, CHUNK)
    buffer += chunk
    return bool(chunk)


def _write(descriptor: int, buffer: bytearray) -> None:
    del buffer[: os.write(descriptor, buffer[:CHUNK])]


def main() -> None:
    """Connect to the gateway and carry bytes until either side is gone."""
    with socket.socket(socket.AF_UNIX) as gateway:
        try:
            # From its directory: the path of a socket may have 107 octets only.
            directory, name = os.path.split(os.environ[SOCKET_VARIABLE])
            os.chdir(directory)
            gateway.connect(name)
            Relay(0, 1, gateway.fileno()).run()
        except (OSError, Overflow) as error:
            sys.exit(f"{'api':<15} {error}")


if __name__ == "__main__":
    main()
