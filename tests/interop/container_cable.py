"""A cable from the engine's own network to a CPE in a container: what a LAN is to a router on a desk.

    engine's machine  198.18.60.1 ---- 198.18.60.10  CPE  ---- 198.18.62.10 (branch)

What comes by it reaches published ports as from outside, not through a bridge of the engine.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.interop.container_engine import TAG, Engine

MACHINE, CPE, BRANCH = "198.18.60.1", "198.18.60.10", "198.18.62.10"
LAN = "198.18.60.0/24"
CPE_RIGHTS = (
    *("--cap-drop=ALL", "--cap-add=NET_ADMIN", "--cap-add=NET_BIND_SERVICE", "--cap-add=NET_RAW"),
    *("--security-opt=no-new-privileges", "--device=/dev/net/tun"),
)
_LINK = (
    'ip link add "$1" type veth peer name wan netns "$2" && ip address add {machine}/24 dev "$1"'
    ' && ip link set "$1" up'
)
_ENDS = (
    "ip address add {cpe}/24 dev wan && ip address add {branch}/32 dev lo"
    " && ip link set lo up && ip link set wan up"
)


@dataclass(frozen=True, kw_only=True)
class Cable:
    """A cable; its far end is in the network namespace of container ``name``.

    Args:
        engine: The engine.
        name: Of the container at the far end, which sleeps; also the beginning of the CPE's name.
        device: The engine's end.
    """

    engine: Engine
    name: str = field(default_factory=lambda: f"gsalab-cable-{uuid.uuid4().hex[:8]}")
    device: str = field(default_factory=lambda: f"lan-{uuid.uuid4().hex[:8]}")

    def in_branch(self, *argv: str, check: bool = True) -> str:
        """Run a program of the host's image at the far end."""
        options = ("--rm", "--network", f"container:{self.name}", "--entrypoint", argv[0])
        return self.engine.run("docker", "run", *options, f"gsalab/host:{TAG}", *argv[1:], check=check)

    @contextmanager
    def cpe(self, lab: Path, *announced: str) -> Iterator[str]:
        """A strongSwan CPE at the far end, as in docker-compose.yml; its container's name."""
        name = f"{self.name}-cpe"
        variables = {
            "LINK": "bellevue/cpe1",
            "ANNOUNCE": " ".join(announced),
            "WAN_ROUTER": MACHINE,
            "GSALAB_PSK": "a-long-shared-secret",
        }
        settings = [f"--env={name}={value}" for name, value in variables.items()]
        mount = f"--volume={lab}:/etc/gsalab/lab.yaml:ro"
        network = ("--network", f"container:{self.name}")
        image = f"gsalab/cpe-strongswan:{TAG}"
        self.engine.run("docker", "run", "-d", "--name", name, *network, *CPE_RIGHTS, *settings, mount, image)
        try:
            yield name
        finally:
            self.engine.run("docker", "rm", "-f", name)


@contextmanager
def laid_cable(engine: Engine) -> Iterator[Cable]:
    """A cable, and nothing of it after the block: its end in the engine's network goes with the other end."""
    cable = Cable(engine=engine)
    options = ("--network=none", "--cap-add=NET_ADMIN", "--sysctl=net.ipv4.ip_forward=1", "--no-healthcheck")
    sleeping = ("--entrypoint=sleep", f"gsalab/nat:{TAG}", "infinity")
    engine.run("docker", "run", "-d", "--name", cable.name, *options, *sleeping)
    try:
        process = str(engine.inspect(cable.name)["State"]["Pid"])
        host = ("--network=host", "--pid=host", "--cap-add=NET_ADMIN", "--entrypoint=sh")
        script = ("-c", _LINK.format(machine=MACHINE), "link", cable.device, process)
        engine.run("docker", "run", "--rm", *host, f"gsalab/nat:{TAG}", *script)
        engine.run("docker", "exec", cable.name, "sh", "-c", _ENDS.format(cpe=CPE, branch=BRANCH))
        yield cable
    finally:
        engine.run("docker", "rm", "-f", cable.name)
