"""The smallest change with which a refused request for a CHILD SA succeeds: replayed with the real core."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from gateway.diagnosis import diagnose, facts_of
from ike.codec import (
    AuthPayload,
    KePayload,
    NotifyPayload,
    Payload,
    SaPayload,
    TSiPayload,
    TSrPayload,
)
from ike.constants import DhGroup, Encr, IdType, Integ, NotifyType
from ike.crypto import dh
from ike.exchanges.child_request import LONGEST_TOLD
from ike.identification import Identification
from ike.selectors import ANY_IPV4
from tests.gateway.diagnosis.recorded_cpe import LAB, SPI, TUNNEL, Change, Cpe
from tests.gateway.diagnosis.story import esp_proposal
from tests.ike.initiator import first, swapped, without
from tests.ike.world import counting_random

LAN = replace(ANY_IPV4, start=IPv4Address("10.1.0.0"), end=IPv4Address("10.1.255.255"))
NEW_SPI = bytes.fromhex("c0ffee02")
CBC = esp_proposal(Encr.AES_CBC, 256, Integ.HMAC_SHA2_256_128)
NAME = Identification(IdType.ID_FQDN, b"branch.example")
TRANSPORT = NotifyPayload(NotifyType.USE_TRANSPORT_MODE)


def swap(new: Payload) -> Change:
    """Replaces a payload."""
    return lambda payloads: swapped(payloads, new)


ESP_CBC = swap(SaPayload((replace(CBC, spi=SPI),)))
ONLY_THE_LAN = swap(TSiPayload((LAN,)))
ONLY_TO_THE_LAN = swap(TSrPayload((LAN,)))


def in_transport_mode(payloads: list[Payload]) -> list[Payload]:
    return [*payloads, TRANSPORT]


def without_auth(payloads: list[Payload]) -> list[Payload]:
    return without(payloads, AuthPayload)


def sentence(*changes: str, suite: str = "") -> str:
    told = f"{', '.join(changes[:-1])} and {changes[-1]}" if len(changes) > 1 else changes[0]
    return f"with {told}, and nothing else changed, the same request is accepted{suite}"


SUITE = " (default phase 2 combination 1)"
WITH_PFS = " (default phase 2 combination 1 with PFS MODP_2048)"
TO_GCM = "encryption AES_GCM_16-256 instead of AES_CBC-256"
NO_HMAC = "no integrity (HMAC_SHA2_256_128 left out)"
THE_KEY = 'the pre-shared key of device link "cpe1"'
TSI = "TSi 0.0.0.0/0 instead of 10.1.0.0-10.1.255.255"
TSR = "TSr 0.0.0.0/0 instead of 10.1.0.0-10.1.255.255"


@pytest.mark.parametrize(
    ("code", "changes", "expected"),
    [
        ("GSA-IKE-030", [ESP_CBC], sentence(TO_GCM, NO_HMAC, suite=SUITE)),
        ("GSA-IKE-031", [ONLY_THE_LAN], sentence(TSI)),
        ("GSA-IKE-031", [ONLY_THE_LAN, ONLY_TO_THE_LAN], sentence(TSI, TSR)),
        ("GSA-IKE-030", [ESP_CBC, ONLY_THE_LAN], sentence(TSI, TO_GCM, NO_HMAC, suite=SUITE)),
        (
            "GSA-IKE-032",
            [ONLY_THE_LAN, in_transport_mode],
            sentence("tunnel mode instead of transport mode", TSI),
        ),
        ("GSA-IKE-021", [without_auth], sentence(f"{THE_KEY} instead of EAP")),
    ],
)
def test_the_smallest_change_of_an_ike_auth_request(
    code: str, changes: Sequence[Change], expected: str
) -> None:
    cpe = Cpe()
    cpe.auth(*changes)
    assert (cpe.finding().code, cpe.finding().what_if) == (code, expected)


def test_an_altered_key_is_changed_back() -> None:
    cpe = Cpe(psk=TUNNEL.psk + b"\n")
    cpe.auth()
    altered = f"{THE_KEY} instead of that key with a line break added at its end"
    assert (cpe.finding().code, cpe.finding().what_if) == ("GSA-IKE-022", sentence(altered))


def test_a_key_that_nobody_knows_is_changed_for_the_links() -> None:
    cpe = Cpe(psk=b"something else")
    cpe.auth()
    assert (cpe.finding().code, cpe.finding().what_if) == (
        "GSA-IKE-020",
        sentence(f"{THE_KEY} instead of the CPE's"),
    )


def test_what_would_be_refused_after_the_key_is_told_with_it() -> None:
    cpe = Cpe(psk=b"something else")
    cpe.auth(ESP_CBC)
    expected = sentence(f"{THE_KEY} instead of the CPE's", TO_GCM, NO_HMAC, suite=SUITE)
    assert (cpe.finding().code, cpe.finding().what_if) == ("GSA-IKE-020", expected)


def test_an_identity_that_is_enforced_is_changed_for_the_public_address() -> None:
    cpe = Cpe(facts={"enforces_identity": True}, enforce_identity=True)
    cpe.send_init()
    payloads = cpe.auth_payloads("192.168.1.2")
    cpe.send_auth(payloads)
    wanted = f"IDi {TUNNEL.peer_address} (ID_IPV4_ADDR) instead of 192.168.1.2 (ID_IPV4_ADDR)"
    assert (cpe.finding().code, cpe.finding().what_if) == ("GSA-IKE-024", sentence(wanted))


def test_an_identity_that_nobody_looks_at_stays_as_it_is() -> None:
    cpe = Cpe(psk=b"something else")
    cpe.send_init()
    cpe.send_auth(cpe.auth_payloads("192.168.1.2"))
    assert cpe.finding().what_if == sentence(f"{THE_KEY} instead of the CPE's")


def test_a_rekey_with_a_group_where_the_policy_has_none_leaves_it_out() -> None:
    cpe = Cpe()
    cpe.auth()
    rekey(cpe, DhGroup.MODP_2048)
    left_out = "no Diffie-Hellman group (MODP_2048 left out)"
    assert (cpe.finding().code, cpe.finding().what_if) == ("GSA-IKE-033", sentence(left_out, suite=SUITE))


@pytest.mark.parametrize(
    ("group", "change"),
    [(None, "MODP_2048 added"), (DhGroup.ECP_256, "MODP_2048 instead of ECP_256")],
)
def test_a_rekey_without_the_policys_group_gets_it(group: DhGroup | None, change: str) -> None:
    policy = facts_of(TUNNEL, LAB).as_json()["policy"] | {"pfs": ["MODP_2048"]}
    cpe = Cpe(facts={"policy": policy}, pfs_groups=(DhGroup.MODP_2048,))
    cpe.auth()
    rekey(cpe, group)
    assert cpe.finding().code == "GSA-IKE-034"
    assert cpe.finding().what_if == sentence(f"Diffie-Hellman group {change}", suite=WITH_PFS)


def test_where_the_policys_group_is_not_recorded_nothing_is_said() -> None:
    policy = facts_of(TUNNEL, LAB).as_json()["policy"] | {"pfs": None}
    cpe = Cpe(facts={"policy": policy})
    cpe.auth()
    rekey(cpe, DhGroup.MODP_2048)
    assert cpe.finding().what_if == ""


def test_a_recording_without_the_request_says_nothing() -> None:
    cpe = Cpe(psk=b"something else")
    cpe.auth()
    records = [record for record in cpe.records() if record["name"] != "child_sa_requested"]
    (finding,) = diagnose(records)
    assert (finding.code, finding.what_if) == ("GSA-IKE-020", "")


def test_a_damaged_recording_says_nothing() -> None:
    cpe = Cpe(psk=b"something else")
    cpe.auth()
    records = cpe.records()
    for record in records:
        if record["name"] == "child_sa_requested":
            record["data"] = {**record["data"], "payloads": "00ff"}
    assert diagnose(records)[0].what_if == ""


def test_a_request_that_is_longer_than_any_honest_one_is_not_recorded_and_says_nothing() -> None:
    cpe = Cpe()
    many = (LAN,) * (LONGEST_TOLD // 16 - 1)
    cpe.auth(swap(TSiPayload(many)), swap(TSrPayload(many)))
    assert (cpe.finding().code, cpe.finding().what_if) == ("GSA-IKE-031", "")


def test_no_secret_is_recorded_with_a_request() -> None:
    cpe = Cpe(psk=TUNNEL.psk + b"\n")
    cpe.auth()
    (requested,) = [record for record in cpe.records() if record["name"] == "child_sa_requested"]
    auth = first(cpe.auth_payloads(str(TUNNEL.peer_address)), AuthPayload).data
    assert auth.hex() not in str(requested)
    assert TUNNEL.psk.hex() not in str(cpe.records())


def rekey(cpe: Cpe, group: DhGroup | None) -> None:
    """The CPE rekeys its CHILD SA, with PFS when a group is given."""
    ke = KePayload(group, dh.generate(group, counting_random("pfs")).public) if group else None
    cpe.rekey_child(SPI, NEW_SPI, groups=[group] if group else [], ke=ke)
