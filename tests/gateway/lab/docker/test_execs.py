"""Programs in containers, at a played engine: what it may leave out, and how long that is waited for."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.lab.docker import execs

STDOUT, STDERR = 1, 2
SOON = 5.0


class PlayedEngine:
    """The four requests of the SDK that a program needs; ``far`` is the engine's end of its connection."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.running = False

    def exec_create(self, *_: Any, **__: Any) -> dict[str, str]:
        return {"Id": "e1"}

    def exec_start(self, *_: Any, **__: Any) -> socket.socket:
        return self.near

    def exec_inspect(self, _: str) -> dict[str, Any]:
        return {"Running": self.running, "ExitCode": None if self.running else 3}

    def say(self, kind: int, data: bytes) -> None:
        self.far.sendall(struct.pack(">BxxxL", kind, len(data)) + data)


@pytest.fixture
def engine() -> Iterator[PlayedEngine]:
    played = PlayedEngine()
    with played.near, played.far:
        yield played


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> float:
    """A shorter one than the product's."""
    monkeypatch.setattr(execs, "_GRACE", 0.2)
    return 0.2


Run = Callable[[], tuple[int, bytes, bytes]]


@pytest.fixture
def run(engine: PlayedEngine) -> Run:
    return lambda: execs.run(engine, execs.Streams(), "c1", ["true"], limit=0.1)  # type: ignore[arg-type]


def test_both_outputs_and_the_status_are_returned(engine: PlayedEngine, run: Run) -> None:
    engine.say(STDOUT, b"one ")
    engine.say(STDERR, b"oh")
    engine.say(STDOUT, b"two")
    engine.far.shutdown(socket.SHUT_WR)
    assert run() == (3, b"one two", b"oh")


def test_a_piece_may_arrive_in_parts(engine: PlayedEngine, run: Run) -> None:
    with ThreadPoolExecutor() as pool:
        result = pool.submit(run)
        for octet in struct.pack(">BxxxL", STDOUT, 3) + b"abc":
            engine.far.sendall(bytes([octet]))
            time.sleep(0.001)
        engine.far.shutdown(socket.SHUT_WR)
        assert result.result(SOON) == (3, b"abc", b"")


@pytest.mark.usefixtures("patience")
def test_an_engine_that_never_tells_the_end_of_the_output_is_given_up(run: Run) -> None:
    with pytest.raises(TimeoutError):
        run()


@pytest.mark.usefixtures("patience")
def test_an_engine_that_never_tells_the_status_is_given_up(engine: PlayedEngine, run: Run) -> None:
    engine.running = True
    engine.far.shutdown(socket.SHUT_WR)
    with pytest.raises(TimeoutError, match="does not tell the end of a program"):
        run()


def test_the_end_of_the_lab_ends_the_wait_for_an_engine_that_says_nothing(engine: PlayedEngine) -> None:
    streams = execs.Streams()
    engine.running = True
    with ThreadPoolExecutor() as pool:
        result = pool.submit(execs.run, engine, streams, "c1", ["true"], limit=600)  # type: ignore[arg-type]
        assert engine.far.recv(1) == b"\n"  # it is told to begin, and waited for
        streams.cut()
        with pytest.raises(ConnectionAbortedError, match="the lab has ended"):
            result.result(SOON)


def test_a_program_that_begins_after_the_end_of_the_lab_ends_at_once(engine: PlayedEngine) -> None:
    streams = execs.Streams()
    streams.cut()
    with pytest.raises(OSError, match="Broken pipe"):
        execs.run(engine, streams, "c1", ["true"], limit=600)  # type: ignore[arg-type]
