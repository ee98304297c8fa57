"""Labs that were kept: one small file each, in a directory of the user's own, for later commands to find."""

import contextlib
import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway.doctor import EnvironmentProblem
from gateway.lab.sandbox import end_process

_SUFFIX = ".json"


@dataclass(frozen=True, kw_only=True)
class KeptLab:
    """A lab that runs on its own.

    Args:
        name: Its scenario.
        created: Seconds since the epoch.
        warden: Pid of the process that holds it; its end is the lab's.
        warden_started: When that process began, in clock ticks since boot: tells a recycled pid apart.
        init: Pid of the lab's pid 1.
        init_started: When that began.
        nodes: What the backend needs to enter each node.
    """

    name: str
    created: float
    warden: int
    warden_started: int
    init: int
    init_started: int
    nodes: dict[str, dict[str, Any]]

    @property
    def alive(self) -> bool:
        """Whether it is still there, and not another process with its pid."""
        return started_at(self.warden) == self.warden_started and started_at(self.init) == self.init_started


def directory() -> Path:
    """Where state files live; it is there only while a lab is kept.

    Raises:
        EnvironmentProblem: Somebody else's directory is in the way.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime).is_dir() and Path(runtime).stat().st_uid == os.getuid():
        path = Path(runtime) / "gsalab" / "labs"
    else:
        path = Path(f"/tmp/gsalab-{os.getuid()}") / "labs"  # noqa: S108 - owner and mode are checked
    for folder in (path.parent, path):
        _require_own(folder)
    return path


def _require_own(folder: Path) -> None:
    """Raise ``EnvironmentProblem`` for what is there but is no private directory of this user's."""
    with contextlib.suppress(FileNotFoundError):
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise EnvironmentProblem(
                f"{folder} is no directory of this user's with mode 0700, so no lab can be remembered there",
                f"remove it: sudo rm -r {folder}\nor set XDG_RUNTIME_DIR to a directory of your own",
            )


def save(lab: KeptLab) -> None:
    """Remember a lab; the file appears whole, readable by its owner alone."""
    folder = directory()
    for missing in (folder.parent, folder):
        with contextlib.suppress(FileExistsError):
            missing.mkdir(mode=0o700)
    path = directory() / (lab.name + _SUFFIX)
    draft = path.with_suffix(f".{os.getpid()}.new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(lab)), encoding="utf-8")
    draft.replace(path)


def forget(lab: KeptLab) -> None:
    """Remove a lab's file."""
    _unlink(directory() / (lab.name + _SUFFIX))


def _unlink(file: Path) -> None:
    """Remove a state file, and the directories with the last one."""
    file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not empty
        file.parent.rmdir()
        file.parent.parent.rmdir()


def kept_labs() -> list[KeptLab]:
    """The labs that run, in the order of their names; files of labs that have ended are removed."""
    labs = []
    for path in sorted(directory().glob(f"*{_SUFFIX}")):
        try:
            lab = KeptLab(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            _unlink(path)
            continue
        if lab.alive:
            labs.append(lab)
        else:
            _unlink(path)
    return labs


def remove(lab: KeptLab) -> None:
    """End a lab; returns when nothing of it is left."""
    with contextlib.suppress(ProcessLookupError):
        if lab.alive:
            end_process(lab.warden, lab.init)
    forget(lab)


def started_at(pid: int) -> int | None:
    """When a process began, in clock ticks since boot; None when there is none or it has ended."""
    try:
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in {"Z", "X"} else int(fields[19])
