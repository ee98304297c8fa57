"""Fixtures of the tests with containers: one engine and one set of images for all of them."""

from collections.abc import Iterator

import pytest

from tests.interop.container_engine import IMAGES, TAG, Engine, NoEngine, running_engine


@pytest.fixture(scope="session")
def engine(machine_for_labs: None) -> Iterator[Engine]:  # noqa: ARG001 - without one, an engine is of no use
    """A Docker engine; a machine without one is a failure, never a reason to skip."""
    try:
        with running_engine() as running:
            yield running
    except NoEngine as problem:
        raise pytest.fail.Exception(str(problem), pytrace=False) from None


@pytest.fixture(scope="session")
def images(engine: Engine) -> Iterator[Engine]:
    """The engine, with all images built by docker-compose 1.29 from docker-compose.yml."""
    classic = {"COMPOSE_DOCKER_CLI_BUILD": "0", "DOCKER_BUILDKIT": "0"}
    for together in (("gateway", "host"), ("cpe", "nat")):  # the latter begin with what the gateway's made
        engine.run("docker-compose", "build", "--parallel", *together, timeout=1500, variables=classic)
    yield engine
    engine.run("docker", "image", "rm", "-f", *(f"gsalab/{name}:{TAG}" for name in IMAGES))
