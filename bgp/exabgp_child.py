"""Runs ExaBGP so that it cannot outlive the gateway: ``exabgp_child.py PARENT_PID [exabgp argument...]``.

Started as a script by the gateway, possibly through a launcher that executes it inside another network
namespace. The kernel forgets the request for a parent-death signal in a process that changes its credentials,
so it is made here, after the launcher, and not before.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""``prctl`` option (linux/prctl.h)."""


def main() -> None:
    """Tie this process to its parent and become ExaBGP."""
    parent = int(sys.argv[1])
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        sys.exit(f"prctl(PR_SET_PDEATHSIG): {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:  # it died before the request was made
        sys.exit(f"the gateway (process {parent}) has ended; ExaBGP does not start without it")
    sys.argv = ["exabgp", *sys.argv[2:]]

    from exabgp.application.main import main as exabgp  # noqa: PLC0415  it reads sys.argv when imported

    sys.exit(exabgp())


if __name__ == "__main__":
    main()
