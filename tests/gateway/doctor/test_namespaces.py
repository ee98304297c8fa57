"""What is said where the namespaces of a lab cannot be made."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.doctor import namespaces
from gateway.doctor.namespaces import check_namespaces, namespace_fix

Program = Callable[[str], None]


@pytest.fixture
def unshare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Replaces ``unshare`` by a shell script."""

    def replace(script: str) -> None:
        (tmp_path / "unshare").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "unshare").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return replace


def as_user(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)


def switch(sysctls: Path, name: str, value: str) -> None:
    (sysctls / name).parent.mkdir(parents=True, exist_ok=True)
    (sysctls / name).write_text(f"{value}\n")


def test_a_refusal_is_shown_in_the_words_of_the_system(
    unshare: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    unshare('echo "unshare: unshare failed: Operation not permitted" >&2; exit 1')
    as_user(monkeypatch, 1000)
    (check,) = check_namespaces(tmp_path)
    assert (check.ok, check.required) == (False, True)
    assert check.saw == "unshare: unshare failed: Operation not permitted"


def test_root_does_without_a_user_namespace_where_there_is_none(
    unshare: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    unshare('[ "$1" = --user ] && exit 1; echo \'{"TUN device": null}\'')
    as_user(monkeypatch, 0)
    made, tun = check_namespaces()
    assert made.saw == "network, mount and PID (as root) namespaces can be made"
    assert (tun.name, tun.ok) == ("TUN device", True)


def test_an_ordinary_user_does_not_do_without_a_user_namespace(
    unshare: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    unshare('[ "$1" = --user ] && exit 1; echo "{}"')
    as_user(monkeypatch, 1000)
    (check,) = check_namespaces()
    assert not check.ok


def test_root_that_is_refused_either_way_sees_both_errors(
    unshare: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    unshare('[ "$1" = --user ] && echo first >&2 || echo second >&2; exit 1')
    as_user(monkeypatch, 0)
    (check,) = check_namespaces()
    assert check.saw == "first; without a user namespace: second"


def test_a_step_that_fails_inside_says_what_the_kernel_lacks(unshare: Program) -> None:
    unshare('echo \'{"veth interfaces": "RTNETLINK answers: Operation not supported"}\'')
    _, veth = check_namespaces()
    assert (veth.ok, veth.saw) == (False, "RTNETLINK answers: Operation not supported")
    assert "CONFIG_VETH" in veth.fix


def test_an_attempt_that_hangs_ends(unshare: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespaces, "SECONDS", 0.05)
    as_user(monkeypatch, 1000)
    unshare("exec sleep 5")
    check, *_ = check_namespaces()
    assert check.saw == "making them took more than 0.05 s"


@pytest.mark.parametrize(
    ("setting", "value", "action"),
    [
        ("kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=15000"),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ],
)
def test_a_setting_that_forbids_user_namespaces_is_named_with_its_remedy(
    tmp_path: Path, setting: str, value: str, action: str
) -> None:
    switch(tmp_path, setting, value)
    assert namespace_fix(tmp_path).splitlines()[0] == action


def test_settings_that_allow_user_namespaces_are_not_mentioned(tmp_path: Path) -> None:
    switch(tmp_path, "user/max_user_namespaces", "63000")
    assert "sysctl" not in namespace_fix(tmp_path)
