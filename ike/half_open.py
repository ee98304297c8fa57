"""How many IKE SAs wait for IKE_AUTH, in total and by source address.

Those whose initiator returned a cookie are counted apart: their source address is real, so nobody else can
take its places.
"""

from collections import Counter

from ike.ike_sa import IkeSa
from ike.state import State


class HalfOpen:
    """The half-open IKE SAs, counted in O(1)."""

    def __init__(self) -> None:
        self._sources: dict[bytes, tuple[str, bool]] = {}
        self._unverified: Counter[str] = Counter()
        self._verified: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._sources)

    def of_source(self, address: str) -> int:
        """Half-open IKE SAs of a source address."""
        return self._unverified[address] + self._verified[address]

    def verified_of(self, address: str) -> int:
        """Those of them whose initiator returned a cookie."""
        return self._verified[address]

    def source_of(self, sa: IkeSa) -> str:
        """The address that the IKE_SA_INIT of a half-open IKE SA came from, and its response went to."""
        return self._sources[sa.own_spi][0]

    def add(self, sa: IkeSa, *, verified: bool) -> None:
        """Count a new half-open IKE SA at the source of its IKE_SA_INIT.

        Args:
            sa: The IKE SA.
            verified: Whether the request held a valid cookie.
        """
        self._sources[sa.own_spi] = (sa.path.remote_ip, verified)
        self._counter(verified=verified)[sa.path.remote_ip] += 1

    def update(self, sa: IkeSa) -> None:
        """Forget an IKE SA that is half-open no longer; any other is left as it is."""
        if sa.state is State.HALF_OPEN or sa.own_spi not in self._sources:
            return
        address, verified = self._sources.pop(sa.own_spi)
        counter = self._counter(verified=verified)
        counter[address] -= 1
        if not counter[address]:
            del counter[address]

    def _counter(self, *, verified: bool) -> Counter[str]:
        return self._verified if verified else self._unverified
