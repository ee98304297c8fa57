"""The gateway as a containerlab topology, with a place for every CPE: vendors' images go there.

Each CPE gets a cable of its own to the gateway, a /31 (RFC 3021) with its public address at the one end and
the next hop of its default route at the other.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import PurePosixPath

from gateway.model import Tunnel

PLACEHOLDER = "your-cpe-image:tag"
"""The image of every CPE, to be replaced."""
_FOLDER = PurePosixPath("/etc/gsalab")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_NOT_IN_FILES = re.compile(r"[^A-Za-z0-9._-]+")
"""What a shell, or containerlab's expansion of variables, could take for something else."""


class SharedCableError(Exception):
    """Two CPEs whose public addresses would be the two ends of one /31."""


@dataclass(frozen=True, kw_only=True)
class Cpe:
    """A CPE: all tunnels from one public address."""

    name: str
    address: IPv4Address
    interface: str
    tunnels: tuple[Tunnel, ...]

    @property
    def next_hop(self) -> IPv4Address:
        """The gateway's end of its cable."""
        return IPv4Address(int(self.address) ^ 1)


def topology(
    name: str, tunnels: Sequence[Tunnel], files: Sequence[str], image: str, *, psk_variable: str | None = None
) -> str:
    """The text of a ``.clab.yml``.

    Args:
        name: Of the lab.
        tunnels: All tunnels of the lab file.
        files: The lab files, by their paths from where the text will lie.
        image: The gateway's.
        psk_variable: The variable with the pre-shared key, when it is not in the files.

    Raises:
        SharedCableError: The addresses of two CPEs exclude each other.
    """
    cpes = _cpes(tunnels)
    mounted = {
        file: _FOLDER / f"{number}-{_NOT_IN_FILES.sub('-', PurePosixPath(file).name)}"
        for number, file in enumerate(files)
    }
    endpoints = sorted({tunnel.endpoint for tunnel in tunnels})
    lines = [
        "# Written by gsalab export containerlab. Put the images of your CPEs where it says so, then:",
        *_deployment(psk_variable),
        f"#   docker exec clab-{_name(name)}-gateway gsalab check",
        f"name: {_name(name)}",
        "topology:",
        "  nodes:",
        *_gateway(cpes, mounted, endpoints, image),
        *([f'      env: {{{psk_variable}: "${{{psk_variable}}}"}}'] if psk_variable else []),
        *(line for cpe in cpes for line in _placeholder(cpe)),
        "  links:",
        *(f'    - endpoints: ["gateway:{cpe.interface}", "{cpe.name}:eth1"]' for cpe in cpes),
    ]
    return "\n".join(lines) + "\n"


def _deployment(psk_variable: str | None) -> list[str]:
    """How to deploy: containerlab needs root, and replaces a variable by what its own environment has."""
    if psk_variable is None:
        return ["#   sudo containerlab deploy -t THIS-FILE"]
    return [
        f"#   export {psk_variable}=YOUR-PRE-SHARED-KEY",
        f"#   sudo --preserve-env={psk_variable} containerlab deploy -t THIS-FILE",
    ]


def _cpes(tunnels: Sequence[Tunnel]) -> list[Cpe]:
    by_address: dict[IPv4Address, list[Tunnel]] = {}
    for tunnel in tunnels:
        by_address.setdefault(tunnel.peer_address, []).append(tunnel)
    cpes = [
        Cpe(
            name=f"cpe{number}",
            address=address,
            interface=f"eth{number}",
            tunnels=tuple(own),
        )
        for number, (address, own) in enumerate(by_address.items(), 1)
    ]
    for cpe in cpes:
        if cpe.next_hop in by_address:
            raise SharedCableError(
                f"{cpe.address} and {cpe.next_hop} are both device IP addresses,"
                " but either is the next hop of the other"
            )
    return cpes


def _gateway(
    cpes: Sequence[Cpe],
    mounted: Mapping[str, PurePosixPath],
    endpoints: Sequence[IPv4Address],
    image: str,
) -> list[str]:
    """The gateway listens on its endpoints when it starts, which is before containerlab lays the cables."""
    options = " ".join(f"-f {path}" for path in mounted.values())
    addresses = "".join(f"ip address replace {endpoint}/32 dev lo && " for endpoint in endpoints)
    return [
        "    gateway:",
        "      kind: linux",
        f"      image: {_text(image)}",
        "      entrypoint: sh",
        f"      cmd: -c '{addresses}exec gateway-entrypoint up {options}'",
        "      binds:",
        *(f"        - {_text(f'{file}:{path}:ro')}" for file, path in mounted.items()),
        "      exec:",
        *(f"        - ip address replace {cpe.next_hop}/31 dev {cpe.interface}" for cpe in cpes),
    ]


def _placeholder(cpe: Cpe) -> list[str]:
    return [
        f"    {cpe.name}:",
        f"      # eth1: {cpe.address}/31, default route by {cpe.next_hop}",
        *(line for tunnel in cpe.tunnels for line in _settings(tunnel)),
        "      kind: linux # or your vendor's kind",
        f"      image: {PLACEHOLDER} # replace it",
    ]


def _settings(tunnel: Tunnel) -> list[str]:
    return [
        f"      # tunnel {tunnel.name}: to {tunnel.advertised_endpoint}, identity {tunnel.peer_address}",
        f"      #   BGP {tunnel.peer_bgp} AS {tunnel.peer_asn} with {tunnel.local_bgp} AS {tunnel.local_asn}",
    ]


def _text(text: str) -> str:
    """A text in YAML, after containerlab's expansion of variables, to which two dollars are one."""
    return json.dumps(text.replace("$", "$$"), ensure_ascii=False)


def _name(text: str) -> str:
    """A name that containerlab, Docker and the DNS take."""
    return _NOT_IN_NAMES.sub("-", text.lower()).strip("-") or "lab"
