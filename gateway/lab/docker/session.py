"""The containers of one lab, which share a pid namespace and end with its first process.

That process waits on its standard input, which a connection of ours to the engine holds open. When we end,
however we end, the engine closes the input, the process ends, the kernel kills every other process of the
pid namespace, and the engine removes the containers, as they have ended. What SIGKILL can leave is a
container that was made and not started yet; the next lab on the engine removes it.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from gateway.lab.backend import CommandError
from gateway.lab.docker import execs
from gateway.lab.docker.engine import CONNECTIONS, IMAGES, LAB, NODE, SESSION, image
from gateway.lab.topology import NodePlan, Role

if TYPE_CHECKING:
    from docker import APIClient

T = TypeVar("T")

_FIRST = 'read -r word; [ "$word" = keep ] || exit 0; sleep infinity & wait'
_STAY = "echo $$ >/run/node.pid; exec sleep infinity"
_KEEP = b"keep\n"
_REMOVAL_TIMEOUT = 15.0
_STALE_AFTER = 60.0
"""Seconds until containers of a lab whose first process does not run are taken for left behind."""

CAPABILITIES: dict[Role, tuple[str, ...]] = {
    "gateway": ("NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW", "SYS_ADMIN"),
    "cpe": ("NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW"),
    "tunnel": ("NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW"),
    "router": ("NET_ADMIN", "NET_RAW"),
    "host": ("NET_ADMIN", "NET_RAW"),
}
_WITH_TUN: frozenset[Role] = frozenset({"gateway", "cpe", "tunnel", "router"})
_NAMESPACES = ["apparmor=unconfined", "seccomp=unconfined"]
"""What the gateway needs beside SYS_ADMIN to make its inner namespaces."""
_NO_NEW_PRIVILEGES = ["no-new-privileges=true"]
_ENVIRONMENT: dict[Role, dict[str, str]] = {
    role: {"STRONGSWAN_CONF": "/etc/strongswan.conf"} for role in ("cpe", "tunnel")
}


class Session:
    """One lab on the engine.

    Args:
        api: The engine.
        lab: Name of the lab.
    """

    def __init__(self, api: "APIClient", lab: str) -> None:
        self.api = api
        self.id = uuid.uuid4().hex[:12]
        self.first = ""
        self.streams = execs.Streams()
        self._labels = {LAB: lab, SESSION: self.id}
        self._pool = ThreadPoolExecutor(CONNECTIONS)
        self._input: Any = None

    async def ask(self, who: str, function: Callable[[], T]) -> T:
        """Run a function that asks the engine, in a thread; refusals for ``who`` become ``CommandError``."""
        from docker.errors import DockerException  # noqa: PLC0415
        from requests.exceptions import RequestException  # noqa: PLC0415

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function)
        except (DockerException, RequestException, OSError) as error:
            raise CommandError(f"{who}: the Docker engine: {error}") from error

    def begin(self) -> None:
        """Start the container whose end is the lab's. It also lays the cables, so it has NET_ADMIN."""
        remove_stale(self.api)
        host_config = self.api.create_host_config(
            network_mode="none",
            auto_remove=True,
            cap_drop=["ALL"],
            cap_add=["NET_ADMIN"],
            security_opt=_NO_NEW_PRIVILEGES,
        )
        made = self.api.create_container(
            image(IMAGES["router"]),
            [],
            entrypoint=["sh", "-c", _FIRST],
            stdin_open=True,
            labels=self._labels,
            healthcheck={"test": ["NONE"]},
            host_config=host_config,
        )
        self.first = made["Id"]
        self._input = self.api.attach_socket(self.first, params={"stdin": 1, "stream": 1})
        self.api.start(self.first)

    def add(self, plan: NodePlan, sysctls: Mapping[str, int], shares: str | None) -> str:
        """Start the container of a node and return its id.

        Args:
            plan: Of the node.
            sysctls: Values by their dotted names.
            shares: The container of the CPE that it is a part of, whose BIRD it talks to.
        """
        host_config = self.api.create_host_config(
            network_mode="none",
            pid_mode=f"container:{self.first}",
            auto_remove=True,
            cap_drop=["ALL"],
            cap_add=list(CAPABILITIES[plan.role]),
            security_opt=_NAMESPACES if plan.role == "gateway" else _NO_NEW_PRIVILEGES,
            devices=["/dev/net/tun"] if plan.role in _WITH_TUN else [],
            sysctls={name: str(value) for name, value in sysctls.items()},
            volumes_from=[shares] if shares else [],
        )
        made = self.api.create_container(
            image(IMAGES[plan.role]),
            [],
            entrypoint=["sh", "-c", _STAY],
            hostname=plan.name,
            environment=_ENVIRONMENT.get(plan.role, {}),
            volumes=["/run/bird"] if plan.role == "cpe" else [],
            labels=self._labels | {NODE: plan.name},
            healthcheck={"test": ["NONE"]},
            host_config=host_config,
        )
        self.api.start(made["Id"])
        return str(made["Id"])

    def keep(self) -> None:
        """Let the lab outlive this process."""
        getattr(self._input, "_sock", self._input).sendall(_KEEP)
        self._input.close()

    def end(self) -> None:
        """Remove everything; returns when nothing is left."""
        end(self.api, self.id, self.first)
        self.streams.cut()
        self._pool.shutdown(cancel_futures=True)
        end(self.api, self.id, "")  # what was still being made


def end(api: "APIClient", session: str, first: str) -> None:
    """End a lab by its session, and its first container when that is known."""
    from docker.errors import APIError  # noqa: PLC0415

    if first:
        with contextlib.suppress(APIError):
            api.kill(first)
    deadline = time.monotonic() + _REMOVAL_TIMEOUT
    while containers := api.containers(all=True, filters={"label": f"{SESSION}={session}"}):
        for container in containers:
            with contextlib.suppress(APIError):  # it is gone, or going
                api.remove_container(container["Id"], force=True, v=True)
        if time.monotonic() > deadline:
            names = ", ".join(container["Id"][:12] for container in containers)
            raise RuntimeError(f"the Docker engine does not remove the lab's containers {names}")


def remove_stale(api: "APIClient") -> None:
    """Remove what labs left behind whose process was killed while it made containers."""
    sessions: dict[str, list[dict[str, Any]]] = {}
    for container in api.containers(all=True, filters={"label": SESSION}):
        sessions.setdefault(container["Labels"][SESSION], []).append(container)
    for session, containers in sessions.items():
        lives = any(container["State"] == "running" for container in containers)
        if not lives and max(c["Created"] for c in containers) < time.time() - _STALE_AFTER:
            end(api, session, "")
