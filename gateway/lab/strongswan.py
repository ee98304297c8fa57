"""strongSwan on a CPE: its configuration from a few facts, and what ``swanctl`` says about its SAs."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

TUNNEL_DEVICE = "ipsec0"
"""The TUN device that kernel-libipsec makes, one for each charon."""
CONNECTION = "gsa"
LOG = "/run/charon.log"
VICI = "/run/charon.vici"
MTU = 1380
"""Of the tunnel, as Microsoft's operations guide asks."""
CREDENTIAL_FOLDERS = (
    *("x509", "x509ca", "x509ocsp", "x509aa", "x509ac", "x509crl", "pubkey"),
    *("private", "rsa", "ecdsa", "bliss", "pkcs8", "pkcs12"),
)
"""Below /etc/swanctl; swanctl complains about each that is not there."""
_PLUGINS = (
    "random nonce openssl pem pkcs1 pkcs8 pubkey x509 kdf hmac sha1 sha2 aes gcm socket-default"
    " kernel-libipsec kernel-netlink vici updown"
)
_PLAIN_SECRET = re.compile(r"(?!0[xs])[^\"\\\n#{}]+")


@dataclass(frozen=True, kw_only=True)
class TunnelSettings:
    """One IPsec tunnel as it is entered on a CPE.

    Args:
        endpoint: The gateway's address.
        identity: What the CPE calls itself; the service expects its public address.
        psk: Pre-shared key.
        ike: Phase 1 proposals in strongSwan's notation.
        esp: Phase 2 proposals.
        local_selector: Traffic selector of the branch side.
        remote_selector: Traffic selector of the far side.
    """

    endpoint: IPv4Address
    identity: str
    psk: str = field(repr=False)
    ike: str
    esp: str
    local_selector: IPv4Network
    remote_selector: IPv4Network


def daemon_configuration() -> str:
    """strongswan.conf of a CPE; files and sockets are where the packages' AppArmor profiles allow them.

    The tunnel is route-based: any-to-any selectors, and the routing table says what enters it.
    kernel-libipsec is not made for that: it puts a default route to its device into table 220, whatever
    ``install_routes`` says. With ``fwmark`` the rule for that table applies to marked packets only, and
    nothing here marks any. So that route stays idle, IKE and ESP find the gateway by the ordinary table, and
    BIRD decides about the rest.
    """
    return f"""\
charon-systemd {{
    load = {_PLUGINS}
    install_routes = no
    install_virtual_ip = no
    # A route that BGP learns is no reason to look for another path to the gateway.
    process_route = no
    filelog {{
        lab {{
            path = {LOG}
            time_format = %H:%M:%S
            time_add_ms = yes
            flush_line = yes
            default = 1
        }}
    }}
    plugins {{
        kernel-libipsec {{
            load = yes
            allow_peer_ts = yes
        }}
        kernel-netlink {{
            fwmark = 0x42
        }}
    }}
}}
swanctl {{
    load = random openssl
}}
"""


def connection_configuration(tunnel: TunnelSettings, updown: str) -> str:
    """swanctl.conf of one tunnel; ``updown`` is the script that hears of its coming and going."""
    return f"""\
connections {{
    {CONNECTION} {{
        version = 2
        remote_addrs = {tunnel.endpoint}
        proposals = {tunnel.ike}
        rekey_time = 14400s
        dpd_delay = 30s
        keyingtries = 0
        mobike = no
        local {{
            auth = psk
            id = {tunnel.identity}
        }}
        remote {{
            auth = psk
            id = {tunnel.endpoint}
        }}
        children {{
            {CONNECTION} {{
                local_ts = {tunnel.local_selector}
                remote_ts = {tunnel.remote_selector}
                esp_proposals = {tunnel.esp}
                rekey_time = 3600s
                start_action = start
                close_action = start
                dpd_action = restart
                updown = {updown}
            }}
        }}
    }}
}}
secrets {{
    ike-{CONNECTION} {{
        secret = {_secret(tunnel.psk)}
    }}
}}
"""


def _secret(psk: str) -> str:
    """The key in quotes where swanctl.conf would read it back unchanged, in base64 otherwise."""
    if _PLAIN_SECRET.fullmatch(psk):
        return f'"{psk}"'
    return "0s" + base64.b64encode(psk.encode()).decode()


def updown_script(protocols: tuple[str, ...]) -> str:
    """Shell script for charon: the tunnel's routes and BGP session live and die with its CHILD SAs.

    A hardware router does the same by the state of its tunnel interface. charon calls this once when a CHILD
    SA comes up and once when it is gone, not for a rekey. They are counted: a re-authentication may make the
    new one before it breaks the old one.
    """
    return f"""\
#!/bin/sh
PATH=$PATH:/usr/sbin:/sbin
exec 9>/run/updown.lock
flock 9
case $PLUTO_VERB in
    up-*) echo up >>/run/updown.up; state=enable ;;
    down-*) sed -i 1d /run/updown.up; [ -s /run/updown.up ] && exit 0; state=disable ;;
    *) exit 0 ;;
esac
for protocol in {" ".join(protocols)}; do
    birdc "$state" "$protocol"
done
"""


@dataclass(frozen=True, kw_only=True)
class ChildSa:
    """One CHILD SA as strongSwan reports it; SPIs in hexadecimal, directions seen from the CPE."""

    state: str
    suite: str
    spi_in: str
    spi_out: str
    udp_encapsulation: bool
    bytes_in: int
    packets_in: int
    bytes_out: int
    packets_out: int


@dataclass(frozen=True, kw_only=True)
class IkeSa:
    """One IKE SA as strongSwan reports it, with its CHILD SAs."""

    state: str
    suite: str
    local: str
    remote: str
    identity: str
    spi_i: str
    spi_r: str
    children: tuple[ChildSa, ...]


def parse_sas(raw: str) -> list[IkeSa]:
    """IKE SAs in the output of ``swanctl --list-sas --raw``, oldest first."""
    found = []
    for line in raw.splitlines():
        if line.startswith("list-sa event "):
            message = _parse_section(iter(_words(line.removeprefix("list-sa event {"))))
            found += [_ike_sa(sa) for sa in message.values()]
    return found


def _ike_sa(sa: dict[str, Any]) -> IkeSa:
    return IkeSa(
        state=sa["state"],
        suite=_suite(sa, "encr-alg", "integ-alg", "prf-alg", "dh-group"),
        local=f"{sa['local-host']}:{sa['local-port']}",
        remote=f"{sa['remote-host']}:{sa['remote-port']}",
        identity=sa.get("local-id", ""),
        spi_i=sa["initiator-spi"],
        spi_r=sa["responder-spi"],
        children=tuple(_child_sa(child) for child in sa["child-sas"].values()),
    )


def _child_sa(sa: dict[str, Any]) -> ChildSa:
    return ChildSa(
        state=sa["state"],
        suite=_suite(sa, "encr-alg", "integ-alg", "dh-group"),
        spi_in=sa.get("spi-in", ""),
        spi_out=sa.get("spi-out", ""),
        udp_encapsulation=sa.get("encap") == "yes",
        bytes_in=int(sa.get("bytes-in", 0)),
        packets_in=int(sa.get("packets-in", 0)),
        bytes_out=int(sa.get("bytes-out", 0)),
        packets_out=int(sa.get("packets-out", 0)),
    )


def _suite(sa: dict[str, Any], *algorithms: str) -> str:
    """``AES_GCM_16-256 / PRF_HMAC_SHA2_384 / MODP_2048``."""
    names = []
    for algorithm in algorithms:
        if algorithm in sa:
            size = sa.get(algorithm.removesuffix("-alg") + "-keysize")
            names.append(f"{sa[algorithm]}-{size}" if size else sa[algorithm])
    return " / ".join(names)


def _words(text: str) -> list[str]:
    """Words, brackets and ``key=value`` of vici's one-line notation."""
    return re.findall(r"[^\s{}\[\]=]+=\[[^\]]*\]|[^\s{}\[\]=]+=[^\s{}\[\]]*|[^\s{}\[\]=]+|[{}]", text)


def _parse_section(words: Iterator[str]) -> dict[str, Any]:
    section: dict[str, Any] = {}
    name = ""
    for word in words:
        if word == "}":
            break
        if word == "{":
            section[name] = _parse_section(words)
        elif "=" in word:
            key, _, value = word.partition("=")
            section[key] = value.strip("[]").split() if value.startswith("[") else value
        else:
            name = word
    return section
