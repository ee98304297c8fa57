"""Builds topologies from containers.

Docker's own networks are not used: every container begins without one, and the cables are veth pairs between
the containers' network namespaces, as between the nodes of a lab in namespaces. So addresses, interfaces and
routes are the same there and here, no packet passes the machine's bridges, packet filter or NAT, and nothing
of a lab is in the machine's own network. Docker has no function for such a cable. A container of the lab lays
them: it shares a pid namespace with the nodes, so it can name their network namespaces by a pid, and it needs
NET_ADMIN only.
"""

import asyncio
import time
from collections.abc import Mapping
from functools import partial

from gateway.lab.backend import CommandError, Hear, Node, Program
from gateway.lab.docker import engine, execs
from gateway.lab.docker.kept import DockerLab
from gateway.lab.docker.node import DockerNode
from gateway.lab.docker.session import Session
from gateway.lab.netns import ip_lines, link_lines, nft_rules, sysctls
from gateway.lab.state import KeptLab, save
from gateway.lab.topology import NodePlan, Topology

_LIMIT = 10.0
_PID = "until [ -s /run/node.pid ]; do sleep 0.01; done; cat /run/node.pid"
_PRESENT = 'for name; do [ ! -e "/proc/sys/net/$name" ] || echo "$name"; done'


class DockerBackend:
    """Labs on a Docker engine; the lab's program runs in the process of the command."""

    gsalab: tuple[str, ...] = ("gateway-entrypoint",)

    def __init__(self) -> None:
        self._session: Session | None = None

    def require(self) -> None:
        """An engine and the images are needed."""
        engine.require_images(engine.connect())

    def run(self, name: str, program: Program, hear: Hear, *, keep: bool) -> KeptLab | None:
        """Run the program in this process; when it dies, the engine ends what it started."""
        return asyncio.run(self._run(name, program, hear, keep=keep))

    async def _run(self, name: str, program: Program, hear: Hear, *, keep: bool) -> KeptLab | None:
        session = self._session = Session(engine.connect(), name)
        kept = None
        try:
            session.begin()
            nodes = await program(hear)
            if keep and nodes is not None:
                kept = _remember(name, session, nodes)
                session.keep()
        finally:
            self._session = None
            if kept is None:
                await asyncio.to_thread(session.end)
        return kept

    async def create(self, topology: Topology) -> Mapping[str, DockerNode]:
        """Containers first, then the links between them, then each node's own settings.

        Raises:
            CommandError: The engine refuses a container, or a container a setting.
            RuntimeError: It is called elsewhere than in a program of ``run``.
        """
        if self._session is None:
            raise RuntimeError("nodes are made inside a run of the backend")
        session = self._session
        available = await _sysctls(session, topology)
        nodes: dict[str, DockerNode] = {}
        parts = [plan for plan in topology.nodes.values() if plan.part_of]
        for some in ([plan for plan in topology.nodes.values() if not plan.part_of], parts):
            made = await asyncio.gather(*(_start(session, plan, available, nodes) for plan in some))
            nodes |= {node.plan.name: node for node in made}
        pids = await asyncio.gather(*(node.check("sh", "-c", _PID) for node in nodes.values()))
        lines = link_lines(topology, dict(zip(nodes, map(int, pids), strict=True)))
        await _in_first(session, "the links could not be made", "ip", "-batch", "-", stdin="\n".join(lines))
        await asyncio.gather(*(_configure(topology, node) for node in nodes.values()))
        return {name: nodes[name] for name in topology.nodes}


async def _start(
    session: Session, plan: NodePlan, available: frozenset[str], nodes: Mapping[str, DockerNode]
) -> DockerNode:
    values = {key.replace("/", "."): value for key, value in sysctls(plan).items() if key in available}
    values = {f"net.{key}": value for key, value in values.items()}
    shares = nodes[plan.part_of].container if plan.part_of else None
    container = await session.ask(plan.name, partial(session.add, plan, values, shares))
    return DockerNode(session, plan, container)


async def _sysctls(session: Session, topology: Topology) -> frozenset[str]:
    """Which of the wanted settings this kernel has: the engine refuses a container with any other."""
    wanted = {key for plan in topology.nodes.values() for key in sysctls(plan)}
    present = await _in_first(session, "no settings could be read", "sh", "-c", _PRESENT, "present", *wanted)
    return frozenset(present.split())


async def _in_first(session: Session, failure: str, *argv: str, stdin: str | None = None) -> str:
    """Run a program that has to succeed in the session's own container."""
    run = partial(execs.run, session.api, session.streams, session.first, argv, limit=_LIMIT, stdin=stdin)
    status, output, errors = await session.ask("lab", run)
    if status != 0:
        raise CommandError(f"{failure}: {errors.decode(errors='replace').strip()}")
    return output.decode()


async def _configure(topology: Topology, node: DockerNode) -> None:
    plan = node.plan
    await node.check("ip", "-batch", "-", stdin="\n".join(ip_lines(topology, plan)))
    rules = nft_rules(topology, plan)
    if rules:
        await node.check("nft", "-f", "-", stdin=rules)
    if plan.nameserver is not None:
        await node.check(
            "sh", "-c", 'echo "nameserver $1" >/etc/resolv.conf', "resolver", str(plan.nameserver)
        )


def _remember(name: str, session: Session, nodes: Mapping[str, Node]) -> DockerLab:
    lab = DockerLab(
        name=name,
        created=time.time(),
        host=engine.host(),
        session=session.id,
        first=session.first,
        nodes={name: node.entry() for name, node in nodes.items()},
    )
    save(lab)
    return lab
