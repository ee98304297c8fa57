"""A lab in progress, inside the sandbox: brings it up, waits for it, asks it questions."""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from gateway.diagnosis import diagnose, render
from gateway.lab import traffic
from gateway.lab.backend import CommandError, Node, NodeMaker
from gateway.lab.cpe import Cpe, CpeTunnel
from gateway.lab.evidence import box_excerpts, excerpts, packets_out, tunnel_result
from gateway.lab.gateway_node import LAB_FILE, GatewayNode, Json
from gateway.lab.mistake import edited, run_commands
from gateway.lab.nat_node import NatNode
from gateway.lab.probe_cpe import ProbeCpe
from gateway.lab.result import Diagnosed, Excerpt, Report, Step, TrafficResult, TunnelResult
from gateway.lab.scenario import dump_yaml
from gateway.lab.scenario_model import Scenario, TrafficCheck
from gateway.lab.step_order import StepOrder
from gateway.lab.timeline import step_of
from gateway.lab.timeline_nat import box_step_of
from gateway.lab.trace import CpeLogs
from gateway.model import LabFile, load, tunnels

_POLL = 0.05
_DIAGNOSIS_POLL = 0.25
_STANDING = 2.0
"""Seconds that the expected findings, and no others, have to stand."""
_SPREAD_CONNECTIONS = 16
_PACKETS_OF_A_CONNECTION = 4
"""A tunnel that sent fewer packets has carried no connection, only keepalives of BGP."""


class Lab:
    """One run of a scenario.

    Args:
        scenario: What to run.
        backend: Makes the nodes.
        gateway_command: Starts the gateway.
        on_step: Told each step as it happens.
        on_record: Told each record of the gateway and of the NAT boxes as it comes.
    """

    def __init__(
        self,
        scenario: Scenario,
        backend: NodeMaker,
        gateway_command: tuple[str, ...],
        on_step: Callable[[Step], None],
        on_record: Callable[[Json], None] = lambda _: None,
    ) -> None:
        self.scenario = scenario
        self.topology = scenario.topology()
        self.nodes: Mapping[str, Node] = {}
        self.cpes: list[Cpe] = []
        self.boxes: dict[str, NatNode] = {}
        self._gateway: GatewayNode | None = None
        self.traffic: list[TrafficResult] = []
        self.tunnels: list[TunnelResult] = []
        self.evidence: list[Excerpt] = []
        self.timings_ms: dict[str, int] = {}
        self.problems: list[str] = []
        self._is_up = False
        self._backend = backend
        self._gateway_command = gateway_command
        self._order = StepOrder(on_step)
        self._tell_record = on_record
        self._begun = time.time()
        self._cpe_logs = CpeLogs(self._begun)
        self._cpe_start = self._begun
        self.records: list[Json] = []
        self.box_records: list[Json] = []

    async def start(self) -> None:
        """Make the nodes, start the gateway, then the CPEs.

        Raises:
            LabFileError: The scenario's lab file breaks a rule.
            CommandError: A part could not be started.
        """
        mistake = self.scenario.mistake
        self.nodes = await self._backend.create(self.topology)
        if mistake is not None:
            self.nodes = edited(self.nodes, mistake.edits)
        self._step("lab", "nodes", f"{len(self.nodes)} nodes, {len(self.topology.links)} links")
        node = self.nodes[self.topology.gateway]
        far = tunnels(self._lab_file())
        await node.write(LAB_FILE, dump_yaml(self.scenario.lab), mode=0o600)
        self.cpes = [
            (Cpe if (settings := self.scenario.settings(name)).probe is None else ProbeCpe)(
                name,
                part,
                settings,
                [t for t in far if (t.remote_network, t.link) == (part.remote_network, part.device_link)],
                self.nodes,
            )
            for name, part in self.scenario.cpes().items()
        ]
        self._gateway = GatewayNode(node, self._gateway_command)
        self.boxes = {name: NatNode(self.nodes[name]) for name in self.topology.boxes}
        starting = (box.start(self.topology) for box in self.boxes.values())
        await asyncio.gather(self._gateway.start(), *starting)
        self._step("lab", "gateway ready", ", ".join(sorted({str(t.endpoint) for t in far})))
        self.timings_ms["lab_ready"] = self._since(self._begun)
        if mistake is not None:
            await run_commands(self.nodes, mistake.commands, "start")
        self._order.flush()  # what follows is counted from here
        self._cpe_start = time.time()
        self.gateway.follow(self._on_record)
        for box in self.boxes.values():
            box.follow(self._on_box_record)
        await asyncio.gather(*(self._start_cpe(cpe) for cpe in self.cpes))

    def _lab_file(self) -> LabFile:
        """The scenario's lab file as the gateway will read it; raises ``LabFileError``."""
        with NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
            file.write(dump_yaml(self.scenario.lab))
            file.flush()
            return load([Path(file.name)])

    @property
    def gateway(self) -> GatewayNode:
        """The gateway; raises ``CommandError`` before it was started."""
        if self._gateway is None:
            raise CommandError("the gateway was not started")
        return self._gateway

    async def _start_cpe(self, cpe: Cpe) -> None:
        runs = await cpe.start(self.topology)
        self._step("cpe", f"{cpe.name} configured", runs)

    async def until_up(self) -> None:
        """Wait for every tunnel, its session, and the routes on both ends.

        Raises:
            CommandError: A daemon of the lab ended.
            TimeoutError: It took longer than the scenario allows; ``missing`` says what is missing.
        """
        async with asyncio.timeout(self.scenario.timeout):
            await asyncio.gather(
                *(self._until_tunnel_up(cpe, tunnel) for cpe in self.cpes for tunnel in cpe.tunnels)
            )
        self.timings_ms["routes"] = self._since(self._cpe_start)
        for timing, record in (("tunnel", "child_sa_established"), ("bgp", "established")):
            latest = max(r["time"] for r in self.records if r["name"] == record)
            self.timings_ms[timing] = round((latest - self._cpe_start) * 1000)

    async def _until_tunnel_up(self, cpe: Cpe, tunnel: CpeTunnel) -> None:
        while await self.missing(cpe, tunnel) is not None:
            gone = await self.gateway.ended() or cpe.ended() or await self._box_ended()
            if gone:
                raise CommandError(gone)
            await asyncio.sleep(_POLL)
        session = await cpe.session(tunnel)
        self._step("cpe", "routes in BIRD", f"{session.imported} from the gateway", tunnel.name)

    async def _box_ended(self) -> str | None:
        ended = [await box.ended() for box in self.boxes.values()]
        return next(filter(None, ended), None)

    async def missing(self, cpe: Cpe, tunnel: CpeTunnel) -> str | None:
        """The first thing that a tunnel still lacks, None when it is up with all routes on both ends."""
        far = (await self.gateway.status())[tunnel.name]
        if far["ike"] is None:
            return "no IKE SA"
        if not far["children"]:
            return "an IKE SA, but no CHILD SA"
        if far["bgp"] is None:
            seen = (
                "no TCP SYN to port 179 was seen in it"
                if far["syn_seen"] is None
                else "BGP began but did not finish"
            )
            return f"a tunnel, but no BGP session: {seen}"
        if not far["learned"]:
            return "a BGP session, but no prefix from the CPE"
        imported, advertised = (await cpe.session(tunnel)).imported, far["bgp"]["advertised"]
        if advertised == 0 or imported < advertised:
            return f"a BGP session, but only {imported} of {advertised} routes in BIRD"
        return None

    async def explain_missing(self) -> list[str]:
        """What each tunnel still lacks, one line per tunnel."""
        lines = []
        for cpe in self.cpes:
            for tunnel in cpe.tunnels:
                lacks = await self.missing(cpe, tunnel)
                if lacks is not None:
                    lines.append(
                        f"{tunnel.name} has {lacks}, {self.scenario.timeout:g} s after the CPE's start"
                    )
        return lines

    async def run_traffic(self) -> None:
        """Ask what the scenario asks: what needs all tunnels at once at the same time, the rest in turn."""
        together = [check for check in self.scenario.traffic if check.without is None and not check.spread]
        results = await asyncio.gather(*(self._ask(check) for check in together))
        self.traffic = [await self._with_drops(result) for result in results]
        for check in self.scenario.traffic:
            if check.spread:
                self.traffic.append(await self._ask_spread(check))
        self.evidence = await excerpts(self.cpes) + await box_excerpts(self.boxes.values())
        self.tunnels = [await self.tunnel_result(cpe, t) for cpe in self.cpes for t in cpe.tunnels]
        for check in self.scenario.traffic:
            if check.without is not None:
                self.traffic.append(await self._ask_without(check))
        self.problems += [
            f"{r.source}: {r.kind} {r.target} expected {r.expect}, saw {r.saw}"
            for r in self.traffic
            if not r.ok
        ]

    async def _ask(self, check: TrafficCheck) -> TrafficResult:
        return await traffic.ask(self.nodes[check.from_node], check)

    async def _with_drops(self, result: TrafficResult) -> TrafficResult:
        """Add what the gateway says about a drop, in the remote network of the host's own CPE."""
        neighbours = {end.neighbour for end in self.topology.ends(result.source)}
        for name, part in self.scenario.cpes().items():
            if name in neighbours and part.remote_network is not None:
                return traffic.with_drops(result, await self.gateway.drops(part.remote_network))
        return result

    async def _ask_spread(self, check: TrafficCheck) -> TrafficResult:
        """Ask over many connections and count what each tunnel carried."""
        before = await packets_out(self.cpes)
        asked = [await self._ask(check) for _ in range(_SPREAD_CONNECTIONS)]
        after = await packets_out(self.cpes)
        packets = {name: after[name] - before[name] for name in after}
        carried = {name: count if count >= _PACKETS_OF_A_CONNECTION else 0 for name, count in packets.items()}
        bad = [result for result in asked if not result.ok]
        shares = ", ".join(f"{count} packets by {name}" for name, count in packets.items())
        saw = bad[0].saw if bad else f"{_SPREAD_CONNECTIONS} connections: {shares}"
        return replace((bad or asked)[0], saw=saw, packets=carried, spread=True, page=[])

    async def _ask_without(self, check: TrafficCheck) -> TrafficResult:
        """Ask while one tunnel is down, then wait until it is back."""
        cpe, tunnel = next((c, t) for c in self.cpes for t in c.tunnels if t.node.plan.name == check.without)
        self._step("cpe", f"without {check.without}", "traffic has to stay on the other tunnel", tunnel.name)
        await cpe.take_down(tunnel)
        result = await self._ask(check)
        await cpe.bring_up(tunnel)
        try:
            async with asyncio.timeout(self.scenario.timeout):
                await self._until_tunnel_up(cpe, tunnel)
        except TimeoutError:
            self.problems.append(f"{tunnel.name} did not come back within {self.scenario.timeout:g} s")
        return replace(result, page=[])

    async def tunnel_result(self, cpe: Cpe, tunnel: CpeTunnel) -> TunnelResult:
        """Both ends' account of a tunnel, read one after the other."""
        return await tunnel_result(cpe, tunnel, self.gateway)

    async def until_diagnosed(self) -> None:
        """Wait until the records show the findings that the scenario expects, and see whether others follow.

        When everything works at first, what the scenario does then is done, and its traffic runs.

        A daemon of a CPE may end, as that may be what the scenario is about; it is told when the findings
        are not the expected ones.

        Raises:
            CommandError: The gateway ended, or a command of the scenario failed.
        """
        expected = set(self.scenario.expect)
        course = asyncio.create_task(self._until_up_and_used())
        standing_since = math.inf
        try:
            async with asyncio.timeout(self.scenario.timeout):
                while time.monotonic() < standing_since + _STANDING or (self._is_up and not course.done()):
                    if self.found() != expected:
                        standing_since = math.inf
                    elif math.isinf(standing_since):
                        standing_since = time.monotonic()
                    if gone := await self.gateway.ended():
                        raise CommandError(gone)
                    await asyncio.sleep(_DIAGNOSIS_POLL)
        except TimeoutError:
            pass
        finally:
            course.cancel()
            (error,) = await asyncio.gather(course, return_exceptions=True)
        found = self.found()
        self.problems = [f"expected {code}, which was not found" for code in sorted(expected - found)]
        self.problems += [f"found {code}, which was not expected" for code in sorted(found - expected)]
        ended = [gone for cpe in self.cpes if (gone := cpe.ended())]
        if self.problems:
            self.problems += ended
        if isinstance(error, CommandError) and not ended:
            raise error
        if isinstance(error, Exception) and not isinstance(error, CommandError | TimeoutError):
            raise error

    async def _until_up_and_used(self) -> None:
        await self.until_up()
        self._is_up = True
        mistake = self.scenario.mistake
        if mistake is not None:
            await run_commands(self.nodes, mistake.commands, "up")
        await self.run_traffic()

    def found(self) -> set[str]:
        """Codes of what the records show now."""
        return {finding.code for finding in diagnose(self.records, now=time.time())}

    async def report(self) -> Report:
        """Everything that is known now."""
        self._order.flush()
        self.timings_ms["total"] = self._since(self._begun)
        return Report(
            scenario=self.scenario.name,
            tunnels=self.tunnels,
            traffic=self.traffic,
            timings_ms=self.timings_ms,
            problems=self.problems,
            expected=list(self.scenario.expect) if self.scenario.is_failure else [],
            findings=self._findings(),
            evidence=self.evidence,
            logs=await self._logs() if self.problems or self.scenario.is_failure else [],
        )

    async def newly_logged(self) -> list[Json]:
        """What the CPEs have logged since the last call, as records."""
        return await self._cpe_logs.new(self.cpes)

    def _findings(self) -> list[Diagnosed]:
        return [
            Diagnosed(facts=finding.as_json(), text=render(finding))
            for finding in diagnose(self.records, now=time.time())
        ]

    async def _logs(self) -> list[Excerpt]:
        logs = [
            Excerpt(node=t.node.plan.name, command=cpe.log, output=await cpe.log_of(t))
            for cpe in self.cpes
            for t in cpe.tunnels
        ]
        if self._gateway is not None:
            logs.append(
                Excerpt(
                    node=self.topology.gateway, command="/run/gateway.log", output=await self._gateway.log()
                )
            )
        return logs

    def _on_box_record(self, record: Json) -> None:
        """Kept apart from the gateway's: no diagnosis may depend on what only a lab can know."""
        self._tell_record(record)
        self.box_records.append(record)
        step = box_step_of(record, self._cpe_start, several=len(self.boxes) > 1)
        if step is not None:
            self._order.add(step)

    def _on_record(self, record: Json) -> None:
        self._tell_record(record)
        self.records.append(record)
        step = step_of(record, self._cpe_start)
        if step is not None:
            self._order.add(step)

    def _step(self, who: str, what: str, detail: str, tunnel: str | None = None) -> None:
        self._order.add(
            Step(ms=self._since(self._cpe_start), who=who, what=what, detail=detail, tunnel=tunnel)
        )

    @staticmethod
    def _since(start: float) -> int:
        return round((time.time() - start) * 1000)
