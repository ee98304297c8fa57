"""What is tried when a CPE fails to authenticate: variants of its own key, and the keys of other tunnels."""

from collections.abc import Sequence

from gateway.model import Tunnel
from gateway.model.key_variants import variants
from ike.config import CandidateKey


def candidate_keys(tunnel: Tunnel, tunnels: Sequence[Tunnel]) -> tuple[CandidateKey, ...]:
    """What to try for a tunnel: the other tunnel of its link, variants of its key, then other links.

    The order counts when a lab has more links than can be tried.
    """
    others = [t for t in tunnels if t.name != tunnel.name and t.psk != tunnel.psk]
    own_link = [t for t in others if _link(t) == _link(tunnel)]
    elsewhere = [t for t in others if _link(t) != _link(tunnel)]
    return (*_keys(own_link), *variants(tunnel.psk), *_keys(elsewhere))


def _keys(tunnels: Sequence[Tunnel]) -> tuple[CandidateKey, ...]:
    return tuple(CandidateKey(psk=t.psk, hint=f"the key of {t.name}", owner=t.name) for t in tunnels)


def _link(tunnel: Tunnel) -> tuple[str, str]:
    return tunnel.remote_network, tunnel.link
