"""Exit statuses, and how errors are told."""

import sys
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.model.problems import LabFileError


class Status(IntEnum):
    """What a command's exit status says."""

    OK = 0
    FINDINGS = 1
    BAD_INPUT = 2
    WARNINGS = 3
    ENVIRONMENT = 4


def tell(text: str, fix: str = "") -> None:
    """Write an error to standard error, with what to do about it."""
    lines = [f"error: {text}", *(f"  fix: {line}" for line in fix.splitlines())]
    sys.stderr.write("\n".join(lines) + "\n")


def tell_problems(error: "LabFileError") -> None:
    """Write the problems of a lab file to standard error."""
    for problem in error.problems:
        sys.stderr.write(problem.render() + "\n")
    errors = sum(problem.severity == "error" for problem in error.problems)
    sys.stderr.write(f"{errors} error{'s' if errors != 1 else ''} in the lab file\n")
