"""During a flood of spoofed IKE_SA_INIT requests tunnels stay up and new ones come up; see `make stress`."""

import pytest

from benchmarks._flooded import KINDS, flood
from benchmarks._stress import BUSY_CPE

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != BUSY_CPE])
def test_during_a_flood_a_cpe_connects_and_an_established_tunnel_loses_nothing(kind: str) -> None:
    result = flood(kind, rate=1000, seconds=4)
    assert result.sent > 1000
    assert result.delivered > 500
    assert result.connect_seconds is not None
    assert result.pings_lost == 0
