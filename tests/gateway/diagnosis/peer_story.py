"""What unusual peers do: messages that cannot be used, ESP without IKE, too many prefixes."""

from bgp.events import PrefixLimitExceeded
from tests.gateway.diagnosis.story import Story


class PeerStory(Story):
    """A story with such a CPE."""

    def refused_request(self, exchange: str, notify: str, reason: str) -> None:
        """A request is refused before anything in it was looked at."""
        self._refused(exchange, notify, reason)

    def stray_esp(self, remote: str) -> None:
        """ESP comes with an SPI that no SA has."""
        data = {"reason": "unknown_spi", "direction": "in", "packets": 1, "remote": remote, "spi": "152ea80f"}
        self.stream.publish("esp", "esp_dropped", tunnel=None, **data)

    def exceed_prefix_limit(self, count: int) -> None:
        """The CPE announces too many prefixes, and the session ends."""
        self._bgp(PrefixLimitExceeded(neighbor=self.tunnel.name, count=count, limit=4000))
        self.notified(6, 1, sent=True)
