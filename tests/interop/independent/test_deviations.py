"""What the gateway does with each deviation of an independent CPE: one gateway for the whole table."""

from collections.abc import Iterator

import pytest

from tests.interop.independent import cases_auth, cases_esp, cases_established, cases_init
from tests.interop.independent.case import Case, EspCase
from tests.interop.independent.judge import Judge, judge_with_gateway

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def judge(machine_for_labs: None) -> Iterator[Judge]:  # noqa: ARG001 - says first what the machine lacks
    # A fast machine would have so many requests refused that the gateway wants cookies.
    with judge_with_gateway(cookieThreshold=100_000) as found:
        yield found


def named(case: Case | EspCase) -> str:
    return case.name.replace(" ", "-")


@pytest.mark.parametrize("case", cases_init.CASES, ids=named)
def test_ike_sa_init(judge: Judge, case: Case) -> None:
    judge.init(case)


@pytest.mark.parametrize("case", cases_auth.CASES, ids=named)
def test_ike_auth(judge: Judge, case: Case) -> None:
    judge.auth(case)


@pytest.mark.parametrize("case", cases_established.INFORMATIONAL, ids=named)
def test_informational(judge: Judge, case: Case) -> None:
    judge.informational(case)


@pytest.mark.parametrize("case", cases_established.REKEY_CHILD, ids=named)
def test_rekey_of_the_child_sa(judge: Judge, case: Case) -> None:
    judge.rekey_child(case)


@pytest.mark.parametrize("case", cases_established.REKEY_IKE, ids=named)
def test_rekey_of_the_ike_sa(judge: Judge, case: Case) -> None:
    judge.rekey_ike(case)


@pytest.mark.parametrize("case", cases_esp.CASES, ids=named)
def test_esp(judge: Judge, case: EspCase) -> None:
    judge.esp(case)
