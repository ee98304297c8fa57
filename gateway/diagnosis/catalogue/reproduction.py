"""The scenarios that reproduce a code, and what the CPE's own logs showed when they were run.

The scenarios are read as plain YAML: the catalogue needs nothing of the labs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

LOGS = "cpe_logs.yaml"
"""Beside this file: scenario to source to lines; written by ``record.py``."""
_SCENARIOS = "lab/scenarios/failures"
_SUFFIX = ".yaml"


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """A failure scenario.

    Args:
        scenario: Its name.
        title: One line.
        wrong: What is wrong in it.
        fix: What puts it right.
        expect: The codes that it ends with.
        logs: Source, as ``charon of cpe``, to the telling lines.
    """

    scenario: str
    title: str
    wrong: str
    fix: str
    expect: tuple[str, ...]
    logs: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """What runs it."""
        return f"gsalab lab run {self.scenario}"

    def as_json(self) -> dict[str, Any]:
        """The scenario as a JSON object."""
        return {
            "scenario": self.scenario,
            "title": self.title,
            "wrong": self.wrong,
            "run": self.command,
            "fix": self.fix,
            "run_fixed": f"{self.command} --fix",
            "cpe_logs": {source: list(lines) for source, lines in self.logs.items()},
        }


def reproductions(code: str) -> list[Reproduction]:
    """The scenarios that end with a code, those that end with it alone first."""
    found = [each for each in every() if code in each.expect]
    return sorted(found, key=lambda each: (len(each.expect), each.scenario))


@cache
def every() -> tuple[Reproduction, ...]:
    """All failure scenarios, by name."""
    logs = recorded_logs()
    yaml = YAML(typ="safe")
    found = []
    for entry in files("gateway").joinpath(_SCENARIOS).iterdir():
        if entry.name.endswith(_SUFFIX):
            document = yaml.load(entry.read_text("utf-8"))
            name = entry.name.removesuffix(_SUFFIX)
            found.append(_reproduction(name, document, logs.get(name, {})))
    return tuple(sorted(found, key=lambda each: each.scenario))


def recorded_logs() -> dict[str, dict[str, list[str]]]:
    """What was recorded: scenario to source to lines."""
    file = files("gateway").joinpath("diagnosis/catalogue", LOGS)
    return (YAML(typ="safe").load(file.read_text("utf-8")) if file.is_file() else None) or {}


def _reproduction(name: str, document: Any, logs: Mapping[str, Sequence[str]]) -> Reproduction:  # noqa: ANN401 - parsed YAML
    return Reproduction(
        scenario=name,
        title=document["title"],
        wrong=" ".join(document["wrong"]["what"].split()),
        fix=" ".join(document["fix"]["what"].split()),
        expect=tuple(document["expect"]),
        logs=logs,
    )
