"""The BGP side: renders, supervises and reads ExaBGP (a child process); owns the RIB."""

from bgp.neighbor import Neighbor
from bgp.speaker import Speaker, SpeakerError

__all__ = ["Neighbor", "Speaker", "SpeakerError"]
