"""GSA-IKE-040: IKE_SA_INIT was answered, and IKE_AUTH never came."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import seconds, where
from gateway.diagnosis.rules.half_open import (
    SILENCE_SECONDS,
    fragments_itself,
    lost_ip_fragments,
    silent_after_init,
    wants_post_quantum_key,
)


def _find(history: History) -> Evidence | None:
    answered = silent_after_init(history)
    if answered is None or lost_ip_fragments(history, answered):
        return None
    nat = history.last("nat_detection")
    moved = nat is not None and nat["data"]["status"]["remote_behind_nat"]
    alone = (
        "" if fragments_itself(history, answered) else "; switch IKE fragmentation on, which it did not offer"
    )
    ppk = wants_post_quantum_key(history, answered)
    return Evidence(
        where=where(answered, "IKE_SA_INIT exchange"),
        saw=("IKE_SA_INIT with USE_PPK (RFC 8784), " if ppk else "IKE_SA_INIT ")
        + f"answered{' without' if ppk else ''}, then nothing for {seconds(history.age(answered))}",
        expected=f"an IKE_AUTH request{', on UDP 4500, where NAT detection sends it' if moved else ''}",
        because=(*((nat,) if nat and nat["id"] < answered["id"] else ()), answered),
        fix=Fix(
            cpe=(
                (
                    "do not require a post-quantum pre-shared key: the gateway has none. Otherwise "
                    if ppk
                    else ""
                )
                + "let UDP 4500 out, and its answers in, on the CPE and on every firewall and router on the "
                "way; or see in its log whether it has no pre-shared key for "
                f"{history.tunnel.advertised_endpoint}: such a CPE stops here too{alone}"
            ),
            device_link="nothing: its address and its policy fit",
        ),
    )


RULE = Rule(
    code="GSA-IKE-040",
    title="Half-open: IKE_AUTH never came",
    step=Step.IKE_AUTH,
    certainty=Certainty.LIKELY,
    service="would show nothing: a half-open IKE SA times out without a log entry",
    find=_find,
    page=Page(
        symptom="The CPE gets the answer to IKE_SA_INIT, then retransmits IKE_AUTH until it gives up.",
        cause=(
            "IKE_SA_INIT goes over UDP 500. With NAT on the way, and with many CPEs always, IKE_AUTH "
            "goes over UDP 4500, and that port is blocked: by the ISP router, a firewall, or an IPsec "
            "passthrough that takes it for itself. When the CPE repeats IKE_SA_INIT instead, it is the "
            "answer that gets lost: GSA-IKE-016. An IKE_AUTH larger than a packet is lost alone when "
            "something drops IP fragments and the CPE does not cut the message itself (RFC 7383). A CPE that "
            "requires a post-quantum pre-shared key (RFC 8784) gives up here of its own accord."
        ),
        proof=(
            "The answer to IKE_SA_INIT left, and no message of the IKE SA came for "
            f"{SILENCE_SECONDS:.0f} seconds. That is silence, so the finding is likely and not proven: "
            "the CPE may also have given up for a reason of its own."
        ),
        fix=(
            "Allow UDP 4500 in both directions between the CPE and the gateway's endpoint, switch off "
            "IPsec passthrough or ALG on the ISP router, and look at a capture on the CPE's WAN side "
            "for the answer to IKE_SA_INIT."
        ),
        service="Nothing: the tunnel just does not come up.",
    ),
)
