"""Whether this user may make the namespaces of a lab, found out by making them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from gateway.doctor import probe
from gateway.doctor.check import Check
from gateway.doctor.programs import find, install_hint, search_path

SECONDS = 15
"""How long the attempt may take; it takes a tenth of a second on an idle machine."""

NAMESPACES = ("--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
USER_NAMESPACE = ("--user", "--map-root-user")
CONTAINER_HINT = (
    "in a container, start it with: --cap-add SYS_ADMIN --cap-add NET_ADMIN --device /dev/net/tun "
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined"
)
SWITCHES = {
    "kernel/apparmor_restrict_unprivileged_userns": ("1", "0"),
    "kernel/unprivileged_userns_clone": ("0", "1"),
    "user/max_user_namespaces": ("0", "15000"),
}
"""Settings below /proc/sys that forbid user namespaces: the value that forbids, a value that allows."""

KERNEL_OPTIONS = {
    "TUN device": "CONFIG_TUN",
    "veth interfaces": "CONFIG_VETH",
    "nftables": "CONFIG_NF_TABLES, CONFIG_NFT_NAT, CONFIG_NFT_MASQ and CONFIG_NFT_CT",
    "UDP GRO": "Linux 5.0",
}
"""What a kernel needs for a step of the probe."""


def check_namespaces(sysctls: Path = Path("/proc/sys")) -> list[Check]:
    """A lab's namespaces can be made, and each thing that a lab makes in them can be made there.

    Args:
        sysctls: Where the kernel shows its settings.
    """
    if find("unshare") is None:
        saw = "unshare not found, so it could not be tried"
        return [Check(name="namespaces", ok=False, saw=saw, fix=install_hint(["util-linux"]))]
    errors = []
    for user_namespace in (USER_NAMESPACE, ()) if os.geteuid() == 0 else (USER_NAMESPACE,):
        result, error = _try(user_namespace)
        if not error:
            kinds = "user, network, mount and PID" if user_namespace else "network, mount and PID (as root)"
            made = Check(name="namespaces", ok=True, saw=f"{kinds} namespaces can be made")
            return [made, *(_step_check(step, failure) for step, failure in result.items())]
        errors.append(error)
    saw = "; without a user namespace: ".join(errors)
    return [Check(name="namespaces", ok=False, saw=saw, fix=namespace_fix(sysctls))]


def _try(user_namespace: tuple[str, ...]) -> tuple[dict[str, str | None], str]:
    """Run the probe; returns its findings and an empty string, or nothing and what went wrong."""
    command = ["unshare", *user_namespace, *NAMESPACES, "--", sys.executable, "-I", "-S", probe.__file__]
    environment = {**os.environ, "PATH": search_path(), "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return {}, f"making them took more than {SECONDS} s"
    if done.returncode:
        return {}, (done.stderr.strip().splitlines() or [f"unshare ended with status {done.returncode}"])[-1]
    return json.loads(done.stdout), ""


def _step_check(step: str, failure: str | None) -> Check:
    if failure is None:
        return Check(name=step, ok=True, saw="works inside them")
    option = KERNEL_OPTIONS.get(step)
    fix = f"this needs a kernel with {option}\n{CONTAINER_HINT}" if option else CONTAINER_HINT
    return Check(name=step, ok=False, saw=failure, fix=fix)


def namespace_fix(sysctls: Path) -> str:
    """What to do where namespaces cannot be made, from the settings that forbid them."""
    actions = []
    for setting, (forbids, allows) in SWITCHES.items():
        file = sysctls / setting
        if file.exists() and file.read_text().strip() == forbids:
            actions.append(f"sudo sysctl -w {setting.replace('/', '.')}={allows}")
    if os.geteuid() != 0:
        actions.append(f"{'or ' if actions else ''}run the same command as root, with sudo")
    return "\n".join([*actions, CONTAINER_HINT])
