"""Every personality of the NAT box between two hosts in namespaces, with plain sockets of the kernel."""

from typing import Any

import pytest

from tests.interop.cpe_drills import until
from tests.interop.natbox_world import FAR, INSIDE, PUBLIC, World, in_world

pytestmark = pytest.mark.interop

BOTH = ((500, 500), (4500, 4500))
ARRIVES: dict[str, list[str | None]] = {
    "none": [f"{INSIDE}:500/64", f"{INSIDE}:4500/64"],
    "static": [f"{PUBLIC}:500/64", f"{PUBLIC}:4500/64"],
    "idle-30s": [f"{PUBLIC}:500/64", f"{PUBLIC}:4500/64"],
    "rebind": [f"{PUBLIC}:500/64", f"{PUBLIC}:4500/64"],
    "pin-500": [f"{PUBLIC}:500/64", f"{PUBLIC}:4500/64"],
    "steal-500": [f"{PUBLIC}:500/64", f"{PUBLIC}:4500/64"],
    "rewrite-500": [f"{PUBLIC}:40000/64", f"{PUBLIC}:4500/64"],
    "rewrite-4500": [f"{PUBLIC}:500/64", f"{PUBLIC}:40001/64"],
    "symmetric": [f"{PUBLIC}:40002/64", f"{PUBLIC}:40003/64"],
    "drop-500": [None, f"{PUBLIC}:4500/64"],
    "drop-4500": [f"{PUBLIC}:500/64", None],
    "drop-esp": [f"{PUBLIC}:500/64", f"{PUBLIC}:4500/64"],
    "drop-esp-in-udp": [f"{PUBLIC}:500/64", None],
    "drop-fragments": [f"{PUBLIC}:500/64", f"{PUBLIC}:4500/64"],
    "drop-zero-checksum": [f"{PUBLIC}:500/64", f"{PUBLIC}:4500/64"],
    "bad-checksum": [None, None],
}
"""What the far host sees of datagrams of 64 octets; ports of the box are handed out in turn."""


def test_every_personality_does_to_kernel_traffic_what_it_is_named_for() -> None:
    async def act(world: World) -> dict[str, list[str | None]]:
        seen = {}
        for personality in ARRIVES:
            await world.box.ask("nat", f"personality={personality}")
            seen[personality] = await world.ask(*BOTH, wait=1)
        return seen

    assert in_world(act, nat={}) == ARRIVES


def test_a_large_datagram_passes_in_fragments_unless_they_are_dropped() -> None:
    async def act(world: World) -> list[Any]:
        passes = await world.ask((4500, 4500, 4000))
        await world.box.ask("nat", "drop=fragments")
        return [passes, await world.ask((4500, 4500, 4000)), await world.ask((4500, 4500, 1000))]

    assert in_world(act, nat={}) == [[f"{PUBLIC}:4500/4000"], [None], [f"{PUBLIC}:4500/1000"]]


def test_ping_and_tcp_pass_and_the_router_still_answers_for_itself() -> None:
    fetch = (
        "import socket; s = socket.create_connection(('198.51.100.1', 8080), 3); print(s.recv(99).decode())"
    )
    serve = (
        "import socket; s = socket.create_server(('0.0.0.0', 8080)); print('listens', flush=True);"
        " c, a = s.accept(); c.sendall(a[0].encode()); c.close()"
    )

    async def act(world: World) -> list[Any]:
        inside, far = world.nodes["inside"], world.nodes["far"]
        await far.start("python3", "-c", serve, log="/run/tcp.log")
        await until(lambda: far.read("/run/tcp.log"), wanted=b"listens\n")
        ping = [
            (await node.run("ping", "-c", "1", "-W", "1", address)).status
            for node, address in ((inside, FAR), (inside, "192.168.1.1"), (far, PUBLIC))
        ]
        return [ping, (await inside.check("python3", "-c", fetch)).strip()]

    assert in_world(act, nat={}) == [[0, 0, 0], PUBLIC]


def test_an_idle_mapping_ends_and_the_box_tells_when() -> None:
    async def act(world: World) -> list[Any]:
        await world.ask((4500, 4500))
        status = await world.box.ask("show")
        await world.ask((500, 4500), (500, 4500), (500, 4500), wait=0.01)

        async def mappings() -> Any:
            return (await world.box.ask("show"))["mappings"]

        await until(mappings, wanted=[])
        return [status["mappings"], world.records]

    before, records = in_world(act, nat={"idle": "1s"})
    assert [row["outside"] for row in before] == [f"{PUBLIC}:4500"]
    made, gone = (
        [record for record in records if record["name"] == f"nat_mapping_{what}"]
        for what in ("created", "expired")
    )
    assert {record["data"]["inside"] for record in made} == {record["data"]["inside"] for record in gone}
    assert gone[0]["time"] - made[0]["time"] >= 1
    assert (gone[0]["category"], gone[0]["data"]["node"]) == ("lab", "isp")


def test_rebind_gives_an_existing_mapping_another_port() -> None:
    async def act(world: World) -> list[Any]:
        before = await world.ask((4500, 4500))
        await world.box.ask("rebind")
        return [*before, *await world.ask((4500, 4500))]

    assert in_world(act, nat={}) == [f"{PUBLIC}:4500/64", f"{PUBLIC}:40000/64"]


def test_the_same_seed_loses_the_same_datagrams_of_the_kernel() -> None:
    async def act(world: World) -> list[list[bool]]:
        runs = []
        for seed in (7, 8, 7):
            # Another seed in between, so that the third run begins its sequence anew.
            await world.box.ask("impair", f"seed={seed}")
            answers = await world.ask(*[(500, 500)] * 30, wait=0.5)
            runs.append([answer is None for answer in answers])
        return runs

    first, other, again = in_world(act, nat=None, impair={"loss": "10%"})
    assert first == again
    assert any(first)
    assert first != other


def test_a_router_without_nat_delays_in_both_directions() -> None:
    async def act(world: World) -> str:
        return (await world.nodes["inside"].check("ping", "-c", "3", "-i", "0.2", FAR)).splitlines()[-1]

    # rtt min/avg/max/mdev = 80.1/80.4/80.9/0.3 ms
    least = float(in_world(act, nat=None, impair={"delay": "40ms"}).split("=")[1].split("/")[0])
    assert least >= 80
