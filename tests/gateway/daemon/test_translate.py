"""Events of ``ike`` and ``bgp`` as records: named after their class, JSON-compatible, without keys."""

import json
from ipaddress import IPv4Address, IPv4Network

import pytest

from bgp.events import RoutesLearned, SpeakerStarted
from gateway.daemon.translate import publish_bgp, publish_ike
from gateway.narrate import narrate
from gateway.records import Stream
from ike.child_sa import EspParameters
from ike.constants import Encr
from ike.events import (
    ChildSaEstablished,
    DatagramDropped,
    DropReason,
    EspKeysDerived,
    IncompleteMessageDropped,
    MessageReceived,
    NatDetection,
    PathChanged,
    ProposalsEvaluated,
)
from ike.nat import NatStatus
from ike.path import Path
from ike.proposal import Proposal, Transform
from ike.selection import ProposalVerdict, TransformVerdict

PATH = Path("198.51.100.20", 4500, "203.0.113.10", 4500)


def test_a_record_is_named_after_the_event_and_belongs_to_its_tunnel() -> None:
    event = ChildSaEstablished(
        peer="branch/cpe/0",
        ike_spi="aa_bb",
        path=PATH,
        spi_in=0xC0FFEE01,
        spi_out=1,
        suite="AES_GCM_16-256 / NO_ESN",
        udp_encapsulation=True,
        replaces=None,
    )
    record = publish_ike(Stream(), event)
    assert record is not None
    assert (record.category, record.name) == ("ike", "child_sa_established")
    assert (record.remote_network, record.link, record.tunnel) == ("branch", "cpe", "branch/cpe/0")
    assert record.ike_spi == "aa_bb"
    assert record.data["spi_in"] == "c0ffee01"
    assert record.data["spi_out"] == "00000001"
    assert record.data["remote"] == "203.0.113.10:4500"


def test_a_dropped_datagram_has_the_reason_and_the_rule_in_words() -> None:
    event = DatagramDropped(path=PATH, reason=DropReason.UNKNOWN_SOURCE, detail="IKE_SA_INIT")
    record = publish_ike(Stream(), event)
    assert record is not None
    assert record.tunnel is None
    assert record.data["reason"] == "unknown_source"
    assert record.data["rule"] == "no device link has this source address"


def test_a_changed_path_names_the_child_sas_as_elsewhere_and_is_told_in_one_line() -> None:
    event = PathChanged(
        peer="branch/cpe/0",
        ike_spi="aa_bb",
        path=PATH,
        old=PATH,
        new=PATH._replace(remote_port=1024),
        spis_in=(0xABC, 1),
        udp_encapsulation=True,
    )
    record = publish_ike(Stream(), event)
    assert record is not None
    assert record.data["spis_in"] == ["00000abc", "00000001"]
    assert narrate(record.as_json()) == (
        "the CPE moved from 203.0.113.10:4500 to 203.0.113.10:1024; IKE and ESP in UDP follow"
    )


def test_a_message_that_stayed_incomplete_is_told_with_the_fragments_that_came() -> None:
    event = IncompleteMessageDropped(
        path=PATH,
        exchange="IKE_AUTH",
        message_id=1,
        is_response=False,
        received=(1, 3),
        total=4,
        fragments=(548, 548),
        reason="the other fragments did not come in time",
    )
    record = publish_ike(Stream(), event)
    assert record is not None
    assert record.data["fragments"] == [548, 548]
    assert narrate(record.as_json()) == (
        "IKE_AUTH request given up: of 4 fragments only 1, 3 came; the other fragments did not come in time"
    )


@pytest.mark.parametrize(("fragments", "how"), [((), ""), ((548, 200), " in 2 fragments")])
def test_a_request_is_told_with_the_number_of_its_fragments(fragments: tuple[int, ...], how: str) -> None:
    event = MessageReceived(
        path=PATH,
        exchange="IKE_AUTH",
        message_id=1,
        is_response=False,
        length=748,
        payloads=("IDi", "AUTH"),
        fragments=fragments,
    )
    record = publish_ike(Stream(), event)
    assert record is not None
    assert narrate(record.as_json()) == f"IKE_AUTH request from 203.0.113.10:4500{how}: IDi AUTH"


def test_nat_detection_has_a_category_of_its_own() -> None:
    status = NatStatus(supported=True, remote_behind_nat=True, local_behind_nat=False)
    record = publish_ike(
        Stream(), NatDetection(path=PATH, status=status, source_hash="00", destination_hash="01")
    )
    assert record is not None
    assert record.category == "nat"
    assert record.data["status"]["remote_behind_nat"] is True


def test_verdicts_of_a_selection_are_json() -> None:
    verdict = TransformVerdict(type="DH", offered=("ECP_384",), allowed=("MODP_2048",), accepted=False)
    event = ProposalsEvaluated(
        path=PATH,
        exchange="IKE_SA_INIT",
        verdicts=(ProposalVerdict(number=1, offered="x", suite="c5", transforms=(verdict,), accepted=False),),
        selected=Proposal(1, 1, b"", (Transform(1, 20, 256),)),
        suite="",
    )
    record = publish_ike(Stream(), event)
    assert record is not None
    data = json.loads(json.dumps(record.as_json()))["data"]
    assert data["verdicts"][0]["transforms"][0]["offered"] == ["ECP_384"]
    assert data["selected"] == "AES_GCM_16-256"


def test_keys_are_never_published() -> None:
    stream = Stream()
    esp = EspParameters(
        spi_in=1,
        spi_out=2,
        encr=Encr.AES_GCM_16,
        encr_key_bits=128,
        integ=None,
        encr_key_in=b"k" * 20,
        integ_key_in=b"",
        encr_key_out=b"l" * 20,
        integ_key_out=b"",
        esn=False,
        udp_encapsulation=True,
        path=PATH,
    )
    assert publish_ike(stream, EspKeysDerived(path=PATH, esp=esp)) is None
    assert not stream.history


def test_bgp_events_belong_to_their_neighbour_or_to_the_remote_network() -> None:
    stream = Stream()
    learned = RoutesLearned(
        neighbor="branch/cpe/1",
        prefixes=(IPv4Network("10.1.0.0/16"),),
        next_hop=IPv4Address("10.1.0.4"),
        as_path=(65001,),
    )
    record = publish_bgp(stream, "branch", learned)
    assert (record.tunnel, record.data["prefixes"]) == ("branch/cpe/1", ["10.1.0.0/16"])
    started = publish_bgp(stream, "branch", SpeakerStarted(pid=7))
    assert (started.remote_network, started.tunnel) == ("branch", None)
