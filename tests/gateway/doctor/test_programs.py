"""The programs of a lab: found where Debian puts them, named with their packages where they are missing."""

from pathlib import Path

import pytest

from gateway.doctor import programs
from gateway.doctor.programs import (
    PACKAGE_OF,
    PLUGIN_PACKAGE_OF,
    check_plugins,
    check_programs,
    find,
    search_path,
)

PACKAGES = Path(__file__).parents[3] / "packages.txt"


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no program at all, but for those that the test puts into this folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "SYSTEM_FOLDERS", ())
    return tmp_path


def install(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).touch(mode=0o755)


def test_system_programs_are_found_although_path_lacks_their_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "nft")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(programs, "SYSTEM_FOLDERS", (str(tmp_path),))
    assert find("nft") == str(tmp_path / "nft")


def test_the_search_path_keeps_the_order_of_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/sbin:/opt/bin")
    assert search_path() == "/sbin:/opt/bin:/usr/local/sbin:/usr/sbin"


def test_missing_programs_are_named_with_the_packages_that_bring_them(empty_path: Path) -> None:
    install(empty_path, "apt-get", *(set(PACKAGE_OF) - {"bird", "birdc", "dig"}))
    check = check_programs()
    assert (check.ok, check.saw) == (False, "not found: bird, birdc, dig")
    assert check.fix == "sudo apt-get install --no-install-recommends bind9-dnsutils bird2"


def test_without_apt_the_packages_are_still_named(empty_path: Path) -> None:
    install(empty_path, *(set(PACKAGE_OF) - {"dig"}))
    assert check_programs().fix.endswith("package manager of this system: bind9-dnsutils")


def test_all_programs_there_is_ok(empty_path: Path) -> None:
    install(empty_path, *PACKAGE_OF)
    assert check_programs().ok


def test_missing_plugins_are_named_with_their_packages(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib/ipsec/plugins"
    folder.mkdir(parents=True)
    install(folder, "libstrongswan-gcm.so", "libstrongswan-openssl.so")
    check = check_plugins(tmp_path)
    assert (check.ok, check.saw) == (False, "not found: kernel-libipsec")
    assert "libcharon-extra-plugins" in check.fix


def test_each_package_of_a_hint_is_one_that_the_set_up_installs() -> None:
    listed = PACKAGES.read_text().split("\n[test]\n")[0].splitlines()
    names = {line.split()[0] for line in listed if line and line[0] not in "#["}
    assert {*PACKAGE_OF.values(), *PLUGIN_PACKAGE_OF.values()} <= names
