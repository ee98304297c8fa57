"""The errors that end a command: what is told of each, and the exit status."""

from gateway.cli.errors import Status, tell, tell_problems
from gateway.control.server import ControlError
from gateway.doctor.problem import EnvironmentProblem
from gateway.endpoint import EndpointError
from gateway.model.problems import LabFileError


def tell_failure(error: Exception) -> Status | None:
    """Write an error to standard error, with what to do about it; None: it is none that can be foreseen."""
    match error:
        case LabFileError():
            tell_problems(error)
            return Status.BAD_INPUT
        case EnvironmentProblem():
            tell(error.what, error.fix)
        case EndpointError():
            tell(str(error))
        case ControlError():
            tell(
                str(error), "start a gateway with `gsalab up -f lab.yaml`, or name its socket with --control"
            )
        case PermissionError():
            tell(
                f"no permission: {_text(error)}",
                "run it as root; it needs CAP_NET_BIND_SERVICE, CAP_NET_RAW, CAP_NET_ADMIN and CAP_SYS_ADMIN",
            )
        case OSError():
            tell(_text(error))
        case _:
            return None
    return Status.ENVIRONMENT


def _text(error: OSError) -> str:
    """An error of the system with the file it is about."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"
