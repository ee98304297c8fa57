"""A CPE that shares no code with the gateway brings up tunnels, keeps them and ends them."""

import itertools
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.independent import drill, payloads
from tests.interop.independent.deviation import adding, without
from tests.interop.independent.esp import syn
from tests.interop.independent.ike_sa import INFORMATIONAL
from tests.interop.independent.initiator import Initiator
from tests.interop.independent.judge import Judge, Observed, judge_with_gateway
from tests.interop.independent.payloads import Notify
from tests.interop.independent.suite import Suite
from tests.support.runner import USERS, Runner, User

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def judge(machine_for_labs: None) -> Iterator[Judge]:  # noqa: ARG001 - says first what the machine lacks
    with judge_with_gateway() as found:
        yield found


SUITES: dict[str, dict[str, Any]] = {
    "gcm-256-group-14": {},
    "gcm-128-group-24": {"suite": Suite(bits=128, prf=5, group=24, esp_bits=128)},
    "cbc-256-group-24": {"suite": Suite(encryption=12, prf=6, integrity=13, group=24, esp_bits=192)},
    "cbc-128-ecp-256-null": {"link": "curves"},
}
WAYS: dict[str, dict[str, Any]] = {
    f"{'udp' if behind_nat else 'raw'}{'-esn' if esn else ''}": {"behind_nat": behind_nat, "esn": esn}
    for behind_nat, esn in itertools.product((False, True), repeat=2)
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("suite", SUITES)
def test_a_tunnel_carries_through_its_whole_life(judge: Judge, suite: str, way: str) -> None:
    cpe = judge.world.initiator(**{**SUITES[suite], **WAYS[way]})
    cpe.connect()
    assert cpe.knock()
    assert cpe.probe().parts == []
    cpe.rekey_child()
    assert cpe.knock()
    cpe.rekey_ike()
    assert cpe.knock()
    cpe.rekey_child()
    assert cpe.knock()
    assert cpe.delete().parts == []


def connected(judge: Judge) -> Initiator:
    cpe = judge.world.initiator()
    cpe.connect()
    return cpe


def test_a_repeated_ike_sa_init_gets_the_same_answer_again(judge: Judge) -> None:
    cpe = judge.world.initiator()
    request = cpe.init_request()
    seen = judge.observe(cpe, lambda: cpe.send(request, copies=3))
    one, *others = seen.answers
    assert [each.octets for each in others] == [one.octets] * 2
    cpe.take_init(one)
    cpe.auth()
    cpe.delete()


def test_a_repeated_ike_auth_gets_the_same_answer_again(judge: Judge) -> None:
    cpe = judge.world.initiator()
    cpe.init()
    request = cpe.request(35, cpe.auth_parts())
    seen = judge.observe(cpe, lambda: cpe.send(request, copies=3))
    one, *others = seen.answers
    assert [each.octets for each in others] == [one.octets] * 2
    cpe.ike.next_id += 1
    cpe.take_auth(one)
    assert cpe.knock()
    cpe.delete()


def test_a_repeated_rekey_makes_one_child_sa(judge: Judge) -> None:
    cpe = connected(judge)
    request = cpe.request(36, cpe.rekey_child_parts())
    seen = judge.observe(cpe, lambda: cpe.send(request, copies=2))
    assert seen.answers[0].octets == seen.answers[1].octets
    cpe.ike.next_id += 1
    assert len(judge.world.tunnel("default")["children"]) == 2
    cpe.delete()


def test_a_repeated_delete_of_the_ike_sa_harms_nobody(judge: Judge) -> None:
    cpe = connected(judge)
    request = cpe.request(INFORMATIONAL, [payloads.delete(payloads.IKE)])
    seen = judge.observe(cpe, lambda: cpe.send(request, copies=2))
    assert seen.answers[0].parts == []
    assert seen.drops in ([], ["unknown_spi"])
    connected(judge).delete()


def test_the_delete_of_a_child_sa_is_answered_with_the_gateways_spi(judge: Judge) -> None:
    cpe = connected(judge)
    assert cpe.child is not None
    old = cpe.child
    answer = cpe.inform(payloads.delete(payloads.ESP, [old.spi_in]))
    assert [old.spi_out] == answer.part(payloads.DELETE).SPI
    assert cpe.probe().parts == []
    assert judge.world.tunnel("default")["children"] == []
    cpe.delete()


def test_the_delete_of_several_spis_names_those_that_exist(judge: Judge) -> None:
    cpe = connected(judge)
    first = cpe.child
    cpe.rekey_child()
    second = cpe.child
    assert first is not None
    assert second is not None
    unknown = b"\xc9\xc9\xc9\xc9"
    answer = cpe.inform(payloads.delete(payloads.ESP, [unknown, first.spi_in, second.spi_in]))
    assert sorted(answer.part(payloads.DELETE).SPI) == sorted([first.spi_out, second.spi_out])
    cpe.delete()


def test_a_replaced_child_sa_still_receives_after_its_delete(judge: Judge) -> None:
    cpe = connected(judge)
    old = cpe.child
    cpe.rekey_child()
    assert old is not None
    cpe.inform(payloads.delete(payloads.ESP, [old.spi_in]))
    before = judge.world.tunnel("default")["counters"]["packets_in"]
    late = old.sealed(syn(*cpe.inner, 9999))
    assert judge.observe(cpe, lambda: cpe.send_esp(late)) == Observed([], [])
    assert judge.world.tunnel("default")["counters"]["packets_in"] == before + 1
    assert cpe.knock()
    cpe.delete()


def test_initial_contact_ends_the_older_ike_sa(judge: Judge) -> None:
    old = connected(judge)
    new = judge.world.initiator()
    new.init()
    new.auth(adding(payloads.notify(Notify.INITIAL_CONTACT)))
    probe = old.request(INFORMATIONAL, [])
    assert judge.observe(old, lambda: old.send(probe)).drops == ["unknown_spi"]
    assert new.knock()
    new.delete()


def test_childless_initiation_is_accepted_only_if_the_gateway_said_so(judge: Judge) -> None:
    cpe = judge.world.initiator()
    offered = Notify.CHILDLESS_IKEV2_SUPPORTED in cpe.init().notifies
    answer = cpe.auth(without(payloads.SA, payloads.TSi, payloads.TSr))
    assert answer.error == (None if offered else Notify.INVALID_SYNTAX)
    if offered:
        assert cpe.child is None
        cpe.delete()


@pytest.mark.parametrize("user", USERS)
def test_every_user_can_run_it(shell: Runner, user: User) -> None:
    done = shell.run(sys.executable, "-m", "tests.interop.independent.drill", user=user, timeout=120)
    assert done.stdout.splitlines() == [f"{way}: carried" for way in drill.WAYS]
