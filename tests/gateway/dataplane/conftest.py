"""What the tests of a tunnel start from."""

import pytest

from tests.gateway.dataplane.one_tunnel import OneTunnel


@pytest.fixture
def made() -> OneTunnel:
    """A tunnel without CHILD SAs and without a bandwidth tier."""
    return OneTunnel()
