"""The helpers of the suite do what they promise, for each user."""

import os
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.machine import MARKER, differences, picture
from tests.support.runner import CHECKOUT, USERS, Runner, User

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("user", USERS)
def test_a_sandbox_has_a_network_of_its_own_and_looks_like_root(sandbox: Runner, user: User) -> None:
    names = sandbox.run("ip", "-brief", "link", user=user).stdout.split()
    assert names[0] == "lo"
    assert "eth0" not in names
    assert sandbox.run("id", "-u", user=user).stdout == "0\n"


def test_an_ordinary_user_is_not_root(shell: Runner) -> None:
    assert shell.run("id", "-u", user="ordinary").stdout != "0\n"


@pytest.mark.parametrize("user", USERS)
def test_each_user_can_run_the_checkout(shell: Runner, user: User) -> None:
    done = shell.run(sys.executable, "-c", "import gateway; print(gateway.__file__)", user=user)
    assert Path(done.stdout.strip()) == CHECKOUT / "gateway/__init__.py"


@pytest.mark.parametrize("user", USERS)
def test_each_user_can_write_to_the_home_of_the_test(shell: Runner, home: Path, user: User) -> None:
    shell.run("sh", "-c", "echo here > $HOME/file", user=user)
    assert (home / "file").read_text() == "here\n"


def test_a_command_that_fails_shows_its_output(shell: Runner) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        shell.run("sh", "-c", "echo reason >&2; exit 3")
    assert "reason" in caught.value.__notes__[0]


@pytest.fixture
def mark(test_session: str) -> str:
    """A mark of this test alone: other tests run at the same time."""
    return f"{test_session}.{uuid.uuid4().hex}"


def test_a_command_that_takes_too_long_is_ended_with_its_children(shell: Runner, mark: str) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        shell.run("sh", "-c", "sleep 30 & sleep 30", timeout=0.5, env={MARKER: mark})
    deadline = (
        time.monotonic() + 15
    )  # the kernel of a busy machine takes its time; the children would take 30 s
    while picture(mark).processes and time.monotonic() < deadline:
        time.sleep(0.05)
    assert picture(mark).processes == frozenset()


@pytest.mark.parametrize("longer", [False, True])
def test_a_process_left_behind_is_reported(mark: str, *, longer: bool) -> None:
    before = picture(mark)
    value = f"{mark}.part" if longer else mark
    with subprocess.Popen(["sleep", "30"], env={**os.environ, MARKER: value}) as process:
        left = differences(before, replace(before, processes=picture(mark).processes))
        process.kill()
    assert left == [f"processes: {process.pid} sleep 30 was left behind"]
