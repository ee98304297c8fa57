"""The memory of kept labs."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.doctor import EnvironmentProblem
from gateway.lab.state import NetnsLab, directory, forget, kept_labs, remove, save, started_at


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def lab(name: str = "basic") -> NetnsLab:
    """A lab whose two processes are this test's."""
    began = started_at(os.getpid())
    assert began is not None
    return NetnsLab(
        name=name,
        created=1.0,
        warden=os.getpid(),
        warden_started=began,
        init=os.getpid(),
        init_started=began,
        nodes={"cpe": {"pid": 9}},
    )


def test_a_saved_lab_is_found_again() -> None:
    save(lab())
    assert kept_labs() == [lab()]


def test_the_file_is_for_its_owner_alone(runtime: Path) -> None:
    save(lab())
    (file,) = (runtime / "gsalab/labs").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_looking_for_labs_makes_no_directory(runtime: Path) -> None:
    assert kept_labs() == []
    assert list(runtime.iterdir()) == []


def test_the_directory_goes_with_the_last_lab(runtime: Path) -> None:
    save(lab("a"))
    save(lab("b"))
    forget(lab("a"))
    assert kept_labs() == [lab("b")]
    forget(lab("b"))
    assert list(runtime.iterdir()) == []


def test_a_lab_that_has_ended_is_forgotten(runtime: Path) -> None:
    save(replace(lab(), init=2**22 - 1))
    assert kept_labs() == []
    assert list(runtime.iterdir()) == []


def test_a_recycled_pid_is_not_touched() -> None:
    stale = replace(lab(), warden_started=1)
    save(stale)
    remove(stale)  # would end this test if it looked at the pid alone
    assert kept_labs() == []


def test_a_file_that_cannot_be_read_is_removed() -> None:
    save(lab())
    file = directory() / "basic.json"
    file.write_text('{"name": "basic"}')
    assert kept_labs() == []
    assert not file.exists()


def test_a_directory_that_others_may_enter_is_refused(runtime: Path) -> None:
    (runtime / "gsalab").mkdir(mode=0o755)
    with pytest.raises(EnvironmentProblem, match="mode 0700"):
        save(lab())


def test_a_link_in_place_of_the_directory_is_refused(runtime: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (runtime / "gsalab").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EnvironmentProblem, match="mode 0700"):
        kept_labs()


def test_a_process_that_is_not_there_has_no_start() -> None:
    assert started_at(2**22 - 1) is None
