"""From the tree of a document to plain values, with every member name checked against the models.

A member name is, in this order:

1. known: taken. In another letter case (``devicelinks``): taken, with a warning; Graph's own API binds names
   that way.
2. an OData annotation (it holds ``@`` or begins with ``#``), or a member that Graph documents and the lab
   does not use (``lastModifiedDateTime``): ignored.
3. unknown, in an export of Graph (a document with ``@odata.context``): ignored, because Graph grows; a name
   that is almost a known one gives a warning.
4. unknown, in a file written by hand: an error that names the nearest known member.

Members that are null count as left out.
"""

from collections.abc import Callable
from typing import Any, get_args

from gateway.model.document import Node
from gateway.model.fields import GraphModel
from gateway.model.problems import Problem, nearest, quote
from gateway.model.resources import TunnelIkeV2, TunnelIkeV2Custom, TunnelIkeV2Default, policy_of
from gateway.model.source import Source

Report = Callable[[Problem], None]
ALMOST = 0.9
"""Likeness (0 to 1) from which an unknown name in an export is taken for a misspelling."""


def plain(source: Source, model: type[GraphModel], report: Report) -> Any:  # noqa: ANN401  (any JSON value)
    """The resource as plain values in Graph's spelling, ready for ``model.model_validate``."""
    return _Walk(source, report).value(source.node, (model,), ())


def known_members(source: Source, model: type[GraphModel], report: Report) -> dict[str, Node]:
    """The members of a mapping by their names in Graph; reports every other one."""
    return _Walk(source, report).members(source.node, model, ())


def models_in(annotation: object) -> tuple[type[GraphModel], ...]:
    """The models in a field's annotation: ``tuple[DeviceLink, ...]`` holds DeviceLink."""
    if isinstance(annotation, type) and issubclass(annotation, GraphModel):
        return (annotation,)
    return tuple(model for argument in get_args(annotation) for model in models_in(argument))


class _Walk:
    def __init__(self, source: Source, report: Report) -> None:
        self._source = source
        self._report = report

    def value(self, node: Node, models: tuple[type[GraphModel], ...], loc: tuple[str | int, ...]) -> Any:  # noqa: ANN401
        if isinstance(node.value, list):
            return [self.value(item, models, (*loc, index)) for index, item in enumerate(node.value)]
        if not isinstance(node.value, dict):
            return node.value
        if not models:
            return {name: self.value(m.node, (), (*loc, name)) for name, m in node.value.items()}
        model = _select(models, node)
        fields = {field.alias: field for field in model.model_fields.values()}
        return {
            name: self.value(child, models_in(fields[name].annotation), (*loc, name))
            for name, child in self.members(node, model, loc).items()
        }

    def members(self, node: Node, model: type[GraphModel], loc: tuple[str | int, ...]) -> dict[str, Node]:
        known = {field.alias or name: None for name, field in model.model_fields.items()}
        folded = {name.lower(): name for name in known}
        result: dict[str, Node] = {}
        if not isinstance(node.value, dict):
            return result
        for name, member in node.value.items():
            canonical = name if name in known else folded.get(name.lower())
            if canonical is None:
                self._unknown(name, model, (*loc, name))
                continue
            if canonical != name:
                self._other_case(name, canonical, (*loc, name), is_second=canonical in node.value)
            if member.node.value is not None and (canonical == name or canonical not in node.value):
                result[canonical] = member.node
        return result

    def _other_case(self, name: str, canonical: str, loc: tuple[str | int, ...], *, is_second: bool) -> None:
        rule = f"the member is spelt {canonical}"
        if is_second:
            fix = f"remove {name}: {canonical} is there too"
            problem = self._source.problem(loc, saw=quote(name), rule=rule, fix=fix, at_name=True)
        else:
            fix = f"write {canonical}"
            problem = self._source.problem(
                loc, saw=name, rule=rule, fix=fix, at_name=True, severity="warning"
            )
        self._report(problem)

    def _unknown(self, name: str, model: type[GraphModel], loc: tuple[str | int, ...]) -> None:
        if "@" in name or name.startswith("#") or name in model.graph_members:
            return
        known = [
            field.alias for field in model.model_fields.values() if field.alias and "@" not in field.alias
        ]
        is_graph = self._source.is_graph
        guess = nearest(name, known, ALMOST if is_graph else 0.6)
        if is_graph and guess is None:
            return
        self._report(
            self._source.problem(
                loc,
                saw=quote(name),
                rule="no member of this name belongs here",
                fix=f"write {guess}" if guess else f"known are {', '.join(known)}",
                severity="warning" if is_graph else "error",
                at_name=True,
            )
        )


def _select(models: tuple[type[GraphModel], ...], node: Node) -> type[GraphModel]:
    """The model for this mapping; only the tunnel configuration has a choice."""
    if len(models) == 1 or not isinstance(node.value, dict):
        return models[0]
    assert issubclass(models[0], TunnelIkeV2)  # noqa: S101  (the only union of models there is)
    folded = {
        field.alias.lower(): field.alias for field in TunnelIkeV2Custom.model_fields.values() if field.alias
    }
    values = {folded.get(name.lower(), name): member.node.value for name, member in node.value.items()}
    return TunnelIkeV2Custom if policy_of(values) == "custom" else TunnelIkeV2Default
