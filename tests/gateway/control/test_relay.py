"""The relay between standard streams and the control socket."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from gateway.control.server import ControlServer
from gateway.records import Stream
from tests.support.runner import CHECKOUT

RELAY = (sys.executable, "-m", "gateway.control.relay")


def test_requests_go_in_and_answers_come_out_until_the_input_ends(tmp_path: Path) -> None:
    async def echo(params: dict[str, Any]) -> dict[str, Any]:
        return params

    async def ask() -> tuple[list[Any], int]:
        server = ControlServer(tmp_path / "s", {"echo": echo}, Stream())
        await server.start()
        relay = await asyncio.create_subprocess_exec(
            *RELAY, str(tmp_path / "s"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CHECKOUT
        )
        assert relay.stdin
        assert relay.stdout
        answers = []
        for number in range(2):
            request = {"method": "echo", "params": {"number": number}}
            relay.stdin.write(json.dumps(request).encode() + b"\n")
            answers.append(json.loads(await relay.stdout.readline()))
        relay.stdin.close()
        status = await relay.wait()
        await server.stop()
        return answers, status

    answers, status = asyncio.run(ask())
    assert answers == [{"result": {"number": 0}}, {"result": {"number": 1}}]
    assert status == 0


def test_a_socket_on_which_nobody_listens_is_an_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [*RELAY, str(tmp_path / "none")],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "No such file" in done.stderr
