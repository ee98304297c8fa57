"""The list of checks, how it is shown, and what stops a lab."""

import platform

import pytest

from gateway import doctor
from gateway.doctor import Check, EnvironmentProblem, as_json, render_text, require_lab_environment

GOOD = Check(name="Linux", ok=True, saw="Linux 6.1.0")
BAD = Check(name="namespaces", ok=False, saw="Operation not permitted", fix="sudo sysctl -w a=1\nor use sudo")
NOTE = Check(name="UDP 500", ok=False, saw="in use", fix="stop it", required=False)


def test_a_failed_check_is_followed_by_what_to_do() -> None:
    assert render_text([GOOD, BAD]).splitlines() == [
        "✓ Linux       Linux 6.1.0",
        "✗ namespaces  Operation not permitted",
        "              → sudo sysctl -w a=1",
        "              → or use sudo",
        "",
        "a lab cannot run here: 1 of 2 checks failed",
    ]


def test_a_note_stops_no_lab() -> None:
    assert render_text([GOOD, NOTE]).endswith("\na lab can run here")
    assert as_json([GOOD, NOTE])["ok"] is True


def test_json_has_one_object_per_check() -> None:
    assert as_json([BAD]) == {
        "ok": False,
        "checks": [
            {
                "name": "namespaces",
                "ok": False,
                "required": True,
                "saw": "Operation not permitted",
                "fix": ["sudo sysctl -w a=1", "or use sudo"],
            }
        ],
    }


def test_what_a_lab_lacks_is_raised_with_every_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "lab_checks", lambda: [GOOD, BAD])
    with pytest.raises(EnvironmentProblem) as caught:
        require_lab_environment()
    assert caught.value.what == "a lab cannot run on this machine\n  namespaces: Operation not permitted"
    assert caught.value.fix == "sudo sysctl -w a=1\nor use sudo"


def test_elsewhere_than_on_linux_only_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    (check,) = doctor.run_checks()
    assert not check.ok
    assert "a lab needs Linux" in check.saw
