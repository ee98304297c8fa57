"""Labs in containers from the command line: kept ones are entered and removed, ended ones leave nothing."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.container_engine import TAG, Engine, until
from tests.support.runner import CHECKOUT

pytestmark = [pytest.mark.interop, pytest.mark.container, pytest.mark.timeout(1800)]

GSALAB = str(CHECKOUT / ".venv/bin/gsalab")


class Labs:
    """``gsalab lab`` against the engine of the tests."""

    def __init__(self, engine: Engine, runtime: Path) -> None:
        self.engine = engine
        self.environment = {
            **os.environ,
            "TAG": TAG,
            "XDG_RUNTIME_DIR": str(runtime),
            "PYTHONUNBUFFERED": "1",
        }
        if engine.host:
            self.environment["DOCKER_HOST"] = engine.host

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``gsalab lab`` to its end."""
        return subprocess.run(
            [GSALAB, "lab", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    @contextlib.contextmanager
    def running(self) -> Iterator["subprocess.Popen[str]"]:
        """A run of ``basic`` in a process group of its own, which has just begun."""
        # Tests that run in the background of a script inherit that SIGINT is ignored.
        command = ["env", "--default-signal=INT", GSALAB, "lab", "run", "basic", "--backend", "docker"]
        with subprocess.Popen(
            command,
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stdout
                while "Building the lab" not in process.stdout.readline():
                    assert process.poll() is None
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def containers(self) -> list[str]:
        """The containers of labs, running or not, by their ids."""
        return self.engine.run("docker", "ps", "-a", "-q", "--filter", "label=gsalab.session").split()


@pytest.fixture
def labs(images: Engine, tmp_path: Path) -> Iterator[Labs]:
    found = Labs(images, tmp_path)
    yield found
    left = found.containers()
    volumes = images.run("docker", "volume", "ls", "-q").split()
    if left:
        images.run("docker", "rm", "-f", "-v", *left)
    assert (left, volumes) == ([], [])


def test_a_kept_lab_is_listed_entered_by_node_and_removed(labs: Labs) -> None:
    assert "gsalab lab down basic" in labs.command("run", "basic", "--backend", "docker", "--keep").stdout
    try:
        assert "up since" in labs.command("list").stdout
        again = labs.command("run", "basic", "--backend", "docker", "--keep")
        assert (again.returncode, "is up already" in again.stderr) == (2, True)
        assert "ESTABLISHED" in labs.command("shell", "cpe", "--", "swanctl", "--list-sas").stdout
        page = labs.command("shell", "host", "--", "curl", "-s", "http://login.microsoftonline.com/.json")
        assert json.loads(page.stdout)["tunnel"] == "bellevue/cpe1/0"
        assert labs.command("shell", "cpe", "--", "false").returncode == 1
        privileged = labs.engine.run(
            "docker",
            "inspect",
            "-f",
            "{{.HostConfig.Privileged}} {{.HostConfig.NetworkMode}}",
            *labs.containers(),
        )
        assert set(privileged.splitlines()) == {"false none"}
    finally:
        down = labs.command("down")
    assert down.stdout == "lab basic is gone\n"
    assert "up since" not in labs.command("list").stdout


@pytest.mark.parametrize("made", range(6))
def test_ctrl_c_at_any_moment_ends_the_command_and_removes_the_containers(made: int, labs: Labs) -> None:
    """From before the first container until all have theirs to do."""
    with labs.running() as process:
        until(lambda: len(labs.containers()) >= made, 90)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert labs.containers() == []


def test_when_the_command_is_killed_the_engine_removes_the_containers(labs: Labs) -> None:
    with labs.running() as process:
        until(lambda: len(labs.containers()) == 5, 90)
        time.sleep(1)
        process.kill()
        process.communicate(timeout=60)
        until(lambda: labs.containers() == [], 60)


def test_without_an_engine_that_is_told_with_status_4(labs: Labs) -> None:
    labs.environment["DOCKER_HOST"] = "unix:///nonexistent/docker.sock"
    done = labs.command("run", "basic", "--backend", "docker")
    assert done.returncode == 4
    assert "no Docker engine answers at unix:///nonexistent/docker.sock" in done.stderr
    assert "--backend netns" in done.stderr


def test_missing_images_are_told_by_name_with_status_4(labs: Labs) -> None:
    labs.environment["TAG"] = "missing"
    done = labs.command("run", "basic", "--backend", "docker")
    assert done.returncode == 4
    assert "gsalab/cpe-strongswan:missing, gsalab/gateway:missing" in done.stderr
