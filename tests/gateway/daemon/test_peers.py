"""Which tunnel a new IKE SA belongs to."""

from typing import Any

import pytest

from gateway.daemon.peers import Peers
from gateway.model import IkeSettings
from ike.config import Unidentified
from ike.constants import NotifyType
from ike.events import DropReason
from tests.ike.world import CPE, GATEWAY, PATH_500, PATH_4500, PEER

REWRITTEN = PATH_500._replace(remote_port=1024)
STRANGER = PATH_500._replace(remote_ip="192.0.2.77")


def peers(**settings: Any) -> Peers:
    return Peers({(GATEWAY, CPE): PEER}, IkeSettings.model_validate(settings))


@pytest.mark.parametrize("rewrite", ["reject", "accept"])
@pytest.mark.parametrize("path", [PATH_500, PATH_4500, PATH_4500._replace(remote_port=1024)])
def test_port_500_from_port_500_and_port_4500_from_any_port_are_identified(path: Any, rewrite: str) -> None:
    assert peers(natPortRewrite=rewrite)(path) is PEER


def test_another_source_port_to_port_500_is_not_identified_by_default() -> None:
    found = peers()(REWRITTEN)
    assert isinstance(found, Unidentified)
    assert (found.reason, found.name, found.notify) == (DropReason.PORT_REWRITTEN, PEER.name, None)
    assert f"{CPE}:1024" in found.detail


def test_another_source_port_to_port_500_is_accepted_on_request() -> None:
    assert peers(natPortRewrite="accept")(REWRITTEN) is PEER


def test_a_tunnel_belongs_to_both_of_its_addresses() -> None:
    assert peers()(PATH_500._replace(local_ip="198.51.100.21")) is None


def test_an_unknown_source_gets_silence_by_default() -> None:
    assert peers()(STRANGER) is None
    assert peers()(STRANGER._replace(remote_port=1024)) is None


def test_an_unknown_source_is_told_on_request() -> None:
    found = peers(unknownSource="noProposalChosen")(STRANGER)
    assert isinstance(found, Unidentified)
    assert (found.reason, found.notify) == (DropReason.UNKNOWN_SOURCE, NotifyType.NO_PROPOSAL_CHOSEN)
    assert found.name == ""
