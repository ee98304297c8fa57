"""The lab: everything that the files of a lab say, checked."""

from typing import ClassVar

from pydantic import Field, PrivateAttr

from gateway.model.connectivity import ConnectivityConfiguration
from gateway.model.document import Mark, Node
from gateway.model.fields import GraphModel
from gateway.model.problems import Problem
from gateway.model.resources import ForwardingProfile, RemoteNetwork
from gateway.model.settings import GatewaySettings
from gateway.model.source import Source


class LabFile(GraphModel):
    """A lab for the local Global Secure Access endpoint, in Microsoft Graph's property names."""

    graph_members: ClassVar[frozenset[str]] = frozenset({"$schema"})

    remote_networks: tuple[RemoteNetwork, ...] = Field(
        default=(),
        description="The sites; at most ten. The resources of /networkAccess/connectivity/remoteNetworks.",
    )
    forwarding_profiles: tuple[ForwardingProfile, ...] = Field(
        default=(),
        description="The tenant's traffic profiles, which remote networks refer to by id. "
        "The resources of /networkAccess/forwardingProfiles.",
    )
    gateway: GatewaySettings = Field(
        default_factory=GatewaySettings, description="Settings of the lab's gateway, outside Graph."
    )
    connectivity_configurations: tuple[ConnectivityConfiguration, ...] = Field(
        default=(),
        description="View configuration of remote networks: pins the endpoints of their links.",
    )

    _warnings: tuple[Problem, ...] = PrivateAttr(default=())
    _sources: tuple[Source, ...] = PrivateAttr(default=())

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What will surprise, found when the lab was loaded."""
        return self._warnings

    def source(self, network: int) -> Source:
        """Where the remote network with this index was written."""
        if network < len(self._sources):
            return self._sources[network]
        return Source(Node(Mark("lab", 1, 1), {}), f"remoteNetworks[{network}]")

    def remember(self, sources: tuple[Source, ...], warnings: tuple[Problem, ...]) -> None:
        """Keep where the remote networks were written, and the warnings about them."""
        self._sources = sources
        self._warnings = warnings
