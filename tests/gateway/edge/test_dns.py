"""What the edge answers to a DNS query."""

from ipaddress import IPv4Address

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.dns import Answer, answer

ADDRESS = IPv4Address("52.96.1.1")


def resolve(name: str) -> IPv4Address | None:
    return ADDRESS if name == "www.example.com" else None


def ask(query: dns.message.Message) -> dns.message.Message:
    reply = answer(query.to_wire(), resolve)
    assert reply is not None
    response = dns.message.from_wire(reply.wire)
    assert query.is_response(response)
    return response


def test_an_a_query_is_answered_with_the_address() -> None:
    response = ask(dns.message.make_query("www.example.com", "A"))
    assert response.rcode() == dns.rcode.NOERROR
    assert [rrset.to_text() for rrset in response.answer] == ["www.example.com. 60 IN A 52.96.1.1"]


def test_the_answer_names_what_was_asked_without_its_final_dot() -> None:
    reply = answer(dns.message.make_query("www.example.com.", "A").to_wire(), resolve)
    assert isinstance(reply, Answer)
    assert reply.name == "www.example.com"


def test_the_case_of_the_question_is_kept() -> None:
    response = ask(dns.message.make_query("wWw.eXample.com", "AAAA"))
    assert response.question[0].name.to_text() == "wWw.eXample.com."


@pytest.mark.parametrize("rdtype", ["AAAA", "HTTPS", "MX", "TXT", "PTR", "ANY"])
def test_every_other_type_exists_but_has_no_records(rdtype: str) -> None:
    response = ask(dns.message.make_query("www.example.com", rdtype))
    assert response.rcode() == dns.rcode.NOERROR
    assert response.answer == []


def test_a_name_without_an_address_has_no_records() -> None:
    response = ask(dns.message.make_query("other.example", "A"))
    assert (response.rcode(), response.answer) == (dns.rcode.NOERROR, [])


def test_recursion_is_available_as_a_resolver_must_say() -> None:
    assert ask(dns.message.make_query("www.example.com", "A")).flags & dns.flags.RA


def test_edns_is_answered_with_a_payload_that_is_never_fragmented() -> None:
    response = ask(dns.message.make_query("www.example.com", "A", use_edns=0))
    assert response.edns == 0
    assert response.payload == 1232


def test_without_edns_the_answer_has_none() -> None:
    assert ask(dns.message.make_query("www.example.com", "A", use_edns=False)).edns == -1


def test_another_opcode_is_not_implemented() -> None:
    query = dns.message.make_query("www.example.com", "SOA")
    query.set_opcode(dns.opcode.NOTIFY)
    assert ask(query).rcode() == dns.rcode.NOTIMP


def test_another_class_is_refused() -> None:
    query = dns.message.make_query("version.bind", "TXT", dns.rdataclass.CH)
    assert ask(query).rcode() == dns.rcode.REFUSED


def test_no_question_is_a_format_error() -> None:
    query = dns.message.Message(id=7)
    reply = answer(query.to_wire(), resolve)
    assert reply is not None
    assert dns.message.from_wire(reply.wire).rcode() == dns.rcode.FORMERR


def test_a_query_cut_short_is_a_format_error_with_its_id() -> None:
    query = dns.message.make_query("www.example.com", "A", id=0x1234)
    reply = answer(query.to_wire()[:-3], resolve)
    assert reply is not None
    response = dns.message.from_wire(reply.wire)
    assert (response.id, response.rcode()) == (0x1234, dns.rcode.FORMERR)
    assert reply.name is None


def test_a_response_is_not_answered_or_two_servers_would_never_stop() -> None:
    query = dns.message.make_query("www.example.com", "A")
    assert answer(dns.message.make_response(query).to_wire(), resolve) is None


def test_less_than_a_header_is_not_answered() -> None:
    assert answer(b"\x00" * 11, resolve) is None


@given(st.binary(max_size=200))
def test_no_input_raises(data: bytes) -> None:
    answer(data, lambda _: ADDRESS)


@given(st.binary(max_size=60))
def test_no_content_behind_a_valid_header_raises(data: bytes) -> None:
    answer(b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01" + data, lambda _: ADDRESS)
