"""Secrets of the exchanges that we start: no repr and no traceback shows them."""

import base64
import importlib
import pkgutil
import re
import traceback
from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass, replace

import pytest

import ike
from ike.constants import DhGroup
from ike.crypto.ecp import EcpKey
from ike.events import EspKeysDerived, Event, IkeKeysDerived
from ike.requests import child, rekey_ike
from tests.ike.pair import Pair
from tests.ike.world import IKE_CBC_128, PEER, PSK
from tests.support.leaks import leaked

SECRET_NAMES = re.compile(
    r"(psk|shared|secret|exponent|private|SK_\w+|(encr|integ)_key_(in|out)|(encr|integ)_[ir])"
)


class Watched:
    """A pair that rekeys everything from both ends, with PFS, and what can be read of it meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pair = Pair(config=replace(PEER, pfs_groups=(DhGroup.ECP_256,)), suite=IKE_CBC_128)
        self.secrets = {PSK}
        self.texts: list[str] = []
        shared = EcpKey.shared

        def watched_shared(key: EcpKey, peer_public: bytes) -> bytes:
            secret = shared(key, peer_public)
            self.secrets.add(secret)
            return secret

        monkeypatch.setattr(EcpKey, "shared", watched_shared)
        for module in (child, rekey_ike):
            monkeypatch.setattr(module, "shared_secret", lambda key, ke: watched_shared(key, ke.data))
        for rekey in (self.pair.rekey_child, self.pair.rekey_ike):
            rekey(self.pair.gateway)
            rekey(self.pair.cpe)
            self._step()

    def _step(self) -> None:
        for _ in range(12):
            for end in (self.pair.gateway, self.pair.cpe):
                self.texts += map(repr, end.sas)
                self.texts += [repr(sa.outstanding) for sa in end.sas]
                self.texts += [repr(vars(sa.outstanding.request)) for sa in end.sas if sa.outstanding]
                if self.pair.wire_to(end):
                    self.pair.deliver_to(end)
        for end in (self.pair.gateway, self.pair.cpe):
            self.texts += map(repr, end.events)
            for event in end.events:
                if isinstance(event, IkeKeysDerived | EspKeysDerived):
                    carrier = event.keys if isinstance(event, IkeKeysDerived) else event.esp
                    values = (getattr(carrier, each.name) for each in fields(carrier))
                    self.secrets.update(value for value in values if isinstance(value, bytes) and value)


def test_no_repr_of_an_sa_a_request_or_an_event_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch)
    assert len(watched.secrets) > 30
    assert any("RivalIkeSa" in text for text in watched.texts), "a collision was under way"
    assert leaked("\n".join(watched.texts).encode(), watched.secrets) == []


@pytest.mark.parametrize("moment", range(20))
def test_no_traceback_shows_a_secret(moment: int, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch)
    pair, left = watched.pair, moment
    emit = pair.gateway.ctx.emit

    def fail(event: Event) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise RuntimeError(f"the application failed at {event}")
        emit(event)

    monkeypatch.setattr(pair.gateway.ctx, "emit", fail)
    with pytest.raises(RuntimeError) as raised:  # noqa: PT012 - whatever it is that fails
        for _ in range(10):
            pair.rekey_child(pair.gateway)
            pair.rekey_ike(pair.gateway)
            pair.elapse(20)
    text = "".join(traceback.format_exception(raised.value))
    assert "the application failed at" in text
    assert leaked(text.encode(), watched.secrets) == []


def members() -> Iterator[tuple[str, Field[object]]]:
    """Every member of every dataclass of ``ike``."""
    for info in pkgutil.walk_packages(ike.__path__, "ike."):
        for kind in vars(importlib.import_module(info.name)).values():
            if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == info.name:
                for each in fields(kind):
                    yield f"{info.name}.{kind.__name__}.{each.name}", each


def test_no_member_that_holds_a_secret_is_in_a_repr() -> None:
    found = [(name, each.repr) for name, each in members() if SECRET_NAMES.fullmatch(each.name)]
    assert len(found) > 15
    assert [name for name, shown in found if shown] == []


@pytest.mark.parametrize("prefix", [b"", b"x", b"xy"], ids=len)
def test_a_leak_would_be_found(prefix: bytes) -> None:
    for text in (PSK, PSK.hex().encode(), PSK.hex().upper().encode(), base64.b64encode(prefix + PSK + b"..")):
        assert leaked(b"before " + text + b" after", [PSK, b"another secret"]) == [PSK]
    assert leaked(b"before and after", [PSK]) == []
