"""What may be wrong with the exchanges of an established IKE SA.

INVALID_SYNTAX in an answer ends the IKE SA (RFC 7296 section 2.21.3); other refusals leave everything as it
was.
"""

import os
from collections.abc import Callable
from typing import Any

from tests.interop.independent import groups, payloads
from tests.interop.independent.case import (
    ACCEPTED,
    ENDED,
    Case,
    accepted,
    dropped,
    fatal,
    informational,
    refused,
)
from tests.interop.independent.deviation import (
    HONEST,
    Deviation,
    adding,
    flipped,
    header,
    instead,
    only,
    twice,
    without,
)
from tests.interop.independent.ike_sa import Answer
from tests.interop.independent.initiator import Initiator
from tests.interop.independent.payloads import DH, ESP, IKE, KE, NONCE, SA, Notify, Part, TSi
from tests.interop.independent.suite import Suite

SYNTAX = fatal("INVALID_SYNTAX")
NO_PROPOSAL = refused("NO_PROPOSAL_CHOSEN")
UNKNOWN_SPI = dropped("unknown_spi", may_answer="INVALID_IKE_SPI")
OUTSIDE = dropped("unexpected_message_id")
UNKNOWN_TYPE = 200
CRITICAL = payloads.raw(UNKNOWN_TYPE, b"?", critical=True)
NOT_CRITICAL = payloads.raw(UNKNOWN_TYPE, b"?")
UNSUPPORTED = refused("UNSUPPORTED_CRITICAL_PAYLOAD", bytes([UNKNOWN_TYPE]))
STRANGER = b"\xc9\xc9\xc9\xc9"
"""An ESP SPI that no CHILD SA has."""
CURVE: dict[str, Any] = {"link": "curves"}
GOOD = Suite().esp_transforms(esn=False, first=False)


def carrying(*parts: Part) -> Callable[[Initiator], list[Part]]:
    """The payloads of an INFORMATIONAL request."""
    return lambda _: list(parts)


def own_spi(cpe: Initiator) -> bytes:
    """Our SPI of the CHILD SA that is up."""
    return cpe.child.spi_in if cpe.child else STRANGER


def deletes_nothing(answer: Answer) -> bool:
    """An answer that names no SA."""
    return payloads.DELETE not in answer.kinds


def jump(by: int) -> Callable[[Initiator], Deviation]:
    """Another message ID."""
    return lambda cpe: header(id=(cpe.ike.next_id + by) % (1 << 32))


DATAGRAMS = [
    Case("wrong ICV", Deviation(datagram=flipped(-1)), dropped("integrity"), "RFC 7296 §2.21.3"),
    Case("not encrypted", Deviation(clear=True), dropped("not_encrypted"), "RFC 7296 §1.4"),
    Case("message ID one ahead", jump(1), OUTSIDE, "RFC 7296 §2.3"),
    Case("message ID far ahead", jump(1000), OUTSIDE, "RFC 7296 §2.3"),
    Case("message ID from the past", jump(-2), OUTSIDE, "RFC 7296 §2.3"),
    Case("last message ID, other content", jump(-1), OUTSIDE, "RFC 7296 §2.1"),
    Case(
        "response that nobody asked for", header(flags=0x28), dropped("unexpected_response"), "RFC 7296 §2.2"
    ),
    Case("initiator flag missing", header(flags=0), UNKNOWN_SPI, "RFC 7296 §3.1"),
    Case("responder's SPI changed", header(resp_SPI=b"12345678"), UNKNOWN_SPI, "RFC 7296 §2.21.4"),
    Case("initiator's SPI changed", header(init_SPI=b"12345678"), UNKNOWN_SPI, "RFC 7296 §2.21.4"),
    Case("IKE_AUTH again", header(exch_type=35), dropped("unexpected_exchange"), "RFC 7296 §1.2"),
    Case("unknown exchange type", header(exch_type=99), dropped("unexpected_exchange"), "RFC 7296 §3.1"),
    Case("IKE_SA_INIT with SPIs", header(exch_type=34), dropped("unexpected_exchange"), "RFC 7296 §1.2"),
    Case("version 2.9", header(version=0x29), ACCEPTED, "RFC 7296 §2.5"),
    Case("version 1.0", header(version=0x10), dropped("old_version"), "RFC 7296 §2.5"),
    Case("reserved flags set", header(flags=0x08 | 0xC7), ACCEPTED, "RFC 7296 §3.1"),
    Case("from port 4500, without a NAT", Deviation(port=4500), ACCEPTED, "RFC 7296 §2.23"),
    Case("pad length beyond the content", Deviation(plaintext=lambda _: b"\x09"), SYNTAX, "RFC 7296 §2.21.3"),
    Case("octets without a payload", Deviation(inner=lambda _: bytes(4)), SYNTAX, "RFC 7296 §2.21.3"),
    Case("nothing wrong", HONEST, ACCEPTED, "RFC 7296 §2.4"),
]

CONTENT = [
    informational("unknown payload, critical", carrying(CRITICAL), UNSUPPORTED, "RFC 7296 §2.5"),
    informational("unknown payload, not critical", carrying(NOT_CRITICAL), ACCEPTED, "RFC 7296 §2.5"),
    informational("unknown status", carrying(payloads.notify(40000, b"?")), ACCEPTED, "RFC 7296 §3.10.1"),
    informational("unknown error", carrying(payloads.notify(9000, b"?")), ACCEPTED, "RFC 7296 §3.10.1"),
    informational(
        "INVALID_SPI", carrying(payloads.notify(Notify.INVALID_SPI, STRANGER)), ACCEPTED, "RFC 7296 §1.5"
    ),
    informational(
        "AUTHENTICATION_FAILED",
        carrying(payloads.notify(Notify.AUTHENTICATION_FAILED)),
        ENDED,
        "RFC 7296 §2.21.2",
    ),
    informational(
        "window of 0", carrying(payloads.notify(Notify.SET_WINDOW_SIZE, bytes(4))), ACCEPTED, "RFC 7296 §2.3"
    ),
    informational("empty vendor ID", carrying(payloads.vendor(b"")), ACCEPTED, "RFC 7296 §3.12"),
    informational(
        "configuration request",
        carrying(payloads.raw(payloads.CP, bytes.fromhex("01000000 0007 0000"))),
        ACCEPTED,
        "RFC 7296 §1.4",
    ),
    informational(
        "an SA payload",
        carrying(payloads.sa([payloads.proposal(GOOD, protocol=ESP, spi=STRANGER)])),
        ACCEPTED,
        "RFC 7296 §1.4",
    ),
]

DELETES = [
    informational(
        "delete of an unknown SPI",
        carrying(payloads.delete(ESP, [STRANGER])),
        accepted(deletes_nothing),
        "RFC 7296 §1.4.1",
    ),
    informational(
        "delete of three unknown SPIs",
        carrying(payloads.delete(ESP, [STRANGER, b"abcd", bytes(4)])),
        accepted(deletes_nothing),
        "RFC 7296 §1.4.1",
    ),
    informational(
        "delete of no SPI",
        carrying(payloads.delete(ESP, SPIsize=4)),
        accepted(deletes_nothing),
        "RFC 7296 §3.11",
    ),
    informational(
        "delete of AH",
        carrying(payloads.delete(payloads.AH, [STRANGER])),
        accepted(deletes_nothing),
        "RFC 7296 §1.4.1",
    ),
    informational(
        "delete of an unknown protocol",
        carrying(payloads.delete(77, [STRANGER])),
        accepted(deletes_nothing),
        "RFC 7296 §3.11",
    ),
    informational("delete of the IKE SA", carrying(payloads.delete(IKE)), ENDED, "RFC 7296 §1.4.1"),
    informational(
        "delete of the IKE SA and of ESP",
        lambda cpe: [payloads.delete(IKE), payloads.delete(ESP, [own_spi(cpe)])],
        ENDED,
        "RFC 7296 §1.4.1",
    ),
    informational(
        "delete of ESP and of the IKE SA",
        lambda cpe: [payloads.delete(ESP, [own_spi(cpe)]), payloads.delete(IKE)],
        ENDED,
        "RFC 7296 §1.4.1",
    ),
    informational(
        "delete of the IKE SA with an SPI",
        lambda cpe: [payloads.delete(IKE, [cpe.ike.spi_i])],
        SYNTAX,
        "RFC 7296 §3.11",
    ),
    informational(
        "delete of ESP with 8 octets of SPI",
        carrying(payloads.delete(ESP, [bytes(8)])),
        SYNTAX,
        "RFC 7296 §3.11",
    ),
    informational(
        "delete of more SPIs than there are",
        carrying(payloads.delete(ESP, [STRANGER], SPInum=9)),
        SYNTAX,
        "RFC 7296 §3.11",
    ),
    informational(
        "delete of less SPIs than there are",
        carrying(payloads.delete(ESP, [STRANGER, STRANGER], SPInum=1)),
        SYNTAX,
        "RFC 7296 §3.11",
    ),
]


def rekeying(protocol: int, spi: bytes) -> Deviation:
    """REKEY_SA that names another SA."""
    return instead(payloads.notify(Notify.REKEY_SA, protocol=protocol, spi=spi))


def child_offer(*transforms: Any, **fields: Any) -> Deviation:
    """Another proposal for the new CHILD SA."""
    values = {"protocol": ESP, "spi": b"\xc1" + os.urandom(3), **fields}
    return instead(payloads.sa([payloads.proposal(transforms, **values)]))


def off_curve(_: Initiator) -> Deviation:
    """A point that is not on the curve."""
    return instead(payloads.ke(groups.ECP_256, flipped(-1)(groups.exchange(groups.ECP_256).public)))


NOT_FOUND = refused("CHILD_SA_NOT_FOUND")
REKEY_CHILD = [
    Case("unknown SPI rekeyed", rekeying(ESP, STRANGER), NOT_FOUND, "RFC 7296 §2.25"),
    Case("AH rekeyed", lambda cpe: rekeying(payloads.AH, own_spi(cpe)), NOT_FOUND, "RFC 7296 §2.25"),
    Case("REKEY_SA without an SPI", rekeying(ESP, b""), NOT_FOUND, "RFC 7296 §2.25"),
    Case("no SA payload", without(SA), SYNTAX, "RFC 7296 §1.3.3"),
    Case("no nonce", without(NONCE), SYNTAX, "RFC 7296 §1.3.3"),
    Case("no TSi", without(TSi), SYNTAX, "RFC 7296 §1.3.3"),
    Case("two SA payloads", twice(SA), SYNTAX, "RFC 7296 §1.3.3"),
    Case("two nonces", twice(NONCE), SYNTAX, "RFC 7296 §1.3.3"),
    Case("two TSi", twice(TSi), SYNTAX, "RFC 7296 §1.3.3"),
    Case("no payload at all", only(), SYNTAX, "RFC 7296 §1.3"),
    Case("nonce of 15 octets", instead(payloads.nonce(bytes(15))), SYNTAX, "RFC 7296 §3.9"),
    Case("nonce of 257 octets", instead(payloads.nonce(bytes(257))), SYNTAX, "RFC 7296 §3.9"),
    Case(
        "other key length", child_offer(payloads.transform(1, 20, 8), GOOD[-1]), NO_PROPOSAL, "RFC 7296 §1.3"
    ),
    Case(
        "group where the policy has none",
        child_offer(*GOOD, payloads.transform(DH, 14)),
        NO_PROPOSAL,
        "RFC 7296 §1.3",
    ),
    Case("SPI of zero", child_offer(*GOOD, spi=bytes(4)), NO_PROPOSAL, "RFC 4303 §2.1"),
    Case("SPI of 8 octets", child_offer(*GOOD, spi=bytes(8)), SYNTAX, "RFC 7296 §3.3.1"),
    Case(
        "selector of IPv6 only",
        instead(payloads.ts(TSi, [payloads.selector6()])),
        refused("TS_UNACCEPTABLE"),
        "RFC 7296 §2.9",
    ),
    Case("unknown payload, critical", adding(CRITICAL), UNSUPPORTED, "RFC 7296 §2.5"),
    Case("unknown payload, not critical", adding(NOT_CRITICAL), ACCEPTED, "RFC 7296 §2.5"),
    Case(
        "unknown notifications",
        adding(payloads.notify(9000), payloads.notify(40000)),
        ACCEPTED,
        "RFC 7296 §3.10.1",
    ),
    Case("notifications last", Deviation(parts=lambda p: [*p[1:], p[0]]), ACCEPTED, "RFC 7296 §2.5"),
    Case("payloads in reverse order", Deviation(parts=lambda p: p[::-1]), ACCEPTED, "RFC 7296 §2.5"),
    Case("PFS without KE", without(KE), refused("INVALID_KE_PAYLOAD", b"\0\x13"), "RFC 7296 §1.3", **CURVE),
    Case(
        "PFS with KE of group 14",
        instead(payloads.ke(14, bytes(256))),
        refused("INVALID_KE_PAYLOAD", b"\0\x13"),
        "RFC 7296 §1.3",
        **CURVE,
    ),
    Case("PFS with a point not on the curve", off_curve, SYNTAX, "RFC 6989 §2.3", **CURVE),
    Case("PFS with two KE", twice(KE), SYNTAX, "RFC 7296 §1.3.3", **CURVE),
    Case("nothing wrong, with PFS", HONEST, ACCEPTED, "RFC 7296 §1.3.3", **CURVE),
]


def ike_offer(*transforms: Any, spi: bytes, **fields: Any) -> Deviation:
    """Another proposal for the new IKE SA."""
    return instead(payloads.sa([payloads.proposal(transforms, spi=spi, **fields)]))


IKE_GOOD = Suite().ike_transforms()
REKEY_IKE = [
    Case("no SPI", ike_offer(*IKE_GOOD, spi=b""), SYNTAX, "RFC 7296 §3.3.1"),
    Case("SPI of 4 octets", ike_offer(*IKE_GOOD, spi=bytes(4)), SYNTAX, "RFC 7296 §3.3.1"),
    Case("SPI of zero", ike_offer(*IKE_GOOD, spi=bytes(8)), SYNTAX, "RFC 7296 §2.6"),
    Case("no KE payload", without(KE), SYNTAX, "RFC 7296 §1.3.2"),
    Case("no nonce", without(NONCE), SYNTAX, "RFC 7296 §1.3.2"),
    Case("two KE payloads", twice(KE), SYNTAX, "RFC 7296 §1.3.2"),
    Case(
        "other PRF",
        ike_offer(IKE_GOOD[0], payloads.transform(2, 7), IKE_GOOD[2], spi=b"12345678"),
        NO_PROPOSAL,
        "RFC 7296 §1.3.2",
    ),
    Case("no group", ike_offer(*IKE_GOOD[:2], spi=b"12345678"), NO_PROPOSAL, "RFC 7296 §1.3.2"),
    Case(
        "KE of another group",
        instead(payloads.ke(groups.CURVE25519, bytes(32))),
        refused("INVALID_KE_PAYLOAD", b"\0\x0e"),
        "RFC 7296 §1.3",
    ),
    Case(
        "public value p-1",
        instead(payloads.ke(14, (groups.P14 - 1).to_bytes(256, "big"))),
        SYNTAX,
        "RFC 6989 §2.1",
    ),
    Case("KE one octet short", instead(payloads.ke(14, bytes(255))), SYNTAX, "RFC 7296 §3.4"),
    Case("unknown payload, critical", adding(CRITICAL), UNSUPPORTED, "RFC 7296 §2.5"),
    Case("nothing wrong, on a curve", HONEST, ACCEPTED, "RFC 7296 §2.18", **CURVE),
]

INFORMATIONAL = [*DATAGRAMS, *CONTENT, *DELETES]
