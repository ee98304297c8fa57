"""A probe and the responder of a ``World``, with the wire and the clock in the test's hands."""

from collections.abc import Sequence
from ipaddress import IPv4Address

from gateway.endpoint.datagrams import NON_ESP_MARKER
from gateway.lab.probe.attempt import NATT_PORT
from gateway.lab.probe.core import ESP, Probe
from gateway.lab.probe.proposals import Offer
from gateway.lab.probe.settings import Settings
from ike.events import EspKeysDerived
from ike.path import Path
from tests.ike.world import CPE, GATEWAY, PSK, World, counting_random

IKE: Offer = {"ENCR": "AES_GCM_16-256", "PRF": "HMAC_SHA2_384", "DH": "MODP_2048"}
ESP_GCM: Offer = {"ENCR": "AES_GCM_16-256", "ESN": "NO_ESN"}
OURS, THEIRS = IPv4Address("10.1.0.4"), IPv4Address("10.2.0.4")


class Line:
    """The two ends; what the probe sends waits in ``to_gateway`` until it is delivered.

    Args:
        esp: What the probe offers for the CHILD SA.
        ike: What it offers for the IKE SA.
        psk: Its key.
        address: What it takes for its own address; the gateway sees ``CPE``.
    """

    def __init__(
        self,
        *,
        esp: Sequence[Offer] = (ESP_GCM,),
        ike: Sequence[Offer] = (IKE,),
        psk: str = PSK.decode(),
        address: str = CPE,
    ) -> None:
        self.world = World()
        self.log: list[str] = []
        settings = Settings(
            endpoint=IPv4Address(GATEWAY),
            identity=IPv4Address(CPE),
            psk=psk,
            bgp_addresses=(OURS, THEIRS),
            ike=ike,
            esp=esp,
        )
        random = counting_random("the probe")
        self.probe = Probe(settings, address, random, self.log.append, self.world.now)

    def pass_time(self, seconds: float = 0.0) -> list[tuple[int, bytes]]:
        """What the probe sends when so much time has passed."""
        self.world.now += seconds
        self.probe.handle_timer(self.world.now)
        return self.probe.to_send()

    def deliver(self, datagrams: Sequence[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Take datagrams of the probe to the gateway and its answers back; what the probe sends then."""
        for port, data in datagrams:
            assert port != ESP
            marker = len(NON_ESP_MARKER) if port == NATT_PORT else 0
            self.back(self.world.deliver(data[marker:], Path(GATEWAY, port, CPE, port)))
        return self.probe.to_send()

    def back(self, answers: Sequence[tuple[bytes, Path]]) -> None:
        """Take what the gateway sends to the probe."""
        for answer, path in answers:
            marker = NON_ESP_MARKER if path.local_port == NATT_PORT else b""
            self.probe.receive(path.local_port, marker + answer, self.world.now)

    def connect(self) -> list[tuple[int, bytes]]:
        """IKE_SA_INIT and IKE_AUTH, and what the probe sends next."""
        sent = self.pass_time()
        while sent and sent[0][0] != ESP and not self.probe.has_ike_sa:
            sent = self.deliver(sent)
        return sent + self.pass_time()

    @property
    def gateways_esp(self) -> EspKeysDerived:
        """The CHILD SA's keys at the gateway's end."""
        return self.world.last(EspKeysDerived)
