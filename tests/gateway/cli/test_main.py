"""The command line: exit statuses, and errors that say what to do instead of a traceback."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

import gateway
from gateway.cli import main as command_line
from gateway.control.server import ControlError
from gateway.daemon.trace import Trace
from gateway.doctor import EnvironmentProblem
from gateway.endpoint import EndpointError
from tests.gateway.diagnosis.story import DIFFERENT_KEYS, Story

EXAMPLES = Path(__file__).parents[3] / "examples"
MINIMAL = str(EXAMPLES / "minimal.yaml")

Gsalab = Callable[..., tuple[int, str, str]]


@pytest.fixture
def gsalab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Gsalab:
    """Runs ``gsalab`` in this process; status, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["gsalab", *arguments])
        status = 0
        try:
            command_line.main()
        except SystemExit as left:
            status = int(left.code or 0)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_the_version_is_printed(gsalab: Gsalab) -> None:
    assert gsalab("--version") == (0, f"gsalab {gateway.__version__}\n", "")


def test_asking_a_gateway_loads_neither_model_nor_protocol() -> None:
    """A container's health check asks every few seconds."""
    look = "import sys, gateway.cli.main; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert not set(loaded.split()) & {"ike", "bgp", "pydantic", "ruamel", "cryptography", "rich"}


def test_a_valid_file_has_status_0(gsalab: Gsalab) -> None:
    status, output, _ = gsalab("validate", MINIMAL)
    assert (status, output) == (0, "valid: 1 remote network, 1 device link\n")


def test_a_file_with_warnings_only_has_status_3(gsalab: Gsalab, tmp_path: Path) -> None:
    text = (EXAMPLES / "minimal.yaml").read_text("utf-8").replace("westEurope", "eastUS2")
    (tmp_path / "lab.yaml").write_text(text, "utf-8")
    status, _, errors = gsalab("validate", str(tmp_path / "lab.yaml"))
    assert status == 3
    assert "eastUS2" in errors


def test_a_file_with_errors_has_status_2_and_all_of_them(gsalab: Gsalab, tmp_path: Path) -> None:
    text = (
        (EXAMPLES / "minimal.yaml")
        .read_text("utf-8")
        .replace("65001", "65517")
        .replace("10.2.0.4", "127.0.0.1")
    )
    (tmp_path / "lab.yaml").write_text(text, "utf-8")
    status, output, _ = gsalab("validate", str(tmp_path / "lab.yaml"), "-o", "json")
    report = json.loads(output)
    assert status == 2
    assert report["ok"] is False
    assert len(report["problems"]) == 2


def test_view_of_a_file_is_graphs_connectivity_configuration(gsalab: Gsalab) -> None:
    status, output, _ = gsalab("view", "-f", MINIMAL)
    assert status == 0
    assert json.loads(output)["links"][0]["localConfigurations"][0]["asn"] == 65476


def test_view_of_an_unknown_remote_network_names_the_known_ones(gsalab: Gsalab) -> None:
    status, _, errors = gsalab("view", "-f", MINIMAL, "--network", "branch2")
    assert status == 2
    assert "branch1" in errors


def test_without_a_gateway_the_status_is_4_and_the_way_out_is_told(gsalab: Gsalab, tmp_path: Path) -> None:
    status, _, errors = gsalab("status", "--control", str(tmp_path / "none.sock"))
    assert status == 4
    assert "no gateway answers" in errors
    assert "gsalab up" in errors


def test_a_lab_without_a_tunnel_is_refused_with_status_2(gsalab: Gsalab, tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text("remoteNetworks: []\n", "utf-8")
    status, _, errors = gsalab("up", "-f", str(tmp_path / "lab.yaml"))
    assert status == 2
    assert "at least one tunnel" in errors


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (EnvironmentProblem("no /dev/net/tun", "sudo modprobe tun"), 4, "fix: sudo modprobe tun"),
        (EndpointError("UDP port 500 is in use"), 4, "UDP port 500 is in use"),
        (ControlError("a gateway is running already"), 4, "a gateway is running already"),
        (PermissionError(errno.EPERM, "unshare: not permitted"), 4, "no permission: unshare"),
        (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/x"), 4, "/x: No such file"),
        (KeyboardInterrupt(), 130, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_every_kind_of_error_has_its_status_and_no_traceback(
    gsalab: Gsalab, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, says: str
) -> None:
    def fail() -> NoReturn:
        raise error

    monkeypatch.setattr(command_line, "app", fail)
    got, _, errors = gsalab()
    assert got == status
    assert says in errors
    assert "Traceback" not in errors


def test_a_recorded_run_is_diagnosed_offline(gsalab: Gsalab, tmp_path: Path) -> None:
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    trace = Trace(tmp_path / "run.trace")
    for record in story.stream.history:
        trace.write(record)
    trace.close()
    status, output, _ = gsalab("diagnose", str(tmp_path / "run.trace"), "-o", "json")
    assert status == 1
    assert [finding["code"] for finding in json.loads(output)] == ["GSA-IKE-020"]


def recorded(path: Path, story: Story) -> str:
    """The story as a trace, written after what is in the file already."""
    trace = Trace(path)
    for record in story.stream.history:
        trace.write(record)
    trace.close()
    return str(path)


def test_warnings_alone_in_a_recorded_run_have_status_3(gsalab: Gsalab, tmp_path: Path) -> None:
    story = Story()
    story.init(gateway_behind_nat=True)
    story.auth()
    story.create_child()
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    trace = recorded(tmp_path / "run.trace", story)
    status, output, _ = gsalab("diagnose", trace, "-o", "azure")
    shaped = json.loads(output)
    assert (status, shaped["code"]) == (3, "Healthy")
    assert [result["id"] for result in shaped["results"]] == ["GSA-NAT-001"]


def test_a_trace_without_the_gateways_end_is_said_to_end_early(gsalab: Gsalab, tmp_path: Path) -> None:
    story = Story()
    story.connect()
    story.wait(60)
    _, output, errors = gsalab("diagnose", recorded(tmp_path / "killed.trace", story))
    assert output == "no finding\n"
    assert "without the gateway's end: silence counts to there" in errors
    story.stream.publish("lab", "gateway_stopping")
    _, output, errors = gsalab("diagnose", recorded(tmp_path / "stopped.trace", story))
    assert "GSA-BGP-001" in output
    assert errors == ""


def test_of_several_gateways_in_a_trace_the_last_is_diagnosed(gsalab: Gsalab, tmp_path: Path) -> None:
    broken, healthy = Story(), Story()
    broken.init()
    broken.auth(failure=DIFFERENT_KEYS)
    healthy.come_up()
    recorded(tmp_path / "run.trace", broken)
    status, output, _ = gsalab("diagnose", recorded(tmp_path / "run.trace", healthy))
    assert (status, output) == (0, "no finding\n")


def test_a_file_that_is_no_trace_has_status_2(gsalab: Gsalab) -> None:
    status, _, errors = gsalab("diagnose", MINIMAL)
    assert status == 2
    assert "is no trace" in errors


def test_a_trace_is_told_in_lines(gsalab: Gsalab, tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    story = Story()
    trace = Trace(path)
    story.stream.subscribe(trace.write)
    story.init()
    story.stream.publish(
        "lab", "cpe_log", node="cpe", program="charon", text="[IKE] initiating IKE_SA gsa[1]"
    )
    story.stream.publish(
        "lab",
        "nat_mapping_created",
        node="isp",
        protocol="UDP",
        inside="192.168.1.2:500",
        outside="198.51.100.10:500",
        remote="198.51.100.20:500",
    )
    trace.close()
    status, output, _ = gsalab("events", str(path))
    assert status == 0
    lines = [" ".join(line.split()[1:]) for line in output.splitlines()]
    assert lines[0].startswith("branch1/cpe1/0 IKE_SA_INIT request from 198.51.100.10:500")
    assert lines[-2:] == [
        "cpe charon: [IKE] initiating IKE_SA gsa[1]",
        "isp NAT mapping: 192.168.1.2:500 → 198.51.100.10:500, for 198.51.100.20:500",
    ]


def test_a_trace_is_told_as_json_record_by_record(gsalab: Gsalab, tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    story = Story()
    trace = Trace(path)
    story.stream.subscribe(trace.write)
    story.init()
    trace.close()
    status, output, _ = gsalab("events", str(path), "-o", "json")
    assert status == 0
    assert [json.loads(line)["name"] for line in output.splitlines()] == [
        record["name"] for record in story.records()[1:]
    ]


def test_events_without_a_gateway_says_how_to_start_one(gsalab: Gsalab, tmp_path: Path) -> None:
    status, _, errors = gsalab("events", "--control", str(tmp_path / "none.sock"))
    assert status == 4
    assert "gsalab up" in errors


def test_events_of_what_is_no_trace_are_refused(gsalab: Gsalab) -> None:
    status, _, errors = gsalab("events", MINIMAL)
    assert status == 2
    assert "is no trace" in errors
