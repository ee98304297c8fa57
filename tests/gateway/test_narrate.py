"""What ``gsalab up`` prints of what happens to SAs that live long."""

import pytest

from gateway.daemon.translate import publish_ike
from gateway.narrate import narrate
from gateway.records import Stream
from ike.events import (
    ChildSaEstablished,
    Event,
    IdentityOffered,
    LivenessChecked,
    NotifyReceived,
    OwnRequestRefused,
    RekeyCollision,
    RequestRetransmitted,
    ResponseUnusable,
    RoutabilityChecked,
)
from ike.path import Path
from ike.trial_events import TrialRekeyOmitted, TrialRekeyRefused

PATH = Path("198.51.100.20", 4500, "203.0.113.10", 4500)


def identity(
    *, offered: str = "203.0.113.10 (ID_IPV4_ADDR)", wanted_of_us: str = "198.51.100.20 (ID_IPV4_ADDR)"
) -> IdentityOffered:
    """The event for a device link of 203.0.113.10."""
    return IdentityOffered(
        path=PATH,
        offered=offered,
        expected="203.0.113.10 (ID_IPV4_ADDR)",
        wanted_of_us=wanted_of_us,
        ours="198.51.100.20 (ID_IPV4_ADDR)",
    )


TOLD = {
    "an identity": (
        identity(),
        "the CPE says it is 203.0.113.10 (ID_IPV4_ADDR)",
    ),
    "another identity than that of the device link": (
        identity(offered="192.168.1.2 (ID_IPV4_ADDR)"),
        "the CPE says it is 192.168.1.2 (ID_IPV4_ADDR), the device link has 203.0.113.10 (ID_IPV4_ADDR)",
    ),
    "another gateway that the CPE expects": (
        identity(wanted_of_us="gateway.example (ID_FQDN)"),
        (
            "the CPE says it is 203.0.113.10 (ID_IPV4_ADDR); "
            "it wants us to be gateway.example (ID_FQDN), we are 198.51.100.20 (ID_IPV4_ADDR)"
        ),
    ),
    "a liveness check of ours": (
        LivenessChecked(path=PATH, by_peer=False),
        "the CPE is alive: it answered our liveness check",
    ),
    "a liveness check of the CPE": (LivenessChecked(path=PATH, by_peer=True), None),
    "a request without an answer": (
        RequestRetransmitted(path=PATH, exchange="INFORMATIONAL", message_id=3, attempt=2),
        "no answer yet to our INFORMATIONAL request; sent again, attempt 2",
    ),
    "a refusal": (
        OwnRequestRefused(path=PATH, purpose="rekey the IKE SA", notify="TEMPORARY_FAILURE", again=False),
        "we asked to rekey the IKE SA, the CPE refused with TEMPORARY_FAILURE",
    ),
    "a refusal of the group": (
        OwnRequestRefused(path=PATH, purpose="rekey the CHILD SA", notify="INVALID_KE_PAYLOAD", again=True),
        (
            "we asked to rekey the CHILD SA, the CPE refused with INVALID_KE_PAYLOAD; "
            "asked again with the group that it wants"
        ),
    ),
    "a refused trial": (
        TrialRekeyRefused(
            path=PATH, spi_in=7, notify="NO_PROPOSAL_CHOSEN", group="", wanted_group="", ends_after=3597.0
        ),
        (
            "we rekeyed the CHILD SA on trial, without PFS: the CPE refused with NO_PROPOSAL_CHOSEN; "
            "the CHILD SA goes on, for 3597 s"
        ),
    ),
    "a refused trial with the group that the CPE wants": (
        TrialRekeyRefused(
            path=PATH,
            spi_in=7,
            notify="INVALID_KE_PAYLOAD",
            group="ECP_256",
            wanted_group="MODP_2048",
            ends_after=None,
        ),
        (
            "we rekeyed the CHILD SA on trial, with ECP_256: the CPE refused with INVALID_KE_PAYLOAD, it "
            "wants MODP_2048; the CHILD SA goes on"
        ),
    ),
    "no trial": (
        TrialRekeyOmitted(path=PATH, spi_in=7, reason="the tunnel ended when it was tried before"),
        "CHILD SA 00000007 is not rekeyed on trial: the tunnel ended when it was tried before",
    ),
    "a collision that the CPE won": (
        RekeyCollision(path=PATH, of_ike_sa=False, ours_stays=False),
        "both ends rekeyed the CHILD SA at the same time: the CPE's stays, by the nonces",
    ),
    "a collision that we won": (
        RekeyCollision(path=PATH, of_ike_sa=True, ours_stays=True),
        "both ends rekeyed the IKE SA at the same time: ours stays, by the nonces",
    ),
    "a return routability check": (
        RoutabilityChecked(path=PATH, ok=True),
        "the CPE is reachable at its new address: it returned our COOKIE2",
    ),
    "a failed return routability check": (
        RoutabilityChecked(path=PATH, ok=False),
        "the CPE did not return our COOKIE2 from its new address: the IKE SA ends",
    ),
    "an error of the CPE": (
        NotifyReceived(path=PATH, exchange="INFORMATIONAL", notify="INVALID_SYNTAX", is_error=True),
        "the CPE notifies INVALID_SYNTAX",
    ),
    "a status notification": (
        NotifyReceived(path=PATH, exchange="INFORMATIONAL", notify="COOKIE2", is_error=False),
        None,
    ),
    "a response that is none": (
        ResponseUnusable(path=PATH, exchange="CREATE_CHILD_SA", reason="no SA payload"),
        "the CPE's CREATE_CHILD_SA response cannot be used: no SA payload",
    ),
    "a CHILD SA that we rekeyed": (
        ChildSaEstablished(
            path=PATH,
            spi_in=1,
            spi_out=2,
            suite="AES_GCM_16-256 / NO_ESN",
            udp_encapsulation=False,
            replaces=3,
            initiated_by_us=True,
        ),
        (
            "CHILD SA AES_GCM_16-256 / NO_ESN, ESP, SPIs in 00000001 out 00000002, "
            "replaces 00000003 at our request"
        ),
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_it_is_told_in_one_line_or_not_at_all(name: str) -> None:
    event, line = TOLD[name]
    assert isinstance(event, Event)
    record = publish_ike(Stream(), event)
    assert record is not None
    assert narrate(record.as_json()) == line
