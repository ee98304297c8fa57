"""``gsalab lab nat`` and ``gsalab lab impair``: the NAT box of a kept lab; each returns its exit status."""

import json
import subprocess
import sys
from collections.abc import Sequence

from gateway.lab.box_view import box_lines
from gateway.lab.commands import OK, USAGE, choose, enter_command
from gateway.lab.nat_node import COMMAND
from gateway.lab.natbox.__main__ import ENVIRONMENT
from gateway.lab.netns import node_environment
from gateway.lab.scenario import ScenarioError
from gateway.lab.state import kept_labs


def lab_box(
    command: str, node: str, changes: Sequence[str] = (), *, name: str | None = None, output: str = "text"
) -> int:
    """Have the NAT box of a node do something, and show how it is then.

    Args:
        command: Of ``natbox.__main__``: ``show``, ``nat``, ``impair`` or ``rebind``.
        node: A router of the lab.
        changes: ``KEY=VALUE`` words; what they do not name stays as it is.
        name: The lab; needed when several are up.
        output: ``text`` or ``json``.
    """
    try:
        argv = enter_command(choose(kept_labs(), name), node, (*COMMAND, command, *changes))
    except ScenarioError as error:
        sys.stderr.write("\n".join(error.problems) + "\n")
        return USAGE
    done = subprocess.run(argv, env=node_environment(), capture_output=True, text=True, check=False)
    if done.returncode == ENVIRONMENT:
        sys.stderr.write(
            f"{node} has no NAT box: a router has one when its scenario gives it `nat` or `impair`\n"
        )
        return USAGE
    if done.returncode != OK:
        sys.stderr.write(f"{node}: {done.stderr}")
        return USAGE if done.returncode == USAGE else ENVIRONMENT
    if output == "json":
        sys.stdout.write(done.stdout)
    else:
        sys.stdout.write(
            "\n".join([node, *(f"  {line}" for line in box_lines(json.loads(done.stdout)))]) + "\n"
        )
    return OK
