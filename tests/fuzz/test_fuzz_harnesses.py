"""The fuzz harnesses run over their own seeds and over fixed changes of them, without a fuzzer."""

import random
from pathlib import Path

import pytest

from ike.responder import Responder
from tests.fuzz.__main__ import main
from tests.fuzz.harness import Harness
from tests.fuzz.harnesses import HARNESSES
from tests.fuzz.records import MOST_STEPS, Mutate, changed_chain, decode, encode, joined, split

EVERY = pytest.mark.parametrize("harness", HARNESSES.values(), ids=list(HARNESSES))


def blind_with(choice: random.Random) -> Mutate:
    """A stand-in for the fuzzer's own mutation: some octets become others."""

    def blind(data: bytes, most: int) -> bytes:
        changed = bytearray(data or b"\0")
        for _ in range(choice.randint(1, 4)):
            changed[choice.randrange(len(changed))] = choice.randrange(256)
        return bytes(changed)[:most]

    return blind


@EVERY
def test_no_seed_breaks_a_rule(harness: Harness) -> None:
    for seed in harness.seeds():
        harness.check(seed)


@EVERY
def test_the_seeds_are_the_same_in_every_run(harness: Harness) -> None:
    assert harness.seeds() == harness.seeds()


@EVERY
def test_no_change_of_a_seed_breaks_a_rule(harness: Harness) -> None:
    choice = random.Random(7296)
    seeds = harness.seeds()
    for _ in range(150):
        data = choice.choice(seeds)
        for _ in range(choice.randint(1, 3)):
            data = harness.mutate(data, 4096, choice.getrandbits(32), blind_with(choice))
        harness.check(data)


@pytest.mark.parametrize("name", ["front-door", "exchanges"])
def test_an_exception_of_the_responder_breaks_a_rule(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr("ike.session.receive", raising)
    with pytest.raises(KeyError):
        HARNESSES[name].check(HARNESSES[name].seeds()[0])


@pytest.mark.parametrize("name", ["front-door", "exchanges"])
def test_state_that_outlives_its_ike_sa_breaks_a_rule(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Responder, "next_timer", lambda _: None)
    with pytest.raises(AssertionError):
        HARNESSES[name].check(HARNESSES[name].seeds()[0])


def test_an_ike_sa_for_who_returned_no_cookie_breaks_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ike.gate.Gate.has_cookie", lambda *_: True)
    seeds = HARNESSES["front-door"].seeds()
    asking = [seed for seed in seeds if seed[0] & 0x20]
    assert len(asking) == 1
    with pytest.raises(AssertionError):
        HARNESSES["front-door"].check(asking[0])


def test_a_damaged_inner_packet_that_is_let_in_breaks_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.dataplane.esp._inner_packet", lambda plaintext: plaintext)
    with pytest.raises(AssertionError):
        HARNESSES["esp"].check(HARNESSES["esp"].seeds()[0])


def test_a_field_that_is_built_wrong_breaks_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ike.codec.nonce.NoncePayload.build", lambda self: self.data[::-1])
    with pytest.raises(AssertionError):
        HARNESSES["codec"].check(HARNESSES["codec"].seeds()[0])


def test_steps_are_read_as_they_were_written() -> None:
    steps = [(0, b""), (255, b"abc"), (7, bytes(300))]
    assert decode(encode(steps)) == steps


def test_a_length_beyond_the_end_stands_for_what_is_left() -> None:
    assert decode(b"\1\xff\xffabc") == [(1, b"abc")]


def test_there_are_never_more_steps_than_the_limit() -> None:
    assert len(decode(bytes(3 * 1000))) == MOST_STEPS


def test_a_chain_of_payloads_is_split_and_joined_again() -> None:
    chain = joined([(40, 0, b"nonce"), (41, 128, b"")])
    assert split(chain) == ([(40, 0, b"nonce"), (41, 128, b"")], b"")


def test_an_empty_chain_has_no_payloads() -> None:
    assert split(b"") == ([], b"")


def test_a_changed_chain_has_right_lengths() -> None:
    chain = joined([(40, 0, b"nonce"), (41, 0, b"notify"), (43, 0, b"vendor")])
    choice = random.Random(1)
    for _ in range(100):
        _, rest = split(changed_chain(chain, choice, lambda data, _: data + b"more"))
        assert rest == b""


def test_an_input_can_be_run_again_without_the_fuzzer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "input"
    file.write_bytes(HARNESSES["esp"].seeds()[0])
    assert main(["esp", str(file)]) == 0
    assert "no rule is broken" in capsys.readouterr().out
