"""What may be wrong with IKE_SA_INIT, and with the datagram that carries it.

Before there are keys nobody knows who sent a message. So one that cannot be read gets no answer
(RFC 7296 section 2.21.1); INVALID_SYNTAX may only be sent encrypted (section 3.10.1).
"""

import os
from typing import Any

from tests.interop.independent import groups, payloads
from tests.interop.independent.case import ACCEPTED, Case, Expected, accepted, dropped, refused
from tests.interop.independent.deviation import (
    HONEST,
    Deviation,
    adding,
    at,
    body,
    fields,
    first,
    first_payload_length,
    header,
    instead,
    said_length,
    twice,
    without,
)
from tests.interop.independent.ike_sa import Answer
from tests.interop.independent.initiator import Initiator
from tests.interop.independent.payloads import AES_GCM_16, DH, ENCR, KE, NONCE, PRF, SA, Notify
from tests.interop.independent.suite import Suite

MALFORMED = dropped("malformed")
UNKNOWN_TYPE = 200
"""A payload type that nobody has assigned."""
RESERVED = 0xFF
GOOD = Suite().ike_transforms()
SMALL_PRF = {"suite": Suite(bits=128, prf=5)}
"""HMAC-SHA2-256 as PRF: the shortest nonce is half its key size."""


def offer(*transforms: Any, **fields_: Any) -> Deviation:
    """One proposal with other transforms."""
    return instead(payloads.sa([payloads.proposal(transforms, **fields_)]))


def offers(*proposals: Any) -> Deviation:
    """Other proposals."""
    return instead(payloads.sa(proposals))


def marked(transform: Any) -> Any:
    """A transform with every reserved bit set."""
    marked_one = transform.copy()
    marked_one.flags = marked_one.res2 = RESERVED
    return marked_one


def aes_gcm(attributes: str) -> bytes:
    """An AES-GCM transform with any attributes, in hexadecimal."""
    return payloads.octets_of_transform(ENCR, AES_GCM_16, bytes.fromhex(attributes))


def public(value: int | bytes, group: int = groups.MODP_2048) -> Deviation:
    """A KE payload with another public value."""
    octets = value if isinstance(value, bytes) else value.to_bytes(groups.MODP_OCTETS, "big")
    return instead(payloads.ke(group, octets))


def off_curve(cpe: Initiator) -> Deviation:
    """A point with the y coordinate of none on the curve."""
    point = bytearray(cpe.ike.key.public)
    point[-1] ^= 1
    return public(bytes(point), groups.ECP_256)


def other_group(_: Initiator) -> Deviation:
    """Group 31 offered first, and its KE payload; group 14 offered too."""
    both = [*GOOD, payloads.transform(DH, groups.CURVE25519)]
    key = groups.exchange(groups.CURVE25519)
    return instead(payloads.sa([payloads.proposal(both)]), payloads.ke(key.group, key.public))


def chosen(number: int) -> Expected:
    """Success with the proposal of a number, one transform of each type, and no SPI (section 2.7)."""

    def holds(answer: Answer) -> bool:
        proposal = answer.part(SA).prop
        return (proposal.proposal, proposal.trans_nb, bytes(proposal.SPI)) == (number, len(GOOD), b"")

    return accepted(holds)


CURVE: dict[str, Any] = {"link": "curves"}

LENGTHS = [
    Case("header length 4 too long", said_length(4), MALFORMED, "RFC 7296 §3.1"),
    Case("header length 4 too short", said_length(-4), MALFORMED, "RFC 7296 §3.1"),
    Case("header length 0", said_length(-9999), MALFORMED, "RFC 7296 §3.1"),
    Case("27 octets", Deviation(datagram=lambda o: o[:27]), dropped("too_short"), "RFC 7296 §3.1"),
    Case("no octets", Deviation(datagram=lambda _: b""), dropped("too_short"), "RFC 7296 §3.1"),
    *(Case(f"payload length {n}", first_payload_length(n), MALFORMED, "RFC 7296 §3.2") for n in (0, 1, 2, 3)),
    Case("payload length beyond the end", first_payload_length(0xFFFF), MALFORMED, "RFC 7296 §3.2"),
    Case("payload length one short", fields(NONCE, length=35), MALFORMED, "RFC 7296 §3.2"),
    Case("cut in the last payload", Deviation(inner=lambda o: o[:-1]), MALFORMED, "RFC 7296 §3.2"),
    Case(
        "octets after the last payload", Deviation(inner=lambda o: o + bytes(4)), MALFORMED, "RFC 7296 §3.2"
    ),
    Case("chain without a first payload", header(next_payload=0), MALFORMED, "RFC 7296 §3.2"),
    Case("proposal longer than its payload", body(SA, at(2, b"\xff\xff")), MALFORMED, "RFC 7296 §3.3.1"),
    Case("proposal length 0", body(SA, at(2, b"\0\0")), MALFORMED, "RFC 7296 §3.3.1"),
    Case("transform length 0", body(SA, at(10, b"\0\0")), MALFORMED, "RFC 7296 §3.3.2"),
    Case("one transform more than there are", body(SA, at(7, b"\x04")), MALFORMED, "RFC 7296 §3.3.1"),
    Case("last proposal says that more follow", body(SA, at(0, b"\x02")), MALFORMED, "RFC 7296 §3.3.1"),
]

HEADERS = [
    Case("SPI of zero", header(init_SPI=bytes(8)), MALFORMED, "RFC 7296 §3.1"),
    Case(
        "responder's SPI not zero",
        header(resp_SPI=b"12345678"),
        dropped("unknown_spi", may_answer="INVALID_IKE_SPI"),
        "RFC 7296 §2.21.4",
    ),
    Case("initiator flag missing", header(flags=0), MALFORMED, "RFC 7296 §3.1"),
    Case("response flag set", header(flags=0x28), dropped("unexpected_response"), "RFC 7296 §2.21.4"),
    Case("message ID 1", header(id=1), MALFORMED, "RFC 7296 §2.2"),
    Case("reserved flags set", header(flags=0x08 | 0xC7), ACCEPTED, "RFC 7296 §3.1"),
    Case("version flag set", header(flags=0x18), ACCEPTED, "RFC 7296 §3.1"),
    Case("version 2.9", header(version=0x29), ACCEPTED, "RFC 7296 §2.5"),
    Case("version 3.0", header(version=0x30), refused("INVALID_MAJOR_VERSION"), "RFC 7296 §2.5"),
    Case("version 1.0", header(version=0x10), dropped("old_version"), "RFC 7296 §2.5"),
    Case(
        "unknown exchange type",
        header(exch_type=99),
        dropped("unknown_spi", may_answer="INVALID_IKE_SPI"),
        "RFC 7296 §2.21.4",
    ),
    Case("IKE_AUTH before IKE_SA_INIT", header(exch_type=35), dropped("unknown_spi"), "RFC 7296 §1.2"),
    Case("on port 4500", HONEST, ACCEPTED, "RFC 7296 §2.23", options={"port": 4500}),
    Case("non-ESP marker on port 500", Deviation(marker=True), dropped("old_version"), "RFC 3948 §2.2"),
    Case(
        "no non-ESP marker on port 4500",
        Deviation(port=4500, marker=False),
        dropped("unknown_spi"),
        "RFC 3948 §2.2",
    ),
]

PAYLOADS = [
    Case("no SA payload", without(SA), MALFORMED, "RFC 7296 §1.2"),
    Case("no KE payload", without(KE), MALFORMED, "RFC 7296 §1.2"),
    Case("no nonce", without(NONCE), MALFORMED, "RFC 7296 §1.2"),
    Case("two SA payloads", twice(SA), MALFORMED, "RFC 7296 §1.2"),
    Case("two KE payloads", twice(KE), MALFORMED, "RFC 7296 §1.2"),
    Case("two nonces", twice(NONCE), MALFORMED, "RFC 7296 §1.2"),
    Case("no NAT detection", without(payloads.NOTIFY), ACCEPTED, "RFC 7296 §2.23"),
    Case(
        "unknown payload, critical",
        adding(payloads.raw(UNKNOWN_TYPE, b"?", critical=True)),
        refused("UNSUPPORTED_CRITICAL_PAYLOAD", bytes([UNKNOWN_TYPE])),
        "RFC 7296 §2.5",
    ),
    Case("unknown payload, not critical", first(payloads.raw(UNKNOWN_TYPE, b"?")), ACCEPTED, "RFC 7296 §2.5"),
    Case("critical bit on a known payload", fields(SA, flags=0x80), ACCEPTED, "RFC 7296 §2.5"),
    Case("reserved bits of a payload set", fields(SA, flags=0x7F), ACCEPTED, "RFC 7296 §3.2"),
    Case("reserved field of the KE payload set", fields(KE, res2=0xFFFF), ACCEPTED, "RFC 7296 §3.4"),
    Case("nonce of 15 octets", instead(payloads.nonce(bytes(15))), MALFORMED, "RFC 7296 §3.9"),
    Case("nonce of 257 octets", instead(payloads.nonce(bytes(257))), MALFORMED, "RFC 7296 §3.9"),
    Case("no octets of nonce", instead(payloads.nonce(b"")), MALFORMED, "RFC 7296 §3.9"),
    Case(
        "nonce of 16 octets",
        instead(payloads.nonce(os.urandom(16))),
        ACCEPTED,
        "RFC 7296 §3.9",
        options=SMALL_PRF,
    ),
    Case("nonce of 256 octets", instead(payloads.nonce(os.urandom(256))), ACCEPTED, "RFC 7296 §3.9"),
    Case("unknown status notification", adding(payloads.notify(40000, b"?")), ACCEPTED, "RFC 7296 §3.10.1"),
    Case("unknown error notification", adding(payloads.notify(9000, b"?")), ACCEPTED, "RFC 7296 §3.10.1"),
    Case("notification cut in its SPI", adding(payloads.raw(41, b"\3\4\x40")), MALFORMED, "RFC 7296 §3.10"),
    Case(
        "cookie that nobody asked for",
        first(payloads.notify(Notify.COOKIE, b"cookie")),
        ACCEPTED,
        "RFC 7296 §2.6",
    ),
    Case("empty vendor ID", adding(payloads.vendor(b"")), ACCEPTED, "RFC 7296 §3.12"),
    Case("vendor ID of 1000 octets", adding(payloads.vendor(bytes(1000))), ACCEPTED, "RFC 7296 §3.12"),
    Case(
        "thirty vendor IDs",
        adding(*[payloads.vendor(bytes([n])) for n in range(30)]),
        ACCEPTED,
        "RFC 7296 §3.12",
    ),
    Case(
        "signature hashes and redirection supported",
        adding(
            payloads.notify(Notify.SIGNATURE_HASH_ALGORITHMS, b"\0\2\0\3"),
            payloads.notify(Notify.REDIRECT_SUPPORTED),
            payloads.notify(Notify.CHILDLESS_IKEV2_SUPPORTED),
        ),
        ACCEPTED,
        "RFC 7427 §4, RFC 5685, RFC 6023",
    ),
]

NO_PROPOSAL = refused("NO_PROPOSAL_CHOSEN")
PROPOSALS = [
    Case("no proposal", instead(payloads.sa([])), MALFORMED, "RFC 7296 §3.3"),
    Case("proposal without transforms", offer(), NO_PROPOSAL, "RFC 7296 §2.7"),
    Case(
        "proposals out of order",
        offers(
            payloads.proposal([payloads.transform(ENCR, 3)], number=7),
            payloads.proposal(GOOD, number=2),
        ),
        chosen(2),
        "RFC 7296 §3.3.1",
    ),
    Case(
        "same proposal twice",
        offers(payloads.proposal(GOOD), payloads.proposal(GOOD)),
        ACCEPTED,
        "RFC 7296 §2.7",
    ),
    Case("same transforms twice", offer(*GOOD, *GOOD), chosen(1), "RFC 7296 §3.3"),
    Case("transforms in reverse order", offer(*reversed(GOOD)), ACCEPTED, "RFC 7296 §3.3"),
    Case("no PRF", offer(*[t for t in GOOD if t.transform_type != PRF]), NO_PROPOSAL, "RFC 7296 §3.3.3"),
    Case("no DH group", offer(*[t for t in GOOD if t.transform_type != DH]), NO_PROPOSAL, "RFC 7296 §3.3.3"),
    Case("reserved bits of transforms set", offer(*map(marked, GOOD)), ACCEPTED, "RFC 7296 §3.3.2"),
    Case("reserved octet of the proposal set", offer(*GOOD, flags=RESERVED), ACCEPTED, "RFC 7296 §3.3.1"),
    Case("SPI of 4 octets", offer(*GOOD, spi=bytes(4)), MALFORMED, "RFC 7296 §3.3.1"),
    Case("SPI size without the SPI", offer(*GOOD, SPIsize=255), MALFORMED, "RFC 7296 §3.3.1"),
    Case("ESP offered", offer(*GOOD, protocol=payloads.ESP, spi=b"1234"), NO_PROPOSAL, "RFC 7296 §2.7"),
    Case("unknown protocol", offer(*GOOD, protocol=77), NO_PROPOSAL, "RFC 7296 §2.7"),
    Case(
        "key length missing",
        offer(payloads.transform(ENCR, AES_GCM_16), *GOOD[1:]),
        NO_PROPOSAL,
        "RFC 7296 §3.3.5",
    ),
    Case("key length 0", offer(aes_gcm("800e0000"), *GOOD[1:]), NO_PROPOSAL, "RFC 7296 §3.3.5"),
    Case("key length twice", offer(aes_gcm("800e0100800e0080"), *GOOD[1:]), NO_PROPOSAL, "RFC 7296 §3.3.5"),
    Case(
        "attribute beyond the transform", offer(aes_gcm("000e0100"), *GOOD[1:]), MALFORMED, "RFC 7296 §3.3.5"
    ),
    Case("unknown attribute", offer(aes_gcm("800e01008063abcd"), *GOOD[1:]), NO_PROPOSAL, "RFC 7296 §3.3.6"),
    Case(
        "unknown attribute in one of two transforms",
        offer(aes_gcm("800e01008063abcd"), *GOOD),
        ACCEPTED,
        "RFC 7296 §3.3.6",
    ),
    Case("unknown transform type", offer(*GOOD, payloads.transform(77, 1)), NO_PROPOSAL, "RFC 7296 §3.3.6"),
    Case(
        "unknown transform type in one of two proposals",
        offers(payloads.proposal([*GOOD, payloads.transform(77, 1)]), payloads.proposal(GOOD, number=2)),
        chosen(2),
        "RFC 7296 §3.3.6",
    ),
    Case(
        "unknown transform IDs besides",
        offer(*GOOD, *[payloads.transform(k, 1024) for k in (ENCR, PRF, DH)]),
        ACCEPTED,
        "RFC 7296 §3.3.6",
    ),
    Case(
        "AES-CBC without integrity",
        offer(payloads.transform(ENCR, 12, 256), *GOOD[1:]),
        NO_PROPOSAL,
        "RFC 7296 §3.3.3",
    ),
    Case("AES-GCM with integrity NONE", offer(*GOOD, payloads.transform(3, 0)), ACCEPTED, "RFC 7296 §3.3.3"),
]

KEY_EXCHANGE = [
    Case(
        "KE payload of another group", other_group, refused("INVALID_KE_PAYLOAD", b"\0\x0e"), "RFC 7296 §1.2"
    ),
    Case("KE one octet short", public(os.urandom(255)), MALFORMED, "RFC 7296 §3.4"),
    Case("KE one octet long", public(b"\0" + os.urandom(256)), MALFORMED, "RFC 7296 §3.4"),
    Case("KE without a value", public(b""), MALFORMED, "RFC 7296 §3.4"),
    Case("public value 0", public(0), MALFORMED, "RFC 6989 §2.1"),
    Case("public value 1", public(1), MALFORMED, "RFC 6989 §2.1"),
    Case("public value p-1", public(groups.P14 - 1), MALFORMED, "RFC 6989 §2.1"),
    Case("public value p", public(groups.P14), MALFORMED, "RFC 6989 §2.1"),
    Case("public value p+2", public(groups.P14 + 2), MALFORMED, "RFC 6989 §2.1"),
    Case(
        "public value p-1 in group 24",
        public(groups.P24 - 1, groups.MODP_2048_256),
        MALFORMED,
        "RFC 6989 §2.2",
        options={"suite": Suite(group=groups.MODP_2048_256)},
    ),
    Case("point that is not on the curve", off_curve, MALFORMED, "RFC 6989 §2.3", **CURVE),
    Case("point (0, 0)", public(bytes(64), groups.ECP_256), MALFORMED, "RFC 6989 §2.3", **CURVE),
    Case("x coordinate only", public(os.urandom(32), groups.ECP_256), MALFORMED, "RFC 5903 §7", **CURVE),
    Case(
        "coordinate beyond the field",
        public(b"\xff" * 64, groups.ECP_256),
        MALFORMED,
        "RFC 6989 §2.3",
        **CURVE,
    ),
    Case("nothing wrong, group 24", HONEST, ACCEPTED, "RFC 5114 §2.3", options={"suite": Suite(group=24)}),
]

CASES = [*LENGTHS, *HEADERS, *PAYLOADS, *PROPOSALS, *KEY_EXCHANGE]
