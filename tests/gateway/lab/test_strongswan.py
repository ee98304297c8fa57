"""strongSwan's configuration, and the reading of what swanctl prints."""

import os
import subprocess
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from gateway.lab.strongswan import (
    TunnelSettings,
    connection_configuration,
    daemon_configuration,
    parse_sas,
    updown_script,
)

RAW = (
    "list-sa event {gsa {uniqueid=1 version=2 state=ESTABLISHED local-host=203.0.113.10 local-port=4500"
    " local-id=203.0.113.10 remote-host=198.51.100.20 remote-port=4500 remote-id=198.51.100.20 initiator=yes"
    " initiator-spi=34fa14fa87259930 responder-spi=1cdbe2b30b920ed8 nat-remote=yes encr-alg=AES_CBC"
    " encr-keysize=256 integ-alg=HMAC_SHA2_384_192 prf-alg=PRF_HMAC_SHA2_384 dh-group=MODP_2048 established=0"
    " tasks-active=[IKE_MOBIKE CHILD_CREATE] child-sas {gsa-1 {name=gsa uniqueid=1 reqid=1 state=INSTALLED"
    " mode=TUNNEL protocol=ESP encap=yes spi-in=aaf4d714 spi-out=d198af2c encr-alg=AES_GCM_16"
    " encr-keysize=192 bytes-in=84 packets-in=1 bytes-out=168 packets-out=2"
    " local-ts=[0.0.0.0/0] remote-ts=[0.0.0.0/0]}}}}\n"
    "list-sas reply {}\n"
)


def settings(psk: str = "secret") -> TunnelSettings:
    everything = IPv4Network("0.0.0.0/0")
    return TunnelSettings(
        endpoint=IPv4Address("198.51.100.20"),
        identity="203.0.113.10",
        psk=psk,
        ike="aes256gcm16-prfsha384-modp2048",
        esp="aes256gcm16",
        local_selector=everything,
        remote_selector=everything,
    )


def test_an_ike_sa_is_read_with_its_algorithms_in_one_line() -> None:
    (sa,) = parse_sas(RAW)
    assert sa.state == "ESTABLISHED"
    assert sa.suite == "AES_CBC-256 / HMAC_SHA2_384_192 / PRF_HMAC_SHA2_384 / MODP_2048"
    assert (sa.local, sa.remote, sa.identity) == ("203.0.113.10:4500", "198.51.100.20:4500", "203.0.113.10")
    assert (sa.spi_i, sa.spi_r) == ("34fa14fa87259930", "1cdbe2b30b920ed8")


def test_a_child_sa_is_read_with_its_counters() -> None:
    (sa,) = parse_sas(RAW)
    (child,) = sa.children
    assert (child.state, child.suite, child.udp_encapsulation) == ("INSTALLED", "AES_GCM_16-192", True)
    assert (child.spi_in, child.spi_out) == ("aaf4d714", "d198af2c")
    assert (child.packets_in, child.bytes_in, child.packets_out, child.bytes_out) == (1, 84, 2, 168)


def test_no_sa_is_read_from_an_empty_list() -> None:
    assert parse_sas("list-sas reply {}\n") == []


def test_an_ike_sa_without_children_is_read() -> None:
    connecting = "list-sa event {gsa {state=CONNECTING local-host=1.1.1.1 local-port=500 remote-host=2.2.2.2"
    connecting += " remote-port=500 initiator-spi=01 responder-spi=00 child-sas {}}}"
    (sa,) = parse_sas(connecting)
    assert (sa.state, sa.suite, sa.children) == ("CONNECTING", "", ())


def test_the_connection_is_any_to_any_with_the_given_proposals() -> None:
    text = connection_configuration(settings(), "/run/updown")
    for line in (
        "local_ts = 0.0.0.0/0",
        "remote_ts = 0.0.0.0/0",
        "proposals = aes256gcm16-prfsha384-modp2048",
        "esp_proposals = aes256gcm16",
        "remote_addrs = 198.51.100.20",
        "id = 203.0.113.10",
        "updown = /run/updown",
    ):
        assert line in text


def test_the_rule_for_the_routes_of_kernel_libipsec_applies_to_no_packet() -> None:
    assert "fwmark = 0x42" in daemon_configuration()
    assert "socket-default {" not in daemon_configuration()


@pytest.mark.parametrize(
    ("psk", "written"),
    [
        ("a-long-shared-secret", '"a-long-shared-secret"'),
        ("blank and !$%&*()-_=+[]<>:?", '"blank and !$%&*()-_=+[]<>:?"'),
        ('say "hi"', "0sc2F5ICJoaSI="),
        ("0x41", "0sMHg0MQ=="),
        ("back\\slash", "0sYmFja1xzbGFzaA=="),
    ],
)
def test_a_key_is_written_so_that_strongswan_reads_it_back(psk: str, written: str) -> None:
    assert f"secret = {written}\n" in connection_configuration(settings(psk), "/run/updown")


def test_a_key_stays_out_of_the_text_of_the_settings() -> None:
    assert "secret" not in repr(settings())


class Updown:
    """Runs the script as charon does; ``birdc`` writes down what it is asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "birdc").write_text(f'#!/bin/sh\necho "$@" >>{folder}/asked\n', "utf-8")
        (folder / "birdc").chmod(0o755)
        script = updown_script(("tunnel0", "gsa0")).replace("/run/", f"{folder}/")
        (folder / "updown").write_text(script, "utf-8")

    def __call__(self, *verbs: str) -> list[str]:
        """What ``birdc`` is asked when charon reports these, in order."""
        (self._folder / "asked").write_text("", "utf-8")
        path = f"{self._folder}:{os.environ['PATH']}"
        for verb in verbs:
            environment = {"PLUTO_VERB": verb, "PATH": path}
            subprocess.run(["sh", self._folder / "updown"], env=environment, check=True, timeout=10)
        return (self._folder / "asked").read_text("utf-8").splitlines()


ON, OFF = ["enable tunnel0", "enable gsa0"], ["disable tunnel0", "disable gsa0"]


def test_the_tunnel_takes_its_routes_and_its_session_with_it(tmp_path: Path) -> None:
    assert Updown(tmp_path)("up-client", "down-client") == ON + OFF


def test_a_child_sa_that_is_made_before_the_old_one_is_broken_keeps_routes_and_session(
    tmp_path: Path,
) -> None:
    updown = Updown(tmp_path)
    updown("up-client")
    assert updown("up-client", "down-client") == ON
    assert updown("down-client") == OFF


def test_other_reports_of_charon_change_nothing(tmp_path: Path) -> None:
    assert Updown(tmp_path)("up-client", "route-client") == ON
