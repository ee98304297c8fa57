"""What the operating system offers: read from files like those of /proc, /sys and /etc."""

from pathlib import Path

from gateway.doctor.host import (
    check_apparmor,
    check_capabilities,
    check_ike_ports,
    check_tun,
    ports_in_use,
)

UDP_TABLE = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
  231: 00000000:01F4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 16482 2 0 0
  240: 0100007F:0035 00000000:01F4 07 00000000:00000000 00:00000000 00000000     0        0 16483 2 0 0
"""


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_only_local_ports_count_as_in_use() -> None:
    assert ports_in_use(UDP_TABLE) == {500}


def test_an_ike_daemon_on_the_host_is_a_note_that_names_it(tmp_path: Path) -> None:
    write(tmp_path / "net/udp", UDP_TABLE)
    write(tmp_path / "812/comm", "charon-systemd\n")
    check = check_ike_ports(tmp_path)
    assert (check.ok, check.required) == (False, False)
    assert check.saw == "500 in use (charon-systemd is running)"


def test_free_ike_ports_are_ok(tmp_path: Path) -> None:
    write(tmp_path / "net/udp", UDP_TABLE.splitlines()[0] + "\n")
    assert check_ike_ports(tmp_path).ok


def test_a_missing_tun_driver_names_modprobe(tmp_path: Path) -> None:
    check = check_tun(tmp_path / "tun")
    assert (check.ok, check.required, check.saw) == (False, True, "not there")
    assert "sudo modprobe tun" in check.fix


def test_a_tun_device_that_cannot_be_opened_shows_the_error_of_the_system(tmp_path: Path) -> None:
    check = check_tun(tmp_path)
    assert not check.ok
    assert check.saw == "cannot be opened: Is a directory"


def test_an_ordinary_user_lacks_the_rights_of_gsalab_up_but_not_of_a_lab(tmp_path: Path) -> None:
    write(tmp_path / "status", "Name:\tpython3\nCapEff:\t0000000000001000\n")
    check = check_capabilities(tmp_path / "status")
    assert (check.ok, check.required) == (False, False)
    assert check.saw == "without CAP_NET_BIND_SERVICE, CAP_NET_RAW, CAP_SYS_ADMIN"


def test_root_has_the_rights_of_gsalab_up(tmp_path: Path) -> None:
    write(tmp_path / "status", "Name:\tpython3\nCapEff:\t000001ffffffffff\n")
    assert check_capabilities(tmp_path / "status").ok


def apparmor(root: Path, *, enabled: str = "Y", flags: str = "attach_disconnected") -> None:
    write(root / "sys/module/apparmor/parameters/enabled", f"{enabled}\n")
    write(root / "etc/apparmor.d/usr.sbin.swanctl", f"/usr/sbin/swanctl flags=({flags}) {{\n}}\n")


def test_an_enforced_apparmor_profile_is_noted_with_the_way_to_switch_it_off(tmp_path: Path) -> None:
    apparmor(tmp_path)
    check = check_apparmor(tmp_path)
    assert (check.ok, check.required) == (False, False)
    assert "usr.sbin.swanctl" in check.saw
    assert "apparmor_parser -R" in check.fix


def test_a_complaining_apparmor_profile_confines_nothing(tmp_path: Path) -> None:
    apparmor(tmp_path, flags="complain,attach_disconnected")
    assert check_apparmor(tmp_path).ok


def test_a_disabled_apparmor_profile_confines_nothing(tmp_path: Path) -> None:
    apparmor(tmp_path)
    write(tmp_path / "etc/apparmor.d/disable/usr.sbin.swanctl", "")
    assert check_apparmor(tmp_path).ok


def test_an_inactive_apparmor_confines_nothing(tmp_path: Path) -> None:
    apparmor(tmp_path, enabled="N")
    assert check_apparmor(tmp_path).saw == "not active"


def test_without_sys_admin_alone_a_container_has_another_way(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("CapEff:\t0000000000003400\n")
    check = check_capabilities(status)
    assert check.saw == "without CAP_SYS_ADMIN"
    assert "gsalab up --namespaces shared" in check.fix
