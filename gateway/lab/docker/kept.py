"""A lab in containers that was kept."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.doctor import EnvironmentProblem
from gateway.lab.docker.engine import connect
from gateway.lab.docker.session import end


@dataclass(frozen=True, kw_only=True)
class DockerLab:
    """A kept lab in containers.

    Args:
        host: The DOCKER_HOST of its engine, empty for the usual place.
        session: Its value of the label ``gsalab.session``.
        first: The container whose end is the lab's.
    """

    name: str
    created: float
    host: str
    session: str
    first: str
    nodes: dict[str, dict[str, Any]]
    backend: str = "docker"

    @property
    def alive(self) -> bool:
        """Whether its first container runs; an engine that does not answer has none."""
        try:
            api = connect(self.host)
        except EnvironmentProblem:
            return False
        return bool(api.containers(filters={"id": self.first}))

    def end(self) -> None:
        """Remove its containers."""
        end(connect(self.host), self.session, self.first)

    def command(self, node: str, argv: Sequence[str]) -> list[str]:
        """Docker's own command line knows how to handle a terminal."""
        if shutil.which("docker") is None:
            raise EnvironmentProblem(
                "there is no docker command", "install Docker's command line, docker-cli"
            )
        terminal = ["--tty"] if sys.stdin.isatty() else []
        where = ["--host", self.host] if self.host else []
        container = str(self.nodes[node]["container"])
        return ["docker", *where, "exec", "--interactive", *terminal, container, *argv]
