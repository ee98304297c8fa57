"""What else strongSwan may ask for: childless IKE SAs, several CHILD SAs, other modes and identities."""

from dataclasses import asdict
from typing import Any

import pytest

from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from tests.interop.router import BY_HAND, Edit, Router

pytestmark = pytest.mark.interop

CHILDLESS = ("version = 2", "version = 2\n        childless = force")
CHILDREN = "        children {\n"
MORE_CHILDREN = (
    CHILDREN,
    CHILDREN
    + "            second {\n                local_ts = 0.0.0.0/0\n                remote_ts = 0.0.0.0/0\n"
    "                esp_proposals = aes256gcm16\n            }\n"
    "            narrow {\n                local_ts = 10.1.0.0/16\n                remote_ts = 0.0.0.0/0\n"
    "                esp_proposals = aes256gcm16\n            }\n",
)
TRANSPORT = ("esp_proposals =", "mode = transport\n                esp_proposals =")
OTHER_GATEWAY = ("id = 198.51.100.20", "id = gateway.example")
ESN_OR_NOT = ("esp_proposals = aes256gcm16", "esp_proposals = aes256gcm16-esn-noesn")
IDENTITIES = {
    "fqdn:cpe.branch.example": "cpe.branch.example (ID_FQDN)",
    "email:cpe@branch.example": "cpe@branch.example (ID_RFC822_ADDR)",
    "keyid:branch": "branch (ID_KEY_ID)",
    '"C=US, O=Branch, CN=cpe1"': "C=US, O=Branch, CN=cpe1 (ID_DER_ASN1_DN)",
    "2001:db8::10": "2001:db8::10 (ID_IPV6_ADDR)",
}


def called(identity: str) -> Edit:
    """An edit that gives the CPE another name."""
    return "id = 203.0.113.10", f"id = {identity}"


async def childless(router: Router) -> dict[str, Any]:
    """An IKE SA alone, then its CHILD SA."""
    await router.swanctl("--terminate", "--ike", "gsa", "--timeout", "5")
    await router.configure(*BY_HAND, CHILDLESS)
    alone = await router.swanctl("--initiate", "--ike", "gsa", "--timeout", "5")
    before = await router.both_views()
    child = await router.swanctl("--initiate", "--child", "gsa", "--timeout", "5")
    await router.until_up()
    return {"status": [alone, child], "before": before, "after": await router.both_views()}


async def several_children(router: Router) -> dict[str, Any]:
    """A second CHILD SA, a narrow one that is refused, then the second goes and comes again."""
    await router.reconnect(MORE_CHILDREN)
    await router.until_up()
    told: dict[str, Any] = {"one": await router.both_views()}
    second = ("--child", "second", "--timeout", "5")
    told["status"] = [await router.swanctl("--initiate", *second)]
    told["two"] = await router.both_views()
    refused = len(router.records("request_refused"))
    told["narrow"] = await router.swanctl("--initiate", "--child", "narrow", "--timeout", "5")
    told["refused"] = (await router.until_told("request_refused", refused))["data"]
    told["still two"] = await router.both_views()
    told["status"] += [
        await router.swanctl("--terminate", *second),
        await router.swanctl("--initiate", *second),
    ]
    told["again"] = await router.both_views()
    told["pings"] = asdict(await router.ping(0.5))
    return told


async def enforced(lab: Lab) -> dict[str, Any]:
    """With ``identity: address`` the lab has come up already; now under another name, and its own again."""
    router = Router(lab)
    refused = [
        await router.reconnect(called(identity)) for identity in ("fqdn:cpe.branch.example", "192.0.2.1")
    ]
    reasons = [record["data"]["notify"] for record in router.records("request_refused")]
    return {"refused": refused, "reasons": reasons, "own": await router.reconnect()}


async def closed_by_notification(router: Router) -> tuple[str, str]:
    """What the CPE wanted the gateway to be, and why the IKE SA ended."""
    await router.until_told("notify_received")
    wanted = router.records("identity_offered")[-1]["data"]["wanted_of_us"]
    return wanted, router.records("ike_sa_closed")[-1]["data"]["reason"]


async def drill(lab: Lab) -> dict[str, Any]:
    router = Router(lab)
    told: dict[str, Any] = {"cookies": len(router.records("cookie_requested"))}
    told["childless"] = await childless(router)
    told["children"] = await several_children(router)
    earlier = len(router.records("request_refused"))  # the CPE asks again after the first refusal
    told["transport"] = await router.reconnect(TRANSPORT), router.records("request_refused")[earlier]["data"]
    told["other gateway"] = await router.reconnect(OTHER_GATEWAY), await closed_by_notification(router)
    told["esn"] = await router.reconnect(ESN_OR_NOT), (await router.far())["children"]
    told["identities"] = {}
    for identity in IDENTITIES:
        connected = await router.reconnect(called(identity))
        told["identities"][identity] = connected, (await router.far())["ike"]["identity"]
    return told


@pytest.fixture(scope="module")
def drilled() -> Any:
    """One CPE that asks for one thing after the other."""
    overrides = {"traffic": [{"from": "host", "ping": "52.96.0.1"}], "lab.gateway.ike": {"cookies": "always"}}
    return run_scenario(load("basic", overrides), during=drill).extra


def alive(views: dict[str, Any]) -> tuple[int, int]:
    """How many IKE SAs and CHILD SAs there are, on both ends."""
    assert views["strongswan"] == views["gateway"]
    return len(views["gateway"]["ike"]), len(views["gateway"]["children"])


def test_a_cpe_returns_the_cookie_that_it_is_asked_for(drilled: Any) -> None:
    assert drilled["cookies"] == 1


def test_a_childless_ike_sa_comes_up_alone_and_gets_its_child_sa_later(drilled: Any) -> None:
    told = drilled["childless"]
    assert told["status"] == [0, 0]
    assert (alive(told["before"]), alive(told["after"])) == ((1, 0), (1, 1))
    assert told["before"]["gateway"]["ike"] == told["after"]["gateway"]["ike"]


def test_an_ike_sa_may_have_several_child_sas_that_come_and_go(drilled: Any) -> None:
    told = drilled["children"]
    assert told["status"] == [0, 0, 0]
    assert [alive(told[when]) for when in ("one", "two", "again")] == [(1, 1), (1, 2), (1, 2)]
    assert len({str(told[when]["gateway"]["ike"]) for when in ("one", "two", "again")}) == 1
    assert told["again"]["gateway"]["children"] != told["two"]["gateway"]["children"]
    assert told["pings"]["unanswered"] == []


def test_narrower_selectors_of_a_further_child_sa_are_refused_and_the_others_stay(drilled: Any) -> None:
    told = drilled["children"]
    assert told["narrow"] != 0
    assert told["refused"]["notify"] == "TS_UNACCEPTABLE"
    assert told["still two"] == told["two"]


def test_transport_mode_is_refused_for_the_selectors_that_strongswan_sends_with_it(drilled: Any) -> None:
    connected, refused = drilled["transport"]
    assert not connected
    assert (refused["exchange"], refused["notify"]) == ("IKE_AUTH", "TS_UNACCEPTABLE")
    assert "transport mode" in refused["reason"]


def test_a_cpe_that_expects_another_identity_of_the_gateway_says_so_before_it_closes_the_ike_sa(
    drilled: Any,
) -> None:
    connected, (wanted, reason) = drilled["other gateway"]
    assert not connected
    assert wanted == "gateway.example (ID_FQDN)"
    assert reason == "the peer reports AUTHENTICATION_FAILED"


def test_a_cpe_that_leaves_the_choice_gets_32_bit_sequence_numbers(drilled: Any) -> None:
    connected, (child,) = drilled["esn"]
    assert connected
    assert child["suite"] == "AES_GCM_16-256 / NO_ESN"


@pytest.mark.parametrize("identity", IDENTITIES)
def test_a_cpe_may_call_itself_anything_and_is_reported(drilled: Any, identity: str) -> None:
    assert drilled["identities"][identity] == [True, IDENTITIES[identity]]


def test_where_the_identity_is_enforced_another_one_fails_authentication() -> None:
    overrides = {
        "traffic": [{"from": "host", "ping": "52.96.0.1"}],
        "lab.gateway.ike": {"identity": "address"},
    }
    told = run_scenario(load("basic", overrides), during=enforced).extra
    assert told == {"refused": [False, False], "reasons": ["AUTHENTICATION_FAILED"] * 2, "own": True}
