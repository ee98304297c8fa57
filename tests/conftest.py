"""Fixtures of the whole suite; what interop tests need, and the proof that they leave nothing behind."""

import os
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from gateway.doctor import EnvironmentProblem, require_lab_environment
from tests.support import distribution
from tests.support.machine import MARKER, Machine, differences, picture
from tests.support.runner import Runner

INTEROP_TIMEOUT = 600
"""Seconds for one interop test, on a machine as busy as it may be."""

SETTLING = 15.0
"""Seconds that the kernel gets to take down the namespaces of the last tests, or of interrupted ones."""

BEFORE = pytest.StashKey[Machine]()
"""The machine before the run."""

SLOW_MACHINE = [HealthCheck.too_slow]
settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=SLOW_MACHINE)
settings.register_profile("developer", deadline=None, suppress_health_check=SLOW_MACHINE)
settings.load_profile("ci" if os.environ.get("CI") else "developer")


def is_interop(item: pytest.Item) -> bool:
    """Whether a test is one with real peers."""
    return item.get_closest_marker("interop") is not None


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs tests for another one, which collects their results."""
    return hasattr(config, "workerinput")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What ``-n auto`` means."""
    return distribution.workers()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> distribution.Distribution:
    """How tests are handed out to workers."""
    return distribution.Distribution(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Interop tests get more time; those that take longest run first on workers, and last without them."""
    items.sort(key=distribution.duration, reverse=is_worker(config))
    for item in items:
        if is_interop(item) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(INTEROP_TIMEOUT))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Mark the processes of this run, and remember how the machine was before it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: fixtures tidy up
    if not is_worker(session.config):
        os.environ[MARKER] = uuid.uuid4().hex  # the workers inherit it
        session.config.stash[BEFORE] = picture(os.environ[MARKER])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """After the last worker and the last fixture, however the run ended: the machine has to be as it was."""
    before = session.config.stash.get(BEFORE, None)
    if before is None:
        return
    deadline = time.monotonic() + SETTLING
    while (left := differences(before, picture(os.environ[MARKER]))) and time.monotonic() < deadline:
        time.sleep(0.1)
    if left:
        report = pytest.TestReport(
            nodeid="the machine after the tests",
            location=("tests/conftest.py", None, "the machine after the tests"),
            keywords={},
            outcome="failed",
            longrepr="the tests did not leave the machine as it was\n" + "\n".join(left),
            when="teardown",
        )
        session.config.hook.pytest_runtest_logreport(report=report)
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def test_session() -> str:
    """The value that marks the processes of this run."""
    return os.environ[MARKER]


@pytest.fixture(autouse=True)
def machine_for_interop(request: pytest.FixtureRequest) -> None:
    """Interop tests get the check of the machine, the others do without."""
    if is_interop(request.node):
        request.getfixturevalue("machine_for_labs")


@pytest.fixture(scope="session")
def machine_for_labs() -> None:
    """Interop tests find a machine that can run labs.

    A machine without the tools is a failure, never a reason to skip.
    """
    try:
        require_lab_environment()
    except EnvironmentProblem as problem:
        pytest.fail(str(problem), pytrace=False)


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
