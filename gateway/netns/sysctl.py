"""Kernel settings of an inner namespace.

``/proc/sys/net`` shows the namespace of the thread that opens it, so ``write`` runs inside. Whoever owns the
network namespace may write all of these, in a user namespace too.
"""

from collections.abc import Mapping
from pathlib import Path

from gateway.doctor.problem import EnvironmentProblem

ROOT = Path("/proc/sys/net")

ROUTING: Mapping[str, str] = {
    # Nothing is forwarded: no path between branches, remote networks or the underlay.
    "ipv4/ip_forward": "0",
    # A branch with two tunnels may send through one and be answered through the other.
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    # Spread connections, not hosts, over equal-cost routes.
    "ipv4/fib_multipath_hash_policy": "1",
    # The tunnels carry IPv4; no router solicitation or neighbour traffic leaves by itself.
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv6/conf/default/disable_ipv6": "1",
}
"""Path below /proc/sys/net and value."""

MARKS: Mapping[str, str] = {
    # What the kernel answers by itself has the mark of the packet that it answers.
    "ipv4/fwmark_reflect": "1",
    # The way back is looked up with the mark, too.
    "ipv4/conf/all/src_valid_mark": "1",
}
"""For an inner side that shares a namespace and is told apart by a mark."""


def write(settings: Mapping[str, str]) -> None:
    """Write ``settings`` for the calling thread's namespace; without IPv6 there is nothing to switch off.

    Raises:
        OSError: A setting is missing or cannot be written.
    """
    for name, value in settings.items():
        path = ROOT / name
        if name.startswith("ipv6/") and not path.exists():
            continue
        path.write_text(value, encoding="ascii")


def require(settings: Mapping[str, str]) -> None:
    """Find ``settings`` as they have to be, in the calling thread's namespace; IPv6 is not looked at.

    Raises:
        EnvironmentProblem: It names those that are different or missing.
    """
    seen = {name: _read(ROOT / name) for name in settings if not name.startswith("ipv6/")}
    wrong = {name: value for name, value in seen.items() if value != settings[name]}
    if wrong:
        saw = ", ".join(f"net.{name.replace('/', '.')} is {value}" for name, value in wrong.items())
        fix = " ".join(f"--sysctl net.{name.replace('/', '.')}={settings[name]}" for name in wrong)
        raise EnvironmentProblem(
            f"a remote network that shares the namespace of the underlay needs other settings: {saw}",
            f"start the container with {fix}\nor run it with SYS_ADMIN and without --namespaces shared",
        )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return "missing"
