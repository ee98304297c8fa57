"""Labs that were kept: one small file each, in a directory of the user's own, for later commands to find."""

import contextlib
import json
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gateway.doctor import EnvironmentProblem
from gateway.lab.sandbox import end_process

_SUFFIX = ".json"


class KeptLab(Protocol):
    """A lab that runs on its own."""

    @property
    def backend(self) -> str:
        """Name of the backend that made it."""

    @property
    def name(self) -> str:
        """Its scenario."""

    @property
    def created(self) -> float:
        """Seconds since the epoch."""

    @property
    def nodes(self) -> Mapping[str, Mapping[str, Any]]:
        """What the backend needs to enter each node."""

    @property
    def alive(self) -> bool:
        """Whether it is still there."""

    def end(self) -> None:
        """End it; returns when nothing of it is left. One that has ended is no error."""

    def command(self, node: str, argv: Sequence[str]) -> list[str]:
        """A command of this machine that runs another one in a node."""


@dataclass(frozen=True, kw_only=True)
class NetnsLab:
    """A kept lab in namespaces.

    Args:
        warden: Pid of the process that holds it; its end is the lab's.
        warden_started: When that process began, in clock ticks since boot: tells a recycled pid apart.
        init: Pid of the lab's pid 1.
        init_started: When that began.
    """

    name: str
    created: float
    warden: int
    warden_started: int
    init: int
    init_started: int
    nodes: dict[str, dict[str, Any]]
    backend: str = "netns"

    @property
    def alive(self) -> bool:
        """Whether it is still there, and not another process with its pid."""
        return started_at(self.warden) == self.warden_started and started_at(self.init) == self.init_started

    def end(self) -> None:
        """Kill its first process; the kernel does the rest."""
        with contextlib.suppress(ProcessLookupError):
            if self.alive:
                end_process(self.warden, self.init)

    def command(self, node: str, argv: Sequence[str]) -> list[str]:
        """Into the lab's namespaces first, then into the node's."""
        namespaces = ["--mount", "--pid", "--net"]
        if Path(f"/proc/{self.init}/ns/user").readlink() != Path("/proc/self/ns/user").readlink():
            namespaces = ["--user", "--preserve-credentials", *namespaces]
        return [
            *("nsenter", "--target", str(self.init), *namespaces, "--"),
            *("nsenter", "--target", str(self.nodes[node]["pid"]), "--net", "--mount", "--"),
            *argv,
        ]


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
    draft.write_text(json.dumps(vars(lab)), encoding="utf-8")
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
            facts = json.loads(path.read_text(encoding="utf-8"))
            lab = _kind(facts["backend"])(**facts)
        except (OSError, ValueError, TypeError, KeyError):
            _unlink(path)
            continue
        if lab.alive:
            labs.append(lab)
        else:
            _unlink(path)
    return labs


def _kind(backend: str) -> Callable[..., KeptLab]:
    """The class of a backend's kept labs; raises ``KeyError``."""
    # Imported here: it needs this module.
    from gateway.lab.docker.kept import DockerLab  # noqa: PLC0415

    return {"netns": NetnsLab, "docker": DockerLab}[backend]


def remove(lab: KeptLab) -> None:
    """End a lab; returns when nothing of it is left."""
    lab.end()
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
