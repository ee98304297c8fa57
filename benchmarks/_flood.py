"""Sends IKE_SA_INIT requests with spoofed source addresses: run in the namespace of a lab's internet router.

    python benchmarks/_flood.py KIND RATE SECONDS TARGET SOURCE...

KIND is ``strangers`` (any source address), ``links`` (the SOURCEs, from port 500), ``ports`` (the SOURCEs,
from any port) or ``natt`` (the last SOURCE, from and to port 4500, where ESP in UDP comes). All requests
differ in SPI and nonce and would be answered if their sender were real. Prints one line of JSON: how many
were sent in how many seconds, and of these how many were processor time.
"""

import json
import os
import random
import socket
import struct
import sys
import time

from ike.codec import Header, KePayload, NoncePayload, SaPayload, build_message
from ike.constants import DhGroup, Encr, ExchangeType, HeaderFlag, Prf, ProtocolId
from ike.constants import TransformType as T
from ike.crypto import dh
from ike.proposal import Proposal, Transform, encr

PACKETS = 8192
"""Made before the start and sent in turn; few come a second time before their cookie's secret has changed."""
BURST = 20
"""Packets sent before the clock is looked at again."""
CATCH_UP = 2
"""Times the rate at which what is late is sent: a sender that had to wait must not become a gale."""
_IKE_PORT, _NATT_PORT = 500, 4500
_NON_ESP_MARKER = bytes(4)
_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_UDP = struct.Struct("!HHHH")


def request(key: dh.DhKey, chance: random.Random) -> bytes:
    """An IKE_SA_INIT request of the default policy."""
    transforms = (
        encr(Encr.AES_GCM_16, 256),
        Transform(T.PRF, Prf.HMAC_SHA2_384),
        Transform(T.DH, DhGroup.MODP_2048),
    )
    header = Header(
        spi_i=chance.randbytes(8),
        spi_r=bytes(8),
        exchange=ExchangeType.IKE_SA_INIT,
        flags=HeaderFlag.INITIATOR,
        message_id=0,
    )
    offer = SaPayload((Proposal(1, ProtocolId.IKE, b"", transforms),))
    return build_message(
        header, (offer, KePayload(key.group, key.public), NoncePayload(chance.randbytes(32)))
    )


def datagram(payload: bytes, source: tuple[str, int], target: tuple[str, int]) -> bytes:
    """An IPv4 packet, ends as address and port; the kernel fills in its checksum, UDP may go without one."""
    length = _IPV4.size + _UDP.size + len(payload)
    addresses = socket.inet_aton(source[0]), socket.inet_aton(target[0])
    head = _IPV4.pack(0x45, 0, length, 0, 0, 64, socket.IPPROTO_UDP, 0, *addresses)
    return head + _UDP.pack(source[1], target[1], _UDP.size + len(payload), 0) + payload


def packets(kind: str, target: str, sources: list[str]) -> list[bytes]:
    """The packets of a flood."""
    chance = random.Random(20)
    key = dh.generate(DhGroup.MODP_2048, os.urandom)
    made = []
    for _ in range(PACKETS):
        source = chance.choice(sources)
        port, to, marker = _IKE_PORT, _IKE_PORT, b""
        if kind == "strangers":
            source = f"100.{chance.randrange(64, 128)}.{chance.randrange(256)}.{chance.randrange(256)}"
        elif kind == "ports":
            port = chance.randrange(1024, 65536)
        elif kind == "natt":
            source, port, to, marker = sources[-1], _NATT_PORT, _NATT_PORT, _NON_ESP_MARKER
        made.append(datagram(marker + request(key, chance), (source, port), (target, to)))
    return made


def send(made: list[bytes], target: str, rate: int, seconds: float) -> tuple[int, float]:
    """Send at this rate; how many were sent in how many seconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as out:
        started, sent, there, next_at = time.monotonic(), 0, (target, 0), 0.0
        while (passed := time.monotonic() - started) < seconds:
            if passed < next_at:
                time.sleep(next_at - passed)
                continue
            for index in range(sent, sent + BURST):
                out.sendto(made[index % PACKETS], there)
            sent += BURST
            next_at = max(sent / rate, passed + BURST / rate / CATCH_UP)
    return sent, passed


def main() -> None:
    """Do what the command line says."""
    kind, rate, seconds, target, *sources = sys.argv[1:]
    made = packets(kind, target, sources)
    before = time.process_time()
    sent, passed = send(made, target, int(rate), float(seconds))
    print(json.dumps({"sent": sent, "seconds": passed, "sender_seconds": time.process_time() - before}))


if __name__ == "__main__":
    main()
