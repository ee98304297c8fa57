"""Which tests of a run on several workers stay together, and which start first.

A worker is a process of pytest-xdist. It makes its own fixtures of session and module scope, so tests that
share an expensive one have to run on one worker.
"""

import functools
import os
import re
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

CHECKOUT = Path(__file__).parents[2]
CONTAINERS = "containers"
"""The unit of all tests with containers: one engine, one set of images, one worker."""

WAITING = 2
"""Workers for each processor: the tests with real peers wait for timers more than they compute."""

_SHARED_IN_MODULE = re.compile(r"@pytest\.fixture\(.*scope=\"module\"")


def workers() -> int:
    """How many workers this machine gets: one for the containers, and those that keep its processors busy."""
    return 1 + WAITING * len(os.sched_getaffinity(0))


def duration(item: pytest.Item) -> int:
    """How long a test takes, roughly, to sort by: 0 without real peers, 1 with them, 2 with containers."""
    return 2 if item.get_closest_marker("container") else int(item.get_closest_marker("interop") is not None)


def unit(nodeid: str) -> str:
    """The name of the unit that a test belongs to; one worker runs all tests of a unit, in their order.

    A test with real peers is a unit of its own, unless its file has a fixture for the whole file; others are
    one unit for each file.
    """
    file = nodeid.partition("::")[0]
    name = file.rpartition("/")[2]
    if name.startswith("test_container_"):
        return CONTAINERS
    if file.startswith("tests/interop/") and not _has_shared_fixture(file):
        return nodeid
    return file


@functools.cache
def _has_shared_fixture(file: str) -> bool:
    return bool(_SHARED_IN_MODULE.search((CHECKOUT / file).read_text()))


class Distribution(LoadScopeScheduling):
    """Hands out units in the order of their first tests: the workers have sorted them by duration."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)
