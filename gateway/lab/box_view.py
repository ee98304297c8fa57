"""What a NAT box says about itself, as lines for people."""

from collections.abc import Mapping
from typing import Any

from gateway.lab.natbox.settings import read_impairments

Status = Mapping[str, Any]
_BEHIND_NAME = frozenset({"toward", "source", "to", "personality", "port"})
_KINDS = {"ike": "IKE", "esp": "ESP", "other": "other traffic"}


def box_lines(status: Status) -> list[str]:
    """Settings, mappings and counters.

    Args:
        status: What the box answers to ``show``.
    """
    lines = [*_nat(status["nat"])]
    if status["impair"] is not None:
        lines.append(
            f"line     {read_impairments(status['impair']).summary()}, seed {status['impair']['seed']}"
        )
    mappings = status["mappings"]
    width = max((len(row["inside"]) for row in mappings), default=0)
    lines += [
        f"mapping  {row['protocol']:<4} {row['inside']:<{width}} → {row['outside']}, for {row['remote']}"
        for row in mappings
    ]
    passed = status["passed"]
    lines.append(f"passed   {passed['out']} packets out, {passed['in']} in")
    return lines + [_lacking(drop) for drop in status["drops"]]


def _lacking(drop: Mapping[str, Any]) -> str:
    """What did not pass: ``lost     3 of ESP in``."""
    what = f"{drop['packets']} of {_KINDS[drop['kind']]} {drop['direction']}"
    return f"lost     {what}" if drop["reason"] == "lost" else f"dropped  {what}: {drop['reason']}"


def _nat(nat: Mapping[str, str] | None) -> list[str]:
    if nat is None:
        return ["nat      none: addresses and ports stay"]
    more = "".join(f", {key} {value}" for key, value in nat.items() if key not in _BEHIND_NAME)
    return [f"nat      {nat['personality']}: {nat['source']} becomes {nat['to']}{more}"]
