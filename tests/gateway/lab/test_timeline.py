"""The gateway's records as lines for people."""

from typing import Any

import pytest

from gateway.lab.timeline import shorten, step_of


def record(name: str, **data: Any) -> dict[str, Any]:
    return {"id": 1, "time": 100.25, "category": "ike", "name": name, "tunnel": "a/b/0", "data": data}


def line(name: str, **data: Any) -> str:
    step = step_of(record(name, **data), 100.0)
    assert step is not None
    return f"{step.who} {step.what} | {step.detail}"


def test_a_step_counts_milliseconds_from_the_start_of_the_cpe() -> None:
    step = step_of(record("routes_advertised", count=25), 100.0)
    assert step is not None
    assert (step.ms, step.tunnel, step.good) == (250, "a/b/0", True)


@pytest.mark.parametrize(
    ("text", "name", "data"),
    [
        (
            "ike IKE_SA_INIT | from 203.0.113.10:500 to 198.51.100.20:500",
            "message_received",
            {"exchange": "IKE_SA_INIT", "remote": "203.0.113.10:500", "local": "198.51.100.20:500"},
        ),
        (
            "ike IKE_AUTH | 203.0.113.10 proved its key, from port 4500",
            "ike_sa_established",
            {"identity": "203.0.113.10 (ID_IPV4_ADDR)", "remote": "203.0.113.10:4500"},
        ),
        (
            "esp CHILD SA | AES_GCM_16-256 in UDP, SPIs 01 02",
            "child_sa_established",
            {"suite": "AES_GCM_16-256 / NO_ESN", "spi_in": "01", "spi_out": "02", "udp_encapsulation": True},
        ),
        (
            "esp CHILD SA rekeyed | AES_GCM_16-256 as protocol 50, SPIs 03 04",
            "child_sa_established",
            {
                "suite": "AES_GCM_16-256 / NO_ESN",
                "spi_in": "03",
                "spi_out": "04",
                "udp_encapsulation": False,
                "replaces": 1,
            },
        ),
        (
            "bgp Established | AS 65001, router ID 10.1.0.4, hold time 30 s",
            "established",
            {"peer_as": 65001, "router_id": "10.1.0.4", "hold_time": 30},
        ),
        ("bgp routes learned | from the CPE: 10.1.0.0/16", "routes_learned", {"prefixes": ["10.1.0.0/16"]}),
    ],
)
def test_a_record_becomes_a_line(text: str, name: str, data: dict[str, Any]) -> None:
    assert line(name, **data) == text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "request_refused",
            {"exchange": "IKE_SA_INIT", "notify": "NO_PROPOSAL_CHOSEN", "reason": "DH"},
        ),
        ("datagram_dropped", {"remote": "1.2.3.4:500", "reason": "unknown_source", "rule": "no device link"}),
        ("notification_sent", {"code": 2, "text": "OPEN Message Error / Bad Peer AS"}),
    ],
)
def test_what_a_working_lab_does_not_show_is_marked(name: str, data: dict[str, Any]) -> None:
    step = step_of(record(name, **data), 100.0)
    assert step is not None
    assert not step.good


def test_a_session_that_is_ended_on_purpose_is_no_fault() -> None:
    step = step_of(record("notification_sent", code=6, text="Cease / Administrative Reset"), 100.0)
    assert step is not None
    assert step.good


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("message_received", {"exchange": "INFORMATIONAL"}),
        ("auth_result", {"ok": False, "detail": "told by the refusal"}),
        ("ike_sa_closed", {"rekeyed": True, "reason": ""}),
        ("closed", {"reason": "NOTIFICATION sent: Cease", "was_established": True}),
        ("gateway_ready", {}),
    ],
)
def test_a_record_that_is_no_step_of_its_own_has_no_line(name: str, data: dict[str, Any]) -> None:
    assert step_of(record(name, **data), 100.0) is None


def test_many_prefixes_are_counted() -> None:
    assert shorten([f"10.{n}.0.0/16" for n in range(5)]) == "10.0.0.0/16, 10.1.0.0/16, 10.2.0.0/16 and 2 more"
