"""Nodes in Linux namespaces: rules, addresses, name service."""

import asyncio
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.lab import netns
from gateway.lab.backend import CommandError
from gateway.lab.channel import Sender
from gateway.lab.netns import NetnsBackend, NetnsDaemon, NetnsNode, nft_rules, node_environment, sysctls
from gateway.lab.sandbox import Sandbox
from gateway.lab.scenario import load


def test_source_nat_names_no_ports_so_that_they_are_kept() -> None:
    topology = load("zone-redundancy").topology()
    rules = nft_rules(topology, topology.nodes["cpe"])
    assert 'oifname "to-internet" ip saddr 172.31.0.0/29 counter snat to 203.0.113.10\n' in rules


def test_the_kernel_takes_back_what_a_nat_box_sends_from_the_router_s_own_address() -> None:
    isp = load("nat-static").topology().nodes["isp"]
    wanted = {"ipv4/conf/all/accept_local": 1, "ipv4/conf/all/rp_filter": 0}
    assert sysctls(isp).items() >= wanted.items()
    assert not wanted.keys() & sysctls(replace(isp, nat=None)).keys()


def test_the_cpe_clamps_the_segment_size_in_both_directions() -> None:
    topology = load("basic").topology()
    rules = nft_rules(topology, topology.nodes["cpe"])
    assert 'oifname "ipsec*" tcp flags syn tcp option maxseg size > 1340' in rules
    assert 'iifname "ipsec*" tcp flags syn tcp option maxseg size > 1340' in rules


def test_a_node_without_nat_and_tunnel_has_no_rules() -> None:
    topology = load("basic").topology()
    assert nft_rules(topology, topology.nodes["internet"]) == ""


def test_no_proxy_of_the_caller_reaches_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    assert "http_proxy" not in node_environment()


def test_temporary_files_of_a_node_go_with_it() -> None:
    assert node_environment()["TMPDIR"] == "/run"


def test_a_program_that_ends_by_itself_just_when_it_is_killed_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Late:
        def __init__(self) -> None:
            self.returncode: int | None = None
            self.end = asyncio.Event()

        def terminate(self) -> None:
            pass

        def kill(self) -> None:
            self.returncode = 0
            self.end.set()
            raise ProcessLookupError

        async def wait(self) -> None:
            await self.end.wait()

    monkeypatch.setattr(netns, "_STOP_TIMEOUT", 0.0)
    daemon = NetnsDaemon(cast("Any", Late()))
    asyncio.run(daemon.stop())
    assert daemon.status == 0


def in_nodes(ask: Callable[[dict[str, NetnsNode]], Any], *, before: str = ":") -> Any:
    """What the coroutine function ``ask`` returns about the nodes of ``basic``; ``before`` is run first."""

    async def build() -> Any:
        return await ask(dict(await NetnsBackend().create(load("basic").topology())))

    def program(sender: Sender) -> None:
        subprocess.run(["sh", "-ec", before], check=True)
        sender.send("result", asyncio.run(build()))

    with Sandbox(program) as box:
        ((_, result),) = box.messages()
    return result


@pytest.mark.interop
def test_nodes_reach_each_other_along_the_links() -> None:
    async def ask(nodes: dict[str, NetnsNode]) -> int:
        return (await nodes["cpe"].run("ping", "-c", "1", "-W", "2", "198.51.100.20")).status

    assert in_nodes(ask) == 0


@pytest.mark.interop
def test_a_node_has_files_of_its_own_below_run() -> None:
    async def ask(nodes: dict[str, NetnsNode]) -> list[str]:
        await nodes["cpe"].write("/run/etc/note", "of the cpe")
        there = await nodes["cpe"].check("cat", "/run/etc/note")
        elsewhere = await nodes["host"].run("cat", "/run/etc/note")
        return [there, str(elsewhere.status)]

    assert in_nodes(ask) == ["of the cpe", "1"]


@pytest.mark.interop
def test_a_secret_file_is_for_root_alone() -> None:
    async def ask(nodes: dict[str, NetnsNode]) -> str:
        await nodes["cpe"].write("/run/secret", "key", mode=0o600)
        return await nodes["cpe"].check("stat", "-c", "%a", "/run/secret")

    assert in_nodes(ask) == "600\n"


@pytest.mark.interop
def test_a_program_that_takes_too_long_is_stopped() -> None:
    async def ask(nodes: dict[str, NetnsNode]) -> int:
        return (await nodes["cpe"].run("sleep", "60", limit=0.2)).status

    assert in_nodes(ask) == 124


@pytest.mark.interop
def test_a_failed_program_is_told_with_its_node_command_and_output() -> None:
    async def ask(nodes: dict[str, NetnsNode]) -> str:
        try:
            return await nodes["cpe"].check("ls", "/none")
        except CommandError as error:
            return str(error)

    assert in_nodes(ask).startswith("cpe: ls /none ended with status 2: ls: cannot access '/none'")


RESOLV_CONF = {
    "a file": "echo nameserver 192.0.2.1 > resolv.conf",
    "a link into /run whose target is missing": "ln -s ../run/systemd/resolve/stub-resolv.conf resolv.conf",
    "a link elsewhere whose target is missing": "ln -s /etc/nowhere/resolv.conf resolv.conf",
    "missing": "ln -s ../usr/share/zoneinfo localtime",
}


@pytest.mark.interop
@pytest.mark.parametrize("kind", RESOLV_CONF)
def test_a_host_has_the_nameserver_of_the_scenario_when_the_machine_s_is(kind: str) -> None:
    async def ask(nodes: dict[str, NetnsNode]) -> list[str]:
        there = await nodes["host"].check("cat", "/etc/resolv.conf")
        return [there, await nodes["host"].check("sh", "-c", "cat /etc/passwd | head -1")]

    before = f"mkdir /run/etc; cd /run/etc; cp /etc/passwd .; {RESOLV_CONF[kind]}; mount --bind /run/etc /etc"
    resolv_conf, passwd = in_nodes(ask, before=before)
    assert resolv_conf == "nameserver 13.107.6.152\n"
    assert passwd.startswith("root:")


@pytest.mark.interop
def test_the_machine_s_own_resolv_conf_is_left_alone() -> None:
    before = Path("/etc/resolv.conf").read_text()

    async def ask(nodes: dict[str, NetnsNode]) -> str:
        return await nodes["host"].check("cat", "/etc/resolv.conf")

    assert in_nodes(ask) != before
    assert Path("/etc/resolv.conf").read_text() == before
