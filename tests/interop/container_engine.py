"""A Docker engine for the tests, the images, and the lab of docker-compose.yml in it."""

import json
import os
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.runner import CHECKOUT

IMAGES = ("gateway", "cpe-strongswan", "nat", "host")
TAG = "test"
_PRINT_AND_WAIT = 'printf "%s\\n" "$DOCKER_HOST" "$BASE"; exec cat'
"""What runs in the engine's script: it ends with our end of the pipe, whatever becomes of this process."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A running engine; ``base`` is the image that all others are built from."""

    host: str
    base: str

    def run(
        self, *argv: str, timeout: float = 60, check: bool = True, variables: Mapping[str, str] | None = None
    ) -> str:
        """Run docker or docker-compose from the checkout; returns what it printed, errors included."""
        environment = {**os.environ, "BASE": self.base, "TAG": TAG, **(variables or {})}
        if self.host:
            environment["DOCKER_HOST"] = self.host
        done = subprocess.run(
            argv,
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(argv)} ended with status {done.returncode}:\n{done.stdout}")
        return done.stdout

    def inspect(self, name: str) -> dict[str, Any]:
        """What the engine says about an image or a container."""
        (found,) = json.loads(self.run("docker", "inspect", name))
        return dict(found)


class NoEngine(Exception):
    """There is no engine on this machine, and none could be started: why, and what to do."""


@contextmanager
def running_engine() -> Iterator[Engine]:
    """The machine's engine, or one of our own that ends with this block.

    Raises:
        NoEngine: Neither can be had.
    """
    command = [str(CHECKOUT / "scripts/docker-engine"), "sh", "-c", _PRINT_AND_WAIT]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        host, base = process.stdout.readline().strip(), process.stdout.readline().strip()
        try:
            if not base:
                said.seek(0)
                raise NoEngine(f"no Docker engine for the tests\n{said.read()}")
            yield Engine(host=host, base=base)
        finally:
            process.stdin.close()
            process.wait(60)


@dataclass(frozen=True, kw_only=True)
class Project:
    """The lab of docker-compose.yml under a name of its own, run by docker-compose 1.29."""

    engine: Engine
    profile: str
    gateway: str = "gateway"
    name: str = field(default_factory=lambda: f"gsalab-{uuid.uuid4().hex[:8]}")

    def compose(self, *argv: str, **variables: str) -> str:
        """Run docker-compose for this project, with these variables in its environment."""
        command = ("docker-compose", "--ansi", "never", "-p", self.name, "--profile", self.profile, *argv)
        return self.engine.run(*command, timeout=300, variables=variables)

    def inside(self, service: str, *argv: str, check: bool = True) -> str:
        """Run a program in a service's container."""
        return self.engine.run("docker", "exec", self.container(service), *argv, check=check)

    def container(self, service: str) -> str:
        """The name of a service's container."""
        return f"{self.name}_{service}_1"

    def log(self, service: str) -> str:
        """All that a service has printed."""
        return self.engine.run("docker", "logs", self.container(service))

    def health(self, service: str) -> str:
        """``healthy``, or what else its health check says."""
        return str(self.engine.inspect(self.container(service))["State"]["Health"]["Status"])

    def status(self, tunnel: str) -> dict[str, Any]:
        """One tunnel of ``gsalab status``."""
        state = json.loads(self.inside(self.gateway, "gsalab", "status", "-o", "json"))
        tunnels = (dict(t) for network in state["remote_networks"] for t in network["tunnels"])
        return {t["name"]: t for t in tunnels}[tunnel]

    def has_session(self, tunnel: str) -> bool:
        """Whether a tunnel has its BGP session and the branch's prefix, at the gateway."""
        try:
            state = self.status(tunnel)
        except AssertionError:  # the gateway is not ready
            return False
        return bool(state["bgp"] and state["learned"])

    def left(self) -> str:
        """What the engine still has of this project, by name; empty after ``down``."""
        label = f"label=com.docker.compose.project={self.name}"
        return "".join(
            self.engine.run("docker", *listing, "--filter", label, "-q")
            for listing in (("ps", "-a"), ("network", "ls"), ("volume", "ls"))
        )


def until(condition: Callable[[], bool], seconds: float) -> float:
    """Wait for a condition and return how many seconds it took; AssertionError after the limit."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds:g} s"
        time.sleep(0.2)
    return time.monotonic() - started
