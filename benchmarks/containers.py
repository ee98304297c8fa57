"""How soon the gateway's container is ready: seconds from its start to the record ``gateway_ready``.

Brings a Docker engine of its own where there is none, builds the gateway's image and restarts its container.
"""

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median

from tests.interop.container_engine import Project, running_engine, until

RUNS = 5


def main() -> None:
    """Restart and print."""
    classic = {"COMPOSE_DOCKER_CLI_BUILD": "0", "DOCKER_BUILDKIT": "0"}
    with running_engine() as engine, tempfile.TemporaryDirectory() as traces:
        engine.run("docker-compose", "build", "gateway", timeout=600, variables=classic)
        project = Project(engine=engine, profile="basic")
        try:
            project.compose("up", "-d", "--no-deps", "gateway", LOG="json", TRACES=traces)
            durations = list(_starts(project))
        finally:
            project.compose("down")
    print(f"gateway ready after {min(durations):.2f} s, median {median(durations):.2f} s of {RUNS} starts")


def _starts(project: Project) -> Iterator[float]:
    """Seconds that each start took."""
    until(lambda: _ready(project) != [], 60)
    for _ in range(RUNS):
        before = len(_ready(project))
        project.engine.run("docker", "restart", "-t", "5", project.container("gateway"))
        until(lambda: len(_ready(project)) > before, 60)  # noqa: B023 - called before the next round
        started = project.engine.inspect(project.container("gateway"))["State"]["StartedAt"]
        at = datetime.strptime(started[:26], "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC)
        yield _ready(project)[-1] - at.timestamp()


def _ready(project: Project) -> list[float]:
    """When the gateway said that it was ready, for each of its starts."""
    records = map(json.loads, project.log("gateway").splitlines())
    return [record["time"] for record in records if record["name"] == "gateway_ready"]


if __name__ == "__main__":
    main()
