"""Reading a YAML or JSON file into a tree that remembers where each value stands.

Only what a lab file needs of YAML 1.2 is taken: the core schema, anchors, aliases and merge keys. The reader
is bounded in bytes, depth and (expanded) values, so no file can exhaust the machine. What a user wrote is
never quoted in a message about syntax: it may be a piece of a pre-shared key.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from gateway.model.problems import LabFileError, Problem, quote

MAX_BYTES = 1 << 20
"""Octets of the largest file that is read; ten remote networks fill about 20,000."""
MAX_DEPTH = 32
"""Levels of nesting; a lab file has six."""
MAX_VALUES = 20_000
"""Values of a document with its aliases written out; ten remote networks hold about 1,000."""

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a mapping: where its name stands, and its value."""

    mark: Mark
    node: "Node"


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document.

    Args:
        mark: Where the value begins.
        value: A scalar, a mapping by member name, or a list.
        size: Values in it, aliases written out.
    """

    mark: Mark
    value: "Scalar | dict[str, Member] | list[Node]"
    size: int = 1

    def member(self, name: str) -> Member | None:
        """The member of that name, whatever its letter case; None when there is none."""
        if not isinstance(self.value, dict):
            return None
        found = self.value.get(name)
        folded = name.lower()
        return found or next((m for key, m in self.value.items() if key.lower() == folded), None)


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its name, its root, and problems that did not keep it from being read."""

    file: str
    root: Node
    problems: tuple[Problem, ...]


def read_document(path: Path) -> Document:
    """Read one YAML or JSON file.

    Raises:
        LabFileError: With one problem, when the file cannot be read or is no YAML.
    """
    text = _read_text(path)
    builder = _Builder(str(path))
    if text.lstrip()[:1] in ("{", "["):
        text = text.replace("\t", " ")  # JSON may be indented by tabs, YAML may not; columns stay as they are
    try:
        root = builder.build(YAML(typ="safe", pure=True).parse(text))
    except ReaderError as error:
        before = text[: error.position]
        mark = Mark(str(path), before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise builder.fail(mark, "a control character", "a lab file is text", "remove it") from None
    except MarkedYAMLError as error:
        raise builder.fail(*_syntax(str(path), error)) from None
    except YAMLError:
        raise builder.fail(Mark(str(path), 1, 1), *_NO_YAML) from None
    return Document(str(path), root, tuple(builder.problems))


def _read_text(path: Path) -> str:
    def fail(saw: str, rule: str, fix: str) -> LabFileError:
        return LabFileError([Problem(file=str(path), saw=saw, rule=rule, fix=fix)])

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise fail("a directory", "a lab file is one file", "name the file in it") from None
    except FileNotFoundError:
        raise fail("no such file", "the lab file must exist", "check the name and the directory") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise fail(reason, "the lab file must be readable", "check the name and the permissions") from None
    if len(data) > MAX_BYTES:
        raise fail("more than 1 MiB", "a lab file has at most 1 MiB", "is it the right file?")
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))  # what `>` writes in Windows PowerShell
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        saw = f"an octet that is no UTF-8, at offset {error.start}"
        raise fail(saw, "a lab file is UTF-8 text", "save it as UTF-8, or name the right file") from None
    if "\0" in text:
        raise fail("a binary file", "a lab file is YAML or JSON text", "name the right file")
    if not text.strip():
        raise fail("an empty file", "a lab file holds remoteNetworks", "start from examples/minimal.yaml")
    return text


_NO_YAML = ("text that is no YAML", "a lab file is YAML or JSON", "check the syntax")
_TOKENS = ("<", ",", "]", "}")
_QUOTED = re.compile(r"'([^']*)'")


def _syntax(file: str, error: MarkedYAMLError) -> tuple[Mark, str, str, str]:
    """A syntax error as (place, saw, rule, fix), without the text that the user wrote."""
    place = error.problem_mark or error.context_mark
    mark = Mark(file, place.line + 1, place.column + 1) if place else Mark(file, 1, 1)
    text = error.problem or error.context or _NO_YAML[0]
    if "\\t" in text:
        return mark, "a tab", "YAML is indented by spaces", "replace the tab by spaces"
    if "cannot start any token" in text:
        fix = "put the value in quotes"
        return mark, "a character with a meaning in YAML", "no plain text begins with it", fix
    tokens = _QUOTED.sub(lambda quoted: quoted[0] if quoted[1].startswith(_TOKENS) else "", text)
    saw = " ".join(tokens.split())
    if "mapping values are not allowed" in text:
        return mark, "a second `: ` in one line", "one member per line", "quote the value, or break the line"
    fix = "check brackets, quotes and indentation; quote values with special characters"
    return mark, saw, "a lab file is well-formed YAML or JSON", fix


class _Builder:
    """Turns parser events into nodes, without recursion."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._anchors: dict[str, Node] = {}

    def problem(self, mark: Mark, saw: str, rule: str, fix: str) -> Problem:
        return Problem(file=mark.file, line=mark.line, column=mark.column, saw=saw, rule=rule, fix=fix)

    def fail(self, mark: Mark, saw: str, rule: str, fix: str) -> LabFileError:
        return LabFileError([*self.problems, self.problem(mark, saw, rule, fix)])

    def build(self, events: Iterator[Event]) -> Node:
        """The root of the only document in the stream."""
        roots: list[Node] = []
        open_: list[tuple[NodeEvent, list[Node]]] = []
        for count, event in enumerate(events):
            if count > 2 * MAX_VALUES:
                raise self._too_many(_mark(self._file, event))
            if isinstance(event, CollectionEndEvent):
                start, items = open_.pop()
                node = self._collection(start, items)
            elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
                open_.append((event, []))
                if len(open_) > MAX_DEPTH:
                    saw = f"more than {MAX_DEPTH} levels of nesting"
                    raise self.fail(
                        _mark(self._file, event), saw, "a lab file has six", "is it the right file?"
                    )
                continue
            elif isinstance(event, AliasEvent):
                node = self._alias(event)
            elif isinstance(event, ScalarEvent):
                node = self._scalar(event)
            else:
                continue
            (open_[-1][1] if open_ else roots).append(node)
            if len(roots) > 1:
                saw = "a second document after `---`"
                raise self.fail(node.mark, saw, "one document per file", "put it in a file of its own")
        if not roots:
            saw = "only comments"
            raise self.fail(
                Mark(self._file, 1, 1),
                saw,
                "a lab file holds remoteNetworks",
                "start from examples/minimal.yaml",
            )
        return roots[0]

    def _too_many(self, mark: Mark) -> LabFileError:
        saw = f"more than {MAX_VALUES} values, with aliases written out"
        return self.fail(mark, saw, "a lab file has some hundreds", "is it the right file?")

    def _keep(self, event: NodeEvent, node: Node) -> Node:
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: AliasEvent) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            fix = "define it before with &; quote a text that begins with *"
            raise self.fail(
                _mark(self._file, event), "an alias without anchor", "* refers to a finished anchor", fix
            )
        return node

    def _scalar(self, event: ScalarEvent) -> Node:
        mark = _mark(self._file, event)
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            fix = "remove the tag; quote a text that begins with !"
            raise self.fail(mark, "a YAML tag", "a lab file needs no tags", fix)
        plain = event.style is None and event.tag is None
        value = resolve(event.value) if plain else event.value
        if isinstance(value, str):
            try:  # JSON writes characters beyond the BMP as two escapes
                value = value.encode("utf-16", "surrogatepass").decode("utf-16")
            except UnicodeDecodeError:
                saw = "half of a surrogate pair"
                raise self.fail(mark, saw, "text is Unicode", "remove the escape \\ud800 … \\udfff") from None
        return self._keep(event, Node(mark, value))

    def _collection(self, event: NodeEvent, items: list[Node]) -> Node:
        size = 1 + sum(item.size for item in items)
        mark = _mark(self._file, event)
        if size > MAX_VALUES:
            raise self._too_many(mark)
        is_mapping = isinstance(event, MappingStartEvent)
        value = self._mapping(items) if is_mapping else items
        return self._keep(event, Node(mark, value, size))

    def _mapping(self, items: list[Node]) -> dict[str, Member]:
        members: dict[str, Member] = {}
        merged: dict[str, Member] = {}
        for key, node in zip(items[::2], items[1::2], strict=True):
            if isinstance(key.value, (dict, list)):
                fix = "write `name: value`"
                self.problems.append(self.problem(key.mark, "a collection", "a name is a text", fix))
            elif key.value == "<<":
                self._merge(merged, node)
            elif (name := str(key.value)) in members:
                saw = f"{quote(name)} twice in one mapping"
                fix = f"remove one; the first is in line {members[name].mark.line}"
                self.problems.append(self.problem(key.mark, saw, "a name appears once", fix))
            else:
                members[name] = Member(key.mark, node)
        return members | {name: member for name, member in merged.items() if name not in members}

    def _merge(self, merged: dict[str, Member], node: Node) -> None:
        for source in node.value if isinstance(node.value, list) else [node]:
            if isinstance(source.value, dict):
                merged.update({k: v for k, v in source.value.items() if k not in merged})
            else:
                fix = "write `<<: *anchor`, where the anchor marks a mapping"
                self.problems.append(self.problem(source.mark, "no mapping", "<< merges mappings", fix))


def _mark(file: str, event: Event) -> Mark:
    return Mark(file, event.start_mark.line + 1, event.start_mark.column + 1)


_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
_TRUE = re.compile(r"(?:true|True|TRUE)\Z")
_FALSE = re.compile(r"(?:false|False|FALSE)\Z")
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")


def resolve(text: str) -> Scalar:
    """A plain scalar by the core schema of YAML 1.2; hexadecimal and octal stay text."""
    if _NULL.match(text):
        return None
    if _TRUE.match(text):
        return True
    if _FALSE.match(text):
        return False
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text
