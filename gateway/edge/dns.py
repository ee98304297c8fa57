"""The edge's DNS: one query in, one answer out. Nothing is ever asked of anybody else.

A queries are answered with the address that the edge has for the name; every other type has no records
(RFC 2308 2.2, NOERROR without an answer), so a resolver falls back to IPv4.
"""

import struct
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

TTL = 60
"""Seconds; short, so that a changed lab is seen soon."""
PAYLOAD = 1232
"""Octets that we take over UDP (RFC 6891 6.2.5)."""

_HEADER_LENGTH = 12
_QR = 0x80
_OPCODE_AND_RD = 0x79


class Answer(NamedTuple):
    """A response, and the name that it is about (without the final dot); None when there is no such name."""

    wire: bytes
    name: str | None


def answer(query: bytes, resolve: Callable[[str], IPv4Address | None]) -> Answer | None:
    """Answer a query.

    Args:
        query: A DNS message.
        resolve: The address of a host name, given without its final dot; None when it has none.

    Returns:
        None for what deserves no answer: too short for a header, or itself a response (RFC 5625 4.2).
    """
    if len(query) < _HEADER_LENGTH or query[2] & _QR:
        return None
    try:
        message = dns.message.from_wire(query)
    except dns.exception.DNSException:
        return Answer(_format_error(query), None)
    response = dns.message.make_response(message, recursion_available=True, our_payload=PAYLOAD)
    if message.opcode() != dns.opcode.QUERY:
        response.set_rcode(dns.rcode.NOTIMP)
        return Answer(response.to_wire(), None)
    if len(message.question) != 1:
        response.set_rcode(dns.rcode.FORMERR)
        return Answer(response.to_wire(), None)
    question = message.question[0]
    if question.rdclass != dns.rdataclass.IN:
        response.set_rcode(dns.rcode.REFUSED)
        return Answer(response.to_wire(), None)
    name = question.name.to_text(omit_final_dot=True)
    address = resolve(name) if question.rdtype == dns.rdatatype.A else None
    if address is not None:
        response.answer.append(
            dns.rrset.from_text(question.name, TTL, dns.rdataclass.IN, dns.rdatatype.A, str(address))
        )
    return Answer(response.to_wire(), name)


def _format_error(query: bytes) -> bytes:
    """FORMERR with the query's id, opcode and RD, and no sections (RFC 1035 4.1.1)."""
    identifier = query[:2]
    flags = (_QR | query[2] & _OPCODE_AND_RD, dns.rcode.FORMERR)
    return identifier + bytes(flags) + struct.pack("!4H", 0, 0, 0, 0)
