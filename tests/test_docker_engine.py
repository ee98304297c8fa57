"""The script that gives a command a Docker engine: who cannot have one is told why, and what to do."""

import os
from pathlib import Path

import pytest

from tests.support.runner import CHECKOUT, Runner

pytestmark = pytest.mark.interop

ENGINE = CHECKOUT / "scripts/docker-engine"


def with_docker(folder: Path, script: str) -> dict[str, str]:
    """An environment whose docker is this shell script."""
    folder.mkdir()
    (folder / "docker").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "docker").chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def test_without_an_engine_an_ordinary_user_is_told_that_only_root_can_start_one(shell: Runner) -> None:
    nowhere = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
    done = shell.run(ENGINE, "true", user="ordinary", check=False, env=nowhere)
    assert done.returncode == 4
    seen, fix = done.stderr.splitlines()
    assert seen == "gsa-lab: no Docker engine answers, and only root can start one"
    assert fix.strip().startswith("start the engine of this machine, and be in the group docker; or run")


def test_an_ordinary_user_gets_the_running_engine_with_the_public_base(shell: Runner, home: Path) -> None:
    docker = with_docker(home / "fakes", "exit 0")
    done = shell.run(ENGINE, "sh", "-c", "echo $BASE", user="ordinary", env=docker)
    assert (done.stdout, done.stderr) == ("debian:bookworm-slim\n", "")


def test_an_ordinary_user_gets_a_base_image_that_the_engine_has_already(shell: Runner, home: Path) -> None:
    docker = with_docker(home / "fakes", '[ "$1" != pull ]')
    done = shell.run(ENGINE, "sh", "-c", "echo $BASE", user="ordinary", env=docker)
    assert done.stdout.startswith("gsalab-base:bookworm-")
    assert done.stderr == ""


def test_an_ordinary_user_is_told_that_only_root_can_make_a_base_image(shell: Runner, home: Path) -> None:
    docker = with_docker(home / "fakes", '[ "$1" = version ]')
    done = shell.run(ENGINE, "true", user="ordinary", check=False, env=docker)
    assert done.returncode == 4
    seen, fix = done.stderr.splitlines()
    assert seen.startswith(
        "gsa-lab: debian:bookworm-slim cannot be pulled, and only root can make a base image"
    )
    assert fix.strip() == "sudo scripts/docker-engine ..., or have the engine reach a registry"


def test_the_commands_status_is_the_scripts(shell: Runner, home: Path) -> None:
    docker = with_docker(home / "fakes", "exit 0")
    assert shell.run(ENGINE, "sh", "-c", "exit 7", user="ordinary", check=False, env=docker).returncode == 7
