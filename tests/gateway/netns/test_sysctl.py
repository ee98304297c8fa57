"""Kernel settings are written where the kernel has them."""

from pathlib import Path

import pytest

from gateway.doctor.problem import EnvironmentProblem
from gateway.netns import sysctl


def test_values_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysctl, "ROOT", tmp_path)
    (tmp_path / "ipv4").mkdir()
    sysctl.write({"ipv4/ip_forward": "0"})
    assert (tmp_path / "ipv4" / "ip_forward").read_text() == "0"


def test_a_kernel_without_ipv6_has_nothing_to_switch_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysctl, "ROOT", tmp_path)
    sysctl.write({"ipv6/conf/all/disable_ipv6": "1"})
    assert list(tmp_path.iterdir()) == []


def test_a_missing_setting_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysctl, "ROOT", tmp_path)
    with pytest.raises(FileNotFoundError):
        sysctl.write({"ipv4/ip_forward": "0"})


def test_a_setting_that_is_required_is_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysctl, "ROOT", tmp_path)
    (tmp_path / "ipv4").mkdir()
    (tmp_path / "ipv4" / "ip_forward").write_text("1\n")
    with pytest.raises(EnvironmentProblem) as caught:
        sysctl.require({"ipv4/ip_forward": "0", "netfilter/nf_conntrack_tcp_loose": "0"})
    assert "net.ipv4.ip_forward is 1, net.netfilter.nf_conntrack_tcp_loose is missing" in caught.value.what
    options = "--sysctl net.ipv4.ip_forward=0 --sysctl net.netfilter.nf_conntrack_tcp_loose=0"
    assert options in caught.value.fix
    assert (tmp_path / "ipv4" / "ip_forward").read_text() == "1\n"


def test_required_settings_that_are_as_they_have_to_be_are_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysctl, "ROOT", tmp_path)
    (tmp_path / "ipv4").mkdir()
    (tmp_path / "ipv4" / "ip_forward").write_text("0\n")
    sysctl.require({"ipv4/ip_forward": "0", "ipv6/conf/all/disable_ipv6": "1"})
