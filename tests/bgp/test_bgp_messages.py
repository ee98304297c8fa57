"""Reading ExaBGP's API. The lines in ``data`` are recordings of ExaBGP 5.0.15 against BIRD 2.0.12."""

import json
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bgp import messages
from bgp.events import FsmState
from bgp.messages import Message, parse

DATA = Path(__file__).parent / "data"
ENDPOINTS = (IPv4Address("192.168.1.2"), IPv4Address("10.1.1.2"))
CPE = IPv4Address("10.1.1.2")


def recording(name: str) -> list[Message]:
    return [parse(line) for line in (DATA / name).read_bytes().splitlines()]


def of(kind: type, name: str = "closed_by_peer.jsonl") -> list[Message]:
    return [message for message in recording(name) if isinstance(message, kind)]


def line(kind: str, **neighbor: object) -> bytes:
    addresses = {"local": "192.168.1.2", "peer": "10.1.1.2"}
    return json.dumps({"type": kind, "neighbor": {"address": addresses, **neighbor}}).encode()


@pytest.mark.parametrize("name", ["closed_by_peer.jsonl", "hold_timer_expired.jsonl", "wrong_as.jsonl"])
def test_every_recorded_line_is_understood(name: str) -> None:
    assert not of(messages.Unrecognized, name)


def test_a_session_goes_through_the_states_of_the_fsm() -> None:
    states = [m.state for m in recording("closed_by_peer.jsonl") if isinstance(m, messages.FsmMessage)]
    assert states == [
        FsmState.ACTIVE,
        FsmState.IDLE,
        FsmState.CONNECT,
        FsmState.OPENSENT,
        FsmState.OPENCONFIRM,
        FsmState.ESTABLISHED,
        FsmState.IDLE,
    ]


def test_the_open_message_gives_number_identifier_hold_time_and_capabilities() -> None:
    assert of(messages.OpenMessage) == [
        messages.OpenMessage(
            endpoints=ENDPOINTS,
            asn=65533,
            router_id=CPE,
            hold_time=3,
            capabilities=(
                "multiprotocol",
                "route refresh",
                "graceful restart",
                "asn4",
                "enhanced route refresh",
                "capability 71",
            ),
        )
    ]


def test_the_as_number_of_the_four_octet_capability_counts() -> None:
    capabilities = {"65": {"name": "asn4", "asn4": 4200000001}}
    content = {"asn": 23456, "router_id": "10.1.1.2", "hold_time": 90, "capabilities": capabilities}
    message = parse(line("open", direction="receive", open=content))
    assert isinstance(message, messages.OpenMessage)
    assert message.asn == 4200000001


def test_the_negotiated_hold_time_and_families_are_read() -> None:
    expected = messages.NegotiatedMessage(endpoints=ENDPOINTS, hold_time=3, families=("ipv4 unicast",))
    assert of(messages.NegotiatedMessage) == [expected]


def test_an_announcement_gives_prefixes_by_next_hop_and_the_as_path() -> None:
    updates = of(messages.UpdateMessage)
    assert (
        messages.UpdateMessage(
            endpoints=ENDPOINTS,
            sent=False,
            announced={CPE: (IPv4Network("10.2.0.0/16"),)},
            withdrawn=(),
            as_path=(65533, 4200000001, 64999),
        )
        in updates
    )


def test_an_update_that_we_sent_is_marked_so() -> None:
    assert messages.UpdateMessage(
        endpoints=ENDPOINTS,
        sent=True,
        announced={ENDPOINTS[0]: (IPv4Network("20.0.0.0/8"), IPv4Network("52.0.0.0/8"))},
        withdrawn=(),
        as_path=(65476,),
    ) in of(messages.UpdateMessage)


def test_a_withdrawal_gives_prefixes() -> None:
    gone = (IPv4Network("10.1.0.0/16"), IPv4Network("10.2.0.0/16"))
    expected = messages.UpdateMessage(
        endpoints=ENDPOINTS, sent=False, announced={}, withdrawn=gone, as_path=()
    )
    assert expected in of(messages.UpdateMessage)


def test_an_end_of_rib_is_an_update_without_prefixes() -> None:
    content = {"eor": {"afi": "ipv4", "safi": "unicast"}}
    message = parse(line("update", direction="receive", message=content))
    assert message == messages.UpdateMessage(
        endpoints=ENDPOINTS, sent=False, announced={}, withdrawn=(), as_path=()
    )


def test_the_segments_of_an_as_path_are_joined_in_their_order() -> None:
    path = {"1": {"element": "as-set", "value": [3, 4]}, "0": {"element": "as-sequence", "value": [1, 2]}}
    message = parse(line("update", direction="receive", message={"update": {"attribute": {"as-path": path}}}))
    assert isinstance(message, messages.UpdateMessage)
    assert message.as_path == (1, 2, 3, 4)


def test_a_notification_that_we_sent_gives_code_subcode_and_data() -> None:
    text = "ASN in OPEN (65533) did not match ASN expected (65000)"
    assert of(messages.NotificationMessage, "wrong_as.jsonl") == [
        messages.NotificationMessage(
            endpoints=(IPv4Address("192.168.1.3"), CPE),
            sent=True,
            code=2,
            subcode=2,
            data=text.encode(),
            detail=text,
        )
    ]


def test_a_shutdown_communication_that_we_received_is_its_text() -> None:
    (message,) = of(messages.NotificationMessage)
    assert isinstance(message, messages.NotificationMessage)
    assert (message.sent, message.code, message.subcode, message.detail) == (False, 6, 2, "planned work")


def test_a_shutdown_communication_that_we_sent_is_its_text_without_its_length() -> None:
    content = {"code": 6, "subcode": 2, "data": "0x03627965", "message": "\x03bye"}
    message = parse(line("notification", direction="send", notification=content))
    assert isinstance(message, messages.NotificationMessage)
    assert (message.data, message.detail) == (b"\x03bye", "bye")


def test_notification_data_that_is_no_text_has_no_detail() -> None:
    content = {"code": 2, "subcode": 7, "data": "0x0104FF00", "message": ""}
    message = parse(line("notification", direction="receive", notification=content))
    assert isinstance(message, messages.NotificationMessage)
    assert (message.data, message.detail) == (b"\x01\x04\xff\x00", "")


def test_the_list_of_neighbours_gives_what_tells_them_apart() -> None:
    assert recording("neighbors.json") == [
        messages.NeighborsMessage(
            neighbors=frozenset(
                {
                    messages.LoadedNeighbor(
                        endpoints=ENDPOINTS,
                        local_as=65476,
                        peer_as=65533,
                        router_id=ENDPOINTS[0],
                        hold_time=180,
                    )
                }
            )
        )
    ]


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"done\n",
        b"\xff\xfe",
        b"{",
        b"null",
        b"7",
        b"[7]",
        b'{"type": "state"}',
        b"[" * 100_000,
        line("comet"),
        line("state", state="sideways"),
        line("fsm", state="SIDEWAYS"),
        line("open", open={"capabilities": []}),
        line(
            "update", direction="receive", message={"update": {"withdraw": {"ipv4 unicast": [{"nlri": "x"}]}}}
        ),
        line("update", direction="across", message={"eor": {}}),
        line("notification", direction="send", notification={"code": 1, "subcode": 1, "data": "0xzz"}),
    ],
)
def test_what_is_not_understood_is_unrecognized(garbage: bytes) -> None:
    assert isinstance(parse(garbage), messages.Unrecognized)


def test_an_unrecognized_line_is_quoted_in_part_only() -> None:
    message = parse(b"x" * 100_000)
    assert isinstance(message, messages.Unrecognized)
    assert len(message.text) <= 200


@given(st.binary())
def test_no_octets_raise(octets: bytes) -> None:
    parse(octets)


RECORDED = [
    line
    for name in ("closed_by_peer.jsonl", "wrong_as.jsonl", "neighbors.json")
    for line in (DATA / name).read_bytes().splitlines()
]
VALUES = st.sampled_from([None, True, -1, 2**70, 0.5, "", "x", "10.1.1.2", [], [None], {}, {"x": None}])


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a document with every key or index in it."""
    for key in value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0):
        yield value, key
        yield from places(value[key])


@given(st.sampled_from(RECORDED), VALUES, st.data())
def test_no_value_in_any_place_of_a_recorded_line_raises(
    text: bytes, value: object, data: st.DataObject
) -> None:
    document = json.loads(text)
    container, key = data.draw(st.sampled_from(list(places(document))))
    container[key] = value
    parse(json.dumps(document).encode())
