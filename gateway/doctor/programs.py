"""The programs of a lab: where they are, and which packages bring them."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from gateway.doctor.check import Check

PACKAGE_OF = {
    "bird": "bird2",
    "birdc": "bird2",
    "charon-systemd": "charon-systemd",
    "curl": "curl",
    "dig": "bind9-dnsutils",
    "ip": "iproute2",
    "mount": "mount",
    "nft": "nftables",
    "nsenter": "util-linux",
    "ping": "iputils-ping",
    "swanctl": "strongswan-swanctl",
    "unshare": "util-linux",
}
"""Each program that a lab runs, and its Debian package."""

PLUGIN_PACKAGE_OF = {
    "kernel-libipsec": "libcharon-extra-plugins",
    "gcm": "libstrongswan-standard-plugins",
    "openssl": "libstrongswan-standard-plugins",
}
"""Each strongSwan plugin that a lab's CPE loads and that is not in the packages above: its Debian package."""

PLUGIN_FOLDERS = (
    "usr/lib/ipsec/plugins",
    "usr/lib64/ipsec/plugins",
    "usr/libexec/ipsec/plugins",
    "usr/lib64/strongswan/plugins",
    "usr/lib/strongswan/plugins",
)
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Searched after PATH: an ordinary user of Debian has none of them on it, and ``nft`` lives there."""


def search_path() -> str:
    """PATH with the folders of the system programs at its end; what a lab gives to the programs it starts."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join([*folders, *(folder for folder in SYSTEM_FOLDERS if folder not in folders)])


def find(program: str) -> str | None:
    """Absolute path of a program on ``search_path()``, or None."""
    return shutil.which(program, path=search_path())


def install_hint(packages: Iterable[str]) -> str:
    """How to install Debian packages on this machine."""
    names = " ".join(sorted(set(packages)))
    if find("apt-get"):
        return f"sudo apt-get install --no-install-recommends {names}"
    return f"install what these Debian packages hold, with the package manager of this system: {names}"


def check_programs() -> Check:
    """Every program of a lab is installed."""
    missing = [program for program in PACKAGE_OF if find(program) is None]
    if missing:
        fix = install_hint(PACKAGE_OF[program] for program in missing)
        return Check(name="programs", ok=False, saw=f"not found: {', '.join(missing)}", fix=fix)
    return Check(name="programs", ok=True, saw=", ".join(PACKAGE_OF))


def check_plugins(root: Path = Path("/")) -> Check:
    """StrongSwan has the plugins of a lab's CPE: ESP in userspace, and the ciphers and groups.

    Args:
        root: Where the file system of the machine begins.
    """
    name = "strongSwan plugins"
    missing = [plugin for plugin in PLUGIN_PACKAGE_OF if not _has_plugin(root, plugin)]
    if missing:
        fix = install_hint(PLUGIN_PACKAGE_OF[plugin] for plugin in missing)
        return Check(name=name, ok=False, saw=f"not found: {', '.join(missing)}", fix=fix)
    return Check(name=name, ok=True, saw=", ".join(PLUGIN_PACKAGE_OF))


def _has_plugin(root: Path, plugin: str) -> bool:
    return any((root / folder / f"libstrongswan-{plugin}.so").exists() for folder in PLUGIN_FOLDERS)
