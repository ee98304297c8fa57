"""A valid lab that a test breaks in one place, and ways to load it."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.model import LabFile, LabFileError, Problem, load

LINK: dict[str, Any] = {
    "name": "cpe1",
    "ipAddress": "198.51.100.10",
    "deviceVendor": "other",
    "bandwidthCapacityInMbps": "mbps250",
    "bgpConfiguration": {"localIpAddress": "10.2.0.4", "peerIpAddress": "10.1.0.4", "asn": 65001},
    "redundancyConfiguration": {"redundancyTier": "noRedundancy"},
    "tunnelConfiguration": {"preSharedKey": "correct horse"},
}
CUSTOM: dict[str, Any] = {
    "preSharedKey": "correct horse",
    "ikeEncryption": "gcmAes256",
    "ikeIntegrity": "sha384",
    "dhGroup": "ecp384",
    "ipSecEncryption": "gcmAes256",
    "ipSecIntegrity": "gcmAes256",
    "pfsGroup": "none",
    "saLifeTimeSeconds": 3600,
}

Load = Callable[[Any], LabFile]
Problems = Callable[[Any], list[Problem]]


def lab(*links: dict[str, Any], **network: Any) -> dict[str, Any]:
    """A lab of one remote network; without links it has the valid one."""
    whole = {"name": "branch1", "region": "westEurope", "forwardingProfiles": ["microsoft"]}
    return {"remoteNetworks": [{**whole, "deviceLinks": list(links) or [link()], **network}]}


def link(path: str = "", value: Any = None, **members: Any) -> dict[str, Any]:
    """The valid link with one member (``bgpConfiguration.asn``) set, and further members."""
    result = copy.deepcopy(LINK)
    if path:
        *parents, last = path.split(".")
        target = result
        for name in parents:
            target = target[name]
        target[last] = value
    return result | members


def custom(**members: Any) -> dict[str, Any]:
    """The valid link with a custom policy, some of its members set."""
    return link("tunnelConfiguration", CUSTOM | members)


@pytest.fixture
def load_text(tmp_path: Path) -> Callable[..., LabFile]:
    """Loads a text (or octets) as ``lab.yaml``."""

    def run(text: str | bytes, **options: Any) -> LabFile:
        path = tmp_path / "lab.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load([path], **options)

    return run


@pytest.fixture
def load_lab(load_text: Callable[..., LabFile]) -> Load:
    """Loads a lab given as plain values."""
    return lambda plain: load_text(json.dumps(plain, indent=1))


@pytest.fixture
def problems(load_lab: Load) -> Problems:
    """The problems of a lab given as plain values, errors and warnings."""

    def run(plain: Any) -> list[Problem]:
        try:
            return list(load_lab(plain).warnings)
        except LabFileError as error:
            return error.problems

    return run
