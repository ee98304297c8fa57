"""The rules of the source tree: which part may import which, and how long a file may be."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = ("ike", "bgp", "gateway")
SOURCES = sorted(file for top in (*PRODUCT, "tests", "benchmarks") for file in (ROOT / top).rglob("*.py"))
MOST_LINES = 500

INDEPENDENT = "tests.interop.independent"
INDEPENDENT_USES = (INDEPENDENT, "tests.interop.dataplane_world", "tests.support.runner")
"""What it may import of the tests: namespaces, and how programs are run as another user."""

OUTSIDE_WORLD = (
    *("asyncio", "multiprocessing", "os", "random", "secrets", "select", "selectors", "signal", "socket"),
    *("ssl", "subprocess", "threading", "time", "uuid"),
)
"""What a protocol core gets as arguments instead: sockets, the clock, randomness, processes, files."""


def module_name(file: Path) -> str:
    """Dotted name of a source file: ``gateway.records``; of a package's ``__init__.py``: the package."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str, package: str) -> Iterator[str]:
    """Every module that a source text imports, anywhere in it; relative names are those of ``package``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(name: str, *packages: str) -> bool:
    """Whether a module is one of ``packages`` or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


Rule = Callable[[str, str], bool]
FORBIDDEN: dict[str, Rule] = {
    "ike imports neither bgp nor gateway": lambda module, target: (
        within(module, "ike") and within(target, "bgp", "gateway")
    ),
    "bgp imports neither ike nor gateway": lambda module, target: (
        within(module, "bgp") and within(target, "ike", "gateway")
    ),
    "ike is sans-IO: the outside world comes as arguments": lambda module, target: (
        within(module, "ike") and within(target, *OUTSIDE_WORLD)
    ),
    "only gateway.__main__ imports gateway.cli": lambda module, target: (
        within(target, "gateway.cli") and not within(module, "gateway.cli", "gateway.__main__", "tests")
    ),
    "only gateway.cli imports gateway.daemon": lambda module, target: (
        within(target, "gateway.daemon") and not within(module, "gateway.cli", "gateway.daemon", "tests")
    ),
    "scapy is for tests only": lambda module, target: within(target, "scapy") and not within(module, "tests"),
    "the independent initiator shares no code with the product": lambda module, target: (
        within(module, INDEPENDENT)
        and (within(target, *PRODUCT) or (within(target, "tests") and not within(target, *INDEPENDENT_USES)))
    ),
    "the product imports no tests": lambda module, target: (
        within(target, "tests", "benchmarks") and within(module, *PRODUCT)
    ),
}
"""Each rule, and whether the import of a target by a module breaks it."""


def broken_rules(module: str, target: str) -> list[str]:
    """The rules that an import breaks."""
    return [rule for rule, breaks in FORBIDDEN.items() if breaks(module, target)]


@pytest.mark.parametrize(
    ("module", "target"),
    [
        ("ike.responder", "bgp.rib"),
        ("ike.responder", "gateway.records"),
        ("bgp.speaker", "ike.path"),
        ("ike.responder", "time"),
        ("ike.codec.message", "os.path"),
        ("gateway.records", "gateway.cli"),
        ("gateway.model.load", "gateway.daemon.main"),
        ("gateway.daemon.main", "gateway.cli"),
        ("gateway.lab.capture", "scapy.all"),
        ("tests.interop.independent.keys", "ike.crypto.keys"),
        ("tests.interop.independent.world", "gateway.model"),
        ("tests.interop.independent.initiator", "tests.ike.initiator"),
    ],
)
def test_the_import_rule_forbids(module: str, target: str) -> None:
    assert broken_rules(module, target)


@pytest.mark.parametrize(
    ("module", "target"),
    [
        ("ike.responder", "ike.path"),
        ("gateway.daemon.main", "ike"),
        ("gateway.cli", "gateway.daemon.main"),
        ("gateway.records", "time"),
        ("bgp.speaker", "asyncio"),
        ("tests.ike.test_scapy", "scapy.layers.ipsec"),
        ("tests.interop.independent.esp", "scapy.layers.ipsec"),
        ("ike.codec.timestamps", "timeit_like"),
    ],
)
def test_the_import_rule_allows(module: str, target: str) -> None:
    assert not broken_rules(module, target)


def test_imports_are_found_wherever_and_however_they_are_written() -> None:
    source = "import a.b\nfrom . import c\nfrom ..d import e\ndef f():\n    from g import h\n"
    assert set(imported(source, "top.sub")) == {"a.b", "top.sub", "top.sub.c", "top.d", "top.d.e", "g", "g.h"}


@pytest.mark.parametrize("file", SOURCES, ids=module_name)
def test_imports_run_one_way(file: Path) -> None:
    module = module_name(file)
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    targets = imported(file.read_text(), package)
    assert {target: rules for target in targets if (rules := broken_rules(module, target))} == {}


@pytest.mark.parametrize("file", SOURCES, ids=module_name)
def test_no_file_is_longer_than_500_lines(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("file", SOURCES, ids=module_name)
def test_every_module_says_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text()))


def test_the_independent_initiator_runs_without_the_product() -> None:
    say = "import sys, tests.interop.independent.drill; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", say], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {*PRODUCT, "scapy"} == {"scapy"}
