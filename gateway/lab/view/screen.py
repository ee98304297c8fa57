"""Writes a run for people: coloured on a terminal, plain lines elsewhere."""

import textwrap
from typing import TextIO

from rich.console import Console
from rich.markup import escape

from gateway.lab.probe.settings import LOG as PROBE_LOG
from gateway.lab.result import Excerpt, Report, Step, TrafficResult, TunnelResult
from gateway.lab.scenario_model import Scenario
from gateway.lab.view.drawing import draw

_COLOURS = {"ike": "cyan", "nat": "blue", "esp": "magenta", "bgp": "green", "cpe": "yellow", "lab": "dim"}
_WIDEST = 110
_TOOL_LINES = 12
_BEFORE_DETAIL = 37
_BEFORE_FACT = 27


class Screen:
    """One run on one output.

    Args:
        scenario: What is run.
        again: The command that runs it once more.
        file: Where to write; standard output by default.
    """

    def __init__(self, scenario: Scenario, again: str, file: TextIO | None = None) -> None:
        self._scenario = scenario
        self._again = again
        self._console = Console(file=file, highlight=False, soft_wrap=True)
        self._several = len(_tunnel_lines(scenario)) > 1
        self._timeline_begun = False

    @property
    def _width(self) -> int:
        return min(self._console.width, _WIDEST) if self._console.is_terminal else _WIDEST

    def _print(self, markup: str = "") -> None:
        self._console.print(markup)

    def introduce(self) -> None:
        """Title, lesson, drawing."""
        scenario = self._scenario
        self._print()
        self._print(f"[bold]gsa-lab · {scenario.name}[/]   {escape(scenario.title)}")
        self._print()
        for line in textwrap.wrap(scenario.about, self._width - 2):
            self._print(f"  [dim]{escape(line)}[/]")
        self._print()
        self._what_is_wrong()
        drawing = draw(scenario.topology())
        if self._console.is_terminal and max(map(len, drawing)) + 2 > self._console.width:
            drawing = _as_list(scenario)
        for line in drawing:
            self._print(f"  {escape(line)}")
        for line in _tunnel_lines(scenario):
            self._print(f"  [dim]{escape(line)}[/]")
        self._heading("Building the lab")

    def _what_is_wrong(self) -> None:
        scenario = self._scenario
        if scenario.wrong is None or scenario.fix is None:
            return
        said = {"wrong": scenario.wrong.what, "fix": scenario.fix.what if scenario.fixed else ""}
        for label, text in said.items():
            first, *rest = textwrap.wrap(text, max(20, self._width - 9)) or [""]
            if text:
                self._print(f"  [bold]{label:<6}[/] {escape(first)}")
            for line in rest:
                self._print(f"         {escape(line)}")
        self._print()

    def step(self, step: Step) -> None:
        """One line of the timeline."""
        if step.who != "lab" and not self._timeline_begun:
            self._timeline_begun = True
            self._heading("Timeline, in milliseconds since the CPE was started")
        detail = f"{step.detail}  {step.tunnel}" if self._several and step.tunnel else step.detail
        first, *rest = textwrap.wrap(detail, max(20, self._width - _BEFORE_DETAIL)) or [""]
        colour = _COLOURS.get(step.who, "white")
        what = f"[bold red]{escape(step.what):<21}[/]" if not step.good else f"{escape(step.what):<21}"
        self._print(f"  {step.ms:>6}  [{colour}]{step.who:<4}[/] {what} [dim]{escape(first)}[/]")
        for line in rest:
            self._print(f"{' ' * _BEFORE_DETAIL}[dim]{escape(line)}[/]")

    def report(self, report: Report, *, kept: bool) -> None:
        """Everything after the timeline."""
        if report.tunnels:
            self._heading("Tunnels, as the CPE reports them")
            for tunnel in report.tunnels:
                self._tunnel(tunnel)
        if report.evidence:
            self._heading("Evidence: the tools of the nodes")
            for excerpt in report.evidence:
                self._excerpt(excerpt)
        if report.traffic:
            self._heading("Traffic from the branch")
            for result in report.traffic:
                self._traffic(result)
        if report.problems:
            self._failure(report)
        elif report.findings:
            self._diagnosis(report)
        self._verdict(report)
        self._next(report, kept=kept)

    def _heading(self, text: str) -> None:
        self._print()
        self._print(f"[bold]{text}[/]")

    def _tunnel(self, tunnel: TunnelResult) -> None:
        ike, child, bgp = tunnel.ike, tunnel.child, tunnel.bgp
        self._print(f"  [bold]{escape(tunnel.name)}[/]")
        self._fact("IKE SA", ike["state"], _list(ike.get("suite", "")))
        ways = f"{ike.get('local')} to {ike.get('remote')} as {ike.get('identity')}"
        self._fact("", "", ways)
        carried = "ESP in UDP" if child.get("udp_encapsulation") else "ESP"
        spis = f"SPIs {child.get('spi_in')} in, {child.get('spi_out')} out"
        self._fact("CHILD SA", child["state"], f"{_list(child.get('suite', ''))}, {carried}, {spis}")
        counts = (
            f"out {child.get('packets_out')} packets, {child.get('bytes_out')} octets;"
            f" in {child.get('packets_in')} packets, {child.get('bytes_in')} octets"
        )
        self._fact("", "", f"{counts}{_agreement(child)}")
        self._fact("BGP", bgp["state"], f"AS {bgp['local_as']} with AS {bgp['peer_as']}")
        learned = ", ".join(tunnel.routes_learned_from_cpe) or "nothing"
        self._fact(
            "Routes",
            str(tunnel.routes_learned_by_cpe),
            f"learned from the gateway; the gateway learned {learned}",
        )

    def _fact(self, name: str, state: str, detail: str) -> None:
        colour = "green" if state in {"ESTABLISHED", "INSTALLED", "Established"} or state.isdigit() else "red"
        first, *rest = textwrap.wrap(detail, max(20, self._width - _BEFORE_FACT)) or [""]
        self._print(f"    {name:<9} [{colour}]{state:<12}[/] [dim]{escape(first)}[/]")
        for line in rest:
            self._print(f"{' ' * _BEFORE_FACT}[dim]{escape(line)}[/]")

    def _excerpt(self, excerpt: Excerpt) -> None:
        self._print(f"  [bold]{excerpt.node}#[/] {escape(excerpt.command)}")
        for line in excerpt.output.splitlines()[:_TOOL_LINES]:
            if not line.startswith("BIRD "):
                self._print(f"    [dim]{escape(line)}[/]")

    def _traffic(self, result: TrafficResult) -> None:
        mark = "[green]✓[/]" if result.ok else "[red]✗[/]"
        asked = f"{result.kind} {result.target}"
        without = f" without {result.without}" if result.without else ""
        outcome = "dropped, as it has to be: " if result.ok and result.outcome == "dropped" else ""
        self._print(f"  {mark} [bold]{escape(result.source)}[/] {escape(asked)}{without}")
        for line in textwrap.wrap(outcome + result.saw, max(20, self._width - 6)):
            self._print(f"      [dim]{escape(line)}[/]")
        for line in result.page:
            self._print(f"      │ {escape(line)}")

    def _failure(self, report: Report) -> None:
        self._heading("What went wrong")
        for problem in report.problems:
            self._print(f"  [red]✗[/] {escape(problem)}")
        self._findings(report)
        self._print()
        for log in report.logs:
            self._print(f"  [bold]{log.node}[/] {escape(log.command)}, its last lines:")
            for line in log.output.splitlines():
                self._print(f"    [dim]{escape(line)}[/]")

    def _findings(self, report: Report) -> None:
        for found in report.findings:
            self._print()
            for line in found.text.splitlines():
                self._print(f"  {escape(line)}")

    def _diagnosis(self, report: Report) -> None:
        """What a failure scenario is for: the finding, and what the CPE's log says meanwhile; or warnings."""
        if report.logs:
            probes = any(log.command == PROBE_LOG for log in report.logs)
            self._heading("What the probe's log says" if probes else "What the CPE's own log says")
        for log in report.logs:
            if log.node != "gateway":
                for line in log.output.splitlines()[-_TOOL_LINES:]:
                    self._print(f"  [dim]{escape(line)}[/]")
        self._heading("What gsa-lab finds")
        self._findings(report)

    def _verdict(self, report: Report) -> None:
        times = report.timings_ms
        total = f"{times.get('total', 0) / 1000:.1f} s"
        self._print()
        if report.expected:
            found = " ".join(dict.fromkeys(finding.facts["code"] for finding in report.findings)) or "nothing"
            mark, colour = ("✓", "green") if report.ok else ("✗", "red")
            wanted = f"expected {' '.join(report.expected)}, found {found}"
            self._print(f"[bold {colour}]{mark} {report.scenario}[/]: {wanted}, after {total}")
            return
        if not report.ok:
            self._print(f"[bold red]✗ {report.scenario} does not work[/], after {total}")
            return
        parts = ", ".join(f"{name} {times[key]} ms" for name, key in _TIMES.items() if key in times)
        self._print(f"[bold green]✓ {report.scenario} works[/] in {total}; after the CPE's start: {parts}")

    def _next(self, report: Report, *, kept: bool) -> None:
        cpe = next(iter(self._scenario.cpes()))
        host = self._scenario.topology().with_role("host")[:1]
        self._heading("Try next")
        is_probe = self._scenario.settings(cpe).probe is not None
        look, shows = (f"cat {PROBE_LOG}", "did") if is_probe else ("birdc show route", "learned")
        commands = {
            f"gsalab lab shell {cpe} -- {look}": f"what the CPE {shows}",
            f"gsalab lab shell {host[0] if host else cpe}": "a shell in the branch",
            "gsalab lab shell gateway -- gsalab check": "the gateway's account of it",
            f"gsalab lab down {report.scenario}": "remove the lab",
        }
        if not kept and report.expected:
            commands = {
                f"{self._again} --fix": "the same with its fix, which ends well",
                f"gsalab explain {report.expected[0]}": "more about the finding",
                "gsalab lab list": "the other scenarios",
            }
        elif not kept:
            commands = {
                f"{self._again} --keep": "the same, and leave it up to look around",
                "gsalab lab list": "the other scenarios",
                "gsalab up -f lab.yaml": "the gateway alone, for your own CPE",
            }
        width = max(map(len, commands))
        for command, purpose in commands.items():
            self._print(f"  {escape(command):<{width}}   [dim]{purpose}[/]")
        self._print()


_TIMES = {"tunnel": "tunnel", "BGP": "bgp", "all routes": "routes"}


def _list(suite: str) -> str:
    return suite.replace(" / ", ", ")


def _agreement(child: dict[str, object]) -> str:
    """Whether the gateway has counted the same for this CHILD SA."""
    gateway = child.get("gateway")
    if not isinstance(gateway, dict):
        return ""
    pairs = (("packets_out", "packets_in"), ("bytes_out", "bytes_in"), ("packets_in", "packets_out"))
    same = all(child.get(ours) == gateway.get(theirs) for ours, theirs in pairs)
    if same and child.get("bytes_in") == gateway.get("bytes_out"):
        return "; the gateway counted the same"
    return f"; the gateway counted {gateway.get('packets_in')} in, {gateway.get('packets_out')} out"


def _tunnel_lines(scenario: Scenario) -> list[str]:
    """The BGP ends of every tunnel, as the lab file has them."""
    lines = []
    for network in scenario.lab.get("remoteNetworks", ()):
        for link in network.get("deviceLinks", ()):
            bgp = link.get("bgpConfiguration", {})
            zone = link.get("redundancyConfiguration", {}).get("zoneLocalIpAddress")
            for index, ours in enumerate(filter(None, (bgp.get("localIpAddress"), zone))):
                ends = f"{bgp.get('peerIpAddress')} AS {bgp.get('asn')} ⇄ {ours} AS 65476"
                lines.append(f"{network.get('name')}/{link.get('name')}/{index}  BGP {ends}")
    return lines


def _as_list(scenario: Scenario) -> list[str]:
    """The drawing for a narrow terminal: one line per link."""
    return [
        " — ".join(f"{end.node} {', '.join(str(a.ip) for a in end.addresses)}" for end in link.ends)
        for link in scenario.topology().links
    ]
