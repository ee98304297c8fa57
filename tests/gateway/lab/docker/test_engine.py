"""Finding an engine, without one."""

import sys
from pathlib import Path

import pytest

from gateway.doctor import EnvironmentProblem
from gateway.lab.docker import engine


def test_an_engine_that_does_not_answer_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="no Docker engine answers at unix:") as caught:
        engine.connect(f"unix://{tmp_path}/docker.sock")
    assert "--backend netns" in caught.value.fix


def test_a_missing_sdk_is_told_with_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docker", None)
    with pytest.raises(EnvironmentProblem, match="Docker SDK for Python is not installed") as caught:
        engine.connect()
    assert caught.value.fix == "pip install 'gsa-lab[docker]'"


def test_images_have_the_tag_that_the_compose_file_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAG", raising=False)
    assert engine.image("gateway") == "gsalab/gateway:local"
    monkeypatch.setenv("TAG", "next")
    assert engine.image("gateway") == "gsalab/gateway:next"
