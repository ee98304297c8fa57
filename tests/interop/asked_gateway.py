"""``gsalab`` with a gateway that rekeys when it is asked: the method ``rekey`` of its control socket.

Its parameter ``what`` is ``ike`` or ``child``; all SAs of that kind are rekeyed.
"""

import asyncio
import sys
from typing import Any

from gateway.cli.main import main
from gateway.control.server import Method
from gateway.daemon import run
from gateway.daemon.gateway import Gateway
from gateway.daemon.progress import Progress
from gateway.lab.gateway_node import UP
from ike.state import ChildState, State

COMMAND = (sys.executable, __file__, *UP)
"""Starts it in a lab, as ``gateway_command``."""

_methods = run._methods


def _with_rekey(gateway: Gateway, progress: Progress, stopping: asyncio.Event) -> dict[str, Method]:
    async def rekey(params: dict[str, Any]) -> int:
        """Begin; how many SAs there were to rekey."""
        service, now = gateway._ike, asyncio.get_running_loop().time()
        begun = 0
        for sa in service._responder.ike_sas():
            if params["what"] == "ike" and sa.state is State.ESTABLISHED:
                service._responder.rekey_ike(sa, now)
                begun += 1
            for spi_in, child in sa.children.items() if params["what"] == "child" else ():
                if child.state is ChildState.INSTALLED:
                    service._responder.rekey_child(spi_in, now)
                    begun += 1
        service._flush()
        return begun

    return {**_methods(gateway, progress, stopping), "rekey": rekey}


if __name__ == "__main__":
    run._methods = _with_rekey
    main()
