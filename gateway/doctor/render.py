"""Checks as text for a person and as JSON."""

from collections.abc import Sequence
from typing import Any

from gateway.doctor.check import Check


def render_text(checks: Sequence[Check]) -> str:
    """One line per check; below a failed one, what to do about it.

    Marked with a tick, a cross for what stops a lab, or an exclamation mark for a note.
    """
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        mark = "✓" if check.ok else "✗" if check.required else "!"
        lines.append(f"{mark} {check.name:<{width}}  {check.saw}")
        lines += [f"  {'':<{width}}  → {action}" for action in check.fix.splitlines()]
    failed = sum(check.required and not check.ok for check in checks)
    verdict = (
        f"a lab cannot run here: {failed} of {len(checks)} checks failed" if failed else "a lab can run here"
    )
    return "\n".join([*lines, "", verdict])


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """``{"ok": a lab can run here, "checks": [{"name", "ok", "required", "saw", "fix"}]}``."""
    return {
        "ok": all(check.ok for check in checks if check.required),
        "checks": [
            {"name": c.name, "ok": c.ok, "required": c.required, "saw": c.saw, "fix": c.fix.splitlines()}
            for c in checks
        ],
    }
