"""What this machine offers to a lab: checks with what was seen and what to do."""

from gateway.doctor.check import Check
from gateway.doctor.host import (
    check_apparmor,
    check_capabilities,
    check_ike_ports,
    check_linux,
    check_python,
    check_tun,
)
from gateway.doctor.namespaces import check_namespaces
from gateway.doctor.problem import EnvironmentProblem
from gateway.doctor.programs import check_plugins, check_programs
from gateway.doctor.render import as_json, render_text
from gateway.doctor.running import check_running_gateway

__all__ = [
    "Check",
    "EnvironmentProblem",
    "as_json",
    "render_text",
    "require_lab_environment",
    "run_checks",
]


def lab_checks() -> list[Check]:
    """What a lab needs; on another system than Linux only that fact."""
    linux = check_linux()
    if not linux.ok:
        return [linux]
    return [
        linux,
        check_python(),
        check_tun(),
        check_programs(),
        check_plugins(),
        *check_namespaces(),
    ]


def run_checks() -> list[Check]:
    """Every check, in the order in which a person would look; takes about a tenth of a second."""
    checks = lab_checks()
    if not checks[0].ok:
        return checks
    return [*checks, check_apparmor(), check_ike_ports(), check_capabilities(), check_running_gateway()]


def require_lab_environment() -> None:
    """Do nothing where a lab can run.

    Raises:
        EnvironmentProblem: A lab cannot run here; it names every failed check and what to do about each.
    """
    failed = [check for check in lab_checks() if not check.ok]
    if failed:
        saw = "\n".join(f"  {check.name}: {check.saw}" for check in failed)
        fixes = dict.fromkeys(line for check in failed for line in check.fix.splitlines())
        raise EnvironmentProblem(f"a lab cannot run on this machine\n{saw}", "\n".join(fixes))
