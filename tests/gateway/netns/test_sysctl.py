"""Kernel settings are written where the kernel has them."""

from pathlib import Path

import pytest

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
