"""The room a lab lives in: user, mount, pid and network namespaces that nothing can outlive.

::

    command ─fork─► warden ─unshare, fork─► init (pid 1 of the lab) ─fork─► program ─► nodes, daemons

Each process is killed by the kernel when the one to its left ends (PR_SET_PDEATHSIG), and when pid 1 of a pid
namespace ends the kernel kills all of it and drops its interfaces, rules and mounts. So there is no clean-up
code that could be skipped. Only a lab that is to be kept cuts the first arrow.
"""

import contextlib
import os
import select
import signal
import subprocess
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, Self

from gateway.doctor import EnvironmentProblem
from gateway.doctor.namespaces import namespace_fix
from gateway.doctor.programs import search_path
from gateway.lab.channel import Sender, receive
from gateway.netns.linux import CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, unshare
from gateway.netns.linux import set_parent_death_signal as die_with_parent

SHARED = "/run/lab"
"""Inside the lab: one directory per node, which is that node's /run."""
_KEEP = b"k"
_MOUNTS = (
    ("mount", "--make-rprivate", "/"),
    ("mount", "-t", "proc", "-o", "nosuid,nodev,noexec", "proc", "/proc"),
    ("mount", "-t", "tmpfs", "-o", "mode=0755,size=256m", "lab", "/run"),
    ("ip", "link", "set", "lo", "up"),
)
_END_TIMEOUT = 10.0

Program = Callable[[Sender], None]


class Sandbox:
    """A running lab, seen from the process that started it.

    Args:
        program: Runs as the lab's main process, in a fork of this one, so it may be any callable; what it
            sends arrives in ``messages``. The lab ends when it returns.

    Raises:
        EnvironmentProblem: This machine allows no namespaces.
    """

    def __init__(self, program: Program) -> None:
        report_read, report_write = os.pipe()
        control_ours, control_theirs = os.pipe()[::-1]
        caller = os.getpid()
        self.warden = os.fork()
        if self.warden == 0:
            os.close(report_read)
            os.close(control_ours)
            _run_and_exit(
                lambda: _warden(program, caller, report_write, control_theirs), Sender(report_write)
            )
        os.close(report_write)
        os.close(control_theirs)
        self._control, self._report = control_ours, report_read
        self._kept = False
        self._messages = receive(report_read)
        try:
            self.init = self._await_init()
        except BaseException:
            self.stop()
            raise

    def _await_init(self) -> int:
        """The pid of the lab's pid 1, as seen from here."""
        kind, body = next(self._messages, ("crash", "the lab's warden ended at once"))
        if kind == "refused":
            raise EnvironmentProblem(*body)
        if kind != "init":
            raise RuntimeError(body)
        return int(body)

    def messages(self) -> Iterator[tuple[str, Any]]:
        """What the program sends, as (kind, body); ends with the lab.

        Raises:
            EnvironmentProblem: The kernel refused a step of the set-up.
            RuntimeError: The program ended by an exception; the text is its traceback.
        """
        for kind, body in self._messages:
            if kind == "refused":
                raise EnvironmentProblem(*body)
            if kind == "crash":
                raise RuntimeError(body)
            yield kind, body

    def keep(self) -> None:
        """Let the lab outlive this process; it then ends when its warden is told to (``end_process``)."""
        os.write(self._control, _KEEP)
        next(kind for kind, _ in self._messages if kind == "kept")
        self._kept = True
        self._close()

    def stop(self) -> None:
        """End the lab and wait until nothing of it is left; a kept one is left alone."""
        if self._kept:
            return
        with contextlib.suppress(ProcessLookupError):
            end_process(self.warden, getattr(self, "init", None))
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.warden, 0)
        self._close()

    def _close(self) -> None:
        for fd in (self._control, self._report):
            with contextlib.suppress(OSError):
                os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def end_process(warden: int, init: int | None) -> None:
    """End a lab from outside; returns when every process of it is gone.

    Pid 1 is killed first, so that its warden, which then ends by itself, reaps it; the kernel lets pid 1 end
    only after all others.

    Raises:
        ProcessLookupError: The warden is not there.
    """
    watch = os.pidfd_open(warden)
    try:
        if init is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(init, signal.SIGKILL)
            ended, _, _ = select.select([watch], [], [], _END_TIMEOUT)
            if ended:
                return
        os.kill(warden, signal.SIGKILL)
        select.select([watch], [], [], _END_TIMEOUT)
    finally:
        os.close(watch)


def _run_and_exit(body: Callable[[], int], sender: Sender) -> NoReturn:
    """Run a forked process to its end without ever returning into the code of its parent."""
    status = 1
    try:
        status = body()
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
        sender.send("crash", traceback.format_exc())
    finally:
        os._exit(status)


def _warden(program: Program, caller: int, report: int, control: int) -> int:
    """Make the namespaces, start pid 1 in them, and end with it; the order to keep comes by ``control``."""
    die_with_parent(signal.SIGKILL)
    if os.getppid() != caller:
        return 1
    os.setsid()
    _detach_terminal()
    sender = Sender(report)
    try:
        _unshare()
    except OSError as error:
        sender.send("refused", _refusal(str(error)))
        return 1
    die_with_parent(signal.SIGKILL)  # a change of credentials clears it
    if os.getppid() != caller:
        return 1
    go_read, go_write = os.pipe()
    init = os.fork()
    if init == 0:
        os.close(go_write)
        os.close(control)
        _run_and_exit(lambda: _init(program, sender, go_read), sender)
    sender.send("init", init)
    os.write(go_write, b"g")
    return _guard(init, control, sender)


def _guard(init: int, control: int, sender: Sender) -> int:
    """Wait for pid 1 to end, or for the order to outlive the caller."""
    watch = os.pidfd_open(init)
    ready, _, _ = select.select([watch, control], [], [])
    if control in ready and watch not in ready:
        if os.read(control, 1) != _KEEP:
            return 1
        die_with_parent(0)
        sender.send("kept", None)
        sender.close()
        select.select([watch], [], [])
    return os.waitstatus_to_exitcode(os.waitpid(init, 0)[1])


def _refusal(saw: str) -> tuple[str, str]:
    """The two parts of the ``EnvironmentProblem``."""
    return f"the kernel refused the namespaces that a lab lives in: {saw}", namespace_fix(Path("/proc/sys"))


def _unshare() -> None:
    """Enter new namespaces; root does without a user namespace where those are switched off."""
    if os.geteuid() != 0 or _user_namespace_possible():
        _enter_user_namespace()
    unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID)


def _enter_user_namespace() -> None:
    """Become root of a new user namespace, in which nobody else exists."""
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"0 {uid} 1")
    _write("/proc/self/gid_map", f"0 {gid} 1")


def _user_namespace_possible() -> bool:
    """Try it in a child process: there is no way back out of one whose maps were refused."""
    child = os.fork()
    if child == 0:
        try:
            _enter_user_namespace()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - one write() call, as the kernel demands
        file.write(text)


def _init(program: Program, sender: Sender, go: int) -> int:
    """Pid 1 of the lab: mounts, the program, and an eye on orphans until the program ends."""
    die_with_parent(signal.SIGKILL)
    if os.read(go, 1) != b"g":  # the warden ended before the line above took effect
        return 1
    environment = {**os.environ, "PATH": search_path(), "LC_ALL": "C"}
    for command in _MOUNTS:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sender.send("refused", _refusal(f"{' '.join(command)}: {done.stderr.strip()}"))
            return 1
    Path(SHARED).mkdir(parents=True)
    main = os.fork()
    if main == 0:
        _run_and_exit(lambda: _main(program, sender), sender)
    sender.close()
    while True:
        pid, status = os.wait()
        if pid == main:
            return os.waitstatus_to_exitcode(status)


def _main(program: Program, sender: Sender) -> int:
    program(sender)
    return 0


def _detach_terminal() -> None:
    """The lab speaks through messages only, so that a kept one holds no terminal or pipe of the caller."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    os.close(null)
