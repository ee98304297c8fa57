"""Where a resource of the lab was written, and the collection of what is wrong with it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.model.document import Mark, Node, resolve
from gateway.model.problems import Problem, Severity, quote

Loc = Sequence[str | int]
"""A place below a resource: member names and list indices."""


@dataclass(frozen=True)
class Source:
    """Where one resource stands.

    Args:
        node: The resource as it was written.
        prefix: Path of the resource in its file: ``remoteNetworks[0]``, ``value[0]``, or empty for the root.
        parts: Places below that were joined from elsewhere.
        is_graph: Whether the file is an export of Graph (it has ``@odata.context``).
    """

    node: Node
    prefix: str = ""
    parts: dict[tuple[str | int, ...], "Source"] = field(default_factory=dict)
    is_graph: bool = False

    def child(self, *loc: str | int) -> "Source":
        """The source of something below this one; ``loc`` must exist."""
        node, _ = self._walk(loc)
        return Source(node, self.path(loc), is_graph=self.is_graph)

    def problem(  # noqa: D417  (the rest are the fields of Problem)
        self,
        loc: Loc,
        *,
        rule: str,
        fix: str,
        saw: str | None = None,
        severity: Severity = "error",
        at_name: bool = False,
    ) -> Problem:
        """A problem about the value at ``loc``, or about the nearest value around it.

        Args:
            loc: The place below the resource.
            at_name: Point at the member's name rather than at its value.
        """
        for depth in range(len(loc), 0, -1):
            part = self.parts.get(tuple(loc[:depth]))
            if part is not None:
                rest = loc[depth:]
                return part.problem(rest, rule=rule, fix=fix, saw=saw, severity=severity, at_name=at_name)
        node, found = self._walk(loc)
        mark = self._name_mark(loc) if at_name else node.mark
        if saw is None:
            saw = describe(node, loc) if found == len(loc) else "nothing"
        return Problem(
            file=mark.file,
            line=mark.line,
            column=mark.column,
            path=self.path(loc),
            saw=saw,
            rule=rule,
            fix=fix,
            severity=severity,
        )

    def holds(self, loc: Loc) -> bool:
        """Whether there is a value at ``loc``."""
        for depth in range(len(loc), 0, -1):
            part = self.parts.get(tuple(loc[:depth]))
            if part is not None:
                return part.holds(loc[depth:])
        return self._walk(loc)[1] == len(loc)

    def path(self, loc: Loc) -> str:
        """The place as people write it: ``remoteNetworks[0].deviceLinks[1].name``."""
        text = self.prefix
        for step in loc:
            text += f"[{step}]" if isinstance(step, int) else f".{quote(step)}"
        return text.removeprefix(".")

    def _walk(self, loc: Loc) -> tuple[Node, int]:
        """The node at ``loc``, or the last one on the way, and how many steps were found."""
        node = self.node
        for found, step in enumerate(loc):
            following = _step(node, step)
            if following is None:
                return node, found
            node = following
        return node, len(loc)

    def _name_mark(self, loc: Loc) -> Mark:
        parent, _ = self._walk(loc[:-1])
        member = parent.member(str(loc[-1]))
        return member.mark if member else parent.mark


def _step(node: Node, step: str | int) -> Node | None:
    if isinstance(step, str):
        member = node.member(step)
        return member.node if member else None
    if isinstance(node.value, list) and step < len(node.value):
        return node.value[step]
    return None


def describe(node: Node, loc: Loc = ()) -> str:
    """What stands there, for people; never the value of a pre-shared key."""
    value = node.value
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if any("sharedkey" in str(step).lower() for step in loc):
        return "a key (not shown)"
    if value is None:
        return "nothing (null)"
    if isinstance(value, str) and isinstance(resolve(value), str):
        return quote(value)
    return quote(json.dumps(value))
