"""``gsalab export``: which files it reads and writes."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from gateway.cli.errors import Status
from gateway.cli.main import app
from tests.gateway.diagnosis.story import EXAMPLES


def export(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["export", "containerlab", *map(str, arguments)])


def test_a_topology_is_written_whose_binds_lead_from_it_to_the_lab_file(tmp_path: Path) -> None:
    target = tmp_path / "deep/mine.clab.yml"
    target.parent.mkdir()
    (tmp_path / "lab.yaml").write_text((EXAMPLES / "minimal.yaml").read_text("utf-8"))
    assert export("-f", tmp_path / "lab.yaml", "--to", target).exit_code == Status.OK
    document = YAML(typ="safe").load(target)
    assert document["name"] == "mine"
    assert document["topology"]["nodes"]["gateway"]["binds"] == ["../lab.yaml:/etc/gsalab/0-lab.yaml:ro"]


def test_without_options_lab_yaml_of_the_current_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab.yaml").write_text((EXAMPLES / "minimal.yaml").read_text("utf-8"))
    assert export().exit_code == Status.OK
    assert (tmp_path / "gsalab.clab.yml").exists()


def test_a_file_with_images_in_it_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "mine.clab.yml"
    target.write_text("mine")
    assert export("-f", EXAMPLES / "minimal.yaml", "--to", target).exit_code == Status.BAD_INPUT
    assert target.read_text() == "mine"


def test_a_lab_file_without_endpoints_is_refused(tmp_path: Path) -> None:
    text, _, _ = (EXAMPLES / "minimal.yaml").read_text("utf-8").partition("gateway:")
    (tmp_path / "lab.yaml").write_text(text)
    done = export("-f", tmp_path / "lab.yaml", "--to", tmp_path / "x.clab.yml")
    assert done.exit_code == Status.BAD_INPUT
    assert "gateway: {endpoints: [ADDRESS]}" in done.stderr
