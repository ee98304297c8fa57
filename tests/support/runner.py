"""Runs programs as an ordinary user or as root, in namespaces of their own or in those of the tests."""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gateway.doctor.programs import search_path

CHECKOUT = Path(__file__).parents[2]
NOBODY = 65534

User = Literal["ordinary", "root"]
USERS: tuple[User, ...] = ("ordinary", "root") if os.geteuid() == 0 else ("ordinary",)
"""Whom the tests can run programs as: an ordinary user always, root when they are root."""

NAMESPACES = (
    *("unshare", "--user", "--map-root-user", "--net", "--mount"),
    *("--pid", "--fork", "--mount-proc", "--kill-child", "--"),
)

# A clone may lie below a folder that only its owner may enter. The folder is then covered, in a mount
# namespace that ends with the program, by one that holds nothing but the way to the clone.
REACH = """
set -e
barrier=$1 checkout=$2
shift 2
exec 9<"$checkout"
mount -t tmpfs -o mode=0755 reach "$barrier"
mkdir -p "$checkout"
mount --no-canonicalize --bind /proc/self/fd/9 "$checkout"
cd "$checkout"
exec 9<&-
exec "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs programs.

    Args:
        home: HOME and TMPDIR of the programs; every user may write there.
        namespaces: Each program gets user, network, mount and PID namespaces of its own; it is root in them.
        environment: Variables for every program, beside those of the tests.
    """

    home: Path
    namespaces: bool
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        *argv: str | Path,
        user: User = USERS[-1],
        timeout: float = 60,
        check: bool = True,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program from the checkout to its end, as text.

        Raises:
            subprocess.CalledProcessError: Its status is not 0, and ``check`` is set; notes hold its output.
            subprocess.TimeoutExpired: It was killed, with its process group, after ``timeout`` seconds.
        """
        command = [*self.prefix(user), *map(str, argv)]
        environment = {
            **os.environ,
            "PATH": search_path(),
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            **self.environment,
            **(env or {}),
        }
        with subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                output, errors = process.communicate(stdin, timeout)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        if check and process.returncode:
            error = subprocess.CalledProcessError(process.returncode, command, output, errors)
            error.add_note(f"--- output\n{output}\n--- errors\n{errors}")
            raise error
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def prefix(self, user: User) -> list[str]:
        """What stands before a command to run it as ``user``, and in namespaces where that is wanted."""
        prefix: list[str] = []
        if user == "ordinary" and os.geteuid() == 0:
            barrier = next((str(p) for p in reversed(CHECKOUT.parents) if not p.stat().st_mode & 0o001), None)
            if barrier:
                prefix += ["unshare", "--mount", "--", "sh", "-c", REACH, "reach", barrier, str(CHECKOUT)]
            prefix += ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
        return [*prefix, *NAMESPACES] if self.namespaces else prefix
