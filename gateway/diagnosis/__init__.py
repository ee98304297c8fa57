"""Diagnosis: rules over the stream of records that say what is wrong, how that is known, and what to do."""

from gateway.diagnosis.diagnose import diagnose, was_stopped
from gateway.diagnosis.facts import TunnelFacts, facts_from, facts_of
from gateway.diagnosis.finding import Certainty, Finding, Severity, render

__all__ = [
    "Certainty",
    "Finding",
    "Severity",
    "TunnelFacts",
    "diagnose",
    "facts_from",
    "facts_of",
    "render",
    "was_stopped",
]
