"""``gsalab check``: what it prints, and its exit status."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.errors import Status
from gateway.cli.main import app, main
from gateway.control.server import ControlServer
from tests.gateway.check.test_wait import UP, broken, status_of
from tests.gateway.diagnosis.story import EXAMPLES, Story


def check(socket: Path, story: Story, *arguments: str, **tunnel: Any) -> Result:
    """Run ``gsalab check`` against a gateway that tells a story."""

    async def ask_status(_: dict[str, Any]) -> dict[str, Any]:
        return status_of(story, **tunnel)

    async def serve() -> Result:
        server = ControlServer(socket, {"status": ask_status}, story.stream)
        await server.start()
        try:
            command = ["check", "--control", str(socket), "--wait", "0", *arguments]
            return await asyncio.to_thread(lambda: CliRunner().invoke(app, command))
        finally:
            await server.stop()

    return asyncio.run(serve())


def healthy() -> Story:
    """A gateway where everything works."""
    story = Story()
    story.come_up()
    return story


def test_all_steps_passed_is_status_0(tmp_path: Path) -> None:
    done = check(tmp_path / "s", healthy(), **UP)
    assert done.exit_code == Status.OK
    assert done.stdout.splitlines()[-1].startswith("4 of 4 steps passed")


def test_a_finding_is_status_1_and_printed(tmp_path: Path) -> None:
    done = check(tmp_path / "s", broken())
    assert done.exit_code == Status.FINDINGS
    assert "GSA-IKE-020  Pre-shared keys differ" in done.stdout


def test_warnings_alone_are_status_3_and_printed(tmp_path: Path) -> None:
    story = Story()
    story.init(gateway_behind_nat=True)
    story.auth()
    story.create_child()
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    done = check(tmp_path / "s", story, **UP)
    assert done.exit_code == Status.WARNINGS
    assert "! GSA-NAT-001  A NAT before the gateway" in done.stdout


def test_json_junit_and_azure_are_nothing_but_that(tmp_path: Path) -> None:
    assert json.loads(check(tmp_path / "s", broken(), "-o", "json").stdout)["ok"] is False
    assert check(tmp_path / "s", broken(), "-o", "junit").stdout.startswith("<?xml")
    assert json.loads(check(tmp_path / "s", broken(), "-o", "azure").stdout)["code"] == "UnHealthy"
    assert json.loads(check(tmp_path / "s", healthy(), "-o", "azure", **UP).stdout)["code"] == "Healthy"


def test_no_colour_where_output_is_no_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in check(tmp_path / "s", broken()).stdout


def test_a_lab_file_chooses_its_tunnels(tmp_path: Path) -> None:
    done = check(tmp_path / "s", healthy(), "-f", str(EXAMPLES / "minimal.yaml"), **UP)
    assert done.exit_code == Status.OK


def test_a_lab_file_with_a_link_that_the_gateway_has_not_is_bad_input(tmp_path: Path) -> None:
    text = (EXAMPLES / "minimal.yaml").read_text().replace("name: cpe1", "name: cpe7")
    other = tmp_path / "other.yaml"
    other.write_text(text)
    done = check(tmp_path / "s", healthy(), "-f", str(other), **UP)
    assert done.exit_code == Status.BAD_INPUT
    assert "has no device link branch1/cpe7; its tunnels: branch1/cpe1/0" in done.stderr


def test_no_gateway_is_status_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["gsalab", "check", "--control", str(tmp_path / "nobody")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == Status.ENVIRONMENT
    assert "no gateway answers" in capsys.readouterr().err
