"""Fragments of IKE messages (RFC 7383) to and from strongSwan, and over a path that loses IP fragments."""

from typing import Any

import pytest

from gateway.lab.gateway_node import UP
from gateway.lab.lab import Lab
from gateway.lab.netns import NetnsBackend
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from ike.codec import EncryptedFragmentPayload, parse_message
from ike.constants import HeaderFlag, PayloadType
from tests.interop.captured import Capture, capture_with_keys
from tests.interop.fragment_drills import (
    DROP_FRAGMENTS,
    connect_with_many_proposals,
    records,
    set_fragment_size,
)

pytestmark = pytest.mark.interop

ONE_PING = [{"from": "host", "ping": "52.96.0.1"}]
FRAGMENT_SIZE = 144
"""Octets of strongSwan's IP datagrams: IKE_AUTH takes four or more of them."""
CIPHERS = {
    "AEAD": ("aes256gcm16-prfsha384-modp2048", "aes256gcm16"),
    "CBC and HMAC": ("aes128-sha256-modp2048", "aes128gcm16"),
}


@pytest.fixture(scope="module", params=list(CIPHERS.values()), ids=list(CIPHERS))
def fragmented(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Capture, list[dict[str, Any]]]:
    """The capture and the records of a CPE with small fragments that connects, rekeys both SAs and pings."""

    async def drill(lab: Lab) -> dict[str, Any]:
        await set_fragment_size(lab, FRAGMENT_SIZE)
        captured = await capture_with_keys(lab)
        return {**captured, "records": await records(lab)}

    ike, esp = request.param
    run = run_scenario(
        load("basic", {"traffic": ONE_PING, "cpe": {"ike": ike, "esp": esp}}),
        gateway_command=(*NetnsBackend.gsalab, *UP, "--keylog", "/run/keys"),
        during=drill,
    )
    return Capture.of(run.extra, tmp_path_factory.mktemp("capture")), run.extra["records"]


def messages(
    fragmented: tuple[Capture, list[dict[str, Any]]], name: str, exchange: str
) -> list[dict[str, Any]]:
    """The data of the records about messages of one exchange that came or went in fragments."""
    _, found = fragmented
    return [
        record["data"]
        for record in found
        if record["name"] == name and record["data"]["exchange"] == exchange and record["data"]["fragments"]
    ]


def test_ike_auth_in_four_fragments_or_more_establishes(fragmented: tuple[Capture, list[Any]]) -> None:
    (received,) = messages(fragmented, "message_received", "IKE_AUTH")
    assert len(received["fragments"]) >= 4
    assert max(received["fragments"]) + 32 <= FRAGMENT_SIZE
    capture, _ = fragmented
    assert sorted({row[0] for row in capture.tshark("esp && icmp", "icmp.type")}) == ["0", "8"]


def test_both_ends_rekey_the_ike_sa_in_fragments(fragmented: tuple[Capture, list[Any]]) -> None:
    received = messages(fragmented, "message_received", "CREATE_CHILD_SA")
    sent = messages(fragmented, "message_sent", "CREATE_CHILD_SA")
    _, found = fragmented
    assert len(received) >= 2
    assert sent != []
    assert [record for record in found if record["name"] == "ike_sa_rekeyed"] != []


def test_tshark_puts_the_fragments_of_both_ends_together_and_decrypts_them(
    fragmented: tuple[Capture, list[Any]],
) -> None:
    capture, _ = fragmented
    ours = [
        (skf.number, skf.total, data[19] & HeaderFlag.RESPONSE)
        for data in capture.ike_messages()
        for skf in parse_message(data).payloads
        if isinstance(skf, EncryptedFragmentPayload)
    ]
    shown = "isakmp.frag.number", "isakmp.frag.total", "isakmp.typepayload"
    rows = capture.tshark("isakmp.frag.number", *shown)
    assert [(int(row[0]), int(row[1])) for row in rows] == [(number, total) for number, total, _ in ours]
    last = [
        (response, row[2].split(","))
        for row, (number, total, response) in zip(rows, ours, strict=True)
        if number == total
    ]
    assert {bool(response) for response, _ in last} == {False, True}
    for _, types in last:
        assert str(int(PayloadType.SA)) in types


def test_an_ike_auth_larger_than_the_path_fails_without_fragmentation_and_works_with_it() -> None:
    async def drill(lab: Lab) -> dict[str, Any]:
        await lab.nodes["isp"].check("nft", "-f", "-", stdin=DROP_FRAGMENTS)
        without = await connect_with_many_proposals(lab, fragmentation="no", seconds=3)
        dropped = await lab.nodes["isp"].check("nft", "list", "table", "ip", "no_fragments")
        seen = len(await records(lab))
        with_it = await connect_with_many_proposals(lab, fragmentation="yes", seconds=10)
        return {
            "without": without,
            "with": with_it,
            "dropped": dropped,
            "records": (await records(lab))[seen:],
        }

    run = run_scenario(load("nat-static", {"traffic": ONE_PING}), during=drill)
    assert run.extra["without"] == {"up": False}
    assert "counter packets 0 " not in run.extra["dropped"]
    assert run.extra["with"] == {"up": True, "ping": 0}
    (request,) = [
        record["data"]
        for record in run.extra["records"]
        if record["name"] == "message_received" and record["data"]["exchange"] == "IKE_AUTH"
    ]
    assert request["length"] > 1500
    assert len(request["fragments"]) == 2
