"""Puts the mistake of a failure scenario into its lab: edited files, commands that are run."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from gateway.lab.backend import CommandError, Node
from gateway.lab.scenario_model import CommandPart, EditPart

_FILES = {
    "swanctl.conf": "/run/etc/swanctl/swanctl.conf",
    "strongswan.conf": "/run/etc/strongswan.conf",
    "bird.conf": "/run/etc/bird/bird.conf",
    "updown": "/run/updown",
}
"""Where a CPE's files lie in its node."""

_COMMAND_LIMIT = 30.0


def edited(nodes: Mapping[str, Node], edits: Sequence[EditPart]) -> dict[str, Node]:
    """The nodes; those with edits change the files that are written to them."""
    return {
        name: cast("Node", _EditedNode(node, own)) if (own := [e for e in edits if e.node == name]) else node
        for name, node in nodes.items()
    }


class _EditedNode:
    """A node that edits files while they are written; it is the other node in everything else."""

    def __init__(self, node: Node, edits: Sequence[EditPart]) -> None:
        self._node = node
        self._edits = edits

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - stands in for any member
        return getattr(self._node, name)

    async def write(self, inside: str, text: str, *, mode: int = 0o644) -> None:
        """Write the edited file; raises ``CommandError`` when an edit finds nothing."""
        for edit in self._edits:
            if _FILES[edit.file] != inside:
                continue
            if edit.replace not in text:
                raise CommandError(f"{edit.node}: {edit.file} has no {edit.replace!r} to be replaced")
            text = text.replace(edit.replace, edit.by)
        await self._node.write(inside, text, mode=mode)


async def run_commands(
    nodes: Mapping[str, Node], commands: Sequence[CommandPart], when: Literal["start", "up"]
) -> None:
    """Run the commands of one moment in their order; raises ``CommandError`` when one fails."""
    for command in commands:
        if command.when != when:
            continue
        await asyncio.sleep(command.after)
        node = nodes[command.node]
        if command.stays:
            await node.start(*command.run, log=f"/run/{command.run[0].rpartition('/')[2]}.out")
        else:
            await node.check(*command.run, stdin=command.stdin, limit=_COMMAND_LIMIT)
