"""A lab whose CPE is configured wrongly, and what ``gsalab check`` says about it.

What the product's scenarios cannot set is edited in the files that the lab writes for strongSwan and BIRD, or
done by commands in the CPE's node before they start.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from gateway.control.client import Connection
from gateway.diagnosis import diagnose
from gateway.lab.backend import Node, NodeMaker
from gateway.lab.channel import Sender
from gateway.lab.gateway_node import CONTROL, UP
from gateway.lab.lab import Lab
from gateway.lab.netns import NetnsBackend
from gateway.lab.sandbox import Sandbox
from gateway.lab.scenario import load
from gateway.lab.scenario_model import CpeSettings
from gateway.lab.topology import Topology

LINK = "lab.remoteNetworks.0.deviceLinks.0"
SWANCTL = "/run/etc/swanctl/swanctl.conf"
BIRD = "/run/etc/bird/bird.conf"
_CHECK = (sys.executable, "-m", "gateway.cli", "check", "--control", CONTROL)


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What is wrong, beside the scenario ``basic``.

    Args:
        cpe: Settings of the CPE.
        lab: Values in the lab file, by their dotted path.
        edits: File of the CPE to the replacements in it; each must find something.
        commands: Run in the CPE's node before its daemons start.
        wait: Of ``gsalab check``.
    """

    cpe: Mapping[str, str] = field(default_factory=dict)
    lab: Mapping[str, object] = field(default_factory=dict)
    edits: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    commands: Sequence[Sequence[str]] = ()
    wait: int = 8


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What ``gsalab check -o json`` said.

    Args:
        status: Its exit status.
        report: Its output.
        offline: The codes that the recorded stream gives.
    """

    status: int
    report: dict[str, Any]
    offline: list[str]

    @property
    def codes(self) -> list[str]:
        """The codes of the findings."""
        return [finding["code"] for finding in self.report["findings"]]


def check_with(mistake: Mistake) -> Checked:
    """Run the lab with the mistake and check it."""
    scenario = load("basic", mistake.lab).model_copy(
        update={"cpe": CpeSettings.model_validate(dict(mistake.cpe))}
    )

    def program(sender: Sender) -> None:
        lab = Lab(scenario, _Editing(NetnsBackend(), mistake), (*NetnsBackend.gsalab, *UP), lambda _: None)
        sender.send("checked", asyncio.run(_start_and_check(lab, mistake)))

    with Sandbox(program) as box:
        return next(Checked(**body) for kind, body in box.messages() if kind == "checked")


async def _start_and_check(lab: Lab, mistake: Mistake) -> dict[str, Any]:
    await lab.start()
    return await check(lab, wait=mistake.wait)


async def check(lab: Lab, *, wait: int) -> dict[str, Any]:
    """Run ``gsalab check`` in the gateway's node of a lab; the members of ``Checked``."""
    node = lab.nodes[lab.topology.gateway]
    done = await node.run(*_CHECK, "--wait", str(wait), "-o", "json", limit=wait + 20)
    if not done.output:
        raise AssertionError(f"check ended with status {done.status}: {done.errors}")
    return {
        "status": done.status,
        "report": json.loads(done.output),
        "offline": await _offline(node),
    }


async def _offline(node: Node) -> list[str]:
    """The codes that the rules find in the gateway's records, written down and read again."""
    connection = Connection(*await node.connect(CONTROL))
    status = await connection.request("status")
    records = []
    async with asyncio.timeout(10):
        async for record in connection.events():
            records.append(json.loads(json.dumps(record)))
            if record["id"] >= status["last_record"]:
                break
    return [finding.code for finding in diagnose(records, now=status["time"])]


class _Editing:
    """A backend whose CPE gets the mistake."""

    def __init__(self, backend: NodeMaker, mistake: Mistake) -> None:
        self._backend = backend
        self._mistake = mistake

    async def create(self, topology: Topology) -> Mapping[str, Node]:
        """The nodes; the mistake's commands have run."""
        nodes = dict(await self._backend.create(topology))
        for command in self._mistake.commands:
            await nodes["cpe"].check(*command)
        nodes["cpe"] = cast("Node", _EditedNode(nodes["cpe"], self._mistake.edits))
        return nodes


class _EditedNode:
    """A node that edits files while they are written; it is the other node in everything else."""

    def __init__(self, node: Node, edits: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        self._node = node
        self._edits = edits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._node, name)

    async def write(self, inside: str, text: str, *, mode: int = 0o644) -> None:
        """Write the edited file."""
        for old, new in self._edits.get(inside, ()):
            if old not in text:
                raise AssertionError(f"{inside} has no {old!r}")
            text = text.replace(old, new)
        await self._node.write(inside, text, mode=mode)
