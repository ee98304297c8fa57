"""``gsalab lab nat`` and ``lab impair``: which lab, which node, and what is said when it cannot be."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.lab import box_commands
from gateway.lab.box_commands import lab_box
from tests.gateway.lab.natbox.boxes import nat_box


class Kept:
    name, created, backend, alive = "nat-static", 0.0, "netns", True
    nodes: dict[str, dict[str, Any]] = {"isp": {}, "internet": {}}  # noqa: RUF012 - a stand-in's data

    def end(self) -> None: ...

    def command(self, node: str, argv: Sequence[str]) -> list[str]:
        return ["enter", node, *argv]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that were run; node internet has no box."""
    commands: list[list[str]] = []

    def run(argv: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(argv)
        if argv[1] == "internet":
            return subprocess.CompletedProcess(argv, 4, "", "no NAT box runs in this node")
        if "loss=7" in argv:
            return subprocess.CompletedProcess(argv, 2, "", "loss: 7: expected a percentage\n")
        return subprocess.CompletedProcess(argv, 0, json.dumps(nat_box("symmetric").status()), "")

    monkeypatch.setattr(box_commands, "kept_labs", lambda: [Kept()])
    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_the_changes_go_to_the_box_and_its_settings_come_back(
    ran: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert lab_box("nat", "isp", ["personality=symmetric"]) == 0
    assert ran == [["enter", "isp", "python3", "-m", "gateway.lab.natbox", "nat", "personality=symmetric"]]
    assert capsys.readouterr().out.startswith(
        "isp\n  nat      symmetric: 192.168.1.0/24 becomes 198.51.100.10\n"
    )


@pytest.mark.usefixtures("ran")
def test_json_output_is_the_box_s_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert lab_box("show", "isp", output="json") == 0
    assert json.loads(capsys.readouterr().out)["nat"]["personality"] == "symmetric"


@pytest.mark.usefixtures("ran")
@pytest.mark.parametrize(
    ("node", "changes", "said"),
    [
        ("isp", ["loss=7"], "isp: loss: 7: expected a percentage\n"),
        ("internet", [], "internet has no NAT box: a router has one when its scenario gives it"),
        ("nowhere", [], "lab nat-static has no node nowhere: there are isp, internet\n"),
    ],
)
def test_what_cannot_be_is_said_with_exit_status_2(
    node: str, changes: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lab_box("impair", node, changes) == 2
    assert capsys.readouterr().err.startswith(said)
