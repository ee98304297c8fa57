"""Labs in containers, through the Docker SDK: a node is a container, a cable is a veth pair."""

from gateway.lab.docker.backend import DockerBackend

__all__ = ["DockerBackend"]
