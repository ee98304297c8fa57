"""What a gateway that runs on this machine knows about the network before it."""

import asyncio
import os
from pathlib import Path
from typing import Any

from gateway.control.client import request
from gateway.control.server import ControlError, default_path
from gateway.doctor.check import Check

_NAME = "NAT before the gateway"
_PATIENCE = 2.0


def check_running_gateway(control: Path | None = None) -> Check:
    """No CPE has told the running gateway that a NAT stands before it.

    Args:
        control: Its control socket; by default the one in GSALAB_CONTROL, or where ``gsalab up`` listens.
    """
    asked = control or Path(os.environ.get("GSALAB_CONTROL") or default_path())
    try:
        status = asyncio.run(asyncio.wait_for(request(asked, "status"), _PATIENCE))
    except (ControlError, TimeoutError, OSError):
        return Check(name=_NAME, ok=True, saw=f"no gateway to ask on {asked}", required=False)
    tunnels = [tunnel for network in status["remote_networks"] for tunnel in network["tunnels"]]
    behind = [tunnel for tunnel in tunnels if tunnel["nat"] and tunnel["nat"]["local_behind_nat"]]
    if behind:
        return _found(behind)
    asked_by = sum(tunnel["nat"] is not None for tunnel in tunnels)
    saw = f"found by none of {asked_by} CPEs that sent IKE_SA_INIT" if asked_by else "no CPE has come yet"
    return Check(name=_NAME, ok=True, saw=saw, required=False)


def _found(tunnels: list[dict[str, Any]]) -> Check:
    endpoint, known = tunnels[0]["endpoint"], tunnels[0]["advertised_endpoint"]
    names = ", ".join(tunnel["name"] for tunnel in tunnels)
    return Check(
        name=_NAME,
        ok=False,
        saw=f"the CPE sends to another address than {known}, by its destination hash: {names}",
        fix=(
            "publishing a container's ports is a NAT\n"
            f"in the lab file, gateway: {{advertise: {{{endpoint}: ADDRESS}}}}, as entered on the CPE"
        ),
        required=False,
    )
