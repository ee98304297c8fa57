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
