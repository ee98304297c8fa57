"""How fast ESP packets are sealed and opened, beside AES-GCM alone: ``python -m benchmarks.esp``."""

import os
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.dataplane.esp import InboundSa, OutboundSa
from ike.child_sa import EspParameters
from ike.constants import Encr, Integ
from ike.path import Path

SIZES = (64, 1400)
BATCH = 64
PACKETS = 64 * BATCH
ROUNDS = 15


def parameters(encr: Encr) -> EspParameters:
    """Both directions of one CHILD SA with the same keys, so that it opens what it seals."""
    aead = encr is Encr.AES_GCM_16
    encr_key, integ_key = (bytes(range(36)), b"") if aead else (b"", bytes(range(32)))
    return EspParameters(
        spi_in=0xC0FFEE01,
        spi_out=0xC0FFEE01,
        encr=encr,
        encr_key_bits=256 if aead else None,
        integ=None if aead else Integ.HMAC_SHA2_256_128,
        encr_key_in=encr_key,
        integ_key_in=integ_key,
        encr_key_out=encr_key,
        integ_key_out=integ_key,
        esn=False,
        udp_encapsulation=True,
        path=Path("198.51.100.1", 4500, "198.51.100.2", 4500),
    )


def microseconds(run: Callable[[], object]) -> float:
    """Best time per packet of ``ROUNDS`` runs, each over ``PACKETS`` packets."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times) / PACKETS * 1e6


def bare(size: int) -> tuple[float, float]:
    """Microseconds of AESGCM's own encrypt and decrypt at this size."""
    cipher, nonce, aad, plaintext = AESGCM(bytes(range(32))), bytes(12), bytes(8), os.urandom(size)
    sealed = cipher.encrypt(nonce, plaintext, aad)
    return (
        microseconds(lambda: [cipher.encrypt(nonce, plaintext, aad) for _ in range(PACKETS)]),
        microseconds(lambda: [cipher.decrypt(nonce, sealed, aad) for _ in range(PACKETS)]),
    )


def esp(encr: Encr, size: int) -> tuple[float, float]:
    """Microseconds of sealing and opening inner packets of this size, in batches."""
    params = parameters(encr)
    packet = b"\x45\x00" + size.to_bytes(2, "big") + os.urandom(size - 4)
    outbound, batch = OutboundSa(params), [packet] * BATCH
    sealing = microseconds(lambda: [outbound.seal(batch) for _ in range(PACKETS // BATCH)])
    fresh = OutboundSa(params)
    rounds = iter([[fresh.seal(batch) for _ in range(PACKETS // BATCH)] for _ in range(ROUNDS)])
    inbound = InboundSa(params)
    opening = microseconds(lambda: [inbound.open(received) for received in next(rounds)])
    if inbound.packets != PACKETS * ROUNDS:
        raise AssertionError(f"opened {inbound.packets} of {PACKETS * ROUNDS} packets")
    return sealing, opening


def main() -> None:
    """Print one line per transform, size and direction."""
    heading = f"{'transform':<12}{'octets':>7}{'':>6}{'packets/s':>11}{'us':>7}{'AESGCM us':>11}{'ratio':>7}"
    print(heading)
    for encr in (Encr.AES_GCM_16, Encr.NULL):
        for size in SIZES:
            for label, took, alone in zip(("seal", "open"), esp(encr, size), bare(size), strict=True):
                print(
                    f"{encr.name:<12}{size:>7}{label:>6}{1e6 / took:>11,.0f}"
                    f"{took:>7.2f}{alone:>11.2f}{took / alone:>7.2f}"
                )


if __name__ == "__main__":
    main()
