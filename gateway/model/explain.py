"""From pydantic's validation errors to problems with a rule and a fix."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from gateway.model.fields import RULE, GraphModel
from gateway.model.members import models_in
from gateway.model.problems import Problem
from gateway.model.source import Source

_KINDS = {
    "string_type": ("a text is wanted", "put the value in quotes"),
    "int_type": ("a whole number is wanted", "write a number without quotes"),
    "bool_type": ("true or false is wanted", "write true or false"),
    "tuple_type": ("a list is wanted", "begin each item on a line of its own with `- `"),
    "dict_type": ("a mapping is wanted", "write `name: value` lines below it"),
    "model_type": ("an object is wanted", "write its members as `name: value` lines below it"),
    "model_attributes_type": ("an object is wanted", "write its members as `name: value` lines below it"),
    "string_too_short": ("the text is not empty", "write one"),
    "too_short": ("the list is not empty", "add an item"),
    "too_long": ("a link has one or two local configurations", "remove the others"),
}
_TAGS = {"default", "custom"}


def explain(error: ValidationError, source: Source, model: type[GraphModel]) -> Iterator[Problem]:
    """The problems that ``model`` found in the resource of ``source``."""
    for detail in error.errors(include_url=False):
        loc = tuple(
            step
            for before, step in zip(("", *detail["loc"]), detail["loc"], strict=False)
            if not (before == "tunnelConfiguration" and step in _TAGS) and step != "[key]"
        )
        context: Mapping[str, Any] = detail.get("ctx", {})
        kind = detail["type"]
        if kind == RULE:
            place = (*loc, context["at"]) if context["at"] else loc
            yield source.problem(place, rule=context["rule"], fix=context["fix"], saw=context["saw"])
        elif kind == "missing":
            yield _missing(loc, source, model)
        elif kind == "literal_error":
            rule = "GSA has two tunnel configurations: IKEv2Default and IKEv2Custom"
            yield source.problem(loc, rule=rule, fix=f"write {context['expected']}, or leave it out")
        else:
            rule, fix = _KINDS.get(kind, ("the value is not valid here", "see the schema of the lab file"))
            yield source.problem(loc, rule=rule, fix=fix)


def _missing(loc: tuple[str | int, ...], source: Source, model: type[GraphModel]) -> Problem:
    field = _field(model, loc)
    examples = field.examples if field else None
    what = f" ({field.description.rstrip('.')})" if field and field.description else ""
    fix = f"add `{loc[-1]}: {examples[0]}`" if examples else f"add {loc[-1]}{what}"
    return source.problem(loc, rule=f"{loc[-1]} is required{what if examples else ''}", fix=fix)


def _field(model: type[GraphModel], loc: tuple[str | int, ...]) -> FieldInfo | None:
    """The field at ``loc``."""
    models: tuple[type[GraphModel], ...] = (model,)
    found: FieldInfo | None = None
    for step in loc:
        if isinstance(step, int):
            continue
        fields = (field for m in models for field in m.model_fields.values())
        found = next((field for field in fields if field.alias == step), None)
        if found is None:
            return None
        models = models_in(found.annotation)
    return found
