"""What a check of this machine found."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Args:
        name: What was looked at: ``user namespaces``.
        ok: It is as a lab, or for a note ``gsalab up``, needs it.
        saw: What is there, or the error that came instead.
        fix: What to do when not ok; one action per line, empty when ok.
        required: A lab cannot run unless this is ok. What is not required is a note.
    """

    name: str
    ok: bool
    saw: str
    fix: str = ""
    required: bool = True
