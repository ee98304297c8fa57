"""A gateway in a network namespace and CPE addresses in another, with nothing of the product imported.

    gateway 203.0.113.1 ---- veth ---- 203.0.113.10, .11, .12 ... each with sockets of its own

The gateway is ``gsalab up`` in a process of its own; what it says comes from its control socket, as JSON.
"""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.interop.dataplane_world import Namespace
from tests.interop.independent.initiator import Initiator
from tests.interop.independent.suite import Suite
from tests.interop.independent.wire import Wire

GATEWAY = "203.0.113.1"
PSK = "an independent secret"
START_SECONDS = 30
STOP_SECONDS = 10
ROOT = Path(__file__).resolve().parents[3]

CURVES = Suite(encryption=12, bits=128, prf=5, integrity=12, group=19, esp_bits=None, pfs=19)
"""What the custom policy below wants: AES-CBC, a curve, PFS, and ESP that is not encrypted."""
_CUSTOM = {
    "ikeEncryption": "aes128",
    "ikeIntegrity": "sha256",
    "dhGroup": "ecp256",
    "ipSecEncryption": "none",
    "ipSecIntegrity": "sha256",
    "pfsGroup": "ecp256",
    "saLifeTimeSeconds": 3600,
}
LINKS: dict[str, dict[str, Any]] = {"default": {}, "curves": _CUSTOM, "sentinel": {}}
"""The device links by name, and what their tunnels are configured with besides the key."""


def address_of(link: str) -> str:
    """The CPE's address on a link."""
    return f"203.0.113.{10 + list(LINKS).index(link)}"


def inner_of(link: str) -> tuple[str, str]:
    """The BGP addresses of a link: the CPE's, the gateway's."""
    number = list(LINKS).index(link)
    return f"10.1.{number}.4", f"10.2.{number}.4"


def tunnel_of(link: str) -> str:
    """The tunnel's name in records."""
    return f"{link}/cpe/0"


def lab_file(ike: dict[str, Any]) -> dict[str, Any]:
    """The lab: a remote network of its own for each link; ``ike`` are settings of the responder."""
    networks = []
    for number, (link, policy) in enumerate(LINKS.items()):
        peer, local = inner_of(link)
        networks.append(
            {
                "name": link,
                "region": "westEurope",
                "forwardingProfiles": ["microsoft"],
                "deviceLinks": [
                    {
                        "name": "cpe",
                        "ipAddress": address_of(link),
                        "bgpConfiguration": {
                            "localIpAddress": local,
                            "peerIpAddress": peer,
                            "asn": 65001 + number,
                        },
                        "tunnelConfiguration": {"preSharedKey": PSK, **policy},
                    }
                ],
            }
        )
    return {"remoteNetworks": networks, "gateway": {"endpoints": [GATEWAY], "ike": ike}}


class Records:
    """The gateway's stream of records, from the beginning.

    Args:
        control: Path of the control socket.
    """

    def __init__(self, control: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(START_SECONDS)
        self._socket.connect(str(control))
        self._socket.sendall(b'{"method": "events", "params": {}}\n')
        self._lines = self._socket.makefile("rb")

    def until(self, name: str, tunnel: str | None = None) -> list[dict[str, Any]]:
        """The records up to the next one of a name and tunnel, that one included."""
        found: list[dict[str, Any]] = []
        while not found or (found[-1]["name"], found[-1].get("tunnel", tunnel)) != (name, tunnel):
            found.append(json.loads(self._lines.readline()))
        return found

    def close(self) -> None:
        """Stop to listen."""
        self._lines.close()
        self._socket.close()


class World:
    """The namespaces, the gateway and the CPEs' sockets.

    Args:
        stack: Takes what is to be undone.
        folder: For the lab file and the sockets.
        ike: Settings of the responder.
    """

    def __init__(self, stack: contextlib.ExitStack, folder: Path, ike: dict[str, Any]) -> None:
        self._folder = folder
        self._control = folder / "control.sock"
        outside = Namespace()
        stack.callback(outside.close)
        branch = Namespace(outside)
        stack.callback(branch.close)
        _connect(outside, branch)
        self.wires = {link: Wire(branch, address_of(link), GATEWAY, folder) for link in LINKS}
        for wire in self.wires.values():
            stack.callback(wire.close)
        self._start(outside, stack, lab_file(ike))
        self.records = Records(self._control)
        stack.callback(self.records.close)
        self.records.until("gateway_ready")

    def _start(self, namespace: Namespace, stack: contextlib.ExitStack, document: dict[str, Any]) -> None:
        lab = self._folder / "lab.yaml"
        lab.write_text(json.dumps(document))  # every JSON document is YAML
        up = [sys.executable, "-m", "gateway.cli", "up", "-f", str(lab), "--control", str(self._control)]
        log = stack.enter_context((self._folder / "gateway.log").open("wb"))
        gateway = subprocess.Popen(
            [*namespace.enter, "setpriv", "--pdeathsig", "KILL", "--", *up],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
        )
        stack.callback(_stop, gateway)
        deadline = time.monotonic() + START_SECONDS
        while not _listens(self._control):
            if gateway.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the gateway did not start:\n{self.log()}")
            time.sleep(0.05)

    def log(self) -> str:
        """What the gateway wrote."""
        return (self._folder / "gateway.log").read_text()

    def ask(self, method: str) -> Any:
        """The result of a method of the control socket."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(START_SECONDS)
            control.connect(str(self._control))
            control.sendall(json.dumps({"method": method}).encode() + b"\n")
            with control.makefile("rb") as lines:
                return json.loads(lines.readline())["result"]

    def tunnel(self, link: str) -> dict[str, Any]:
        """The state of a link's tunnel, as ``gsalab status`` shows it."""
        networks = self.ask("status")["remote_networks"]
        found: dict[str, Any] = next(n for n in networks if n["name"] == link)["tunnels"][0]
        return found

    def initiator(self, link: str = "default", **options: Any) -> Initiator:
        """A CPE on a link."""
        suite = options.pop("suite", CURVES if link == "curves" else None)
        options = {"psk": PSK.encode(), "inner": inner_of(link), "suite": suite, **options}
        return Initiator(link, self.wires[link], **options)


@contextlib.contextmanager
def world(folder: Path, **ike: Any) -> Iterator[World]:
    """A ``World`` that is gone afterwards; ``ike`` are settings of its responder, as in a lab file."""
    with contextlib.ExitStack() as stack:
        yield World(stack, folder, ike)


def _listens(control: Path) -> bool:
    """Whether a gateway answers on a control socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(control)) == 0


def _connect(outside: Namespace, branch: Namespace) -> None:
    peer = ["peer", "name", "under0", "netns", str(branch.pid)]
    outside.run("ip", "link", "add", "under0", "type", "veth", *peer)
    for namespace, addresses in ((outside, [GATEWAY]), (branch, [address_of(link) for link in LINKS])):
        namespace.run("ip", "link", "set", "lo", "up")
        for address in addresses:
            namespace.run("ip", "address", "add", f"{address}/24", "dev", "under0")
        namespace.run("ip", "link", "set", "under0", "up")


def _stop(gateway: subprocess.Popen[bytes]) -> None:
    gateway.terminate()
    try:
        gateway.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        gateway.kill()
        gateway.wait()
