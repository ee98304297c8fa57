"""Fuzzes the protocol code with atheris: ``python -m tests.fuzz [--seconds N] [HARNESS...]``.

Each harness runs in a process of its own, from a corpus that the in-memory initiator makes and that grows in
``.cache/fuzz``. An input that breaks a rule is kept there; ``python -m tests.fuzz HARNESS FILE`` runs it
once more, without atheris. Exit status 1 when there was one.
"""

import argparse
import hashlib
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.harnesses import HARNESSES

CACHE = Path(__file__).parents[2] / ".cache" / "fuzz"
SECONDS = 60
LONGEST_INPUT = 8192
_SLOW = 20
"""Seconds that one input may take: longer is a loop."""
_MEGABYTES = 1024
_GRACE = 120
"""Seconds for starting, on a busy machine, and for the last input."""
_FOUND = re.compile(r"Test unit written to (\S+)")
_RUNS = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_COVERAGE = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the fuzzer said.

    Args:
        name: Harness.
        status: Exit status of its process.
        executions: Inputs run.
        coverage: Branches reached.
        features: Branches reached, told apart by how often.
        corpus: Inputs that reach something of their own.
        seconds: How long it ran.
        found: Files that break a rule.
        output: All that it printed.
    """

    name: str
    status: int
    executions: int
    coverage: int
    features: int
    corpus: int
    seconds: float
    found: list[str]
    output: str

    @property
    def failed(self) -> bool:
        """Whether an input broke a rule, or the fuzzer itself failed."""
        return self.status != 0 or bool(self.found)


def fuzz(name: str, seconds: int) -> Outcome:
    """Fuzz one harness."""
    corpus, artifacts = CACHE / name / "corpus", CACHE / name / "found"
    corpus.mkdir(parents=True, exist_ok=True)
    artifacts.mkdir(parents=True, exist_ok=True)
    for seed in HARNESSES[name].seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    started = time.monotonic()
    done = subprocess.run(
        (
            *(sys.executable, "-m", "tests.fuzz.one", name),
            *(f"-max_total_time={seconds}", f"-max_len={LONGEST_INPUT}", f"-timeout={_SLOW}"),
            *(f"-rss_limit_mb={_MEGABYTES}", "-print_final_stats=1", f"-artifact_prefix={artifacts}/"),
            str(corpus),
        ),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds + _GRACE,
        check=False,
    )
    output = done.stdout + done.stderr
    covered = _COVERAGE.findall(output)
    coverage, features, inputs = map(int, covered[-1]) if covered else (0, 0, 0)
    runs = _RUNS.search(output)
    return Outcome(
        name=name,
        status=done.returncode,
        executions=int(runs[1]) if runs else 0,
        coverage=coverage,
        features=features,
        corpus=inputs,
        seconds=time.monotonic() - started,
        found=_FOUND.findall(output),
        output=output,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz the named harnesses one after the other, or run single inputs; the exit status."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each harness")
    parser.add_argument(
        "harness", nargs="*", help=f"{', '.join(HARNESSES)}; files after one name: run only these"
    )
    options = parser.parse_args(arguments)
    names = options.harness or list(HARNESSES)
    if names[0] in HARNESSES and any(name not in HARNESSES for name in names[1:]):
        for file in names[1:]:
            HARNESSES[names[0]].check(Path(file).read_bytes())
            print(f"{file}: no rule is broken")
        return 0
    if unknown := [name for name in names if name not in HARNESSES]:
        parser.error(f"no harness {', '.join(unknown)}; there are {', '.join(HARNESSES)}")
    print(
        f"{'harness':<12}{'executions':>12}{'per s':>8}{'coverage':>10}{'features':>10}{'corpus':>8}  result",
        flush=True,
    )
    outcomes = []
    for name in names:
        outcome = fuzz(name, options.seconds)
        outcomes.append(outcome)
        rate = outcome.executions / outcome.seconds
        print(
            f"{name:<12}{outcome.executions:>12,}{rate:>8,.0f}{outcome.coverage:>10,}{outcome.features:>10,}"
            f"{outcome.corpus:>8,}  {'FAILED' if outcome.failed else 'nothing found'}",
            flush=True,
        )
    for outcome in outcomes:
        if outcome.failed:
            print(f"\n{outcome.name} ended with status {outcome.status}; the last it said:")
            print("\n".join(outcome.output.splitlines()[-40:]))
            for file in outcome.found:
                print(f"again, without the fuzzer: {sys.executable} -m tests.fuzz {outcome.name} {file}")
    return int(any(outcome.failed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
