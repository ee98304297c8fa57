"""Key material stays inside: of all events only the two for the key log carry some, and no repr shows it."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, get_type_hints

import pytest

from ike import events
from ike.child_sa import EspParameters
from ike.codec import KePayload
from ike.constants import DhGroup
from ike.crypto import dh
from ike.crypto.keys import IkeKeys
from ike.events import ChildSaEstablished, EspKeysDerived, Event, IkeKeysDerived
from tests.ike.initiator import Initiator, connected, first
from tests.ike.world import CPE, ESP_NULL, PEER, PSK, World

SPIS = [bytes.fromhex("c0ffee01"), bytes.fromhex("c0ffee02")]
FOR_THE_KEY_LOG = {IkeKeysDerived, EspKeysDerived}


class Run:
    """A run with everything in it: refusals, rekeys with PFS, a probe, deletes. ``secrets`` may not leak."""

    def __init__(self) -> None:
        self.world = World(peers={CPE: replace(PEER, pfs_groups=(DhGroup.ECP_256,))})
        self.secrets: set[bytes] = {PSK, b"mistyped"}
        self.reprs: list[str] = []
        self._fail()
        self._live()
        for event in self.world.of(IkeKeysDerived):
            self._keep(event.keys)
        for esp_event in self.world.of(EspKeysDerived):
            self._keep(esp_event.esp)
        self.secrets.discard(b"")

    def _keep(self, keys: IkeKeys | EspParameters) -> None:
        self.secrets.update(v for f in fields(keys) if isinstance(v := getattr(keys, f.name), bytes))

    def _fail(self) -> None:
        cpe = Initiator(self.world, psk=b"mistyped", seed="mistyped")
        cpe.connect()

    def _live(self) -> None:
        cpe = Initiator(self.world, esp_suite=ESP_NULL)
        answer = cpe.send_init()
        self.secrets.add(cpe.dh.shared(first(answer.payloads, KePayload).data))
        cpe.send_auth()
        key = dh.generate(DhGroup.ECP_256, cpe.random)
        rekeyed = cpe.rekey_child(
            cpe.esp_spi, SPIS[0], groups=[DhGroup.ECP_256], ke=KePayload(key.group, key.public)
        )
        self.secrets.add(key.shared(first(rekeyed, KePayload).data))
        new = cpe.rekey_ike()
        self.reprs += map(repr, self.world.sas)
        cpe.delete_ike()
        self.world.responder.probe(self.world.sas[0], self.world.now)
        self.world.advance(5)
        new.delete_ike()


@pytest.fixture(scope="module")
def run() -> Run:
    return Run()


def leaves(value: Any) -> Iterator[bytes | str]:
    """All texts and octets in a value, however deep."""
    if isinstance(value, bytes | str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name))
    elif isinstance(value, dict):
        for item in value.items():
            yield from leaves(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for element in value:
            yield from leaves(element)
    elif not isinstance(value, int | float | Enum | None):
        raise TypeError(f"{type(value)} in an event")


def shows(text: bytes | str, secret: bytes) -> bool:
    if isinstance(text, bytes):
        return secret in text
    return secret.hex() in text or repr(secret)[2:-1] in text


def test_the_run_has_all_the_secrets_that_there_are(run: Run) -> None:
    assert len(run.world.of(IkeKeysDerived)) == 3
    assert len(run.world.of(EspKeysDerived)) == 2
    assert len(run.secrets) > 20


def test_no_other_event_carries_key_material(run: Run) -> None:
    for event in run.world.events:
        if type(event) in FOR_THE_KEY_LOG:
            continue
        for leaf in leaves(event):
            assert not any(shows(leaf, secret) for secret in run.secrets), event


def test_no_repr_shows_key_material(run: Run) -> None:
    for text in [*map(repr, run.world.events), *run.reprs, repr(PEER)]:
        assert not any(shows(text, secret) for secret in run.secrets), text


def member_types(kind: Any) -> Iterator[Any]:
    """The types of a dataclass's members and of theirs."""
    for hint in get_type_hints(kind).values():
        for part in (hint, *getattr(hint, "__args__", ())):
            yield part
            if is_dataclass(part) and part is not kind:
                yield from member_types(part)


def test_only_the_two_events_for_the_key_log_have_room_for_keys() -> None:
    kinds = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)]
    carriers = {kind for kind in kinds if {IkeKeys, EspParameters} & set(member_types(kind))}
    assert carriers == FOR_THE_KEY_LOG


def test_keys_of_a_child_sa_are_gone_when_it_is_closed() -> None:
    cpe = connected()
    spi_in = cpe.world.last(ChildSaEstablished).spi_in
    cpe.delete_children(cpe.esp_spi)
    assert cpe.world.responder.esp_parameters(spi_in) is None


def test_keys_of_an_ike_sa_are_gone_when_it_is_closed() -> None:
    cpe = connected()
    cpe.delete_ike()
    assert cpe.world.is_empty
    assert cpe.world.sas == []
