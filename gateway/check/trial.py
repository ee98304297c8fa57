"""Whether a tunnel's trial rekey is still to come: a check that ended before would miss its forecast."""

from collections.abc import Sequence

from gateway.diagnosis.facts import Record, TunnelFacts

_ANSWER_SECONDS = 5.0
"""How long after its time a trial may take, with a repetition."""
_OUTCOMES = frozenset(
    {"trial_rekey_refused", "trial_rekey_omitted", "own_request_refused", "child_sa_closed"}
)


def is_awaited(tunnel: TunnelFacts, records: Sequence[Record], now: float, *, left: float) -> bool:
    """Whether to wait for the outcome of a trial.

    Args:
        tunnel: The tunnel.
        records: The gateway's records.
        now: The time, in seconds since the Unix epoch.
        left: Seconds for which one is willing to wait.
    """
    if tunnel.trial_rekey_seconds is None:
        return False
    of_tunnel = [record for record in records if record.get("tunnel") == tunnel.name]
    made = next((r for r in reversed(of_tunnel) if r["name"] == "child_sa_established"), None)
    if made is None or made["data"]["replaces"] is not None:
        return False
    due = made["time"] + tunnel.trial_rekey_seconds
    if due > now + left or due + _ANSWER_SECONDS < now:
        return False
    return not any(r["name"] in _OUTCOMES and r["id"] > made["id"] for r in of_tunnel)
