"""Tells what happens to the NAT detection hashes of a story, as the gateway's searches do."""

from gateway.diagnosis.autopsy import AUTOPSY, DETECTED, OFFERED, Autopsy, Inside, hashes_of
from tests.gateway.diagnosis.story import Story


def autopsy(story: Story, inside: str = "") -> None:
    """The newest hashes were searched for; without an address, all private ones in vain."""
    offered = next(r for r in reversed(story.records()) if r["name"] in (OFFERED, DETECTED))
    hashes = hashes_of(offered)
    assert hashes is not None
    address, _, port = inside.rpartition(":")
    found = Inside(address=address, port=int(port)) if inside else None
    outcome = Autopsy(hashes=hashes, inside=found, searched="usual" if inside else "all")
    story.stream.publish("nat", AUTOPSY, tunnel=offered.get("tunnel"), **outcome.as_json())


def wrong_checksum(story: Story, source: str = "198.51.100.10:500") -> None:
    """The kernel drops an IKE_SA_INIT for its UDP checksum."""
    known = source.startswith(f"{story.tunnel.peer_address}:")
    story.stream.publish(
        "nat",
        "udp_checksum_wrong",
        tunnel=story.tunnel.name if known else None,
        remote=source,
        local=f"{story.tunnel.endpoint}:500",
        carried="1234",
        computed="abcd",
    )


def liveness(story: Story) -> None:
    """The CPE answers our liveness check."""
    story.stream.publish(
        "ike", "liveness_checked", tunnel=story.tunnel.name, ike_spi=story.spi, by_peer=False
    )


def no_esp_seen(story: Story) -> None:
    """No ESP packet has come since the CHILD SA."""
    story.stream.publish("esp", "no_esp_seen", tunnel=story.tunnel.name, seconds=3.0)


def esp_seen(story: Story) -> None:
    """The first one has come after all."""
    story.stream.publish("esp", "esp_seen", tunnel=story.tunnel.name)


def esp_dropped(story: Story, *, source: str = "", tunnel: str = "", direction: str = "in") -> None:
    """An ESP packet is dropped: of a tunnel, or of nobody's SA from a source."""
    data = {"reason": "unknown_spi", "direction": direction, "packets": 1}
    story.stream.publish(
        "esp", "esp_dropped", tunnel=tunnel or None, **data, **({"remote": source} if source else {})
    )


def esp_probed(story: Story, *, answered: bool) -> None:
    """The gateway has pinged the CPE through the tunnel."""
    story.stream.publish("esp", "esp_probed", tunnel=story.tunnel.name, answered=answered, pings=3)
