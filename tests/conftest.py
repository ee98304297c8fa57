"""Fixtures of the whole suite; what interop tests need, and the proof that they leave nothing behind."""

import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from gateway.doctor import EnvironmentProblem, require_lab_environment
from tests.support.machine import MARKER, differences, picture
from tests.support.runner import Runner

INTEROP_TIMEOUT = 240
"""Seconds for one interop test."""

SETTLING = 5.0
"""Seconds that the kernel gets to take down the namespaces of the last test."""

SLOW_MACHINE = [HealthCheck.too_slow]
settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=SLOW_MACHINE)
settings.register_profile("developer", deadline=None, suppress_health_check=SLOW_MACHINE)
settings.load_profile("ci" if os.environ.get("CI") else "developer")


def is_interop(item: pytest.Item) -> bool:
    """Whether a test is one with real peers."""
    return item.get_closest_marker("interop") is not None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Interop tests run last, when the fast ones have passed, and get more time."""
    items.sort(key=is_interop)
    for item in items:
        if is_interop(item) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(INTEROP_TIMEOUT))


@pytest.fixture(scope="session")
def test_session() -> str:
    """A value that marks the processes of this run."""
    session = uuid.uuid4().hex
    os.environ[MARKER] = session
    return session


@pytest.fixture(autouse=True)
def machine_for_interop(request: pytest.FixtureRequest) -> None:
    """Interop tests get the check of the machine, the others do without."""
    if is_interop(request.node):
        request.getfixturevalue("machine_as_before")


@pytest.fixture(scope="session")
def machine_as_before(test_session: str) -> Iterator[None]:
    """Interop tests find a machine that can run labs, and leave it as they found it.

    A machine without the tools is a failure, never a reason to skip.
    """
    try:
        require_lab_environment()
    except EnvironmentProblem as problem:
        pytest.fail(str(problem), pytrace=False)
    before = picture(test_session)
    yield
    deadline = time.monotonic() + SETTLING
    while (left := differences(before, picture(test_session))) and time.monotonic() < deadline:
        time.sleep(0.1)
    if left:
        pytest.fail("the tests did not leave the machine as it was\n" + "\n".join(left), pytrace=False)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that every user may write to; pytest's own temporary folders are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="gsalab-test-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def shell(home: Path, test_session: str) -> Runner:
    """Runs programs as an ordinary user or as root, as a person at a terminal does."""
    return Runner(home=home, namespaces=False, environment={MARKER: test_session})


@pytest.fixture
def sandbox(home: Path, test_session: str) -> Runner:
    """Runs programs in user, network, mount and PID namespaces of their own, so nothing of them is left."""
    return Runner(home=home, namespaces=True, environment={MARKER: test_session})
