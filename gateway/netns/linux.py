"""The system calls for namespaces that Python 3.11 lacks.

Each acts on the calling thread alone and raises OSError with the kernel's errno. Python 3.12 has them
as ``os.unshare`` and ``os.setns``; until 3.11 is gone, libc is called directly.
"""

import ctypes
import errno
import os

CLONE_NEWNS = 0x0002_0000
"""Mounts, for ``unshare`` and ``setns``."""
CLONE_NEWUSER = 0x1000_0000
"""Users; only a process with a single thread may unshare it."""
CLONE_NEWPID = 0x2000_0000
"""Processes; takes effect for children."""
CLONE_NEWNET = 0x4000_0000
"""Network."""

_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)
_HINTS = {
    errno.EPERM: "needs CAP_SYS_ADMIN, as root or inside `unshare --user --map-root-user`",
    errno.ENOSPC: "the limit of /proc/sys/user/max_*_namespaces is reached",
    errno.EINVAL: "not a namespace of that kind, or the kernel has none",
}


def unshare(flags: int) -> None:
    """Move the calling thread into new namespaces; ``flags`` are CLONE_NEW* values joined by ``|``."""
    _check("unshare", _libc.unshare(flags))


def setns(fd: int, flags: int) -> None:
    """Move the calling thread into the namespace behind ``fd``; ``flags`` is its kind, 0 for any kind."""
    _check("setns", _libc.setns(fd, flags))


def set_parent_death_signal(signal_number: int) -> None:
    """Have the kernel send ``signal_number`` to this process when the thread that made it ends."""
    _check("prctl(PR_SET_PDEATHSIG)", _libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0))


def _check(call: str, result: int) -> None:
    """Raise what ``errno`` says when ``result`` is not 0."""
    if result == 0:
        return
    number = ctypes.get_errno()
    hint = _HINTS.get(number)
    raise OSError(number, f"{call}: {os.strerror(number)}" + (f" ({hint})" if hint else ""))
