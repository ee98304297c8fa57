"""Every scenario gives the same report on containers as in namespaces."""

import json
import re
from typing import Any

import pytest

from gateway.lab import scenario as scenarios
from tests.interop.container_engine import TAG, Engine
from tests.support.runner import CHECKOUT, Runner

pytestmark = [pytest.mark.interop, pytest.mark.container, pytest.mark.timeout(1800)]

GSALAB = CHECKOUT / ".venv/bin/gsalab"
RUNS: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in scenarios.healthy()},
    "basic with a wrong key": ("basic", "--set", "cpe.psk=wrong", "--set", "timeout=5"),
}
DIFFERENT_EACH_TIME = {
    *("ms", "timings_ms", "heard", "spi_i", "spi_r", "spi_in", "spi_out"),
    *("packets_in", "packets_out", "bytes_in", "bytes_out", "packets"),
}
CHANCE_IN_TEXTS = re.compile(r"\d+(\.\d+)? ms|\d+ packets?|Time: \S+|Tunnel: \S+")
"""The page names the tunnel that the connection came through: with two, chance decides."""


def comparable(value: Any) -> Any:
    """A report without times, SPIs and counters: their places stay, so that one that is missing is seen."""
    if isinstance(value, dict):
        return {
            key: sorted(each) if key == "packets" else "" if key in DIFFERENT_EACH_TIME else comparable(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [comparable(each) for each in value]
    return CHANCE_IN_TEXTS.sub("…", value) if isinstance(value, str) else value


@pytest.mark.parametrize("arguments", RUNS.values(), ids=RUNS)
def test_a_scenario_gives_the_same_report_on_both_backends(
    arguments: tuple[str, ...], shell: Runner, images: Engine
) -> None:
    def report(backend: str) -> tuple[int, Any]:
        done = shell.run(
            GSALAB,
            *("lab", "run", *arguments, "--backend", backend, "-o", "json"),
            check=False,
            timeout=400,
            env={"DOCKER_HOST": images.host, "TAG": TAG} if images.host else {"TAG": TAG},
        )
        assert done.stdout, done.stderr
        return done.returncode, comparable(json.loads(done.stdout))

    expected = report("netns")
    assert report("docker") == expected
    assert expected[0] == (1 if "cpe.psk=wrong" in arguments else 0)
