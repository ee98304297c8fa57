"""The set-up script: silent and quick when nothing is missing, exact where something is."""

import os
import re
import resource
import shutil
from pathlib import Path

import pytest

from tests.support.runner import CHECKOUT, USERS, Runner

pytestmark = pytest.mark.interop

SETUP = CHECKOUT / "scripts/setup"
TOOLS = ("awk", "bash", "cat", "comm", "dirname", "env", "mkdir", "paste", "readlink", "sed", "sha256sum")
EVERYTHING_INSTALLED = "shift 2\nfor name; do echo installed $name; done"
BIRD_MISSING = f"{EVERYTHING_INSTALLED} | grep -v bird2"


@pytest.fixture
def fakes(home: Path) -> Path:
    """A folder of programs that comes before all others on PATH."""
    folder = home / "fakes"
    folder.mkdir()
    return folder


def program(folder: Path, name: str, script: str) -> None:
    """Put a shell script there under the name of a program."""
    (folder / name).write_text(f"#!/bin/bash\n{script}\n")
    (folder / name).chmod(0o755)


def path(*folders: Path | str) -> dict[str, str]:
    """An environment with this PATH."""
    return {"PATH": os.pathsep.join(map(str, folders))}


def processor_seconds_of_children() -> float:
    """What the processes that this one has waited for have computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_where_nothing_is_missing_nothing_is_said_and_hardly_anything_computed(shell: Runner) -> None:
    shell.run(SETUP, "test")
    durations = []
    for _ in range(3):
        before = processor_seconds_of_children()
        done = shell.run(SETUP, "test")
        durations.append(processor_seconds_of_children() - before)
        assert done.stdout + done.stderr == ""
    assert min(durations) < 0.2


def test_an_ordinary_user_gets_the_exact_command_for_the_missing_packages(shell: Runner, fakes: Path) -> None:
    program(fakes, "dpkg-query", BIRD_MISSING)
    done = shell.run(SETUP, "lab", user="ordinary", check=False, env=path(fakes, os.environ["PATH"]))
    assert done.returncode == 4
    assert done.stderr.splitlines() == [
        "gsa-lab: packages are missing: bird2",
        "         install them, then run the same command again:",
        "           sudo apt-get install --no-install-recommends bird2",
    ]


@pytest.mark.parametrize("user", [user for user in USERS if user == "root"])
def test_root_installs_what_is_missing_without_starting_a_service(
    shell: Runner, fakes: Path, home: Path, user: str
) -> None:
    program(fakes, "dpkg-query", BIRD_MISSING)
    program(fakes, "apt-get", f'echo "$SYSTEMD_OFFLINE $DEBIAN_FRONTEND $*" >> {home}/calls')
    assert user == "root"
    shell.run(SETUP, "lab", user="root", env=path(fakes, os.environ["PATH"]))
    options = "-q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300"
    assert (home / "calls").read_text().splitlines() == [
        f"1 noninteractive {options} update",
        f"1 noninteractive {options} install --no-install-recommends bird2",
    ]


@pytest.mark.parametrize("user", [user for user in USERS if user == "root"])
def test_a_failed_installation_shows_its_output(shell: Runner, fakes: Path, user: str) -> None:
    program(fakes, "dpkg-query", BIRD_MISSING)
    program(fakes, "apt-get", "echo E: Unable to locate package; exit 100")
    assert user == "root"
    done = shell.run(SETUP, "lab", user="root", check=False, env=path(fakes, os.environ["PATH"]))
    assert done.returncode == 4
    assert "E: Unable to locate package" in done.stderr


def test_another_system_than_linux_is_refused_with_the_way_out(shell: Runner, fakes: Path) -> None:
    program(fakes, "uname", "echo Darwin")
    done = shell.run(SETUP, "lab", check=False, env=path(fakes, os.environ["PATH"]))
    assert done.returncode == 4
    assert "a lab needs Linux (network namespaces, TUN devices); this is Darwin" in done.stderr
    assert "Linux virtual machine" in done.stderr


def bare_system(fakes: Path) -> dict[str, str]:
    """The environment of a system without dpkg and apt."""
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (fakes / tool).symlink_to(found)
    program(fakes, "uname", "echo Linux")
    return path(fakes)


def test_without_apt_the_programs_and_two_ways_out_are_named(shell: Runner, fakes: Path) -> None:
    done = shell.run(SETUP, "lab", check=False, env=bare_system(fakes))
    assert done.returncode == 4
    assert "no apt-get" in done.stderr
    assert re.search(r"^ +bind9-dnsutils bird2 .*util-linux$", done.stderr, re.MULTILINE)
    assert "GSALAB_PACKAGES=skip" in done.stderr


def test_without_apt_the_set_up_goes_on_when_told_that_the_programs_are_there(
    shell: Runner, fakes: Path
) -> None:
    done = shell.run(SETUP, "lab", env={**bare_system(fakes), "GSALAB_PACKAGES": "skip"})
    assert done.stdout + done.stderr == ""


def test_a_python_that_is_too_old_is_named(shell: Runner, fakes: Path) -> None:
    program(fakes, "python-old", '[ "$1" = -V ] && echo Python 3.10.12')
    environment = {**path(fakes, os.environ["PATH"]), "PYTHON": "python-old"}
    done = shell.run(SETUP, "lab", user=USERS[-1], check=False, env=environment)
    assert done.returncode == 4
    assert "Python 3.11 or newer is needed; python-old is Python 3.10.12" in done.stderr


def test_make_without_a_target_lists_all_targets(shell: Runner) -> None:
    listed = re.findall(r"^  make (\w+)", shell.run("make").stdout, re.MULTILINE)
    assert " ".join(listed) == "help lab test check containers bench fuzz stress install lock clean"


def test_make_install_changes_nothing(shell: Runner) -> None:
    def files() -> set[str]:  # less what other tests may write meanwhile
        return {file.name for file in CHECKOUT.iterdir()} - {".hypothesis", ".pytest_cache", "__pycache__"}

    before = files()
    assert "pipx" in shell.run("make", "install").stdout
    assert files() == before
