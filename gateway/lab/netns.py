"""Labs in Linux namespaces: a node is a process that holds a network and a mount namespace.

Runs inside the sandbox, whose end removes everything made here; so nothing is ever undone.
"""

import asyncio
import contextlib
import os
import sys
import time
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.control.client import LINE_LIMIT
from gateway.doctor import require_lab_environment
from gateway.doctor.programs import search_path
from gateway.lab.backend import TIMED_OUT, CommandError, Completed, Hear, Program, shell_words
from gateway.lab.channel import Sender
from gateway.lab.sandbox import SHARED, Sandbox
from gateway.lab.state import KeptLab, NetnsLab, save, started_at
from gateway.lab.topology import NodePlan, Topology

_NODES = "nodes"
_STOP_TIMEOUT = 10.0
_RESOLV_CONF = "/etc/resolv.conf"

# A path below /run means the node's own, so a resolv.conf that is a link into /run (systemd-resolved) is only
# written there; any other is covered. Where there is none, /etc becomes a directory of links to the real one.
_HOLD = r"""
set -e
run=$1 bird=$2 nameserver=$3
if [ -n "$bird" ]; then mount --bind "$bird" "$run/bird"; fi
mount --rbind "$run" /run
if [ -n "$nameserver" ]; then
    echo "nameserver $nameserver" > /run/resolv.conf
    target=$(readlink -m /etc/resolv.conf)
    case $target in
        /run/*) mkdir -p "${target%/*}"; [ "$target" = /run/resolv.conf ] || cp /run/resolv.conf "$target" ;;
        *)  if [ ! -e "$target" ]; then
                mkdir /run/etc; mount --bind /etc /run/etc; mount -t tmpfs etc /etc
                for entry in /run/etc/*; do
                    if [ -L "$entry" ]; then cp -P "$entry" /etc/; else ln -s "$entry" /etc/; fi
                done
                rm -f /etc/resolv.conf; : > /etc/resolv.conf; target=/etc/resolv.conf
            fi
            mount --bind /run/resolv.conf "$target" ;;
    esac
fi
echo ready
exec sleep infinity
"""

_MSS = 1340
"""Octets of TCP that fit in a packet through the tunnel, whose MTU is 1380."""


def node_environment() -> dict[str, str]:
    """What every program in a node gets: of the caller's settings only what output needs, so no proxies.

    Temporary files go to the node's /run, because nobody would remove them from the machine's /tmp.
    """
    kept = {
        name: os.environ[name] for name in ("LANG", "TERM", "VIRTUAL_ENV", "NO_COLOR") if name in os.environ
    }
    path = f"{Path(sys.executable).parent}:{search_path()}"
    return {"PATH": path, "HOME": "/run", "TMPDIR": "/run", "XDG_RUNTIME_DIR": "/run", **kept}


async def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
        process.kill()
    await process.wait()


class NetnsDaemon:
    """A program started in a node."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def status(self) -> int | None:
        """Exit status, None while it runs."""
        return self._process.returncode

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL."""
        if self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_TIMEOUT)
        except TimeoutError:
            await _kill(self._process)


class NetnsNode:
    """A node: ``pid`` is the process that holds its namespaces, by its number inside the lab."""

    def __init__(self, plan: NodePlan, holder: Process) -> None:
        self.plan = plan
        self.pid = holder.pid
        self._run = Path(SHARED, plan.name)

    def path(self, inside: str) -> Path:
        """The file as the sandbox sees it."""
        return self._run / Path(inside).relative_to("/run")

    async def write(self, inside: str, text: str, *, mode: int = 0o644) -> None:
        """Write a file below /run; it never exists with more rights than ``mode``."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode)
        path.write_text(text, encoding="utf-8")

    async def read(self, inside: str) -> bytes:
        """Read a file below /run."""
        try:
            return self.path(inside).read_bytes()
        except FileNotFoundError:
            return b""

    async def listens(self, socket: str) -> bool:
        """Try to connect."""
        try:
            _, writer = await asyncio.open_unix_connection(str(self.path(socket)))
        except OSError:
            return False
        writer.close()
        return True

    async def connect(self, socket: str) -> tuple[StreamReader, StreamWriter]:
        """Connect to a unix socket below /run."""
        return await asyncio.open_unix_connection(str(self.path(socket)), limit=LINE_LIMIT)

    async def cover(self, path: str, inside: str) -> None:
        """Bind-mount, in the node's mount namespace only."""
        await self.check("mount", "--bind", inside, path)

    def command(self, argv: tuple[str, ...]) -> list[str]:
        """A command that does the same from anywhere in the sandbox."""
        return ["nsenter", "-t", str(self.pid), "-n", "-m", "--", *argv]

    async def run(self, *argv: str, limit: float = 10.0, stdin: str | None = None) -> Completed:
        """Run to the end or the time limit."""
        process = await asyncio.create_subprocess_exec(
            *self.command(argv),
            stdin=DEVNULL if stdin is None else PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=node_environment(),
        )
        given = None if stdin is None else stdin.encode()
        try:
            output, errors = await asyncio.wait_for(process.communicate(given), limit)
        except TimeoutError:
            await _kill(process)
            return Completed(status=TIMED_OUT, output="", errors=f"no end within {limit:g} s")
        return Completed(
            status=process.returncode or 0,
            output=output.decode(errors="replace"),
            errors=errors.decode(errors="replace"),
        )

    async def check(self, *argv: str, limit: float = 10.0, stdin: str | None = None) -> str:
        """Run, and raise ``CommandError`` unless the status is 0."""
        done = await self.run(*argv, limit=limit, stdin=stdin)
        if done.status != 0:
            said = (done.errors or done.output).strip()
            raise CommandError(
                f"{self.plan.name}: {shell_words(argv)} ended with status {done.status}: {said}"
            )
        return done.output

    async def start(self, *argv: str, log: str) -> NetnsDaemon:
        """Start in the background, output to ``log``."""
        path = self.path(log)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *self.command(argv), stdin=DEVNULL, stdout=output, stderr=output, env=node_environment()
            )
        return NetnsDaemon(process)

    def entry(self) -> dict[str, object]:
        """The pid inside the lab."""
        return {"pid": self.pid, "role": self.plan.role}


class NetnsBackend:
    """Builds a topology with util-linux, iproute2 and nftables, in a sandbox."""

    gsalab: tuple[str, ...] = (sys.executable, "-m", "gateway.cli")

    def require(self) -> None:
        """Namespaces, /dev/net/tun and the CPE's programs are needed on this machine."""
        require_lab_environment()

    def run(self, name: str, program: Program, hear: Hear, *, keep: bool) -> KeptLab | None:
        """Run the program in a sandbox, in a fork of this process; its exceptions arrive as RuntimeError."""

        def main(sender: Sender) -> None:
            asyncio.run(_main(program, sender, keep=keep))

        with Sandbox(main) as box:
            for kind, body in box.messages():
                if kind == _NODES:
                    lab = _remember(name, box, body)
                    box.keep()
                    return lab
                hear(kind, body)
        return None

    async def create(self, topology: Topology) -> Mapping[str, NetnsNode]:
        """Holders first, then the links between them, then each node's own settings."""
        holders = await asyncio.gather(*(_hold(plan) for plan in topology.nodes.values()))
        nodes = {node.plan.name: node for node in holders}
        await _link(topology, nodes)
        await asyncio.gather(*(_configure(topology, node) for node in nodes.values()))
        return nodes


async def _main(program: Program, sender: Sender, *, keep: bool) -> None:
    """The lab's main process; a lab that is kept goes on until it is killed."""
    nodes = await program(sender.send)
    if keep and nodes is not None:
        sender.send(_NODES, {name: node.entry() for name, node in nodes.items()})
        await asyncio.Event().wait()


def _remember(name: str, box: Sandbox, nodes: dict[str, Any]) -> NetnsLab:
    lab = NetnsLab(
        name=name,
        created=time.time(),
        warden=box.warden,
        warden_started=started_at(box.warden) or 0,
        init=box.init,
        init_started=started_at(box.init) or 0,
        nodes=nodes,
    )
    save(lab)
    return lab


async def _hold(plan: NodePlan) -> NetnsNode:
    """Start what keeps a node's namespaces; a part of a CPE finds the CPE's BIRD in its own /run."""
    run = Path(SHARED, plan.name)
    bird = Path(SHARED, plan.part_of, "bird") if plan.part_of else None
    for folder in (run, *((bird, run / "bird") if bird else ())):
        folder.mkdir(parents=True, exist_ok=True)
    nameserver = "" if plan.nameserver is None else str(plan.nameserver)
    process = await asyncio.create_subprocess_exec(
        *(
            "unshare",
            "--net",
            "--mount",
            "--",
            "sh",
            "-c",
            _HOLD,
            "node",
            str(run),
            str(bird or ""),
            nameserver,
        ),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env=node_environment(),
    )
    assert process.stdout is not None  # noqa: S101 - PIPE above
    assert process.stderr is not None  # noqa: S101
    if await process.stdout.readline() != b"ready\n":
        said = (await process.stderr.read()).decode(errors="replace").strip()
        raise CommandError(f"{plan.name}: its namespaces could not be made: {said}")
    return NetnsNode(plan, process)


async def _link(topology: Topology, nodes: Mapping[str, NetnsNode]) -> None:
    """One ``ip`` process for all cables: each end is born in its node."""
    lines = link_lines(topology, {name: node.pid for name, node in nodes.items()})
    process = await asyncio.create_subprocess_exec(
        "ip", "-batch", "-", stdin=PIPE, stdout=PIPE, stderr=PIPE, env=node_environment()
    )
    _, errors = await process.communicate("\n".join(lines).encode())
    if process.returncode != 0:
        raise CommandError(f"the links could not be made: {errors.decode(errors='replace').strip()}")


def link_lines(topology: Topology, pids: Mapping[str, int]) -> list[str]:
    """``ip`` commands for all cables, given a process of each node."""
    return [
        f"link add {one.interface} netns {pids[one.node]} type veth"
        f" peer name {other.interface} netns {pids[other.node]}"
        for one, other in (link.ends for link in topology.links)
    ]


async def _configure(topology: Topology, node: NetnsNode) -> None:
    plan = node.plan
    for key, value in sysctls(plan).items():
        await node.check(
            "sh", "-c", '[ ! -e "$1" ] || echo "$2" > "$1"', "set", f"/proc/sys/net/{key}", str(value)
        )
    await node.check("ip", "-batch", "-", stdin="\n".join(ip_lines(topology, plan)))
    rules = nft_rules(topology, plan)
    if rules:
        await node.check("nft", "-f", "-", stdin=rules)


def sysctls(plan: NodePlan) -> dict[str, int]:
    """Values under /proc/sys/net, in the order in which they are written."""
    values = {
        "ipv6/conf/all/disable_ipv6": 1,  # the service has no IPv6; router solicitations would only add noise
        "ipv6/conf/default/disable_ipv6": 1,
    }
    if plan.forwards:
        values |= {
            "ipv4/ip_forward": 1,
            "ipv4/fib_multipath_hash_policy": 1,  # equal-cost paths are chosen by connection
        }
    if plan.box_toward:
        # What its NAT box hands back to the kernel comes by a TUN device, from the router's own address.
        values |= {
            "ipv4/conf/all/accept_local": 1,
            "ipv4/conf/all/rp_filter": 0,
            "ipv4/conf/default/rp_filter": 0,
        }
    return values


def ip_lines(topology: Topology, plan: NodePlan) -> list[str]:
    """``ip`` commands for a node's addresses and routes."""
    lines = ["link set lo up"]
    for end in topology.ends(plan.name):
        lines += [f"address add {address} dev {end.interface}" for address in end.addresses]
        lines.append(f"link set {end.interface} up")
    return lines + [f"route add {prefix} via {via}" for prefix, via in plan.routes.items()]


def nft_rules(topology: Topology, plan: NodePlan) -> str:
    """The node's nftables rules, empty when it needs none."""
    rules = ""
    if plan.source_nat is not None:
        nat = plan.source_nat
        (leaves,) = (end.interface for end in topology.ends(plan.name) if end.neighbour == nat.toward)
        # Without a port range nftables keeps the source port as long as no other flow to the same destination
        # has it, so ports 500 and 4500 stay what they are.
        rules += (
            "table ip nat {\n chain postrouting {\n  type nat hook postrouting priority srcnat\n"
            f'  oifname "{leaves}" ip saddr {nat.source} counter snat to {nat.to}\n }}\n}}\n'
        )
    if plan.role in {"cpe", "tunnel"}:
        clamp = f"tcp flags syn tcp option maxseg size > {_MSS} tcp option maxseg size set {_MSS}"
        rules += (
            "table ip clamp {\n chain forward {\n  type filter hook forward priority mangle\n"
            f'  oifname "ipsec*" {clamp}\n  iifname "ipsec*" {clamp}\n }}\n}}\n'
        )
    return rules
