"""Scenario files: one YAML file declares a lab, what it teaches, and what has to work in it."""

import difflib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gateway.lab.scenario_model import Scenario
from gateway.lab.topology import Topology

SUFFIX = ".yaml"
FAILURES = "scenarios/failures"


class ScenarioError(Exception):
    """A scenario that does not exist or cannot be used; ``problems`` has one line for each fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


def names() -> list[str]:
    """The scenarios that come with the product: those that work, then those that fail."""
    return [*healthy(), *failures()]


def healthy() -> list[str]:
    """The scenarios that work, in alphabetical order but with ``basic`` first."""
    return sorted(_in("scenarios"), key=lambda name: (name != "basic", name))


def failures() -> list[str]:
    """The scenarios that end with findings, in alphabetical order."""
    return sorted(_in(FAILURES))


def _in(folder: str) -> list[str]:
    found = (entry.name for entry in files("gateway.lab").joinpath(folder).iterdir())
    return [name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX)]


def load(name: str, overrides: Mapping[str, object] | None = None, *, fixed: bool = False) -> Scenario:
    """Read a scenario.

    Args:
        name: One of ``names()``, or the path of a scenario file.
        overrides: Dotted path to the value put there: ``cpe.ike``, ``lab.remoteNetworks.0.region``.
        fixed: Of a failure scenario: after its fix.

    Raises:
        ScenarioError: No such scenario, or faults in the file or the overrides; all of them at once.
    """
    path, document = _document(name)
    for dotted, value in {**_changes(document, fixed=fixed), **(overrides or {})}.items():
        _override(document, dotted, value)
    document["name"], document["fixed"] = Path(path).stem, fixed
    try:
        scenario = Scenario.model_validate(_plain(document))
    except ValidationError as error:
        raise ScenarioError(
            [f"{_where(path, document, e['loc'])}: {_say(e['msg'], e['loc'])}" for e in error.errors()]
        ) from error
    problems = contradictions(scenario)
    if problems:
        raise ScenarioError([f"{path}: {problem}" for problem in problems])
    return scenario


def _document(name: str) -> tuple[str, Any]:
    """A scenario file, and what it extends below it."""
    path, text = _read(name)
    try:
        document = YAML(typ="rt").load(text)
    except YAMLError as error:
        raise ScenarioError([f"{path}: not YAML: {error}"]) from error
    if not isinstance(document, dict):
        raise ScenarioError([f"{path}: a scenario is a mapping with title, nodes, links, lab and traffic"])
    base = document.get("extends")
    if base is not None:
        if base == Path(path).stem or base not in names():
            raise ScenarioError([f"{path}: extends: no other scenario is called {base}"])
        _fill(document, deepcopy(_base(base)))
    return path, document


@cache
def _base(name: str) -> Any:  # noqa: ANN401 - parsed YAML
    """A scenario that others extend, read once: nearly all extend the same, and reading takes time."""
    return _document(name)[1]


def _fill(document: Any, base: Any) -> None:  # noqa: ANN401 - parsed YAML
    """Add to a mapping what it leaves out; mappings in it are filled too, all else stays whole."""
    for key, value in base.items():
        if key not in document:
            document[key] = value
        elif isinstance(document[key], dict) and isinstance(value, dict):
            _fill(document[key], value)


def _changes(document: Any, *, fixed: bool) -> dict[str, object]:  # noqa: ANN401 - parsed YAML
    """The values that a mistake, or its fix, changes; of no known shape before validation."""
    parts = [document.get("wrong"), document.get("fix") if fixed else None]
    wrong, fix = (part if isinstance(part, dict) else {} for part in parts)
    sets = [{} if fixed and not fix.get("keep") else wrong.get("set", {}), fix.get("set", {})]
    return {str(dotted): value for each in sets if isinstance(each, dict) for dotted, value in each.items()}


def parse_settings(settings: Sequence[str]) -> dict[str, object]:
    """Overrides as typed on a command line, ``cpe.ike=aes256-sha384-modp2048``; values are YAML.

    Raises:
        ScenarioError: A setting without ``=``.
    """
    overrides: dict[str, object] = {}
    for setting in settings:
        dotted, equals, value = setting.partition("=")
        if not equals:
            raise ScenarioError([f"--set {setting}: expected PATH=VALUE, as in cpe.esp=aes128gcm16"])
        overrides[dotted] = YAML(typ="safe").load(value)
    return overrides


def dump_yaml(value: Mapping[str, object]) -> str:
    """A mapping as YAML text for people."""
    yaml = YAML()
    yaml.default_flow_style = False
    stream = StringIO()
    yaml.dump(dict(value), stream)
    return stream.getvalue()


def _read(name: str) -> tuple[str, str]:
    for folder, known in (("scenarios", healthy()), (FAILURES, failures())):
        if name in known:
            return name + SUFFIX, files("gateway.lab").joinpath(folder, name + SUFFIX).read_text("utf-8")
    if not name.endswith(SUFFIX):
        near = ", ".join(difflib.get_close_matches(name, names(), n=3, cutoff=0.0))
        raise ScenarioError(
            [f"no scenario is called {name}; near it are {near} (gsalab lab list), or give a .yaml file"]
        )
    try:
        return name, Path(name).read_text("utf-8")
    except OSError as error:
        raise ScenarioError([f"{name}: {error.strerror}"]) from error


def _override(document: Any, dotted: str, value: object) -> None:  # noqa: ANN401 - parsed YAML
    """Put ``value`` at a path; members that are new are added, so that a typo is found by validation."""
    *parents, last = dotted.split(".")
    place = document
    try:
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        place[int(last) if isinstance(place, list) else last] = value
    except (AttributeError, IndexError, ValueError, TypeError) as error:
        raise ScenarioError([f"--set {dotted}: the scenario has no place for it"]) from error


def _plain(value: Any) -> Any:  # noqa: ANN401 - parsed YAML
    """The containers of the YAML reader as plain ones."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value


def _where(path: str, document: Any, loc: Sequence[int | str]) -> str:  # noqa: ANN401 - parsed YAML
    """``file:line: path.of.the.value``."""
    line, place = 0, document
    for part in loc:
        positions = getattr(place, "lc", None)
        try:
            if isinstance(place, dict) and positions is not None and part in place:
                line = positions.key(part)[0]
            elif isinstance(place, list) and positions is not None and isinstance(part, int):
                line = positions.item(part)[0]
            place = place[part]
        except (KeyError, IndexError, TypeError):
            break
    return f"{path}:{line + 1}: {'.'.join(str(part) for part in loc)}"


def _say(message: str, loc: Sequence[int | str]) -> str:
    if message.startswith("Extra inputs"):
        return f"unknown property {loc[-1]}"
    return message.removeprefix("Value error, ").replace("Field required", "is missing")


def contradictions(scenario: Scenario) -> list[str]:
    """Faults that only show between parts of a scenario, one line each."""
    topology = scenario.topology()
    if len(topology.with_role("gateway")) != 1:
        return ["nodes: exactly one node has the role gateway"]
    named = [("links", end.node) for link in topology.links for end in link.ends]
    named += [
        (f"nodes.{name}.tunnels", part) for name, cpe in scenario.cpes().items() for part in cpe.tunnels
    ]
    if scenario.wrong is not None:
        named += [("wrong.edits", edit.node) for edit in scenario.wrong.edits]
        named += [("wrong.commands", command.node) for command in scenario.wrong.commands]
    for index, check in enumerate(scenario.traffic):
        named += [(f"traffic.{index}", node) for node in (check.from_node, check.without) if node is not None]
    problems = [f"{where}: no node is called {node}" for where, node in named if node not in topology.nodes]
    problems += _boxes_without_outside(topology)
    return problems or [*_unreachable(scenario), *_without_effect(scenario), *_probes(scenario)]


def _probes(scenario: Scenario) -> list[str]:
    """Probes where BGP has to come up, which they do not speak, and the DH group that they need."""
    problems = []
    for name in scenario.cpes():
        probe = scenario.settings(name).probe
        if probe is None:
            continue
        if not scenario.is_failure:
            after = " after its fix: set cpe.probe to null there" if scenario.fixed else ""
            problems.append(f"{name} is a probe, which speaks no BGP, so the scenario cannot work{after}")
        if not any("DH" in offer for offer in probe.ike):
            problems.append(f"{name}: probe.ike offers no DH group, so there is none for the KE payload")
    return problems


def _without_effect(scenario: Scenario) -> list[str]:
    """Edits of files that the lab does not write on the node, which would change nothing."""
    speakers = {name for name in scenario.cpes() if scenario.settings(name).probe is None}
    carriers = {node for name in speakers for node in scenario.nodes[name].tunnels or [name]}
    edits = scenario.wrong.edits if scenario.wrong is not None else []
    return [
        f"wrong.edits: {edit.node} has no {edit.file}: {', '.join(sorted(right)) or 'no node'} has"
        for edit in edits
        for right in (speakers if edit.file == "bird.conf" else carriers,)
        if edit.node not in right
    ]


def _boxes_without_outside(topology: Topology) -> list[str]:
    """NAT boxes whose outside is no neighbour of theirs."""
    return [
        f"nodes.{name}: nat and impair are toward {plan.box_toward}, which no link joins to {name}"
        for name, plan in topology.nodes.items()
        if plan.box_toward and plan.box_toward not in {end.neighbour for end in topology.ends(name)}
    ]


def _unreachable(scenario: Scenario) -> list[str]:
    """Routes by an address that is on no interface's network."""
    topology = scenario.topology()
    problems = []
    for name, plan in topology.nodes.items():
        networks = [address.network for end in topology.ends(name) for address in end.addresses]
        for prefix, via in plan.routes.items():
            if not any(via in network for network in networks):
                problems.append(
                    f"nodes.{name}: the route to {prefix} goes by {via}, which is on no link of {name}"
                )
    return problems
