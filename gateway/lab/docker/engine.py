"""The Docker engine: how it is found, what it must have, and whose containers are the labs'."""

import os
from typing import TYPE_CHECKING

from gateway.doctor import EnvironmentProblem
from gateway.lab.topology import Role

if TYPE_CHECKING:
    from docker import APIClient

LAB = "gsalab.lab"
"""Label of every container of a lab: the lab's name."""
SESSION = "gsalab.session"
"""Label of every container of a lab: one value for each run."""
NODE = "gsalab.node"
"""Label of every container that is a node: the node's name."""
CONNECTIONS = 32
"""Requests under way at once."""
_TIMEOUT = 60

IMAGES: dict[Role, str] = {
    "gateway": "gateway",
    "cpe": "cpe-strongswan",
    "tunnel": "cpe-strongswan",
    "router": "nat",
    "host": "host",
}
"""The folder of ``containers/`` whose image a role runs in."""


def image(name: str) -> str:
    """The full name of an image; ``TAG`` is the variable that docker-compose.yml reads as well."""
    return f"gsalab/{name}:{os.environ.get('TAG', 'local')}"


def host() -> str:
    """Where the engine listens, by the variable that Docker's own tools read; empty for the usual place."""
    return os.environ.get("DOCKER_HOST", "")


def connect(at: str | None = None) -> "APIClient":
    """A connection to the engine.

    Args:
        at: The value of DOCKER_HOST to use instead of the environment's.

    Raises:
        EnvironmentProblem: No engine answers, it does not let this user in, or its SDK is not installed.
    """
    # Imported here: the other commands start faster without it, and do not need it.
    try:
        from docker import DockerClient  # noqa: PLC0415
        from docker.errors import DockerException  # noqa: PLC0415
    except ImportError as error:
        raise EnvironmentProblem(
            "the Docker SDK for Python is not installed", "pip install 'gsa-lab[docker]'"
        ) from error

    environment = os.environ | ({} if at is None else {"DOCKER_HOST": at})
    try:
        client = DockerClient.from_env(environment=environment, max_pool_size=CONNECTIONS, timeout=_TIMEOUT)
        client.ping()
    except DockerException as error:
        where = environment.get("DOCKER_HOST") or "the usual place"
        raise EnvironmentProblem(
            f"no Docker engine answers at {where}: {error}",
            "start Docker, and be in the group docker; or set DOCKER_HOST to where it listens\n"
            "or run the lab without it: --backend netns",
        ) from error
    return client.api


def require_images(api: "APIClient") -> None:
    """Do nothing when the engine has every image; raises ``EnvironmentProblem``."""
    names = sorted(set(IMAGES.values()))
    missing = [name for name in names if not api.images(image(name), quiet=True)]
    if missing:
        raise EnvironmentProblem(
            f"the Docker engine has no image {', '.join(map(image, missing))}",
            "in a checkout of gsa-lab: docker compose build gateway cpe nat host",
        )
