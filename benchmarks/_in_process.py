"""What one spoofed IKE_SA_INIT request costs the responder, without sockets: the best of a few rounds."""

import os
import random
import time
from itertools import cycle

from benchmarks._flood import request
from ike.config import CookieMode, Limits, PeerConfig, Unidentified
from ike.constants import DhGroup
from ike.crypto import dh
from ike.events import DropReason
from ike.path import Path
from ike.responder import Responder
from tests.ike.world import PEER

REQUESTS, ROUNDS = 2000, 10
_GATEWAY, _CPES = "198.51.100.20", ("203.0.113.10", "203.0.113.14")


def microseconds(kind: str) -> float:
    """Processor time of one request of a flood of this kind, its events and its answer taken."""
    chance = random.Random(21)
    key = dh.generate(DhGroup.MODP_2048, os.urandom)
    paths = cycle(_paths(kind, chance))
    messages = [(request(key, chance), next(paths)) for _ in range(REQUESTS)]
    responder = Responder(_lookup, os.urandom, Limits(cookies=CookieMode.ALWAYS))
    return min(_round(responder, messages, float(number)) for number in range(ROUNDS)) / REQUESTS * 1e6


def _lookup(path: Path) -> PeerConfig | Unidentified | None:
    """As the gateway's with `natPortRewrite: reject`."""
    if path.remote_ip not in _CPES:
        return None
    if path.remote_port == path.local_port:
        return PEER
    detail = f"from {path.remote} to port 500"
    return Unidentified(reason=DropReason.PORT_REWRITTEN, detail=detail, name=PEER.name)


def _paths(kind: str, chance: random.Random) -> list[Path]:
    if kind == "strangers":
        return [Path(_GATEWAY, 500, f"100.64.1.{host}", 500) for host in range(256)]
    if kind == "ports":
        return [Path(_GATEWAY, 500, cpe, chance.randrange(1024, 65536)) for cpe in _CPES for _ in range(100)]
    if kind == "natt":
        return [Path(_GATEWAY, 4500, _CPES[-1], 4500)]
    return [Path(_GATEWAY, 500, cpe, 500) for cpe in _CPES]


def _round(responder: Responder, messages: list[tuple[bytes, Path]], now: float) -> float:
    """Seconds of processor time for these messages."""
    began = time.process_time()
    for data, path in messages:
        responder.receive_datagram(data, path, now)
        while responder.has_events:
            responder.next_event()
    responder.datagrams_to_send()
    responder.handle_timer(now)
    return time.process_time() - began
