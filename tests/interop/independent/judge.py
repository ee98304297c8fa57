"""Runs one case against a gateway and compares what it did with what it should do.

Nothing waits for an answer that must not come. A second CPE, the sentinel, asks for a sign of life after each
deviation: when it has its answer, twice in a row, the gateway has dealt with everything that was sent before,
whatever socket it came by, and its records up to there are complete.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.interop.independent.case import ACCEPTED, Case, EspCase, Expected, number_of
from tests.interop.independent.deviation import HONEST, Deviation
from tests.interop.independent.ike_sa import CREATE_CHILD_SA, IKE_AUTH, INFORMATIONAL, Answer
from tests.interop.independent.initiator import Initiator
from tests.interop.independent.payloads import Part
from tests.interop.independent.world import World, tunnel_of, world

SENTINEL = "sentinel"


@dataclass(frozen=True)
class Observed:
    """What the gateway did with a message.

    Args:
        answers: What it sent to the CPE.
        drops: Reasons of its records about dropped messages of the CPE, IKE and ESP.
    """

    answers: list[Answer]
    drops: list[str]


class Judge:
    """The sentinel, and the ways to run a case.

    Args:
        world: The gateway.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._sentinel = world.initiator(SENTINEL)
        self._sentinel.connect()
        assert self._sentinel.knock()  # or the gateway asks it, too: it misses the first ESP packet

    def close(self) -> None:
        """Let the sentinel go."""
        self._sentinel.delete()

    def observe(self, cpe: Initiator, send: Callable[[], object]) -> Observed:
        """Do something, and see what the gateway makes of it."""
        send()
        records = [*self._fence(), *self._fence()]
        answers = []
        while (octets := cpe.wire.receive(0)) is not None:
            answers.append(cpe.ike.read(octets))
        return Observed(answers, [r["data"]["reason"] for r in records if _is_drop(r, cpe)])

    def _fence(self) -> list[dict[str, Any]]:
        """The records up to a sign of life for the sentinel."""
        self._sentinel.probe()
        return self.world.records.until("liveness_checked", tunnel_of(SENTINEL))

    # One method for each step at which a CPE can deviate

    def init(self, case: Case) -> None:
        """IKE_SA_INIT deviates."""
        cpe = self._cpe(case)
        deviation = case.deviation(cpe)
        octets = cpe.init_request(deviation)
        seen = self.observe(cpe, lambda: cpe.send(octets, deviation))
        answer = _compare(seen, case.expected)
        if case.expected.succeeds:
            cpe.take_init(_only(answer))
            assert cpe.auth().error is None
        else:
            cpe.connect()
        self._works(cpe)

    def auth(self, case: Case) -> None:
        """IKE_AUTH deviates."""
        cpe = self._cpe(case)
        cpe.init()
        self._run(cpe, case, IKE_AUTH, cpe.auth_parts(), cpe.take_auth)

    def rekey_child(self, case: Case) -> None:
        """A CHILD SA rekey deviates."""
        cpe = self._cpe(case)
        cpe.connect()
        self._run(cpe, case, CREATE_CHILD_SA, cpe.rekey_child_parts(), cpe.take_rekeyed_child)

    def rekey_ike(self, case: Case) -> None:
        """An IKE SA rekey deviates."""
        cpe = self._cpe(case)
        cpe.connect()
        self._run(cpe, case, CREATE_CHILD_SA, cpe.rekey_ike_parts(), cpe.take_rekeyed_ike)

    def informational(self, case: Case) -> None:
        """An INFORMATIONAL request deviates."""
        cpe = self._cpe(case)
        cpe.connect()
        self._run(cpe, case, INFORMATIONAL, case.content(cpe), lambda _: None)

    def esp(self, case: EspCase) -> None:
        """ESP packets deviate."""
        cpe = self.world.initiator(case.link, **case.options)
        cpe.connect()
        packets, before = case.packets(cpe), self._counters(case)
        seen = self.observe(cpe, lambda: cpe.send_esp(*packets, udp=case.udp))
        more = {name: count - before.get(name, 0) for name, count in self._counters(case).items()}
        if case.counted or case.expected.succeeds:
            assert seen == Observed([], [])
            assert more.get(case.expected.drop, 0) == case.counted
        else:
            _compare(seen, case.expected)
        assert more.get("packets_in", 0) == case.delivered
        self._works(cpe)

    def _counters(self, case: EspCase) -> dict[str | None, int]:
        """The tunnel's inner packets and its drops by reason; nothing where the case wants none of them."""
        if not case.counted and not case.delivered:
            return {}
        counters = self.world.tunnel(case.link)["counters"]
        return {"packets_in": counters["packets_in"], **counters["drops_in"]}

    def _cpe(self, case: Case) -> Initiator:
        return self.world.initiator(case.link, **case.options)

    def _run(
        self,
        cpe: Initiator,
        case: Case,
        exchange: int,
        parts: Sequence[Part],
        take: Callable[[Answer], object],
    ) -> None:
        """A protected request that deviates, and the state of the IKE SA after it."""
        deviation = case.deviation(cpe)
        answer = self._answered(cpe, case.expected, cpe.request(exchange, parts, deviation), deviation)
        if case.expected.ends:
            self._is_gone(cpe)
            return
        if answer is None:  # nothing happened: the same request, this time as it should be, is accepted
            honest = cpe.request(exchange, parts)
            answer = self._answered(cpe, ACCEPTED, honest, HONEST)
        if _only(answer).error is None:
            take(_only(answer))
        self._works(cpe)

    def _answered(
        self, cpe: Initiator, expected: Expected, octets: bytes, deviation: Deviation
    ) -> Answer | None:
        answer = _compare(self.observe(cpe, lambda: cpe.send(octets, deviation)), expected)
        if answer is not None:
            assert answer.header.id == cpe.ike.next_id
            cpe.ike.next_id += 1
        return answer

    def _works(self, cpe: Initiator) -> None:
        """The IKE SA answers, its CHILD SA, if it has one, carries, and it can be deleted."""
        assert cpe.probe().error is None
        assert cpe.child is None or cpe.knock()
        assert cpe.delete().parts == []

    def _is_gone(self, cpe: Initiator) -> None:
        probe = cpe.request(INFORMATIONAL, [])
        _compare(
            self.observe(cpe, lambda: cpe.send(probe)),
            Expected(error=None, drop="unknown_spi", may_answer="INVALID_IKE_SPI"),
        )


@contextlib.contextmanager
def judge_with_gateway(**ike: Any) -> Iterator[Judge]:
    """A judge with a gateway of its own, which is gone afterwards; ``ike`` are settings of the responder."""
    with tempfile.TemporaryDirectory(prefix="gsalab-test-") as folder, world(Path(folder), **ike) as made:
        judge = Judge(made)
        yield judge
        judge.close()


def _is_drop(record: dict[str, Any], cpe: Initiator) -> bool:
    """Whether a record tells that a message of the CPE was dropped."""
    if record["name"] not in {"datagram_dropped", "esp_dropped"}:
        return False
    source: str = record["data"].get("remote", "").partition(":")[0]
    return source == cpe.wire.address or record.get("tunnel") == tunnel_of(cpe.link)


def _compare(seen: Observed, expected: Expected) -> Answer | None:
    """The answer, after it was compared with what is expected; None when none is."""
    assert seen.drops == ([expected.drop] if expected.drop else [])
    if expected.error is None:
        allowed = [expected.may_answer and number_of(expected.may_answer)]
        assert [a.error for a in seen.answers if a.error not in allowed] == []
        return None
    answer = _only(*seen.answers)
    assert answer.header.flags.Response
    assert answer.error == (number_of(expected.error) if expected.error else None)
    if expected.data is not None and answer.error is not None:
        assert answer.notifies[answer.error] == expected.data
    assert expected.holds(answer)
    return answer


def _only(*answers: Answer | None) -> Answer:
    """The one answer there is."""
    assert len(answers) == 1
    (answer,) = answers
    assert answer is not None
    return answer
