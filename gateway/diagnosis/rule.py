"""What a rule is: one code, one page, and one pure function over the records of a tunnel."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Finding, Fix, Severity, Table
from gateway.diagnosis.history import History

DOCS = "docs/failures"
"""The catalogue, in the documentation."""


class Step(IntEnum):
    """The steps by which a tunnel comes up, in order. The first that fails is named."""

    FRONT_DOOR = 1
    IKE_SA_INIT = 2
    IKE_AUTH = 3
    CHILD_SA = 4
    BGP = 5
    ROUTES = 6
    TRAFFIC = 7


PASSED = {
    Step.IKE_SA_INIT: ("ike_sa_init_answered", "ike_sa_established", "child_sa_established"),
    Step.IKE_AUTH: ("ike_sa_established", "child_sa_established"),
    Step.CHILD_SA: ("child_sa_established",),
    Step.BGP: ("established",),
    Step.ROUTES: ("routes_learned",),
}
"""The records that show a step passed: each makes earlier failures of that step history."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """The texts of a code that do not depend on a case.

    Args:
        symptom: What the engineer notices.
        cause: Why it happens.
        proof: What the gateway saw that leaves no doubt, or how much it leaves.
        fix: What to do, on both sides.
        service: What the real service shows.
    """

    symptom: str
    cause: str
    proof: str
    fix: str
    service: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a rule saw in one case; members as in ``Finding``.

    Args:
        because: The records themselves, in order.
        title: Instead of the rule's title, when the case has a better one.
        certainty: Instead of the rule's.
    """

    where: str
    saw: str
    expected: str
    because: tuple[Record, ...]
    fix: Fix
    title: str | None = None
    certainty: Certainty | None = None
    table: Table | None = None
    what_if: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One way to fail.

    Args:
        code: Stable: ``GSA-IKE-010``.
        title: One line.
        step: The step that fails.
        certainty: How sure the rule is, when it finds something.
        service: What the real service would have shown, in one sentence.
        page: The texts of the catalogue.
        find: Looks at a tunnel; the evidence, or None when the rule does not apply.
        severity: How bad it is.
    """

    code: str
    title: str
    step: Step
    certainty: Certainty
    service: str
    page: Page
    find: Callable[[History], Evidence | None]
    severity: Severity = Severity.ERROR

    @property
    def docs(self) -> str:
        """Path of the page."""
        return f"{DOCS}/{self.code}.md"

    def finding(self, evidence: Evidence, tunnel: str | None) -> Finding:
        """The finding that the evidence makes."""
        return Finding(
            code=self.code,
            title=evidence.title or self.title,
            severity=self.severity,
            certainty=evidence.certainty or self.certainty,
            tunnel=tunnel,
            where=evidence.where,
            saw=evidence.saw,
            expected=evidence.expected,
            because=tuple(record["id"] for record in evidence.because),
            fix=evidence.fix,
            real_service=self.service,
            docs=self.docs,
            table=evidence.table,
            what_if=evidence.what_if,
        )


def shared_by_tunnels(finding: Finding) -> Finding:
    """The same finding for nobody in particular."""
    return replace(finding, tunnel=None)
