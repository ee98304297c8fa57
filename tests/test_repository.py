"""What is in the repository fits together, and fits every machine."""

import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import gateway

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text() + (ROOT / "constraints-fuzz.txt").read_text()
PIN = r"^([a-z0-9-]+)==(\S+)"
PINS = dict(re.findall(PIN, CONSTRAINTS, re.MULTILINE))

REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted|deb\.debian\.org|archive\.ubuntu\.com|npmjs|index-url|find-links"
)
MACHINE_PATHS = re.compile(r"(?<![\w.$}>*-])/(work|root|home/\w+)\b")
EXEMPT = {"tests/test_repository.py", "scripts/lock"}
"""They name what must not be in a file."""


def tracked_files() -> list[str]:
    """Names of all files in version control, relative to the root."""
    # A clone may belong to another user than the one who runs the tests.
    listing = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "ls-files", "-z"]
    names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def occurrences(pattern: re.Pattern[str]) -> list[str]:
    """``file: text`` for each match in a tracked file."""
    return [
        f"{name}: {match[0]}"
        for name in tracked_files()
        if name not in EXEMPT
        for match in pattern.finditer((ROOT / name).read_text(errors="replace"))
    ]


def declared() -> list[Requirement]:
    """The dependencies of pyproject.toml, those of its extras included."""
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(line) for group in (PROJECT["dependencies"], *extras) for line in group]


def test_no_file_names_a_package_registry() -> None:
    assert occurrences(REGISTRIES) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert occurrences(MACHINE_PATHS) == []


def test_the_version_is_the_same_everywhere() -> None:
    assert PROJECT["version"] == gateway.__version__
    assert f"## [{gateway.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("requirement", declared(), ids=lambda requirement: requirement.name)
def test_every_dependency_is_pinned_to_a_version_that_it_allows(requirement: Requirement) -> None:
    pinned = PINS.get(canonicalize_name(requirement.name))
    assert pinned is not None, "run `make lock`"
    assert requirement.specifier.contains(pinned), "run `make lock`"


def test_every_pin_has_hashes() -> None:
    entries = re.findall(
        r"^[a-z0-9-]+==\S+ \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", CONSTRAINTS, re.MULTILINE
    )
    assert len(entries) == len(PINS)


def test_the_tests_run_with_the_pinned_versions() -> None:
    pins = dict(re.findall(PIN, (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    installed = {name: metadata.version(name) for name in pins}
    assert installed == pins, "run `scripts/setup test`"


def test_the_list_of_packages_has_two_groups_of_names_each_sorted_and_explained() -> None:
    groups: dict[str, list[str]] = {}
    for line in (ROOT / "packages.txt").read_text().splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            names = groups.setdefault(heading[1], [])
        elif line and not line.startswith("#"):
            entry = re.fullmatch(r"([a-z0-9][a-z0-9+.-]+) +# \S.*", line)
            assert entry, line
            names.append(entry[1])
    assert list(groups) == ["lab", "test"]
    assert all(names == sorted(set(names)) for names in groups.values())
