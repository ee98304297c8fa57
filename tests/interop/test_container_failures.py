"""Failure scenarios on containers: for each way of making a mistake, one scenario that makes it so.

The findings themselves are tested in namespaces, for every scenario. Here the backend is tested: that it
carries out what the files ask for. A new scenario joins when it asks for what none of the others does.
"""

import asyncio
from collections.abc import Iterator, Mapping

import pytest

from gateway.lab.all import Outcome, Unwatched, run_all
from gateway.lab.scenario import failures, healthy, load
from gateway.lab.scenario_model import Scenario
from tests.interop.container_engine import TAG, Engine

pytestmark = [pytest.mark.interop, pytest.mark.container, pytest.mark.timeout(1800)]

AT_A_TIME = 3


def parts(scenario: Scenario) -> set[str]:
    """What the nodes are given, by their roles."""
    return {
        f"{node.role} with {field}" for node in scenario.nodes.values() for field in node.model_fields_set
    }


def ways(scenario: Scenario) -> set[str]:
    """What the mistake of a failure scenario asks of a backend."""
    assert scenario.wrong is not None
    found = {f"{path.partition('.')[0]} is set" for path in scenario.wrong.set}
    found |= {f"{edit.file} is edited" for edit in scenario.wrong.edits}
    found |= {"a probe is the CPE"} if any(n.probe for n in scenario.topology().nodes.values()) else set()
    for command in scenario.wrong.commands:
        role = scenario.nodes[command.node].role
        found.add(f"a command runs in a {role}")
        found.add(f"a command runs at {command.when}")
        found |= {"a command reads"} if command.stdin is not None else set()
        found |= {"a command stays"} if command.stays else set()
    return found | parts(scenario)


def fewest(known: Mapping[str, set[str]]) -> list[str]:
    """Names with which every way is there: again and again the one that adds most."""
    missing, chosen = set[str]().union(*known.values()), []
    while missing:
        chosen.append(max(sorted(known), key=lambda name: len(known[name] & missing)))
        missing -= known[chosen[-1]]
    return sorted(chosen)


COMPARED = set[str]().union(*(parts(load(name)) for name in healthy()))
"""What scenarios that work have as well: those are compared between the backends."""
CHOSEN = fewest({name: ways(load(name)) - COMPARED for name in failures()})


@pytest.fixture(scope="module")
def outcomes(images: Engine) -> Iterator[dict[str, Outcome]]:
    """What the chosen scenarios came to, several at a time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAG", TAG)
        if images.host:
            patched.setenv("DOCKER_HOST", images.host)
        run = run_all(CHOSEN, backend="docker", fixed=False, jobs=AT_A_TIME, watch=Unwatched())
        yield {outcome.scenario: outcome for outcome in asyncio.run(run)}


@pytest.mark.parametrize("name", CHOSEN)
def test_the_mistake_is_in_the_containers_and_found(name: str, outcomes: Mapping[str, Outcome]) -> None:
    outcome = outcomes[name]
    assert (outcome.found, outcome.problems) == (outcome.expected, ())
