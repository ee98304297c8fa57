"""The Dockerfiles and .dockerignore: what goes into a build, without building."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
IMAGES = ("cpe-strongswan", "gateway", "host", "nat")


def dockerfile(image: str) -> str:
    """The Dockerfile of an image, with continued lines joined."""
    return (ROOT / "containers" / image / "Dockerfile").read_text().replace("\\\n", "")


def copied(image: str) -> set[str]:
    """Top-level names of the checkout that an image copies."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", dockerfile(image), re.MULTILINE)
    return {Path(word).parts[0] for line in lines for word in line.split()[:-1]}


def test_every_image_is_looked_at() -> None:
    assert sorted(file.parent.name for file in ROOT.glob("containers/*/Dockerfile")) == list(IMAGES)


def test_a_build_is_sent_what_the_images_copy_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert allowed == set().union(*(copied(image) for image in IMAGES))


@pytest.mark.parametrize("image", IMAGES)
def test_the_base_is_a_build_argument_and_that_of_every_stage(image: str) -> None:
    text = dockerfile(image)
    assert "ARG BASE=debian:bookworm-slim\n" in text
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", text, re.MULTILINE)
    assert {base for base, _ in stages} - {name for _, name in stages if name} == {"${BASE}"}


@pytest.mark.parametrize("image", IMAGES)
def test_what_apt_downloads_for_its_lists_does_not_stay(image: str) -> None:
    installs = re.findall(r"^RUN apt-get update.*$", dockerfile(image), re.MULTILINE)
    assert installs
    assert all("--no-install-recommends" in line for line in installs)
    assert all(line.endswith("rm -rf /var/lib/apt/lists/*") for line in installs)
