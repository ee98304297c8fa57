"""Wrong CPE configurations that no scenario has, some with two mistakes: the first failing step is named."""

import pytest

from tests.interop.broken_lab import BIRD, LINK, SWANCTL, Mistake, check_with

pytestmark = pytest.mark.interop

WAIT = 20
"""Seconds; a proven finding is answered long before."""
OTHER_KEY = "the key of the old provider"
OTHER_AS = ("local 10.1.0.4 as 65001", "local 10.1.0.4 as 65477")
NO_PREFIX = ('export where proto = "announced"', "export none")

UNFORESEEN = {
    "the link has another address, and the keys differ": (
        "GSA-IKE-001",
        Mistake(lab={f"{LINK}.ipAddress": "192.0.2.66"}, cpe={"psk": OTHER_KEY}, wait=WAIT),
    ),
    "a proposal of the last century": (
        "GSA-IKE-010",
        Mistake(cpe={"ike": "aes128-sha1-modp1024"}, wait=WAIT),
    ),
    "a group that is not allowed, and the keys differ": (
        "GSA-IKE-012",
        Mistake(cpe={"ike": "aes256gcm16-prfsha384-ecp521", "psk": OTHER_KEY}, wait=WAIT),
    ),
    "a cipher that the service does not know": (
        "GSA-IKE-013",
        Mistake(cpe={"ike": "chacha20poly1305-prfsha384-modp2048"}, wait=WAIT),
    ),
    "the keys differ, and ESP is AES-CBC": (
        "GSA-IKE-020",
        Mistake(cpe={"psk": OTHER_KEY, "esp": "aes256-sha256"}, wait=WAIT),
    ),
    "EAP, and the LAN as traffic selector": (
        "GSA-IKE-021",
        Mistake(
            cpe={"local_selector": "10.1.0.0/16"},
            edits={SWANCTL: [("local {\n            auth = psk", "local {\n            auth = eap")]},
            wait=WAIT,
        ),
    ),
    "ESP with SHA-1": ("GSA-IKE-030", Mistake(cpe={"esp": "aes256-sha1"}, wait=WAIT)),
    "one service as remote traffic selector": (
        "GSA-IKE-031",
        Mistake(cpe={"remote_selector": "13.107.6.0/24"}, wait=WAIT),
    ),
    "only BGP as traffic selector, and another AS number": (
        "GSA-IKE-031",
        Mistake(cpe={"local_selector": "10.1.0.4/32"}, edits={BIRD: [OTHER_AS]}, wait=WAIT),
    ),
    "another AS number, and nothing exported": (
        "GSA-BGP-002",
        Mistake(edits={BIRD: [OTHER_AS, NO_PREFIX]}, wait=WAIT),
    ),
    "BGP from the LAN address, and another AS number": (
        "GSA-BGP-003",
        Mistake(edits={BIRD: [("local 10.1.0.4 as 65001", "local 10.1.0.1 as 65477")]}, wait=WAIT),
    ),
    "a digit too many in the neighbour's address, which no route leads into the tunnel": (
        "GSA-BGP-001",
        Mistake(edits={BIRD: [("neighbor 10.2.0.4 as", "neighbor 10.2.0.14 as")]}, wait=WAIT + 4),
    ),
}
STRONGSWAN = "/run/etc/strongswan.conf"
REMOTE_ID = "remote {\n            auth = psk\n            id = 198.51.100.20"
IPV4_UNICAST, MULTICAST = "    ipv4 {\n        import all;", "    ipv4 multicast {\n        import all;"
FROM_ANY_PORT = ("install_virtual_ip = no", "install_virtual_ip = no\n    port = 0\n    port_nat_t = 0")
IPV6_SELECTORS = [("local_ts = 0.0.0.0/0", "local_ts = ::/0"), ("remote_ts = 0.0.0.0/0", "remote_ts = ::/0")]
LAN = "    route 10.1.0.0/16 reject;"
NOT_IN_THE_SCENARIOS_EITHER = {
    "a key with a space and a Windows line break behind it": (
        "GSA-IKE-022",
        Mistake(cpe={"psk": "a-long-shared-secret \r\n"}, wait=WAIT),
    ),
    "a key that the CPE keeps for another peer": (
        "GSA-IKE-040",
        Mistake(edits={SWANCTL: [("secret = ", "id-1 = 198.51.100.99\n        secret = ")]}, wait=7),
    ),
    "IKE from a port of the CPE's choice": (
        "GSA-NAT-010",
        Mistake(edits={STRONGSWAN: [FROM_ANY_PORT]}, wait=WAIT),
    ),
    "IPv6 as traffic selectors": (
        "GSA-IKE-031",
        Mistake(edits={SWANCTL: IPV6_SELECTORS}, wait=WAIT),
    ),
    "EAP, and an address of the gateway that it does not have": (
        "GSA-IKE-021",
        Mistake(
            edits={
                SWANCTL: [
                    ("local {\n            auth = psk", "local {\n            auth = eap"),
                    (REMOTE_ID, REMOTE_ID.replace("198.51.100.20", "198.51.100.21")),
                ]
            },
            wait=WAIT,
        ),
    ),
    "the gateway's address before NAT as its identity, and the LAN as traffic selector": (
        "GSA-IKE-025",
        Mistake(
            cpe={"local_selector": "10.1.0.0/16"},
            edits={SWANCTL: [(REMOTE_ID, REMOTE_ID.replace("198.51.100.20", "10.9.9.9"))]},
            wait=WAIT,
        ),
    ),
    "an AS number of four octets, and nothing exported": (
        "GSA-BGP-008",
        Mistake(
            edits={BIRD: [(OTHER_AS[0], "local 10.1.0.4 as 4200000001"), NO_PREFIX]},
            wait=WAIT,
        ),
    ),
    "IPv4 multicast instead of unicast": (
        "GSA-BGP-014",
        Mistake(edits={BIRD: [(IPV4_UNICAST, MULTICAST)]}, wait=WAIT),
    ),
    "a default route in two halves": (
        "GSA-BGP-020",
        Mistake(
            edits={BIRD: [(LAN, f"{LAN}\n    route 0.0.0.0/1 reject;\n    route 128.0.0.0/1 reject;")]},
            wait=4,
        ),
    ),
}


@pytest.mark.parametrize("name", [*UNFORESEEN, *NOT_IN_THE_SCENARIOS_EITHER])
def test_the_first_finding_is_what_an_expert_would_name_first(name: str) -> None:
    code, mistake = (UNFORESEEN | NOT_IN_THE_SCENARIOS_EITHER)[name]
    checked = check_with(mistake)
    assert (checked.codes[:1], checked.status) == ([code], 1)
    assert checked.offline[:1] == [code]
