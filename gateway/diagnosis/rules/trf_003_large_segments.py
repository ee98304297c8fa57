"""GSA-TRF-003: hosts ask for segments that do not fit into the tunnel."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.traffic import recent

_HEADERS = 40
_MTU = 1380


def _find(history: History) -> Evidence | None:
    seen = recent(history, history.all("large_mss_offered"))
    if seen is None:
        return None
    data = seen["data"]
    return Evidence(
        where=f"TCP SYN inside the tunnel (record {seen['id']})",
        saw=f"{data['source']} asks {data['destination']} for segments of {data['mss']} octets: packets of "
        f"{data['mss'] + _HEADERS}, and ESP comes on top",
        expected=f"at most {_MTU - _HEADERS} octets, clamped by the CPE: the tunnel's MTU is {_MTU}",
        because=(seen,),
        fix=Fix(
            cpe=f"set the MTU of the tunnel interface to {_MTU} and clamp the TCP MSS to {_MTU - _HEADERS}, "
            "in both directions",
            device_link="nothing",
        ),
    )


RULE = Rule(
    code="GSA-TRF-003",
    title="TCP MSS is not clamped",
    step=Step.TRAFFIC,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="shows nothing: small packets pass, large ones vanish",
    find=_find,
    page=Page(
        symptom=(
            "Ping, DNS and the beginning of connections work; pages and downloads hang. It looks like a "
            "slow or broken server, and differs from one destination to the next."
        ),
        cause=(
            "A host announces the segment size of its own Ethernet, 1460 octets, in its SYN. The server "
            "believes it and sends packets of 1500 octets, which do not fit into the tunnel once ESP and "
            "UDP are around them. The ICMP errors that would tell the server are often filtered."
        ),
        proof=(
            "A SYN came out of the tunnel that asks for segments larger than 1390 octets: sealed in ESP in "
            "UDP they exceed a path of 1500 octets. The lab's own edge answers with segments that fit, so "
            "that nothing is lost here: a warning."
        ),
        fix=(
            "Clamp on the CPE, in both directions: nftables: tcp option maxseg size set 1340; IOS XE: ip tcp "
            "adjust-mss 1340 on the tunnel; FortiGate: set tcp-mss-sender and tcp-mss-receiver 1340 in the "
            "policy; PAN-OS: Adjust TCP MSS on the interface. The tunnel's MTU is 1380, the figure of "
            "Microsoft's operations guide."
        ),
        service="Nothing. Microsoft's operations guide says: MTU 1380 for IPsec, and MSS clamping.",
    ),
)
