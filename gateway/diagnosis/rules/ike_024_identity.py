"""GSA-IKE-024: the key is right, the identity is not the expected one, and the gateway enforces it."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.authentication import failed, identity_refused, proof
from gateway.diagnosis.rules.common import where
from gateway.diagnosis.what_if import what_if


def _find(history: History) -> Evidence | None:
    result = failed(history)
    if result is None or not identity_refused(result):
        return None
    because = proof(history, result)
    identity = because[0]["data"] if len(because) > 1 else {}
    peer = history.tunnel.peer
    return Evidence(
        where=where(result, "IKE_AUTH request"),
        saw=f"IDi {identity.get('offered', 'of another kind')}; the AUTH payload verifies: the key is right",
        expected=f"IDi {identity.get('expected', peer)}: gateway.ike.identity is address",
        because=because,
        fix=Fix(
            cpe=f"set its own (local) identity to its public address, {peer}, of type IPv4 address",
            device_link="nothing; in the lab file, gateway: {ike: {identity: ignore}} accepts any identity",
            strongswan=f"local {{ id = {peer} }}",
        ),
        what_if=what_if(history, result),
    )


RULE = Rule(
    code="GSA-IKE-024",
    title="Identity refused",
    step=Step.IKE_AUTH,
    certainty=Certainty.PROVEN,
    service="is not known to look at the identity; if it does, AUTHENTICATION_FAILED is all it says",
    find=_find,
    page=Page(
        symptom="IKE_SA_INIT succeeds, then the CPE logs AUTHENTICATION_FAILED, and the key is right.",
        cause=(
            "The CPE sends another identity (IDi) than its public address: a name, an e-mail address, or "
            "the private address of its WAN interface, which is what most devices send by default behind "
            "NAT. The lab refuses it only with gateway.ike.identity set to address; without that it is "
            "accepted, as the service's behaviour is not documented."
        ),
        proof=(
            "The AUTH payload verifies with the link's key, and the IDi payload, which it covers, is not "
            "the device IP address (RFC 7296 section 2.15)."
        ),
        fix=(
            "Set the local identity to the public address on the CPE (strongSwan: local { id = ADDRESS }; "
            "FortiGate: set localid with set localid-type address; IOS XE: identity local address in the "
            "crypto ikev2 profile; Palo Alto: Local Identification, IP address)."
        ),
        service="Not documented. A CPE that sends its public address is right in any case.",
    ),
)
