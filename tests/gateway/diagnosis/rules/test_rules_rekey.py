"""Rules about rekeying: GSA-IKE-033 to 036, 045 and 046."""

import pytest

from gateway.diagnosis import Certainty, Severity
from ike.constants import DhGroup, Encr, Prf
from tests.gateway.diagnosis.later_story import LaterStory
from tests.gateway.diagnosis.story import esp_proposal, ike_proposal

WITH_GROUP = esp_proposal(Encr.AES_GCM_16, 256, group=DhGroup.MODP_2048)


def came_up() -> LaterStory:
    """A tunnel that works."""
    story = LaterStory()
    story.come_up()
    return story


# PFS


def test_a_rekey_with_a_group_that_the_policy_has_not_is_proven_pfs() -> None:
    story = came_up()
    story.create_child(WITH_GROUP, replaces=1)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-033", Certainty.PROVEN)
    assert "Diffie-Hellman group MODP_2048" in finding.saw
    assert finding.fix.strongswan == "esp_proposals = aes256gcm16"


def test_a_rekey_that_works_in_the_end_is_no_finding() -> None:
    story = came_up()
    story.create_child(WITH_GROUP, replaces=1)
    story.create_child(replaces=1)
    assert story.findings() == []


def custom() -> LaterStory:
    """A tunnel whose policy has PFS group 20, before its first CHILD SA."""
    story = LaterStory("custom-policy.yaml")
    story.init(
        ike_proposal(Encr.AES_GCM_16, 256, Prf.HMAC_SHA2_384, DhGroup.ECP_384), ke_group=DhGroup.ECP_384
    )
    story.auth()
    return story


def custom_up() -> LaterStory:
    """The same with its tunnel."""
    story = custom()
    story.create_child()
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    return story


def test_a_rekey_without_a_group_that_the_policy_wants_is_proven_missing_pfs() -> None:
    story = custom_up()
    story.create_child(replaces=1)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-034", Certainty.PROVEN)
    assert finding.title == "PFS in the policy, none on the CPE: the rekey is refused"
    assert "without PFS" in finding.saw
    assert finding.fix.strongswan == "esp_proposals = aes256gcm16-ecp384"


def test_a_rekey_with_another_group_than_the_policys_says_so() -> None:
    story = custom_up()
    story.create_child(WITH_GROUP, replaces=1)
    finding = story.finding()
    assert finding.code == "GSA-IKE-034"
    assert finding.title == "Another PFS group than the policy's: the rekey is refused"
    assert finding.expected == 'group ECP_384, the PFS group of device link "cpe1"'


def test_a_rekey_whose_cipher_is_refused_too_is_not_about_pfs() -> None:
    story = came_up()
    story.create_child(esp_proposal(Encr.AES_CBC, 256, group=DhGroup.MODP_2048), replaces=1)
    assert story.findings() == []


@pytest.mark.parametrize(("with_group", "code"), [(False, "GSA-IKE-033"), (True, "GSA-IKE-034")])
def test_a_cpe_that_refuses_our_rekey_has_likely_another_pfs_setting(*, with_group: bool, code: str) -> None:
    story = came_up()
    story.own_rekey_refused("NO_PROPOSAL_CHOSEN", with_group=with_group)
    finding = story.finding()
    assert (finding.code, finding.certainty) == (code, Certainty.LIKELY)


def test_a_refusal_for_now_is_no_pfs_setting() -> None:
    story = came_up()
    story.own_rekey_refused("TEMPORARY_FAILURE")
    assert story.findings() == []


def test_a_refused_group_that_is_tried_again_with_another_is_no_finding() -> None:
    story = came_up()
    story.own_rekey_refused("INVALID_KE_PAYLOAD", with_group=True, again=True)
    assert story.findings() == []


# PFS, before the first rekey


def test_a_group_in_ike_auth_that_the_policy_has_not_is_a_forecast() -> None:
    story = LaterStory()
    story.init()
    story.auth()
    story.create_child(WITH_GROUP)
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    finding = story.finding()
    assert (finding.code, finding.severity) == ("GSA-IKE-036", Severity.WARNING)
    assert finding.certainty is Certainty.LIKELY
    assert finding.fix.cpe == "switch PFS off in phase 2"


def test_the_forecast_ends_when_it_has_come_true() -> None:
    story = LaterStory()
    story.init()
    story.auth()
    story.create_child(WITH_GROUP)
    story.create_child(WITH_GROUP, replaces=1)
    assert story.finding().code == "GSA-IKE-033"


def test_the_group_of_the_policy_in_ike_auth_is_fine() -> None:
    story = custom()
    story.create_child(esp_proposal(Encr.AES_GCM_16, 256, group=DhGroup.ECP_384))
    assert story.findings() == []


def test_a_group_that_may_be_left_out_is_fine() -> None:
    story = LaterStory()
    story.init()
    story.auth()
    story.create_child(WITH_GROUP, esp_proposal(Encr.AES_GCM_16, 256, group=DhGroup.NONE))
    assert story.findings() == []


def test_a_rekey_that_worked_refutes_the_group_in_ike_auth() -> None:
    story = LaterStory()
    story.init()
    story.auth()
    story.create_child(WITH_GROUP)
    story.create_child(replaces=1, by_us=True)
    assert story.findings() == []


# PFS, on trial


def test_a_refused_trial_proves_that_the_first_rekey_will_be_refused() -> None:
    story = came_up()
    story.trial_refused()
    finding = story.finding()
    assert (finding.code, finding.severity) == ("GSA-IKE-036", Severity.WARNING)
    assert finding.certainty is Certainty.PROVEN
    assert finding.saw.startswith("NO_PROPOSAL_CHOSEN to a trial rekey without PFS; the CPE took the same")
    assert finding.expected == (
        'a rekey without PFS, as device link "cpe1" has it; the tunnel works now, and ends with its first '
        "lifetime, within 60 min"
    )
    assert finding.fix.cpe == "switch PFS off in phase 2"
    assert finding.fix.strongswan == "esp_proposals = aes256gcm16"


def test_a_refused_trial_with_the_policys_group_wants_that_on_the_cpe() -> None:
    story = custom_up()
    story.trial_refused(group="ECP_384")
    finding = story.finding()
    assert finding.code == "GSA-IKE-036"
    assert "with Diffie-Hellman group ECP_384;" in finding.saw
    assert finding.fix.cpe == "set PFS in phase 2 to ECP_384"
    assert finding.fix.strongswan == "esp_proposals = aes256gcm16-ecp384"
    assert finding.fix.device_link.startswith(
        "a policy without PFS, or with the group of the CPE as pfsGroup"
    )


def test_the_group_that_the_cpe_asks_for_is_named() -> None:
    story = custom_up()
    story.trial_refused("INVALID_KE_PAYLOAD", group="ECP_384", wanted="MODP_2048")
    finding = story.finding()
    assert "with Diffie-Hellman group ECP_384, and wants group MODP_2048;" in finding.saw
    assert "with MODP_2048 as pfsGroup" in finding.fix.device_link


@pytest.mark.parametrize("notify", ["NO_ADDITIONAL_SAS", "TS_UNACCEPTABLE"])
def test_a_trial_that_is_refused_for_something_else_is_not_about_pfs(notify: str) -> None:
    story = came_up()
    story.trial_refused(notify)
    assert story.findings() == []


def test_a_refused_trial_comes_before_the_group_in_ike_auth() -> None:
    story = LaterStory()
    story.init()
    story.auth()
    story.create_child(WITH_GROUP)
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    story.trial_refused()
    assert story.finding().certainty is Certainty.PROVEN


def test_a_rekey_that_works_after_all_refutes_the_trial() -> None:
    story = came_up()
    story.trial_refused()
    story.create_child(replaces=1)
    assert story.findings() == []


@pytest.mark.parametrize("by_us", [True, False])
def test_the_forecast_of_a_trial_ends_when_it_has_come_true(*, by_us: bool) -> None:
    story = came_up()
    story.trial_refused()
    if by_us:
        story.own_rekey_refused("NO_PROPOSAL_CHOSEN")
    else:
        story.create_child(WITH_GROUP, replaces=1)
    assert story.finding().code == "GSA-IKE-033"


def test_a_cpe_that_connects_anew_gets_a_new_trial() -> None:
    story = came_up()
    story.trial_refused()
    story.close_child(story.child)
    story.close_ike()
    story.come_up()
    assert story.findings() == []
    story.trial_refused()
    assert story.finding().code == "GSA-IKE-036"


def test_the_refusal_still_counts_for_a_cpe_that_is_not_tried_again() -> None:
    story = came_up()
    story.trial_refused()
    story.close_child(story.child)
    story.close_ike()
    story.come_up()
    story.trial_omitted()
    assert story.finding().code == "GSA-IKE-036"


# Lifetimes


def rekeyed(story: LaterStory, *ages: float, by_us: bool = False) -> LaterStory:
    """The CHILD SA is rekeyed at these ages of the one before."""
    for age in ages:
        story.wait(age)
        story.create_child(replaces=story.child, by_us=by_us)
        story.close_child(story.child - 1)
    return story


def test_two_rekeys_in_a_row_of_young_child_sas_are_a_short_lifetime() -> None:
    finding = rekeyed(came_up(), 60, 62).finding()
    assert (finding.code, finding.severity, finding.certainty) == (
        "GSA-IKE-035",
        Severity.WARNING,
        Certainty.PROVEN,
    )
    assert finding.saw == "2 rekeys in a row by the CPE, of CHILD SAs 60 s to 62 s old"


@pytest.mark.parametrize("ages", [(60.0,), (300.0, 300.0, 300.0), (60.0, 3000.0, 60.0)])
def test_one_early_rekey_and_lifetimes_of_300_seconds_are_fine(ages: tuple[float, ...]) -> None:
    assert rekeyed(came_up(), *ages).findings() == []


def test_our_own_rekeys_are_not_the_cpes_lifetime() -> None:
    assert rekeyed(came_up(), 60, 60, 60, by_us=True).findings() == []


def test_a_lifetime_that_was_put_right_is_forgotten() -> None:
    assert rekeyed(came_up(), 60, 60, 3000).findings() == []


# Collisions


def test_a_second_collision_is_a_warning_and_the_first_is_chance() -> None:
    story = came_up()
    story.collide()
    assert story.findings() == []
    story.wait(3300)
    story.collide()
    finding = story.finding()
    assert (finding.code, finding.severity) == ("GSA-IKE-045", Severity.WARNING)
    assert finding.saw.startswith(
        "2 times both ends rekeyed the same CHILD SA at once, the last two 3300 s apart"
    )


# Re-authentication


def reauthenticated(*lives: float, away: float = 0.1) -> LaterStory:
    """A CPE that deletes its IKE SA after each of these times and comes back."""
    story = LaterStory()
    story.connect()
    for life in lives:
        story.wait(life)
        story.close_child(story.child)
        story.close_ike("the peer deleted the IKE SA")
        story.wait(away)
        story.connect()
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    return story


def test_a_tunnel_that_is_deleted_and_made_anew_at_regular_intervals_is_re_authentication() -> None:
    finding = reauthenticated(3600, 3500).finding()
    assert (finding.code, finding.severity, finding.certainty) == (
        "GSA-IKE-046",
        Severity.WARNING,
        Certainty.LIKELY,
    )
    assert "after 3500 s" in finding.saw
    assert finding.saw.endswith("no tunnel for 100 ms the last time")


@pytest.mark.parametrize("lives", [(3600.0,), (3600.0, 40.0)])
def test_a_tunnel_that_was_restarted_by_hand_is_no_re_authentication(lives: tuple[float, ...]) -> None:
    assert reauthenticated(*lives).findings() == []


def test_a_cpe_that_stays_away_was_restarted() -> None:
    assert reauthenticated(600, 600, away=30).findings() == []


def test_a_cpe_that_comes_back_with_other_algorithms_was_configured_anew() -> None:
    story = LaterStory()
    story.connect()
    for key_length in (128, 256):
        story.wait(60)
        story.close_child(story.child)
        story.close_ike("the peer deleted the IKE SA")
        story.init()
        story.auth()
        story.create_child(esp_proposal(Encr.AES_GCM_16, key_length))
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings() == []


def test_a_new_tunnel_before_the_old_one_ends_leaves_no_gap() -> None:
    story = LaterStory()
    story.connect()
    for _ in range(2):
        story.wait(3600)
        old = story.spi
        story.connect()
        new, story.spi = story.spi, old
        story.close_child(story.child - 1)
        story.close_ike("the peer deleted the IKE SA")
        story.spi = new
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings() == []
