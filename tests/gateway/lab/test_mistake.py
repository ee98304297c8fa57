"""The mistake of a failure scenario: edits of the CPE's files, commands in the nodes."""

import asyncio
from typing import Any, cast

import pytest

from gateway.lab.backend import CommandError, Node
from gateway.lab.mistake import edited, run_commands
from gateway.lab.scenario_model import CommandPart, EditPart

SWANCTL = "/run/etc/swanctl/swanctl.conf"


class Fake:
    """A node that remembers."""

    def __init__(self, name: str, done: list[Any] | None = None) -> None:
        self.name = name
        self.files: dict[str, tuple[str, int]] = {}
        self.done: list[Any] = [] if done is None else done

    async def write(self, inside: str, text: str, *, mode: int = 0o644) -> None:
        self.files[inside] = text, mode

    async def check(self, *argv: str, stdin: str | None = None, limit: float) -> None:
        assert limit > 0
        if argv == ("false",):
            raise CommandError("false ended with status 1")
        self.done.append((self.name, argv, stdin))

    async def start(self, *argv: str, log: str) -> None:
        self.done.append((self.name, argv, log))


def edit(node: str = "cpe", replace: str = "mobike = no", by: str = "mobike = yes") -> EditPart:
    return EditPart(node=node, file="swanctl.conf", replace=replace, by=by)


def nodes(*fakes: Fake) -> dict[str, Node]:
    return {fake.name: cast("Node", fake) for fake in fakes}


def run(command: dict[str, Any], *fakes: Fake, when: str = "start") -> None:
    parts = [CommandPart.model_validate(command)]
    asyncio.run(run_commands(nodes(*fakes), parts, cast("Any", when)))


def test_a_file_is_edited_while_it_is_written_and_keeps_its_mode() -> None:
    cpe = Fake("cpe")
    changed = edited(nodes(cpe), [edit(), edit(replace="yes", by="maybe")])
    asyncio.run(changed["cpe"].write(SWANCTL, "a\nmobike = no\n", mode=0o600))
    assert cpe.files == {SWANCTL: ("a\nmobike = maybe\n", 0o600)}


def test_other_files_and_other_nodes_are_left_alone() -> None:
    cpe, host = Fake("cpe"), Fake("host")
    changed = edited(nodes(cpe, host), [edit()])
    asyncio.run(changed["cpe"].write("/run/etc/bird/bird.conf", "mobike = no"))
    assert cpe.files == {"/run/etc/bird/bird.conf": ("mobike = no", 0o644)}
    assert changed["host"] is cast("Node", host)


def test_an_edited_node_is_the_same_node_in_everything_else() -> None:
    cpe = Fake("cpe")
    asyncio.run(edited(nodes(cpe), [edit()])["cpe"].check("true", limit=1))
    assert cpe.done == [("cpe", ("true",), None)]


def test_an_edit_that_finds_nothing_is_an_error() -> None:
    changed = edited(nodes(Fake("cpe")), [edit(replace="nowhere")])
    with pytest.raises(CommandError, match=r"cpe: swanctl\.conf has no 'nowhere' to be replaced"):
        asyncio.run(changed["cpe"].write(SWANCTL, "mobike = no"))


def test_commands_of_a_moment_run_in_their_order_in_their_nodes() -> None:
    done: list[Any] = []
    fakes = nodes(Fake("cpe", done), Fake("host", done))
    parts = [
        CommandPart(node="host", run=["one"]),
        CommandPart(node="cpe", run=["later"], when="up"),
        CommandPart(node="cpe", run=["nft", "-f", "-"], stdin="table ip t"),
    ]
    asyncio.run(run_commands(fakes, parts, "start"))
    assert done == [("host", ("one",), None), ("cpe", ("nft", "-f", "-"), "table ip t")]
    asyncio.run(run_commands(fakes, parts, "up"))
    assert done[-1] == ("cpe", ("later",), None)


def test_a_command_that_stays_is_started_with_a_log_of_its_own() -> None:
    cpe = Fake("cpe")
    run({"node": "cpe", "run": ["/usr/bin/tcpdump", "-i", "any"], "stays": True}, cpe)
    assert cpe.done == [("cpe", ("/usr/bin/tcpdump", "-i", "any"), "/run/tcpdump.out")]


def test_a_command_that_fails_is_an_error() -> None:
    with pytest.raises(CommandError, match="false ended with status 1"):
        run({"node": "cpe", "run": ["false"]}, Fake("cpe"))
