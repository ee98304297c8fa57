"""Which finding is given, of all that rules see."""

import json

import pytest

from gateway.diagnosis import Certainty, diagnose
from gateway.diagnosis.facts import tunnels_in
from ike.constants import DhGroup, Encr, Prf, ProtocolId
from ike.events import DropReason
from ike.proposal import Proposal, Suite
from tests.gateway.diagnosis.story import DIFFERENT_KEYS, Story, ike_proposal

DEFAULT = Story("minimal.yaml").tunnel.policy
WRONG_IKE = ike_proposal(Encr.AES_GCM_16, 256, Prf.HMAC_SHA2_384, DhGroup.MODP_1024)


def offer(suite: Suite, spi: bytes = b"") -> Proposal:
    """A proposal that is exactly what a suite allows, with its first alternatives."""
    return Proposal(1, suite.protocol, spi, tuple(allowed[0] for allowed in suite.transforms.values()))


@pytest.mark.parametrize("ike", DEFAULT.ike_suites, ids=lambda suite: suite.name)
@pytest.mark.parametrize("esp", DEFAULT.esp_suites, ids=lambda suite: suite.name)
def test_every_default_combination_is_healthy(ike: Suite, esp: Suite) -> None:
    story = Story()
    assert ike.protocol is ProtocolId.IKE
    proposal = offer(ike)
    assert story.init(proposal, ke_group=DhGroup(proposal.transforms[-1].id))
    story.auth()
    story.create_child(offer(esp, bytes(4)))
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings(after=3600) == []


def test_a_gateway_that_nobody_came_to_has_silence_for_its_only_finding() -> None:
    assert Story().findings() == []
    assert Story().finding(after=3600).code == "GSA-IKE-003"


def test_no_records_no_findings() -> None:
    assert diagnose([]) == []


def test_records_without_gateway_ready_need_the_tunnels_from_elsewhere() -> None:
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    ready, *rest = story.records()
    assert diagnose(rest) == []
    assert [f.code for f in diagnose(rest, tunnels=tunnels_in([ready]))] == ["GSA-IKE-020"]


def test_a_cpe_that_failed_and_then_came_up_has_no_finding() -> None:
    story = Story()
    story.dropped(DropReason.UNKNOWN_SOURCE, "192.0.2.7")
    story.init(WRONG_IKE)
    story.init(ke_group=DhGroup.ECP_256)
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    story.init()
    story.auth()
    story.create_child(ours=("10.1.0.0-10.1.255.255",))
    story.create_child()
    story.syn(source="10.1.0.1")
    story.notified(2, 2, sent=True)
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings(after=3600) == []


def test_a_failure_after_a_success_is_found() -> None:
    story = Story()
    story.come_up()
    story.close_ike()
    story.close_child(1)
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    assert story.finding().code == "GSA-IKE-020"


def test_the_first_failing_step_is_named_whatever_failed_later() -> None:
    story = Story()
    story.init()
    story.auth()
    story.create_child(ours=("10.1.0.0-10.1.255.255",))
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    story.init(WRONG_IKE)
    assert story.finding().code == "GSA-IKE-012"


def test_within_a_step_the_latest_evidence_counts() -> None:
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    story.wait(60)
    story.init()
    assert story.finding(after=1).code == "GSA-IKE-020"
    assert story.finding(after=30).code == "GSA-IKE-040"


def test_two_tunnels_have_a_finding_each() -> None:
    story = Story("zone-redundancy.yaml")
    for tunnel in story.tunnels:
        story.tunnel = tunnel
        story.init(WRONG_IKE)
    assert [finding.tunnel for finding in story.findings()] == ["branch1/cpe1/0", "branch1/cpe1/1"]


def test_a_healthy_tunnel_beside_a_broken_one_has_none() -> None:
    story = Story("zone-redundancy.yaml")
    story.come_up()
    story.tunnel = story.tunnels[1]
    story.init(WRONG_IKE)
    assert [finding.tunnel for finding in story.findings(after=60)] == ["branch1/cpe1/1"]


def test_silence_is_judged_by_the_time_of_the_last_record_by_default() -> None:
    story = Story()
    story.connect()
    assert diagnose(story.records()) == []
    story.wait(60)
    story.stream.publish("lab", "gateway_stopping")
    assert [f.code for f in diagnose(story.records())] == ["GSA-BGP-001"]


def test_what_ends_with_the_gateway_is_no_part_of_the_story() -> None:
    story = Story()
    story.connect()
    story.wait(60)
    story.stream.publish("lab", "gateway_stopping")
    stopping = story.records()
    story.wait(1)
    story.close_child(story.child)
    story.close_ike("the gateway stops")
    assert [f.code for f in diagnose(stopping)] == ["GSA-BGP-001"]
    assert diagnose(story.records()) == diagnose(story.records(), now=story.now + 60) == diagnose(stopping)


def test_what_rests_on_silence_is_never_proven() -> None:
    half_open, no_syn, no_prefix, no_retry = Story(), Story(), Story(), Story()
    half_open.init()
    no_syn.connect()
    no_prefix.connect()
    no_prefix.establish_bgp()
    no_retry.init(ke_group=DhGroup.ECP_256)
    found = [story.finding(after=60) for story in (half_open, no_syn, no_prefix, no_retry)]
    assert all(finding.certainty is not Certainty.PROVEN for finding in found)


def test_a_recorded_stream_gives_the_same_findings_as_the_live_one() -> None:
    story = Story()
    story.init(WRONG_IKE)
    recorded = json.loads(json.dumps(story.records()))
    assert diagnose(recorded) == story.findings()


def test_every_record_that_proves_a_finding_is_in_the_stream() -> None:
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    names = {record["id"]: record["name"] for record in story.records()}
    assert [names[number] for number in story.finding().because] == ["identity_offered", "auth_result"]
