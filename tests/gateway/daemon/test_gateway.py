"""What a gateway refuses before it makes anything."""

import asyncio
from pathlib import Path

import pytest

from gateway.daemon.gateway import Gateway, Options
from gateway.model import LabFileError, load
from gateway.records import Stream

BRANCH = """\
remoteNetworks:
  - name: branch{number}
    region: westUS
    forwardingProfiles: [microsoft]
    deviceLinks:
      - name: cpe
        ipAddress: 203.0.113.1{number}
        bgpConfiguration: {{localIpAddress: 10.2.0.{number}, peerIpAddress: 10.1.0.{number}, asn: 65001}}
"""


def test_several_remote_networks_cannot_share_a_namespace_and_both_ways_out_are_named(tmp_path: Path) -> None:
    files = [tmp_path / f"branch{number}.yaml" for number in (4, 5)]
    for number, file in zip((4, 5), files, strict=True):
        file.write_text(BRANCH.format(number=number))
    gateway = Gateway(load(files, psk="a-long-shared-secret"), Stream(), Options(shared=True))
    with pytest.raises(LabFileError) as refused:
        asyncio.run(gateway.start())
    text = "\n".join(problem.render() for problem in refused.value.problems)
    assert "one container for each remote network" in text
    assert "--namespaces own, for which a container needs SYS_ADMIN" in text
