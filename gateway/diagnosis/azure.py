"""Findings in the shape of Azure Network Watcher's VPN troubleshoot result (``TroubleshootingResult``).

The members are those of the REST API ``networkWatchers/troubleshoot``: https://learn.microsoft.com/rest/api/
network-watcher/network-watchers/get-troubleshooting. Texts, and the codes in ``id``, are this project's.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.diagnosis.finding import Finding

NO_FAULT = "NoFault"
"""The ``id`` with which Network Watcher says that it found nothing."""


def troubleshooting_result(
    findings: Iterable[Finding],
    *,
    start: float,
    end: float,
    healthy: bool,
    unexplained: Sequence[tuple[str, str, str]] = (),
) -> dict[str, Any]:
    """The result as a JSON object.

    Args:
        findings: Errors first.
        start: When the diagnosis began, or the record that it begins with, in seconds since the Unix epoch.
        end: When it ended.
        healthy: Whether nothing but warnings was found.
        unexplained: What fails without a finding: an id, a summary, and what was seen.
    """
    results = [_result(finding) for finding in findings]
    results += [_details(code, summary, saw) for code, summary, saw in unexplained]
    if not results:
        results.append(_details(NO_FAULT, "No fault was found.", "Every tunnel is as it should be."))
    return {
        "startTime": _time(start),
        "endTime": _time(end),
        "code": "Healthy" if healthy else "UnHealthy",
        "results": results,
    }


def _result(finding: Finding) -> dict[str, Any]:
    tunnel = f"{finding.tunnel}: " if finding.tunnel else ""
    replayed = f"Replayed: {finding.what_if}. " if finding.what_if else ""
    detailed = (
        f"{tunnel}{finding.where}. Saw: {finding.saw}. Expected: {finding.expected}. {replayed}"
        f"Certainty: {finding.certainty}. The real service {finding.real_service}."
    )
    actions = [f"On the CPE: {finding.fix.cpe}", f"On the device link: {finding.fix.device_link}"]
    actions += [f"strongSwan: {line}" for line in finding.fix.strongswan.splitlines()]
    return _details(finding.code, finding.title, detailed) | {
        "recommendedActions": [
            {
                "actionText": text,
                "actionUri": finding.docs,
                "actionUriText": f"gsalab explain {finding.code}",
            }
            for text in actions
        ]
    }


def _details(code: str, summary: str, detailed: str) -> dict[str, Any]:
    """A ``TroubleshootingDetails`` without actions."""
    return {"id": code, "summary": summary, "detailed": detailed, "recommendedActions": []}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
