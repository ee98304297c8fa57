"""What the doctor learns from a gateway that runs here."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.control.server import ControlServer
from gateway.doctor.check import Check
from gateway.doctor.running import check_running_gateway
from gateway.records import Stream

BEHIND = {"supported": True, "remote_behind_nat": False, "local_behind_nat": True}
NOT_BEHIND = {**BEHIND, "local_behind_nat": False}


def checked(socket: Path, *outcomes: dict[str, bool] | None) -> Check:
    """Ask a gateway whose tunnels had these outcomes of NAT detection."""
    tunnels = [
        {
            "name": f"branch/cpe{number}/0",
            "endpoint": "172.17.0.2",
            "advertised_endpoint": "172.17.0.2",
            "nat": outcome,
        }
        for number, outcome in enumerate(outcomes)
    ]

    async def status(_: dict[str, Any]) -> dict[str, Any]:
        return {"remote_networks": [{"tunnels": tunnels}]}

    async def serve() -> Check:
        server = ControlServer(socket, {"status": status}, Stream())
        await server.start()
        try:
            return await asyncio.to_thread(check_running_gateway, socket)
        finally:
            await server.stop()

    return asyncio.run(serve())


def test_published_ports_are_told_from_the_destination_hash_with_the_setting_to_make(tmp_path: Path) -> None:
    check = checked(tmp_path / "s", BEHIND, NOT_BEHIND)
    assert (check.ok, check.required) == (False, False)
    assert (
        check.saw
        == "the CPE sends to another address than 172.17.0.2, by its destination hash: branch/cpe0/0"
    )
    assert "publishing a container's ports is a NAT" in check.fix
    assert "gateway: {advertise: {172.17.0.2: ADDRESS}}" in check.fix


@pytest.mark.parametrize(
    ("outcomes", "saw"),
    [((NOT_BEHIND, None), "found by none of 1 CPEs that sent IKE_SA_INIT"), ((None,), "no CPE has come yet")],
)
def test_without_such_a_hash_it_is_ok(
    outcomes: tuple[dict[str, bool] | None, ...], saw: str, tmp_path: Path
) -> None:
    check = checked(tmp_path / "s", *outcomes)
    assert (check.ok, check.saw) == (True, saw)


def test_no_running_gateway_is_ok(tmp_path: Path) -> None:
    assert check_running_gateway(tmp_path / "none").ok
