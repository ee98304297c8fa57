"""What of ExaBGP's log is told, and what explains its end."""

import asyncio
from pathlib import Path

import pytest

from bgp.exabgp import ExaBgp


def told(directory: Path, *lines: str) -> tuple[list[tuple[str, str]], str | None]:
    """What is passed on of these lines of the log, and the reason why the run is over, if it is."""

    async def play() -> tuple[list[tuple[str, str]], str | None]:
        entries: list[tuple[str, str]] = []
        child = ExaBgp(
            launcher=(),
            directory=directory,
            pass_fds=(),
            on_line=lambda _line: None,
            on_log=lambda source, text: entries.append((source, text)),
        )
        for line in lines:
            child._logged(line)
        return entries, child._end.result() if child._end.done() else None

    return asyncio.run(play())


def test_an_error_is_told_with_the_part_of_exabgp_that_saw_it(tmp_path: Path) -> None:
    entries, end = told(tmp_path, "network         could not listen on 192.168.1.2:179")
    assert entries == [("network", "could not listen on 192.168.1.2:179")]
    assert end is None


@pytest.mark.parametrize(
    "line",
    [
        "reactor         SIGUSR1 received",
        "reactor         scheduling reload",
        "reactor         performing shutdown",
        "advice          environment file missing",
        "configuration   ",
        "",
    ],
)
def test_routine_and_advice_are_not_told(tmp_path: Path, line: str) -> None:
    assert told(tmp_path, line) == ([], None)


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        '  File "exabgp/reactor/loop.py", line 356, in run',
        "KeyError: 'gateway'",
        "Sorry, you encountered a problem with ExaBGP",
    ],
)
def test_a_traceback_is_not_told_line_by_line(tmp_path: Path, line: str) -> None:
    assert told(tmp_path, line) == ([], None)


def test_an_api_process_that_gives_up_ends_the_run(tmp_path: Path) -> None:
    _, end = told(tmp_path, "api             70000000 octets of events wait for the gateway")
    assert end == "ExaBGP's API process ended: 70000000 octets of events wait for the gateway"
