"""Reading files: whatever the file is, either a tree with places, or one clear problem."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.model import LabFileError, Problem, load
from gateway.model.document import MAX_BYTES, MAX_DEPTH, read_document
from tests.gateway.model.conftest import lab, link

LoadText = Callable[..., Any]


def only_problem(load_text: LoadText, text: str | bytes) -> Problem:
    with pytest.raises(LabFileError) as caught:
        load_text(text)
    [problem] = caught.value.problems
    return problem


def problems_of(path: Path) -> list[Problem]:
    """Every problem of a file; any other exception is a failure of the test."""
    try:
        return list(load([path]).warnings)
    except LabFileError as error:
        return error.problems


@pytest.mark.parametrize(
    ("text", "saw"),
    [
        ("", "an empty file"),
        (" \n\n", "an empty file"),
        ("# nothing\n", "only comments"),
        (b"\x7fELF\x00\x00", "a binary file"),
        (b"remoteNetworks: \xe9", "an octet that is no UTF-8, at offset 16"),
        ("a: \x07", "a control character"),
        ("remoteNetworks:\n\t- name: x", "a tab"),
        ("a: b: c", "a second `: ` in one line"),
        ("a: [1, 2", "expected ',' or ']', but got '<stream end>'"),
        ("a: @b", "a character with a meaning in YAML"),
        ("a: *b", "an alias without anchor"),
        ("a: &b [*b]", "an alias without anchor"),
        ("a: !!python/object:os.system b", "a YAML tag"),
        ("a: 1\n---\nb: 2", "a second document after `---`"),
        ('a: "\\ud800"', "half of a surrogate pair"),
    ],
)
def test_a_file_that_cannot_be_read_has_one_problem(load_text: LoadText, text: str | bytes, saw: str) -> None:
    problem = only_problem(load_text, text)
    assert problem.saw == saw
    assert problem.rule
    assert problem.fix


def test_a_syntax_error_names_its_place(load_text: LoadText) -> None:
    problem = only_problem(load_text, "remoteNetworks:\n  - name: a: b\n")
    assert (problem.line, problem.column) == (2, 12)


@pytest.mark.parametrize("text", ["- name: x", "17", "null", "text"])
def test_the_root_is_a_mapping(load_text: LoadText, text: str) -> None:
    assert only_problem(load_text, text).rule == "a lab file is a mapping"


def test_a_missing_file_and_a_directory_are_named(tmp_path: Path) -> None:
    for path, saw in ((tmp_path / "none.yaml", "no such file"), (tmp_path, "a directory")):
        with pytest.raises(LabFileError) as caught:
            load([path])
        [problem] = caught.value.problems
        assert (problem.file, problem.saw) == (str(path), saw)


def test_a_huge_file_is_not_read(load_text: LoadText) -> None:
    assert only_problem(load_text, b"#" * (MAX_BYTES + 1)).saw == "more than 1 MiB"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_ends_at_a_limit(load_text: LoadText, opening: str) -> None:
    assert only_problem(load_text, opening * 5000).saw == f"more than {MAX_DEPTH} levels of nesting"


def test_aliases_that_multiply_end_at_a_limit(load_text: LoadText) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{n}: &{n} [{', '.join(['*' + p] * 9)}]" for p, n in zip("abcdefgh", "bcdefghi", strict=True)]
    assert "with aliases written out" in only_problem(load_text, "\n".join(lines)).saw


def test_a_name_that_appears_twice_is_refused_at_its_second_place(load_text: LoadText) -> None:
    problem = only_problem(load_text, "gateway: {}\ngateway: {}\n")
    assert (problem.line, problem.saw) == (2, "gateway twice in one mapping")
    assert problem.fix == "remove one; the first is in line 1"


def test_anchors_aliases_and_merge_keys_are_understood(load_text: LoadText) -> None:
    text = """
remoteNetworks:
  - &site
    name: a
    region: westEurope
    forwardingProfiles: &profiles [microsoft]
  - {<<: *site, name: b, forwardingProfiles: *profiles}
"""
    first, second = load_text(text).remote_networks
    assert (first.name, second.name) == ("a", "b")
    assert second.region == first.region
    assert second.forwarding_profiles == first.forwarding_profiles


def test_json_indented_by_tabs_is_read_with_its_places(tmp_path: Path) -> None:
    path = tmp_path / "lab.json"
    path.write_text(json.dumps(lab(link("bgpConfiguration.asn", 65517)), indent="\t"))
    with pytest.raises(LabFileError) as caught:
        load([path])
    [problem] = caught.value.problems
    line = path.read_text().splitlines()[(problem.line or 0) - 1]
    assert line[(problem.column or 0) - 1 :] == "65517"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_the_encodings_that_windows_writes_are_read(load_text: LoadText, encoding: str) -> None:
    assert load_text(json.dumps(lab(), ensure_ascii=False).encode(encoding)).remote_networks


def test_json_escapes_of_two_halves_are_one_character(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": "\\ud83d\\ude00 \\u00e9 \\/"}')
    member = read_document(path).root.member("a")
    assert member
    assert member.node.value == "😀 é /"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(
            ("yes", "yes"),
            ("off", "off"),
            ("0x10", "0x10"),
            ("2024-01-01", "2024-01-01"),
            ("1.2.3.4", "1.2.3.4"),
        ),
        *(
            ("true", True),
            ("~", None),
            ("", None),
            ("-5", -5),
            ("1e3", 1000.0),
            ("'5'", "5"),
            ("!!str 5", "5"),
        ),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(tmp_path: Path, text: str, value: object) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"a: {text}")
    member = read_document(path).root.member("a")
    assert member
    assert member.node.value == value
    assert type(member.node.value) is type(value)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_no_file_raises_anything_but_problems(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(data)
    assert all(problem.rule for problem in problems_of(path))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PLACES = [
    *("name", "ipAddress", "deviceVendor", "bandwidthCapacityInMbps", "bgpConfiguration", "id"),
    *(
        "redundancyConfiguration",
        "tunnelConfiguration",
        "bgpConfiguration.asn",
        "tunnelConfiguration.dhGroup",
    ),
    *("redundancyConfiguration.zoneLocalIpAddress", "tunnelConfiguration.preSharedKey"),
]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(place=st.sampled_from(PLACES), value=JSON)
def test_no_value_in_any_place_raises_anything_but_problems(
    tmp_path: Path, place: str, value: object
) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps(lab(link(place, value))))
    assert all(problem.saw and problem.rule and problem.fix for problem in problems_of(path))


ROOTS = ["remoteNetworks", "forwardingProfiles", "gateway", "connectivityConfigurations", "value", "links"]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    root=st.dictionaries(st.sampled_from([*ROOTS, "name", "region", "deviceLinks", "@odata.context"]), JSON)
)
def test_no_document_raises_anything_but_problems(tmp_path: Path, root: dict[str, object]) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps(root))
    assert all(problem.rule for problem in problems_of(path))
