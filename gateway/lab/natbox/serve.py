"""Runs a NAT box between two TUN devices, and answers about it on a control socket."""

import asyncio
import contextlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from gateway.control.server import ControlError, ControlServer, Method
from gateway.dataplane.tun import open_tun
from gateway.lab.natbox import wiring
from gateway.lab.natbox.box import Direction, NatBox
from gateway.lab.natbox.settings import (
    change_impairments,
    change_nat,
    read_impairments,
    read_nat,
)
from gateway.lab.natbox.values import SettingsError
from gateway.records import Stream

CONTROL = "/run/natbox/control.sock"
"""Where a box listens in its node."""
SETTINGS = "/run/natbox/settings.json"
"""What it reads when it starts."""
_LARGEST = 65_535
_BATCH = 64


class Server:
    """A box in operation.

    Args:
        settings: ``node``, ``toward`` and ``inside`` (interfaces), ``nat`` and ``impair`` (or null).
        control: Path of the control socket.
    """

    def __init__(self, settings: dict[str, Any], control: Path) -> None:
        nat, impair = settings["nat"], settings["impair"]
        self._node = settings["node"]
        self._toward, self._inside = settings["toward"], settings["inside"]
        self._box = NatBox(
            None if nat is None else read_nat(nat),
            None if impair is None else read_impairments(impair),
            time.monotonic(),
        )
        self._stream = Stream()
        self._control = ControlServer(control, self._methods(), self._stream)
        self._devices: dict[Direction, int] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Serve until SIGTERM.

        Raises:
            OSError: A TUN device cannot be made.
            subprocess.CalledProcessError: A route or rule cannot.
        """
        loop, end = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end.set)
        for direction in Direction:
            self._devices[direction] = open_tun(wiring.DEVICES[direction], vnet_hdr=False)
        wiring.wire(self._toward, self._inside)
        for direction, device in self._devices.items():
            loop.add_reader(device, self._readable, device, direction)
        await self._control.start()
        self._after()
        await end.wait()
        await self._control.stop()

    def _readable(self, device: int, direction: Direction) -> None:
        now = time.monotonic()
        with contextlib.suppress(BlockingIOError):
            for _ in range(_BATCH):
                self._box.receive_packet(os.read(device, _LARGEST), direction, now)
        self._after()

    def _expired(self) -> None:
        self._timer = None
        self._box.handle_timer(time.monotonic())
        self._after()

    def _after(self) -> None:
        """Tell, send and set the timer, after every call of the box."""
        # Told first: a mapping is older than what the gateway makes of the packet that made it.
        while (event := self._box.next_event()) is not None:
            self._stream.publish("lab", event.name, node=self._node, **event.data)
        for data, direction in self._box.packets_to_send():
            with contextlib.suppress(OSError):  # the kernel has no use for it, as a router drops
                os.write(self._devices[direction], data)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._box.next_timer()
        if due is not None:
            wait = max(0.0, due - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._expired)

    def _methods(self) -> dict[str, Method]:
        return {"show": self._show, "nat": self._nat, "impair": self._impair, "rebind": self._rebind}

    async def _show(self, _: dict[str, Any]) -> dict[str, Any]:
        return self._box.status()

    async def _nat(self, given: dict[str, Any]) -> dict[str, Any]:
        if self._box.nat is None:
            raise ControlError(f"{self._node} has no nat: give it one in the scenario")
        try:
            settings = change_nat(self._box.nat, given)
        except SettingsError as error:
            raise ControlError(str(error)) from error
        self._box.change_nat(settings, time.monotonic())
        self._stream.publish("lab", "nat_changed", node=self._node, settings=settings.as_json())
        self._after()
        return self._box.status()

    async def _impair(self, given: dict[str, Any]) -> dict[str, Any]:
        from_here = self._box.impairments or read_impairments({"toward": self._toward})
        try:
            impairments = change_impairments(from_here, given)
        except SettingsError as error:
            raise ControlError(str(error)) from error
        self._box.change_impairments(impairments)
        self._stream.publish(
            "lab",
            "line_changed",
            node=self._node,
            settings=impairments.as_json(),
            summary=impairments.summary(),
        )
        self._after()
        return self._box.status()

    async def _rebind(self, _: dict[str, Any]) -> dict[str, Any]:
        try:
            self._box.rebind()
        except SettingsError as error:
            raise ControlError(str(error)) from error
        self._after()
        return self._box.status()


def serve(settings: Path, control: Path) -> None:
    """Run a box with the settings of a file until it is told to end."""
    asyncio.run(Server(json.loads(settings.read_text(encoding="utf-8")), control).run())
