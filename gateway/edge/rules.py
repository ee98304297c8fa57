"""The nftables rules of the edge: rendered here, loaded and listed by ``nft`` inside the namespace."""

import asyncio
import json
import shutil
from collections.abc import Iterable, Sequence
from importlib.resources import files
from ipaddress import IPv4Address, IPv4Network
from string import Template
from typing import Any

from gateway.doctor.problem import EnvironmentProblem
from gateway.edge.drops import DropReason

TABLE = "ip edge"
TUNNEL_DEVICES = "gsa"
"""How the names of the tunnels' devices begin."""
_NOT_FROM_A_TUNNEL = f'iifname != "{TUNNEL_DEVICES}*"'
_NOT_INTO_A_TUNNEL = f'oifname != "{TUNNEL_DEVICES}*" accept'


class RulesError(Exception):
    """``nft`` refused a transaction; the text is what it said."""


def ruleset(
    bgp_addresses: Iterable[IPv4Address], covered: Iterable[IPv4Network], *, mark: int | None = None
) -> str:
    """Everything, as one transaction that replaces whatever was loaded before.

    Args:
        bgp_addresses: Those of Global Secure Access.
        covered: What the traffic profiles cover.
        mark: For what comes out of a tunnel, in a namespace that the underlay shares; None in one of its own.
    """
    template = Template(files("gateway.edge").joinpath("rules.nft").read_text(encoding="utf-8"))
    reasons = "\n\n\t".join(_reason(reason) for reason in DropReason)
    return (
        template.substitute(
            reasons=reasons,
            outside="" if mark is None else f"{_NOT_FROM_A_TUNNEL} goto underlay\n\t\tmeta mark set {mark}",
            leaving_outside="" if mark is None else _NOT_INTO_A_TUNNEL,
        )
        + _elements("bgp_addresses", bgp_addresses)
        + _elements("covered", covered)
    )


def _reason(reason: DropReason) -> str:
    """The counter of a reason, and the chain that counts and names it."""
    name = reason.value
    return (
        f"counter {name} {{ }}\n"
        f"\tchain {name} {{ counter name {name} meta mark set {reason.number} goto count_and_drop; }}"
    )


def _elements(name: str, elements: Iterable[IPv4Address | IPv4Network]) -> str:
    """The command that fills a set; nothing for no elements, which nft would refuse."""
    text = ", ".join(map(str, elements))
    return f"add element {TABLE} {name} {{ {text} }}\n" if text else ""


async def load(enter_command: Sequence[str], text: str) -> None:
    """Apply a transaction in the namespace that ``enter_command`` enters: all of it or nothing.

    Raises:
        RulesError: nft refused it.
        EnvironmentProblem: nft is not installed.
    """
    await _nft(enter_command, "-f", "-", text=text)


async def list_table(enter_command: Sequence[str]) -> dict[str, Any]:
    """What ``nft -j list table`` prints: rules, sets with their elements, counters. Errors as in ``load``."""
    listing: dict[str, Any] = json.loads(await _nft(enter_command, "-j", "list", "table", *TABLE.split()))
    return listing


async def list_counters(enter_command: Sequence[str]) -> dict[str, Any]:
    """What ``nft -j list counters`` prints of the table, without sets and rules. Errors as in ``load``."""
    command = ("-j", "list", "counters", "table", *TABLE.split())
    listing: dict[str, Any] = json.loads(await _nft(enter_command, *command))
    return listing


async def packets_counted(enter_command: Sequence[str], counter: str) -> int:
    """Packets that a named counter has seen. Errors as in ``load``."""
    listing = json.loads(await _nft(enter_command, "-j", "list", "counter", *TABLE.split(), counter))
    return sum(int(item["counter"]["packets"]) for item in listing["nftables"] if "counter" in item)


async def _nft(enter_command: Sequence[str], *arguments: str, text: str = "") -> str:
    if shutil.which("nft") is None:
        raise EnvironmentProblem("nft is not on the PATH; the edge filters with it", "install nftables")
    process = await asyncio.create_subprocess_exec(
        *enter_command,
        "nft",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(text.encode())
    if process.returncode != 0:
        raise RulesError(f"nft {' '.join(arguments)}: {errors.decode(errors='replace').strip()}")
    return output.decode()
