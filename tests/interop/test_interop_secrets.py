"""A whole run of `gsalab up` that says all it can say, and shows none of its secrets."""

import json
import re

import pytest

from gateway.daemon.keylog import ESP_TABLE, IKE_TABLE
from gateway.lab.gateway_node import LAB_FILE, LOG, UP
from gateway.lab.lab import Lab
from gateway.lab.netns import NetnsBackend
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from tests.interop.cpe_drills import capture_reconnection
from tests.support.leaks import leaked

pytestmark = pytest.mark.interop

KEYS, TRACE = "/run/keys", "/run/trace"
EVERYTHING = ("--keylog", KEYS, "--trace", TRACE, "--output", "json")
_KEY = re.compile(r"\b(?:0x)?([0-9a-f]{32,})\b")


async def everything_said(lab: Lab) -> dict[str, str]:
    """Inside the lab: after a reconnection and rekeyings, all that the gateway has said."""
    await capture_reconnection(lab)
    node = lab.nodes[lab.topology.gateway]
    read = {name: (await node.read(f"{KEYS}/{name}")).decode() for name in (IKE_TABLE, ESP_TABLE)}
    status = json.dumps(await lab.gateway.ask("status"))
    return {
        **read,
        "lab": (await node.read(LAB_FILE)).decode(),
        "console": (await node.read(LOG)).hex(),
        "trace": (await node.read(TRACE)).hex(),
        "status": status.encode().hex(),
    }


def test_neither_console_nor_trace_nor_status_show_a_key() -> None:
    run = run_scenario(
        load("basic"),
        gateway_command=("env", "PYTHONASYNCIODEBUG=1", *NetnsBackend.gsalab, *UP, *EVERYTHING),
        during=everything_said,
    )
    said = run.extra
    psks = {psk.encode() for psk in re.findall(r"[pP]reSharedKey\W+([\w.-]+)", said["lab"])}
    keys = {bytes.fromhex(key) for key in _KEY.findall(said[IKE_TABLE] + said[ESP_TABLE])}
    assert psks
    assert len(keys) > 10
    for what in ("console", "trace", "status"):
        text = bytes.fromhex(said[what])
        assert b"child_sa_established" in text or what == "status"
        assert leaked(text, psks | keys) == [], what
