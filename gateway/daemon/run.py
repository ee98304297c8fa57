"""Runs a gateway in the foreground until it is told to stop."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gateway.control.server import ControlError, ControlServer, Method
from gateway.daemon.gateway import Gateway, Options
from gateway.daemon.progress import Progress
from gateway.daemon.status import status
from gateway.edge.rules import RulesError
from gateway.model import LabFile, connectivity_configuration
from gateway.records import Record, Stream

Params = dict[str, Any]


async def run(lab: LabFile, control: Path, options: Options, on_record: Callable[[Record], None]) -> None:
    """Run the gateway until SIGINT, SIGTERM or the control method ``stop``.

    Args:
        lab: The checked lab.
        control: Where the control socket is made.
        options: How to run.
        on_record: Called with every record.

    Raises:
        EnvironmentProblem, LabFileError, ControlError, OSError: As the two ``start`` methods raise.
    """
    stream, progress, stopping = Stream(), Progress(), asyncio.Event()
    stream.subscribe(progress.on_record)
    stream.subscribe(on_record)
    gateway = Gateway(lab, stream, options)
    server = ControlServer(control, _methods(gateway, progress, stopping), stream)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    # The socket comes last: whoever can ask finds a gateway that is ready.
    await gateway.start()
    try:
        await server.start()
        with _start_kept():
            await stopping.wait()
    finally:
        await gateway.stop()
        await server.stop()


@contextlib.contextmanager
def _start_kept() -> Iterator[None]:
    """Spare the garbage collector what the start has made: modules, models, configuration.

    All of it stays to the end. Each full collection would look at it again, half of the collector's time when
    many CPEs connect.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _methods(gateway: Gateway, progress: Progress, stopping: asyncio.Event) -> dict[str, Method]:
    async def ask_status(_: Params) -> Any:  # noqa: ANN401 - JSON
        return await status(gateway, progress)

    async def ask_view(_: Params) -> Any:  # noqa: ANN401
        endpoints = sorted({tunnel.endpoint for tunnel in gateway.tunnels})
        return [connectivity_configuration(gateway.lab, n, endpoints) for n in gateway.lab.remote_networks]

    async def ask_drops(_: Params) -> Any:  # noqa: ANN401
        return {
            name: {
                "drops": [drop.as_json() for drop in await network.edge.drops()],
                "totals": {
                    reason.value: count for reason, count in (await network.edge.drop_totals()).items()
                },
            }
            for name, network in gateway.networks.items()
        }

    async def ask_stop(_: Params) -> Any:  # noqa: ANN401
        stopping.set()
        return {}

    methods = {"status": ask_status, "view": ask_view, "drops": ask_drops, "stop": ask_stop}
    return {name: told(method, stopping) for name, method in methods.items()}


def told(method: Method, stopping: asyncio.Event) -> Method:
    """A method that tells its failure to the client: a stopping gateway takes parts away under a question."""

    async def ask(params: Params) -> Any:  # noqa: ANN401 - JSON
        try:
            return await method(params)
        except (OSError, RulesError) as error:
            raise ControlError("the gateway is stopping" if stopping.is_set() else str(error)) from error

    return ask
