"""GSA-NAT-015: IKE arrives with a wrong UDP checksum, and the kernel drops it."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import plural
from gateway.diagnosis.rules.waiting import since_it_waits, waits


def _find(history: History) -> Evidence | None:
    if not waits(history):
        return None
    wrong = since_it_waits(history, history.all("udp_checksum_wrong"))
    if not wrong:
        return None
    last = wrong[-1]
    data = last["data"]
    return Evidence(
        where=f"UDP datagram from {data['remote']} to {data['local']} (record {last['id']})",
        saw=(
            f"UDP checksum {data['carried']}, which is wrong; {plural(len(wrong), 'datagram')} dropped by "
            "the kernel, before IKE"
        ),
        expected=f"checksum {data['computed']}, or none",
        because=tuple(wrong[-3:]),
        fix=Fix(
            cpe=(
                "update or replace the router before it, which changes addresses without correcting the "
                "checksum, or switch its IPsec passthrough (ALG) off; on a virtual CPE switch the checksum "
                "offload of its interface off"
            ),
            device_link="nothing: the datagrams come from its device IP address",
        ),
    )


RULE = Rule(
    code="GSA-NAT-015",
    title="UDP checksum wrong: IKE is dropped before anybody sees it",
    step=Step.FRONT_DOOR,
    certainty=Certainty.PROVEN,
    service="would answer nothing and log nothing: its kernel drops such datagrams as well",
    find=_find,
    page=Page(
        symptom=(
            "The CPE sends IKE_SA_INIT again and again. A capture on the gateway's side shows the requests "
            "arrive, and no program gets them."
        ),
        cause=(
            "The UDP checksum covers the addresses and ports (RFC 768), so who changes those has to correct "
            "it. A NAT, or the IPsec passthrough of a router, that does not makes every datagram invalid. A "
            "virtual machine whose checksums nobody computes, since offloading is promised and not done, "
            "looks the same."
        ),
        proof=(
            "The kernel counts datagrams with wrong checksums. The gateway looks at those on UDP 500 then, "
            "and names the checksum that one has and the one that it should have."
        ),
        fix=(
            'Capture on both sides of the router before the CPE: tcpdump -vv marks the datagram with "bad '
            'udp cksum" from where it is broken on (of what the capturing machine itself sends, that may '
            "be offloading). Update the router, switch off IPsec passthrough or ALG. On a virtual CPE: "
            "ethtool -K eth0 tx off."
        ),
        service="Nothing: the tunnel stays disconnected.",
    ),
)
