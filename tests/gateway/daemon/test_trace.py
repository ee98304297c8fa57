"""A trace is a JSON text sequence of records, readable after any end of the gateway."""

from pathlib import Path

import pytest

from gateway.daemon.trace import Trace, TraceError, read_trace
from gateway.records import RECORD_SEPARATOR, Stream


def write(path: Path, *names: str) -> None:
    stream, trace = Stream(clock=lambda: 5.0), Trace(path)
    stream.subscribe(trace.write)
    for name in names:
        stream.publish("lab", name, tunnel="branch/cpe/0", count=1)
    trace.close()


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write(tmp_path / "run.trace", "first", "second")
    records = list(read_trace(tmp_path / "run.trace"))
    assert [record["name"] for record in records] == ["first", "second"]
    assert records[0] == {
        "id": 1,
        "time": 5.0,
        "category": "lab",
        "name": "first",
        "remote_network": "branch",
        "link": "cpe",
        "tunnel": "branch/cpe/0",
        "data": {"count": 1},
    }


def test_each_record_begins_with_the_separator_and_ends_with_a_newline(tmp_path: Path) -> None:
    write(tmp_path / "run.trace", "first")
    text = (tmp_path / "run.trace").read_text("utf-8")
    assert text.startswith(RECORD_SEPARATOR)
    assert text.endswith("\n")


def test_a_restarted_gateway_goes_on_in_the_same_file(tmp_path: Path) -> None:
    write(tmp_path / "run.trace", "first")
    write(tmp_path / "run.trace", "second")
    assert [record["name"] for record in read_trace(tmp_path / "run.trace")] == ["first", "second"]


def test_a_record_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    write(tmp_path / "run.trace", "first", "second")
    path = tmp_path / "run.trace"
    path.write_text(path.read_text("utf-8")[:-10], "utf-8")
    assert [record["name"] for record in read_trace(path)] == ["first"]


def test_a_trace_whose_only_record_was_cut_off_is_no_healthy_run(tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    path.write_text('\x1e{"id": 1, "na', "utf-8")
    with pytest.raises(TraceError, match="its only event was cut off, so nothing is known of the run"):
        read_trace(path)


def test_the_trace_is_its_owners_alone(tmp_path: Path) -> None:
    write(tmp_path / "new" / "run.trace", "first")
    assert (tmp_path / "new" / "run.trace").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is no trace"),
        (b"remoteNetworks: []\n", "is no trace"),
        (b"\xff\xfe", "not UTF-8"),
        (b"\x1e{\n", "record 1 is no JSON"),
        (b"\x1e[]\n", "record 1 is no event"),
        (b'\x1e{"id":1}\n', "record 1 is no event"),
    ],
)
def test_what_is_no_trace_is_refused_with_the_reason(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(TraceError, match=says):
        read_trace(tmp_path / "x")


def test_a_missing_trace_is_told(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="No such file"):
        read_trace(tmp_path / "none")
