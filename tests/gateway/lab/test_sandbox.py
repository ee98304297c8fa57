"""Nothing of a lab outlives the command that started it, however that ends."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.doctor import EnvironmentProblem
from gateway.lab import sandbox as module
from gateway.lab.channel import Sender
from gateway.lab.sandbox import Sandbox, end_process
from tests.support.runner import CHECKOUT, NOBODY, USERS, User

pytestmark = pytest.mark.interop

VICTIM = Path(__file__).with_name("sandbox_victim.py")


def processes_in(namespace: str) -> list[str]:
    """Names of the processes of a pid namespace; one that only waits to be reaped is none any more."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and str((folder / "ns/pid").readlink()) == namespace:
                found.append((folder / "comm").read_text().strip())
        except OSError:
            continue
    return found


def names_of_processes() -> list[str]:
    """Of every process of this PID namespace, also of those that wait to be reaped."""
    found = []
    for file in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            found.append(file.read_text().strip())
    return found


def until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def start(user: User, *arguments: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """The victim, running, and what it says about itself."""
    identity = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    prefix = identity if user == "ordinary" and os.geteuid() == 0 else []
    process = subprocess.Popen(
        [*prefix, sys.executable, str(VICTIM), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        start_new_session=True,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


@pytest.fixture(params=USERS)
def victim(request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    process, facts = start(request.param)
    yield process, facts
    process.kill()
    process.wait()


def assert_nothing_left(facts: dict[str, Any]) -> None:
    assert until(lambda: processes_in(facts["namespace"]) == [])
    assert not Path("/run/lab").exists()
    assert "victim" not in Path("/proc/self/mountinfo").read_text()
    assert "victim0" not in Path("/proc/net/dev").read_text()


def test_a_lab_in_progress_has_init_program_and_daemon(
    victim: tuple[subprocess.Popen[str], dict[str, Any]],
) -> None:
    _, facts = victim
    assert facts["kind"] == "ready"
    assert until(lambda: len(processes_in(facts["namespace"])) == 3)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_command_ends_the_lab(
    victim: tuple[subprocess.Popen[str], dict[str, Any]], number: signal.Signals
) -> None:
    process, facts = victim
    os.kill(facts["command"], number)
    process.wait(timeout=60)
    assert_nothing_left(facts)


def test_ctrl_c_reaches_the_whole_process_group_and_ends_the_lab(
    victim: tuple[subprocess.Popen[str], dict[str, Any]],
) -> None:
    process, facts = victim
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=60)
    assert_nothing_left(facts)


@pytest.mark.parametrize("who", ["warden", "init"])
def test_the_death_of_a_process_of_the_lab_ends_all_of_it(
    victim: tuple[subprocess.Popen[str], dict[str, Any]], who: str
) -> None:
    _, facts = victim
    os.kill(facts[who], signal.SIGKILL)
    assert_nothing_left(facts)


@pytest.mark.parametrize("user", USERS)
def test_a_kept_lab_outlives_the_command_and_ends_with_its_warden(user: User) -> None:
    process, facts = start(user, "keep")
    assert process.wait(timeout=60) == 0
    assert len(processes_in(facts["namespace"])) == 3
    end_process(facts["warden"], facts["init"])
    assert_nothing_left(facts)


def test_a_kept_lab_holds_no_pipe_of_the_command() -> None:
    process, facts = start(USERS[0], "keep")
    assert process.stdout is not None
    assert process.stdout.read() == ""  # the end of file, while the lab is still there
    assert len(processes_in(facts["namespace"])) == 3
    end_process(facts["warden"], facts["init"])
    process.wait(timeout=60)


def test_ending_returns_only_when_every_process_is_gone() -> None:
    def program(sender: Sender) -> None:
        sender.send("up", None)
        time.sleep(60)

    with Sandbox(program) as box:
        next(box.messages())
        namespace = str(Path(f"/proc/{box.init}/ns/pid").readlink())
        assert processes_in(namespace)
    assert processes_in(namespace) == []


def test_the_lab_ends_when_its_program_returns() -> None:
    with Sandbox(lambda sender: sender.send("said", {"pid": os.getpid()})) as box:
        messages = list(box.messages())
    assert [kind for kind, _ in messages] == ["said"]


def test_an_exception_of_the_program_arrives_with_its_traceback() -> None:
    def program(_: Sender) -> None:
        raise ValueError("no such thing")

    with Sandbox(program) as box, pytest.raises(RuntimeError, match="no such thing"):
        list(box.messages())


def test_the_lab_has_mounts_and_interfaces_of_its_own() -> None:
    def program(sender: Sender) -> None:
        links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
        files = [file.name for file in Path("/run").iterdir()]
        sender.send("seen", {"links": links.count("\n"), "run": files, "parent": os.getppid()})

    with Sandbox(program) as box:
        ((_, seen),) = box.messages()
    assert seen == {"links": 1, "run": ["lab"], "parent": 1}


def test_orphans_are_reaped() -> None:
    def program(sender: Sender) -> None:
        subprocess.run(["sh", "-c", "sleep 0.05 & sleep 0.05 &"], check=True)
        sender.send("all reaped", until(lambda: "sleep" not in names_of_processes()))

    with Sandbox(program) as box:
        assert list(box.messages()) == [("all reaped", True)]


def test_a_refused_namespace_is_a_problem_of_the_machine_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(module, "unshare", refuse)
    with pytest.raises(EnvironmentProblem, match="refused the namespaces") as caught:
        Sandbox(lambda _: None)
    assert caught.value.fix
