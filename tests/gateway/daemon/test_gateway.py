"""What a gateway refuses before it makes anything."""

import asyncio
from pathlib import Path

import pytest

from gateway.daemon.gateway import Gateway, Options
from gateway.model import LabFileError, load
from gateway.records import Stream
from tests.support.runner import CHECKOUT

LABS = CHECKOUT / "containers/labs"


def refusal(*names: str) -> str:
    """Why a gateway for these lab files does not start in a shared namespace."""
    lab = load([Path(LABS / f"{name}.yaml") for name in names], psk="a-long-shared-secret")
    gateway = Gateway(lab, Stream(), Options(shared=True))
    with pytest.raises(LabFileError) as refused:
        asyncio.run(gateway.start())
    return "\n".join(problem.render() for problem in refused.value.problems)


def test_several_remote_networks_cannot_share_a_namespace_and_both_ways_out_are_named() -> None:
    text = refusal("gateway", "bellevue", "redmond")
    assert "one container for each remote network" in text
    assert "--namespaces own, for which a container needs SYS_ADMIN" in text
