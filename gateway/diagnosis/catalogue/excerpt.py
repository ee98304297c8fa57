"""Chooses the telling lines of a CPE's logs, by what they say; the same run gives the same lines each time.

Times, SPIs, thread numbers, sizes and repetitions are left out.
"""

import re
from collections.abc import Sequence

MOST = 8
"""Lines of an excerpt."""
_MOST_TELLING = 5
_MOST_WHEN_SILENT = 3

_CHARON = re.compile(r"^[\d:.]+ \d+(\[[A-Z]{3}\]) (.*)$")
_CHARON_NOISE = re.compile(
    r"\[(?:LIB|JOB|MGR|NET|KNL|CHD|DMN)\]|loaded |added vici|initiating '|faking NAT|scheduling re|maximum "
    r"|sending keep"
)
_CHARON_TELLING = re.compile(
    r"notify|notification|fail|no .* found|not accept|mismatch|unable|error|reject|giving up|not responding"
    r"|retransmit|deleting|destroying|received DELETE|closed|expired|invalid|ignor|collision|requested|wrong"
)
_BIRD = re.compile(r"^[\d-]+ [\d:.]+ (<[A-Z]+>) (.*)$")
_BIRD_NOISE = re.compile(r"^Started|^Enabling|^Chosen router ID|^Shutting down|tunnel\d|^Reconfig")
_STATE = 3
"""The column of ``birdc show protocols`` that has the protocol's state."""
_SPIS = re.compile(r" with SPIs [0-9a-f_io ]+ and TS ")
_VOLATILE = (
    (re.compile(r"\b[0-9a-f]{8}_[io]\b"), "…"),
    (re.compile(r" with SPI [0-9a-f]{8}"), ""),
    (re.compile(r" \(\d+ bytes\)"), ""),
    (re.compile(r" in \d+s\b"), ""),
    (re.compile(r"\{\d+\}"), "{1}"),
    (re.compile(r"(gsa)\[\d+\]"), r"\1[1]"),
)
_NUMBERS = re.compile(r"\d+")
_REPEATED = re.compile(r"retransmit|message ID|attempt")
"""Lines that come again with another number."""


def charon(log: str) -> list[str]:
    """The telling lines of charon's log, at most ``MOST``, as ``[IKE] received ...``."""
    lines = []
    for match in filter(None, map(_CHARON.match, log.splitlines())):
        line = _stable(f"{match[1]} {match[2]}")
        if not _CHARON_NOISE.search(line):
            lines.append(line)
    return _chosen(lines)


def bird(log: str) -> list[str]:
    """The telling lines of BIRD's log: what is wrong, no mere starting and stopping."""
    matches = filter(None, map(_BIRD.match, log.splitlines()))
    return _chosen([f"{m[1]} {_stable(m[2])}" for m in matches if not _BIRD_NOISE.search(m[2])])


def birdc(output: str, protocol: str) -> list[str]:
    """The line of ``birdc show protocols`` about one protocol, without the time: ``gsa0: start, Connect``.

    Where BIRD tells an error, it is told without the state, which changes from second to second. Nothing is
    told of a protocol that is switched off, because its tunnel is not up.
    """
    for line in output.splitlines():
        words = line.split()
        if words[:2] == [protocol, "BGP"] and len(words) > _STATE + 2 and words[_STATE] != "down":
            state, *error = words[_STATE + 2 :]
            return [f"{protocol}: {words[_STATE]}, {' '.join(error) or state}"]
    return []


def _stable(text: str) -> str:
    text = _SPIS.sub(" with TS ", text)
    for pattern, replacement in _VOLATILE:
        text = pattern.sub(replacement, text)
    return text


def _chosen(lines: Sequence[str]) -> list[str]:
    """The last telling lines, each once, and what came just before them."""
    unique: dict[str, str] = {}
    for line in lines:
        unique.setdefault(_NUMBERS.sub("#", line) if _REPEATED.search(line) else line, line)
    kept = list(unique.values())
    telling = [i for i, line in enumerate(kept) if _CHARON_TELLING.search(line)][-_MOST_TELLING:]
    last = telling[-1] if telling else len(kept) - 1
    most = MOST - len(telling) if telling else _MOST_WHEN_SILENT
    context = [i for i in range(last, -1, -1) if i not in telling][:most]
    return [kept[i] for i in sorted({*telling, *context})]
