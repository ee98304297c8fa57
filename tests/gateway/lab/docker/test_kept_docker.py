"""The memory of labs in containers."""

from pathlib import Path

import pytest

from gateway.lab.docker.kept import DockerLab
from gateway.lab.state import directory, kept_labs, save


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DockerLab:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return DockerLab(
        name="basic",
        created=1.0,
        host=f"unix://{tmp_path}/docker.sock",
        session="5e5510",
        first="f125",
        nodes={"cpe": {"container": "c1", "role": "cpe"}},
    )


def test_a_saved_lab_is_found_again_while_its_first_container_runs(
    lab: DockerLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DockerLab, "alive", property(lambda _: True))
    save(lab)
    assert kept_labs() == [lab]


def test_a_lab_whose_engine_is_gone_is_forgotten(lab: DockerLab) -> None:
    save(lab)
    assert kept_labs() == []
    assert not (directory() / "basic.json").exists()


def test_a_command_in_a_node_is_dockers_own_at_the_labs_engine(
    lab: DockerLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/docker")
    command = lab.command("cpe", ["birdc", "show", "route"])
    assert command[:3] == ["docker", "--host", lab.host]
    assert command[-4:] == ["c1", "birdc", "show", "route"]
    assert "--interactive" in command
