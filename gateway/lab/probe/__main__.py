"""Runs the probe of this node, with the settings in /run/probe.json, until SIGTERM."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from datetime import datetime
from pathlib import Path

from gateway.endpoint.datagrams import esp_of_ipv4
from gateway.lab.probe.attempt import IKE_PORT, NATT_PORT
from gateway.lab.probe.core import ESP, Probe
from gateway.lab.probe.settings import FILE, Settings, settings_from

ENVIRONMENT = 4
_LARGEST = 65_535


class Shell:
    """The sockets, the clock and the log of a probe; its log goes to standard output."""

    def __init__(self, settings: Settings) -> None:
        self._endpoint = str(settings.endpoint)
        self._sockets = {
            IKE_PORT: _udp(IKE_PORT),
            NATT_PORT: _udp(NATT_PORT),
            ESP: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ESP),
        }
        self._probe = Probe(settings, own_address(self._endpoint), os.urandom, _log, time.monotonic())
        self._ended = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Serve until SIGTERM, and then until the gateway has heard of it."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        for port, each in self._sockets.items():
            each.setblocking(False)
            loop.add_reader(each, self._readable, port)
        self._after()
        await self._ended.wait()

    def _readable(self, port: int) -> None:
        with contextlib.suppress(OSError):  # nothing more to read, or an ICMP error that is told here
            while True:
                data = self._sockets[port].recv(_LARGEST)
                packet = esp_of_ipv4(memoryview(data)) if port == ESP else memoryview(data)
                if packet is not None:
                    self._probe.receive(port, bytes(packet), time.monotonic())
        self._after()

    def _expired(self) -> None:
        self._probe.handle_timer(time.monotonic())
        self._after()

    def _stop(self) -> None:
        self._probe.stop(time.monotonic())
        self._after()

    def _after(self) -> None:
        """Send and set the timer, after every call of the probe."""
        for port, data in self._probe.to_send():
            with contextlib.suppress(OSError):  # as if it was lost
                self._sockets[port].sendto(data, (self._endpoint, port))
        if self._probe.ended:
            self._ended.set()
        if self._timer is not None:
            self._timer.cancel()
        wait = max(0.0, self._probe.next_timer() - time.monotonic())
        self._timer = asyncio.get_running_loop().call_later(wait, self._expired)


def own_address(endpoint: str) -> str:
    """The address that this machine uses towards another; raises ``OSError`` without a route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect((endpoint, IKE_PORT))  # sends nothing
        return str(asking.getsockname()[0])


def _udp(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("", port))
    return made


def _log(line: str) -> None:
    """A line in the form of charon's log: time of day, thread, area, text."""
    sys.stdout.write(f"{datetime.now().astimezone():%H:%M:%S.%f}"[:-3] + f" 01{line}\n")
    sys.stdout.flush()


async def _run(settings: Settings) -> None:
    await Shell(settings).run()


def main() -> int:
    """Run; returns the exit status, 4 when this machine refuses a socket or has no route."""
    settings = settings_from(json.loads(Path(FILE).read_text(encoding="utf-8")))
    try:
        asyncio.run(_run(settings))
    except OSError as error:
        sys.stderr.write(f"the probe cannot run: {error}\n")
        return ENVIRONMENT
    return 0


if __name__ == "__main__":
    sys.exit(main())
