"""Draws how a tunnel comes up, step by step, with the codes that each step can fail with, as SVG."""

from collections.abc import Mapping, Sequence
from html import escape

from gateway.diagnosis.finding import Severity
from gateway.diagnosis.rule import Rule, Step

_MESSAGES = {
    Step.FRONT_DOOR: ("UDP 500: a first datagram", False),
    Step.IKE_SA_INIT: ("proposals, key exchange, NAT", True),
    Step.IKE_AUTH: ("identity, AUTH; UDP 4500", True),
    Step.CHILD_SA: ("ESP proposal, selectors", True),
    Step.BGP: ("in ESP: TCP 179, OPEN", True),
    Step.ROUTES: ("UPDATE, both ways", True),
    Step.TRAFFIC: ("packets of the branch", True),
}
"""What passes between CPE and gateway, and whether it is answered."""
_CPE, _GATEWAY, _CODES = 150, 400, 440
_WIDTH, _TOP, _LINE, _PADDING = 1120, 64, 18, 26
_INK, _FAINT = "#1f2328", "#8c959f"
_ARROW = (
    '<marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8"'
    f' orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="{_INK}"/></marker>'
)
_COLOURS = {Severity.ERROR: "#b3261e", Severity.WARNING: "#8a5a00"}


def picture(rules: Sequence[Rule], names: Mapping[Step, str]) -> str:
    """The picture.

    Args:
        rules: In the order of the steps.
        names: Of the steps.
    """
    parts: list[str] = []
    top = _TOP
    for step in Step:
        own = [rule for rule in rules if rule.step is step]
        height = max(2, len(own)) * _LINE + _PADDING
        parts += _row(names[step], step, own, top, height)
        top += height
    lifelines = [f'<path d="M{x} 44V{top}" stroke="{_INK}" stroke-width="2"/>' for x in (_CPE, _GATEWAY)]
    ends = [
        _text(_CPE, 30, "CPE", anchor="middle", bold=True),
        _text(_GATEWAY, 30, "gateway", anchor="middle", bold=True),
    ]
    size = f'viewBox="0 0 {_WIDTH} {top + 16}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">',
        "<title>The steps of a tunnel coming up, and the codes of each</title>",
        f"<defs>{_ARROW}</defs>",
        f'<rect width="{_WIDTH}" height="{top + 16}" fill="#ffffff"/>',
    ]
    return "\n".join([*head, *lifelines, *ends, *parts, "</svg>"]) + "\n"


def _row(name: str, step: Step, rules: Sequence[Rule], top: int, height: int) -> list[str]:
    message, answered = _MESSAGES[step]
    middle = top + height // 2
    both = ' marker-start="url(#a)"' if answered else ""
    parts = [
        f'<path d="M8 {top}H{_WIDTH - 8}" stroke="{_FAINT}" stroke-dasharray="2 4"/>',
        _text(12, middle + 4, f"{step.value}  {name}", bold=True),
        f'<path d="M{_CPE + 2} {middle + 6}H{_GATEWAY - 2}" stroke="{_INK}" marker-end="url(#a)"{both}/>',
        _text((_CPE + _GATEWAY) // 2, middle - 2, message, anchor="middle"),
    ]
    first = middle - (len(rules) * _LINE) // 2 + 13
    for index, rule in enumerate(rules):
        parts.append(
            f'<a href="{rule.code}.md"><text x="{_CODES}" y="{first + index * _LINE}"'
            f' fill="{_COLOURS[rule.severity]}"><tspan font-family="monospace">{rule.code}</tspan>'
            f'<tspan dx="10">{escape(rule.title)}</tspan></text></a>'
        )
    return parts


def _text(x: int, y: int, text: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" fill="{_INK}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'
