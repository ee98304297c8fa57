"""What may be wrong with IKE_AUTH, and with its SK payload.

A message whose ICV is wrong changes nothing. One whose ICV is right and that cannot be read, or that does not
prove the key, ends the IKE SA (RFC 7296 section 2.21.2). What only keeps the CHILD SA from being made leaves
the IKE SA up (section 1.2).
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from scapy.contrib import ikev2

from tests.interop.independent import payloads
from tests.interop.independent.case import ACCEPTED, Case, accepted, dropped, fatal, refused
from tests.interop.independent.deviation import (
    HONEST,
    Deviation,
    adding,
    at,
    body,
    fields,
    first,
    first_payload_length,
    flipped,
    header,
    instead,
    said_length,
    twice,
    without,
)
from tests.interop.independent.ike_sa import Answer
from tests.interop.independent.initiator import Initiator
from tests.interop.independent.payloads import AUTH, DH, ENCR, ESN, SA, SK, IDi, Notify, Part, TSi, TSr
from tests.interop.independent.suite import Suite

SYNTAX = fatal("INVALID_SYNTAX")
UNAUTHENTIC = fatal("AUTHENTICATION_FAILED")
NO_PROPOSAL = refused("NO_PROPOSAL_CHOSEN")
NO_SELECTORS = refused("TS_UNACCEPTABLE")
UNKNOWN_SPI = dropped("unknown_spi", may_answer="INVALID_IKE_SPI")
UNKNOWN_TYPE = 200
GOOD = Suite().esp_transforms(esn=False, first=True)
CIPHERS: dict[str, dict[str, Any]] = {
    "AES-GCM": {},
    "AES-CBC": {"suite": Suite(encryption=12, bits=256, prf=6, integrity=13)},
}


def offer(*transforms: Any, copies: int = 1, **fields_: Any) -> Callable[[Initiator], Deviation]:
    """Another proposal for the CHILD SA."""

    def make(cpe: Initiator) -> Deviation:
        values = {"protocol": payloads.ESP, "spi": cpe.child_spi, **fields_}
        return instead(payloads.sa([payloads.proposal(transforms, **values)] * copies))

    return make


def selectors(kind: int, *chosen: Any) -> Deviation:
    """Other traffic selectors."""
    return instead(payloads.ts(kind, chosen))


def with_identity(change: Callable[[Part], Part]) -> Callable[[Initiator], Deviation]:
    """Another IDi payload, which AUTH covers."""

    def make(cpe: Initiator) -> Deviation:
        return Deviation(parts=lambda _: cpe.auth_parts(change(payloads.identity(cpe.wire.address))))

    return make


def other_identity(kind: int, data: bytes) -> Callable[[Initiator], Deviation]:
    """An identity of another type."""
    octets = bytes([kind]) + bytes(3) + data
    return with_identity(lambda _: payloads.raw(IDi, octets))


def only_ipv4(answer: Answer) -> bool:
    """The selectors of the answer are IPv4, any to any."""
    return all(
        [s.fields for s in answer.part(kind).traffic_selector]
        == [ikev2.IKEv2_TSi(bytes(payloads.ts(TSi).packet)).traffic_selector[0].fields]
        for kind in (TSi, TSr)
    )


def tunnel_mode(answer: Answer) -> bool:
    """Neither transport mode nor compression was taken up."""
    return not {Notify.USE_TRANSPORT_MODE, Notify.IPCOMP_SUPPORTED} & set(answer.notifies)


def more_padding(plaintext: bytes) -> bytes:
    """A block of AES more of padding than is needed, of octets that are not zero."""
    return plaintext[:-1] + b"\xa5" * 16 + bytes([plaintext[-1] + 16])


def another_key(cpe: Initiator) -> Deviation:
    """AUTH made with a key that differs in its last octet."""
    right, cpe.psk = cpe.psk, cpe.psk[:-1] + b"?"
    parts = cpe.auth_parts()
    cpe.psk = right
    return Deviation(parts=lambda _: parts)


def nothing_but_padding(plaintext: bytes) -> bytes:
    """A block whose pad length says that the padding is longer than the block."""
    return b"\xff" * 16 if plaintext else b""


def cut_ciphertext(octets: bytes) -> bytes:
    """One octet of ciphertext missing, with lengths that agree."""
    return _cut(octets, len(octets) - 1)


def too_short(octets: bytes) -> bytes:
    """An SK payload with no room for IV and ICV."""
    return _cut(octets, payloads.HEADER + payloads.GENERIC + 8)


def _cut(octets: bytes, length: int) -> bytes:
    """The beginning of a message, with both lengths corrected."""
    generic = struct.pack("!H", length - payloads.HEADER)
    return at(30, generic)(at(24, struct.pack("!I", length))(octets[:length]))


def sk_cases() -> list[Case]:
    """What may be wrong with an SK payload, for both kinds of cipher."""
    wrong_icv, no_fit = dropped("integrity"), dropped("malformed")
    table: Sequence[tuple[str, Any, Any, str]] = (
        ("wrong ICV", Deviation(datagram=flipped(-1)), wrong_icv, "RFC 7296 §2.21.2"),
        ("changed ciphertext", Deviation(datagram=flipped(60)), wrong_icv, "RFC 7296 §3.14"),
        ("changed IV", Deviation(datagram=flipped(33)), wrong_icv, "RFC 7296 §3.14"),
        ("changed header", Deviation(datagram=at(19, b"\x48")), wrong_icv, "RFC 5282 §5.1, RFC 7296 §3.14"),
        (
            "changed type of the first payload",
            Deviation(datagram=flipped(28)),
            wrong_icv,
            "RFC 5282 §5.1, RFC 7296 §3.14",
        ),
        ("one octet short", Deviation(datagram=cut_ciphertext), wrong_icv, "RFC 7296 §3.14"),
        ("too short for IV and ICV", Deviation(datagram=too_short), no_fit, "RFC 7296 §3.14"),
        ("SK payload length 0", Deviation(datagram=at(30, b"\0\0")), no_fit, "RFC 7296 §3.2"),
        ("SK payload beyond the end", Deviation(datagram=at(30, b"\xff\xff")), no_fit, "RFC 7296 §3.2"),
        ("header length 4 too long", said_length(4), no_fit, "RFC 7296 §3.1"),
        ("pad length beyond the content", Deviation(plaintext=nothing_but_padding), SYNTAX, "RFC 7296 §3.14"),
        ("longer padding, not zero", Deviation(plaintext=more_padding), ACCEPTED, "RFC 7296 §3.14"),
        ("first payload of type 0", Deviation(first_inner=0), SYNTAX, "RFC 7296 §3.14"),
        (
            "reserved bits of the SK header set",
            Deviation(sk_header=at(1, b"\x7f")),
            ACCEPTED,
            "RFC 7296 §3.2",
        ),
        ("an SK payload inside", adding(payloads.raw(SK, bytes(64))), SYNTAX, "RFC 7296 §3.14"),
        ("not encrypted", Deviation(clear=True), dropped("not_encrypted"), "RFC 7296 §1.2"),
    )
    return [
        Case(f"{cipher}: {name}", how, expected, source, options=options)
        for cipher, options in CIPHERS.items()
        for name, how, expected, source in table
    ]


LENGTHS = [
    *(
        Case(f"inner payload length {n}", first_payload_length(n, protected=True), SYNTAX, "RFC 7296 §3.2")
        for n in (0, 1, 2, 3)
    ),
    Case(
        "inner payload beyond the end", first_payload_length(0xFFFF, protected=True), SYNTAX, "RFC 7296 §3.2"
    ),
    Case(
        "octets after the last inner payload",
        Deviation(inner=lambda o: o + bytes(4)),
        SYNTAX,
        "RFC 7296 §3.2",
    ),
    Case("ESP SPI of 8 octets", offer(*GOOD, spi=bytes(8)), SYNTAX, "RFC 7296 §3.3.1"),
    Case("ESP SPI of no octets", offer(*GOOD, spi=b""), SYNTAX, "RFC 7296 §3.3.1"),
    Case("no selector in TSi", selectors(TSi), SYNTAX, "RFC 7296 §3.13"),
    Case("one selector more than there are", body(TSi, at(0, b"\2")), SYNTAX, "RFC 7296 §3.13"),
    Case("one selector less than there are", body(TSi, at(0, b"\0")), SYNTAX, "RFC 7296 §3.13"),
    Case("selector length 0", body(TSr, at(6, b"\0\0")), SYNTAX, "RFC 7296 §3.13.1"),
    Case("selector cut short", body(TSr, at(6, b"\0\x0c")), SYNTAX, "RFC 7296 §3.13.1"),
]

HEADERS = [
    Case("responder's SPI changed", header(resp_SPI=b"12345678"), UNKNOWN_SPI, "RFC 7296 §2.21.4"),
    Case("initiator's SPI changed", header(init_SPI=b"12345678"), UNKNOWN_SPI, "RFC 7296 §2.21.4"),
    Case("initiator flag missing", header(flags=0), UNKNOWN_SPI, "RFC 7296 §3.1"),
    Case("response flag set", header(flags=0x28), dropped("unexpected_response"), "RFC 7296 §2.2"),
    Case("reserved flags set", header(flags=0x08 | 0xC7), ACCEPTED, "RFC 7296 §3.1"),
    Case("version 2.9", header(version=0x29), ACCEPTED, "RFC 7296 §2.5"),
    *(
        Case(f"message ID {n}", header(id=n), dropped("unexpected_message_id"), "RFC 7296 §2.2")
        for n in (0, 2, 0xFFFFFFFF)
    ),
    *(
        Case(f"{name} before IKE_AUTH", header(exch_type=n), dropped("unexpected_exchange"), "RFC 7296 §1.2")
        for n, name in ((36, "CREATE_CHILD_SA"), (37, "INFORMATIONAL"), (99, "unknown exchange"))
    ),
]

IDENTITIES = [
    Case("no IDi", without(IDi), SYNTAX, "RFC 7296 §1.2"),
    Case("two IDi", twice(IDi), SYNTAX, "RFC 7296 §1.2"),
    Case("IDi without the rest of its header", instead(payloads.raw(IDi, b"\1")), SYNTAX, "RFC 7296 §3.5"),
    Case("IDi without data", other_identity(2, b""), ACCEPTED, "docs/fidelity.md: any IDi"),
    Case("IDi of unknown type", other_identity(200, b"who"), ACCEPTED, "docs/fidelity.md: any IDi"),
    Case("IDi is a name", other_identity(2, b"cpe.example.com"), ACCEPTED, "docs/fidelity.md: any IDi"),
    Case(
        "IDi with 3 octets of IPv4 address",
        other_identity(1, b"\xcb\0\x71"),
        ACCEPTED,
        "docs/fidelity.md: any IDi",
    ),
    Case(
        "IDi changed after AUTH was made",
        instead(payloads.identity("192.0.2.9")),
        UNAUTHENTIC,
        "RFC 7296 §2.15",
    ),
    Case(
        "reserved octets of IDi set",
        with_identity(lambda i: i.but(res2=0xABCDEF)),
        ACCEPTED,
        "RFC 7296 §2.15",
    ),
    Case("IDr wanted", adding(payloads.identity("203.0.113.1", payloads.IDr)), ACCEPTED, "RFC 7296 §1.2"),
    Case("two IDr", adding(*[payloads.identity("203.0.113.1", payloads.IDr)] * 2), SYNTAX, "RFC 7296 §1.2"),
    Case("no AUTH: EAP wanted", without(AUTH), UNAUTHENTIC, "RFC 7296 §2.16"),
    Case("two AUTH", twice(AUTH), SYNTAX, "RFC 7296 §1.2"),
    Case("AUTH wrong", body(AUTH, flipped(-1)), UNAUTHENTIC, "RFC 7296 §2.21.2"),
    Case("AUTH one octet short", body(AUTH, lambda o: o[:-1]), UNAUTHENTIC, "RFC 7296 §2.15"),
    Case("AUTH without data", body(AUTH, lambda o: o[:4]), UNAUTHENTIC, "RFC 7296 §2.15"),
    Case("AUTH without a method", body(AUTH, lambda _: b""), SYNTAX, "RFC 7296 §3.8"),
    Case("RSA signature", fields(AUTH, auth_type=1), UNAUTHENTIC, "RFC 7296 §2.15"),
    Case("NULL authentication", fields(AUTH, auth_type=13), UNAUTHENTIC, "RFC 7619 §2.1"),
    Case("unknown method", fields(AUTH, auth_type=99), UNAUTHENTIC, "RFC 7296 §3.8"),
    Case("another pre-shared key", another_key, UNAUTHENTIC, "RFC 7296 §2.15"),
]


CHILD = [
    Case("no SA payload", without(SA), SYNTAX, "RFC 7296 §1.2"),
    Case("no TSi", without(TSi), SYNTAX, "RFC 7296 §1.2"),
    Case("no TSr", without(TSr), SYNTAX, "RFC 7296 §1.2"),
    Case("two SA payloads", twice(SA), SYNTAX, "RFC 7296 §1.2"),
    Case("two TSi", twice(TSi), SYNTAX, "RFC 7296 §1.2"),
    Case(
        "ESP with AES-CBC",
        offer(payloads.transform(ENCR, 12, 256), payloads.transform(3, 12), GOOD[-1]),
        NO_PROPOSAL,
        "RFC 7296 §1.2",
    ),
    Case("no ESN transform", offer(GOOD[0]), NO_PROPOSAL, "RFC 7296 §3.3.3"),
    Case("unknown ESN value", offer(GOOD[0], payloads.transform(ESN, 9)), NO_PROPOSAL, "RFC 7296 §3.3.2"),
    Case("both ESN values", offer(*GOOD, payloads.transform(ESN, 1)), ACCEPTED, "RFC 7296 §3.3.2"),
    Case("AH offered", offer(*GOOD, protocol=payloads.AH), NO_PROPOSAL, "RFC 7296 §2.7"),
    Case("IKE offered", offer(*GOOD, protocol=payloads.IKE, spi=bytes(8)), NO_PROPOSAL, "RFC 7296 §2.7"),
    Case("ESP SPI of zero", offer(*GOOD, spi=bytes(4)), NO_PROPOSAL, "RFC 4303 §2.1"),
    Case("same proposal twice", offer(*GOOD, copies=2), ACCEPTED, "RFC 7296 §2.7"),
    Case("DH group in IKE_AUTH", offer(*GOOD, payloads.transform(DH, 14)), ACCEPTED, "RFC 7296 §1.2"),
    Case(
        "selector reversed",
        selectors(TSi, payloads.selector("10.9.9.9", "10.0.0.0")),
        NO_SELECTORS,
        "RFC 7296 §2.9",
    ),
    Case("selector of IPv6 only", selectors(TSr, payloads.selector6()), NO_SELECTORS, "RFC 7296 §2.9"),
    Case(
        "selectors of IPv6 and IPv4",
        selectors(TSr, payloads.selector6(), payloads.selector()),
        accepted(only_ipv4),
        "RFC 7296 §2.9",
    ),
    Case(
        "selector narrowed to 10/8",
        selectors(TSi, payloads.selector("10.0.0.0", "10.255.255.255")),
        NO_SELECTORS,
        "docs/fidelity.md: any to any",
    ),
    Case(
        "selector of TCP only",
        selectors(TSr, payloads.selector(IP_protocol_ID=6)),
        NO_SELECTORS,
        "docs/fidelity.md: any to any",
    ),
    Case(
        "selector of one port",
        selectors(TSr, payloads.selector(start_port=80, end_port=80)),
        NO_SELECTORS,
        "docs/fidelity.md: any to any",
    ),
    Case(
        "selector of unknown type, and any",
        selectors(
            TSr,
            ikev2.RawTrafficSelector(TS_type=99, IP_protocol_ID=0, load=b"1234", length=8),
            payloads.selector(),
        ),
        accepted(only_ipv4),
        "RFC 7296 §3.13.1",
    ),
    Case(
        "narrow selector first",
        selectors(TSi, payloads.selector("10.1.0.4", "10.1.0.4"), payloads.selector()),
        accepted(only_ipv4),
        "RFC 7296 §2.9",
    ),
]

BESIDES = [
    Case(
        "unknown payload, critical",
        adding(payloads.raw(UNKNOWN_TYPE, b"?", critical=True)),
        replace(refused("UNSUPPORTED_CRITICAL_PAYLOAD", bytes([UNKNOWN_TYPE])), ends=True),
        "RFC 7296 §2.5, §2.21.2",
    ),
    Case("unknown payload, not critical", first(payloads.raw(UNKNOWN_TYPE, b"?")), ACCEPTED, "RFC 7296 §2.5"),
    Case("critical bit on a known payload", fields(SA, flags=0x80), ACCEPTED, "RFC 7296 §2.5"),
    Case(
        "unknown payload in clear before SK",
        Deviation(outer=[payloads.raw(UNKNOWN_TYPE, b"?")]),
        ACCEPTED,
        "RFC 7296 §3.14",
    ),
    Case(
        "unknown notifications",
        adding(payloads.notify(9000, b"?"), payloads.notify(40000)),
        ACCEPTED,
        "RFC 7296 §3.10.1",
    ),
    Case("vendor ID of 2000 octets", adding(payloads.vendor(bytes(2000))), ACCEPTED, "RFC 7296 §3.12"),
    Case(
        "certificate request",
        adding(payloads.raw(payloads.CERTREQ, b"\4" + bytes(20))),
        ACCEPTED,
        "RFC 7296 §3.7",
    ),
    Case(
        "configuration request",
        adding(payloads.raw(payloads.CP, bytes.fromhex("01000000 0001 0000 0003 0000"))),
        ACCEPTED,
        "RFC 7296 §2.19",
    ),
    Case("INITIAL_CONTACT", adding(payloads.notify(Notify.INITIAL_CONTACT)), ACCEPTED, "RFC 7296 §2.4"),
    Case("MOBIKE_SUPPORTED", adding(payloads.notify(Notify.MOBIKE_SUPPORTED)), ACCEPTED, "RFC 4555 §3.2"),
    Case(
        "window of 5",
        adding(payloads.notify(Notify.SET_WINDOW_SIZE, bytes.fromhex("00000005"))),
        ACCEPTED,
        "RFC 7296 §2.3",
    ),
    Case(
        "transport mode wanted",
        adding(payloads.notify(Notify.USE_TRANSPORT_MODE)),
        accepted(tunnel_mode),
        "RFC 7296 §1.3.1",
    ),
    Case(
        "compression wanted",
        adding(payloads.notify(Notify.IPCOMP_SUPPORTED, b"\1\2\2")),
        accepted(tunnel_mode),
        "RFC 7296 §2.22",
    ),
    Case("nothing wrong", HONEST, ACCEPTED, "RFC 7296 §1.2"),
]

CASES = [*sk_cases(), *LENGTHS, *HEADERS, *IDENTITIES, *CHILD, *BESIDES]
