"""A CPE whose exchanges with the responder go through the real core, and what the gateway records of them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from gateway.daemon.key_candidates import candidate_keys
from gateway.daemon.translate import publish_ike
from gateway.diagnosis import Finding, diagnose, facts_of
from gateway.model import load, tunnels
from gateway.records import Stream
from ike.codec import Payload
from tests.gateway.diagnosis.story import EXAMPLES
from tests.ike.initiator import Initiator
from tests.ike.world import CPE, World

LAB = load([EXAMPLES / "minimal.yaml"])
(TUNNEL,) = tunnels(LAB)
SPI = bytes.fromhex("c0ffee01")
Change = Callable[[list[Payload]], list[Payload]]


class Cpe(Initiator):
    """A CPE of the lab file's only tunnel, and what the gateway records of it.

    Args:
        psk: Its key, by default the right one.
        peer: What the gateway has configured otherwise.
        facts: What ``gateway_ready`` says otherwise.
        seed: Makes its random values.
    """

    def __init__(
        self,
        psk: bytes = TUNNEL.psk,
        facts: Mapping[str, Any] | None = None,
        seed: str = "cpe",
        **peer: Any,
    ) -> None:
        candidates = partial(candidate_keys, TUNNEL, [TUNNEL])
        config = replace(TUNNEL.peer_config, candidate_keys=candidates, **peer)
        super().__init__(World(peers={CPE: config}), psk=psk, seed=seed)
        self.facts = facts_of(TUNNEL, LAB).as_json() | dict(facts or {})
        self.esp_spi = SPI

    def auth(self, *changes: Change) -> None:
        """Do IKE_SA_INIT, and IKE_AUTH with its payloads changed."""
        self.send_init()
        payloads = self.auth_payloads(str(TUNNEL.peer_address))
        for change in changes:
            payloads = change(payloads)
        self.send_auth(payloads)

    def records(self) -> list[dict[str, Any]]:
        """What the gateway has recorded."""
        stream = Stream(lambda: 0.0)
        stream.publish("lab", "gateway_ready", endpoints=[], tunnels=[self.facts])
        for event in self.world.events:
            publish_ike(stream, event)
        return [record.as_json() for record in stream.history]

    def findings(self) -> list[Finding]:
        """What the rules find."""
        return diagnose(self.records())

    def finding(self) -> Finding:
        """The only finding."""
        (finding,) = self.findings()
        return finding
