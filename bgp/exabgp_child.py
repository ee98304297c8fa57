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

    have_ipv4_without_capabilities()
    sys.exit(exabgp())


def have_ipv4_without_capabilities() -> None:
    """Make ExaBGP exchange IPv4 unicast with a peer whose OPEN has no Multiprotocol capability.

    That is what BGP-4 carries by itself (RFC 4271 section 4.3); RFC 4760 section 8 is about other families.
    ExaBGP 5.0 takes such a peer to have no family at all: it learns, and advertises nothing.
    """
    from exabgp.bgp.message.open.capability.capability import Capability  # noqa: PLC0415  as above
    from exabgp.bgp.message.open.capability.negotiated import Negotiated  # noqa: PLC0415
    from exabgp.protocol.family import AFI, SAFI  # noqa: PLC0415

    negotiate = Negotiated._negotiate  # noqa: SLF001  there is no setting for it

    def with_ipv4(self: Negotiated) -> None:
        negotiate(self)
        if not self.received_open.capabilities.announced(Capability.CODE.MULTIPROTOCOL):
            self.families = [(AFI.ipv4, SAFI.unicast)]

    Negotiated._negotiate = with_ipv4  # noqa: SLF001


if __name__ == "__main__":
    main()
