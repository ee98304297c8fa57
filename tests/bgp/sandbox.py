"""Runs interop tests in namespaces of their own, and BIRD as the CPE in there.

A test marked with ``sandboxed`` is run again by pytest inside new user (unless root), mount, process and
network namespaces. The kernel removes whatever is left in them when that pytest ends, however it ends.
"""

import asyncio
import functools
import inspect
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from bgp import Neighbor, Speaker
from bgp.events import BgpEvent

INSIDE = "GSALAB_TEST_SANDBOX"
ROOT = Path(__file__).parents[2]
SANDBOX_SECONDS = 200
CPE_ADDRESS = IPv4Address("10.1.1.2")
CPE_AS = 65533
GSA_AS = 65476
GSA_ADDRESSES = (IPv4Address("192.168.1.2"), IPv4Address("192.168.1.3"))
BRANCH = frozenset({IPv4Network("10.1.0.0/16"), IPv4Network("10.2.0.0/16")})

Event = TypeVar("Event", bound=BgpEvent)
Test = Callable[[Path], Coroutine[Any, Any, None]]


def unshare(*, unprivileged: bool = False) -> list[str]:
    """The command prefix that runs a program in a sandbox, as an ordinary user where root asks for that."""
    if unprivileged:
        drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        return [*drop, *unshare_as_user()]
    if os.geteuid() == 0:
        return ["unshare", *_COMMON]
    return unshare_as_user()


def unshare_as_user() -> list[str]:
    """The command prefix of a sandbox that needs no privilege."""
    return ["unshare", "--user", "--map-root-user", *_COMMON]


_TMPFS = ["sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh"]
_COMMON = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]


def sandboxed(*, unprivileged: bool = False) -> Callable[[Test], Callable[[Path], None]]:
    """Make an asynchronous test of a temporary directory run inside a sandbox."""

    def decorate(test: Test) -> Callable[[Path], None]:
        @functools.wraps(test)
        def run(tmp_path: Path) -> None:
            if INSIDE in os.environ:
                asyncio.run(test(tmp_path))
                return
            node = f"{Path(inspect.getfile(test)).relative_to(ROOT)}::{test.__name__}"
            # No conftest: it proves that tests tidy up, which is the kernel's business in here.
            plugins = ("-p", "no:cacheprovider", "-p", "no:xdist")
            pytest = [sys.executable, "-m", "pytest", "--noconftest", *plugins]
            finished = subprocess.run(
                [*unshare(unprivileged=unprivileged), *_TMPFS, *pytest, "--basetemp=/run/test", node],
                cwd=ROOT,
                env={**os.environ, INSIDE: "1"},
                capture_output=True,
                text=True,
                timeout=SANDBOX_SECONDS,
                check=False,
            )
            assert finished.returncode == 0, finished.stdout + finished.stderr

        return run

    return decorate


def sh(command: str) -> str:
    """Run one command; returns its output."""
    return subprocess.run(command.split(), check=True, capture_output=True, text=True, timeout=10).stdout


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float, what: str) -> float:
    """Wait for a condition; returns the seconds it took."""
    began = monotonic()
    while True:
        result = condition()
        if await result if isinstance(result, Awaitable) else result:
            return monotonic() - began
        assert monotonic() - began < seconds, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)


@dataclass
class Recorder:
    """Keeps the events of a speaker."""

    events: list[BgpEvent] = field(default_factory=list)

    def __call__(self, event: BgpEvent) -> None:
        """Take an event."""
        self.events.append(event)

    def of(self, kind: type[Event], neighbor: str | None = None) -> list[Event]:
        """The events of one kind, of one neighbour or of all."""
        return [
            event
            for event in self.events
            if isinstance(event, kind) and (neighbor is None or getattr(event, "neighbor", None) == neighbor)
        ]

    async def wait(self, kind: type[Event], neighbor: str | None = None, *, count: int = 1) -> Event:
        """Wait for the event of that kind that has this ordinal number."""
        try:
            await until(
                lambda: len(self.of(kind, neighbor)) >= count, 60, f"{count} {kind.__name__} {neighbor}"
            )
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(map(repr, self.events))) from None
        return self.of(kind, neighbor)[count - 1]


class Bird:
    """BIRD as the branch's router, in a network namespace of its own behind a veth pair.

    Args:
        directory: For its configuration and control socket.
        peer_as: What it takes GSA's AS number to be.
        local_as: Its own.
        hold_time: Seconds that it proposes.
        sessions: How many of GSA's addresses it peers with.
        options: Further options of each session, in BIRD's words.
    """

    def __init__(
        self,
        directory: Path,
        *,
        peer_as: int = GSA_AS,
        local_as: int = CPE_AS,
        hold_time: int = 30,
        sessions: int = 2,
        options: str = "",
    ) -> None:
        self._configuration = directory / "bird.conf"
        self._control = directory / "bird.ctl"
        tables = "".join(
            f"ipv4 table t{i};\nprotocol pipe p{i} {{ table t{i}; peer table lan; export none; }}\n"
            for i in range(sessions)
        )
        gsa = "".join(
            f"protocol bgp gsa{i} from gsa {{ neighbor {a} as {peer_as}; ipv4 {{ table t{i}; }}; }}\n"
            for i, a in enumerate(GSA_ADDRESSES[:sessions])
        )
        routes = " ".join(f"route {prefix} blackhole;" for prefix in sorted(BRANCH))
        self._configuration.write_text(
            f"router id {CPE_ADDRESS};\nipv4 table lan;\n{tables}protocol device {{}}\n"
            f"protocol static branch {{ ipv4 {{ table lan; }}; {routes} }}\n"
            f"template bgp gsa {{ local {CPE_ADDRESS} as {local_as}; multihop 2; hold time {hold_time};"
            f" connect retry time 1; connect delay time 0; error wait time 1, 1; error forget time 1;"
            f" {options}"
            " ipv4 { import all; export where source = RTS_STATIC; }; }\n"
            f"{gsa}"
        )
        self._netns = subprocess.Popen(["unshare", "--net", "sleep", "inf"])
        self._enter = ["nsenter", f"--net=/proc/{self._netns.pid}/ns/net", "--"]
        self.process: subprocess.Popen[bytes] | None = None
        self._wire()

    def _wire(self) -> None:
        own = Path("/proc/self/ns/net").readlink()
        began = monotonic()
        while Path(f"/proc/{self._netns.pid}/ns/net").readlink() == own:
            assert monotonic() - began < 30
        sh("ip link set lo up")
        sh(f"ip link add gsa0 type veth peer name cpe0 netns {self._netns.pid}")
        sh("ip address add 10.255.0.1/30 dev gsa0")
        sh("ip link set gsa0 up")
        for address in GSA_ADDRESSES:
            sh(f"ip address add {address}/32 dev lo")
        inside = " ".join(self._enter)
        sh(f"{inside} ip address add 10.255.0.2/30 dev cpe0")
        sh(f"{inside} ip link set cpe0 up")
        sh(f"{inside} ip link set lo up")
        sh(f"{inside} ip address add {CPE_ADDRESS}/32 dev lo")
        sh(f"{inside} ip route add 192.168.1.0/24 via 10.255.0.1")
        sh(f"ip route add {CPE_ADDRESS}/32 via 10.255.0.2")

    def start(self) -> None:
        """Start BIRD; it connects at once and then every second."""
        bird = ["bird", "-f", "-c", str(self._configuration), "-s", str(self._control)]
        self.process = subprocess.Popen([*self._enter, *bird])

    def ask(self, question: str) -> str:
        """The answer of ``birdc``."""
        asked = subprocess.run(
            ["birdc", "-s", str(self._control), *question.split()],
            check=False,
            capture_output=True,
            text=True,
            timeout=10,
        )
        return asked.stdout

    def routes(self, session: int = 0) -> int:
        """How many routes BIRD has from GSA over one session."""
        found = re.search(r"(\d+) of", self.ask(f"show route protocol gsa{session} table t{session} count"))
        return int(found[1]) if found else 0

    def has_routes(self, session: int, count: int) -> bool:
        """Whether BIRD has as many routes from GSA over one session."""
        return self.routes(session) == count

    def established(self, session: int = 0) -> bool:
        """Whether BIRD says that the session is up."""
        return bool(re.search(rf"^gsa{session} .*Established", self.ask("show protocols"), re.MULTILINE))

    def freeze(self) -> None:
        """Stop BIRD without ending it: its TCP connections stay and stay silent."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)


def neighbor(index: int = 0, **changes: Any) -> Neighbor:
    """One of the two neighbours of a zone-redundant link: the same CPE, another address of ours."""
    values: dict[str, Any] = {
        "name": f"branch/link/{index}",
        "local_address": GSA_ADDRESSES[index],
        "local_as": GSA_AS,
        "peer_address": CPE_ADDRESS,
        "peer_as": CPE_AS,
        "router_id": GSA_ADDRESSES[index],
    }
    return Neighbor(**values | changes)


def speaker(directory: Path, recorder: Recorder) -> Speaker:
    """A speaker whose launcher enters the namespace that it is in already."""
    launcher = ["nsenter", "--net=/proc/self/ns/net", "--"]
    return Speaker(launcher=launcher, run_dir=directory / "bgp run", on_event=recorder)


def exabgp_processes() -> list[int]:
    """The processes of ExaBGP and its API process in this sandbox."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() if entry.name.isdecimal() else b""
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"exabgp_child.py" in words or b"api_child.py" in words:
            found.append(int(entry.name))
    return found
