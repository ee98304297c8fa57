"""The container images: what is in them, and what is not."""

import json
import re

import pytest

from tests.interop.container_engine import IMAGES, TAG, Engine
from tests.support.runner import CHECKOUT

pytestmark = [pytest.mark.interop, pytest.mark.container, pytest.mark.timeout(1800)]

MEGABYTE = 1_000_000
RUNTIME = "import importlib.metadata as m; [print(d.metadata['Name'], d.version) for d in m.distributions()]"


def in_image(engine: Engine, image: str, *argv: str, check: bool = True) -> str:
    """Run a program in a new container without any capability."""
    options = ("--rm", "--cap-drop=ALL", "--network=none", "--entrypoint", argv[0])
    return engine.run("docker", "run", *options, f"gsalab/{image}:{TAG}", *argv[1:], check=check)


def test_the_gateway_adds_less_than_150_megabytes_to_its_base(images: Engine) -> None:
    added = images.inspect(f"gsalab/gateway:{TAG}")["Size"] - images.inspect(images.base)["Size"]
    assert added < 150 * MEGABYTE


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_has_a_health_check_and_says_what_it_is(images: Engine, image: str) -> None:
    config = images.inspect(f"gsalab/{image}:{TAG}")["Config"]
    assert config["Healthcheck"]["Test"]
    labels = {name.removeprefix("org.opencontainers.image.") for name in config["Labels"]}
    assert labels >= {"title", "description", "licenses"}


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_has_no_compiler_and_no_package_installer_of_python(images: Engine, image: str) -> None:
    script = "for p in cc gcc g++ make pip pip3; do command -v $p; done; true"
    assert in_image(images, image, "sh", "-c", script) == ""


def test_the_gateway_has_the_locked_versions_and_none_of_the_tools_for_tests(images: Engine) -> None:
    lock = (CHECKOUT / "constraints.txt").read_text()
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))
    installed = {
        re.sub(r"[-_.]+", "-", name).lower(): version
        for name, version in map(str.split, in_image(images, "gateway", "python", "-c", RUNTIME).splitlines())
    }
    del installed["gsa-lab"]
    assert installed.items() <= locked.items()
    assert not installed.keys() & {"pytest", "mypy", "ruff", "scapy", "hypothesis", "pip"}


def test_commands_other_than_up_need_no_rights(images: Engine) -> None:
    assert images.run(
        "docker", "run", "--rm", "--cap-drop=ALL", f"gsalab/gateway:{TAG}", "--version"
    ).startswith("gsalab ")


def test_up_without_its_rights_names_them(images: Engine) -> None:
    said = images.run("docker", "run", "--rm", f"gsalab/gateway:{TAG}", "up", check=False)
    assert "fix: cap_add: [SYS_ADMIN]" in said


def test_the_base_and_the_capabilities_are_the_callers(images: Engine) -> None:
    """A default base that everybody can pull, and no image that asks to be privileged."""
    resolved = images.run("docker-compose", "--profile", "gateway", "config")
    assert "privileged" not in resolved
    for image in IMAGES:
        text = (CHECKOUT / "containers" / image / "Dockerfile").read_text()
        assert "ARG BASE=debian:bookworm-slim\n" in text
        assert not text.startswith("# syntax")
    assert json.loads(images.run("docker", "inspect", images.base))
