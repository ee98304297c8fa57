"""Labs from the command line: kept ones are entered and removed, interrupted ones leave nothing."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.runner import CHECKOUT, USERS, Runner, User

pytestmark = pytest.mark.interop

GSALAB = CHECKOUT / ".venv/bin/gsalab"


@pytest.mark.parametrize("user", USERS)
def test_a_kept_lab_is_entered_by_node_and_removed(shell: Runner, home: Path, user: User) -> None:
    runtime = home / "run"
    shell.run("mkdir", "-m", "0700", runtime, user=user)

    def lab(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        env = {"XDG_RUNTIME_DIR": str(runtime)}
        return shell.run(GSALAB, "lab", *arguments, user=user, check=check, env=env)

    try:
        assert "gsalab lab down basic" in lab("run", "basic", "--keep").stdout
        assert "up since" in lab("list").stdout
        again = lab("run", "basic", "--keep", check=False)
        assert (again.returncode, "is up already" in again.stderr) == (2, True)
        assert "ESTABLISHED" in lab("shell", "cpe", "--", "swanctl", "--list-sas").stdout
        assert "Established" in lab("shell", "cpe", "--", "birdc", "show", "protocols").stdout
        page = lab("shell", "host", "--", "curl", "-s", "http://login.microsoftonline.com/.json")
        assert '"tunnel": "bellevue/cpe1/0"' in page.stdout
        assert "Established" in lab("shell", "gateway", "--", "gsalab", "status").stdout
        assert lab("shell", "cpe", "--", "false", check=False).returncode == 1
        assert lab("shell", "isp", check=False).returncode == 2
    finally:
        down = lab("down", check=False)
        assert (down.returncode, down.stderr) == (0, "")
    assert "up since" not in lab("list").stdout
    assert list(runtime.iterdir()) == []


@pytest.mark.parametrize("delay", [0.4, 1.0, 2.0, 4.0])
def test_ctrl_c_at_any_moment_ends_the_command_and_the_lab(delay: float, tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [GSALAB, "lab", "run", "basic", "--keep"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        while "Building the lab" not in process.stdout.readline():
            assert process.poll() is None
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip() == "interrupted: the lab is gone"
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_a_trace_of_what_was_told_until_then(tmp_path: Path) -> None:
    trace = tmp_path / "run.trace"
    never_up = ("--set", "cpe.psk=wrong", "--set", "timeout=600")
    with subprocess.Popen(
        [GSALAB, "lab", "run", "basic", *never_up, "--trace", trace],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        while "AUTHENTICATION_FAILED" not in process.stdout.readline():
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.strip() == f"interrupted: the lab is gone; what it told until then is in {trace}"
    told = subprocess.run([GSALAB, "events", trace], capture_output=True, text=True, check=True).stdout
    assert "IKE_AUTH refused with AUTHENTICATION_FAILED" in told
    found = subprocess.run([GSALAB, "diagnose", trace], capture_output=True, text=True, check=False)
    assert (found.returncode, "GSA-IKE-020" in found.stdout) == (1, True)


def test_a_failed_lab_says_what_is_missing_and_shows_the_log_of_the_cpe(shell: Runner) -> None:
    wrong = ("--set", "cpe.psk=wrong", "--set", "timeout=3")
    done = shell.run(GSALAB, "lab", "run", "basic", *wrong, check=False)
    assert done.returncode == 1
    assert "bellevue/cpe1/0 has no IKE SA, 3 s after the CPE's start" in done.stdout
    assert "AUTHENTICATION_FAILED" in done.stdout
    assert "basic does not work" in done.stdout


def test_a_lab_file_that_breaks_a_rule_is_bad_input(shell: Runner) -> None:
    wrong = ("--set", "lab.remoteNetworks.0.deviceLinks.0.bgpConfiguration.asn=65476")
    done = shell.run(GSALAB, "lab", "run", "basic", *wrong, check=False)
    assert done.returncode == 2
    assert "65476" in done.stderr


def test_a_mistake_in_a_proposal_is_told_by_the_cpe(shell: Runner) -> None:
    done = shell.run(GSALAB, "lab", "run", "basic", "--set", "cpe.ike=aes256gcm61", check=False)
    assert done.returncode == 1
    assert "invalid value for: proposals" in done.stdout
