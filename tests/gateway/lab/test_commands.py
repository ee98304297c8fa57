"""``gsalab lab`` before and after a run: what is refused, which lab is meant."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.doctor import EnvironmentProblem
from gateway.lab import commands, netns
from gateway.lab.commands import choose, enter_command, lab_down, lab_list, lab_run, lab_shell, run_command
from gateway.lab.scenario import ScenarioError
from gateway.lab.state import NetnsLab


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def kept(name: str) -> NetnsLab:
    return NetnsLab(
        name=name, created=0.0, warden=1, warden_started=1, init=1, init_started=1, nodes={"cpe": {"pid": 12}}
    )


def test_without_a_name_the_only_lab_is_meant() -> None:
    assert choose([kept("basic")], None) == kept("basic")


def test_several_labs_need_a_name() -> None:
    with pytest.raises(ScenarioError, match="several labs are up, name one of them: a, b"):
        choose([kept("a"), kept("b")], None)


def test_a_lab_is_found_by_its_name() -> None:
    assert choose([kept("a"), kept("b")], "b") == kept("b")


def test_a_lab_that_is_not_up_is_answered_with_those_that_are() -> None:
    with pytest.raises(ScenarioError, match="no lab c is up: there is a"):
        choose([kept("a")], "c")


def test_a_node_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ScenarioError, match="has no node isp: there are cpe"):
        enter_command(kept("basic"), "isp", ["true"])


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ({}, "gsalab lab run my/own.yaml"),
        ({"fixed": True}, "gsalab lab run my/own.yaml --fix"),
        ({"backend": "docker"}, "gsalab lab run my/own.yaml --backend docker"),
        ({"overrides": ["cpe.psk=a b"]}, "gsalab lab run my/own.yaml --set 'cpe.psk=a b'"),
    ],
)
def test_a_run_can_be_repeated_by_the_command_that_is_told(arguments: dict[str, Any], command: str) -> None:
    assert run_command("my/own.yaml", **{"backend": "netns", "fixed": False, **arguments}) == command


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (lambda: lab_run("bsic"), "no scenario is called bsic"),
        (lambda: lab_run("basic", backend="vm"), "no backend is called vm"),
        (lambda: lab_run("basic", overrides=["cpe.ike"]), "expected PATH=VALUE"),
        (lab_down, "no lab is up"),
        (lambda: lab_shell("cpe"), "no lab is up"),
    ],
)
def test_bad_input_is_told_with_status_2(
    status: Callable[[], int], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status() == 2
    assert text in capsys.readouterr().err


def test_a_lab_of_this_name_that_is_up_is_not_run_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "kept_labs", lambda: [kept("basic")])
    assert lab_run("basic", keep=True) == 2
    assert "lab basic is up already" in capsys.readouterr().err


def test_the_scenarios_are_listed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert lab_list(output="json") == 0
    listing = json.loads(capsys.readouterr().out)
    assert listing["scenarios"][0]["name"] == "basic"
    assert listing["labs"] == []


def test_an_unsuitable_machine_is_told_before_anything_is_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise EnvironmentProblem("no /dev/net/tun", "sudo modprobe tun")

    monkeypatch.setattr(netns, "require_lab_environment", refuse)
    with pytest.raises(EnvironmentProblem):
        lab_run("basic")
    assert capsys.readouterr().out == ""
