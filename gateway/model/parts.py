"""Cutting documents into resources: our own lab file, and the documents of Microsoft Graph.

Accepted are the lab file, collections (``value``) and single objects of remoteNetwork, deviceLink and
forwardingProfile, and connectivityConfiguration. A collection is known by its ``@odata.context``,
anything else by its members.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.model.document import Document
from gateway.model.labfile import LabFile
from gateway.model.members import known_members
from gateway.model.problems import Problem
from gateway.model.source import Source

_NETWORK_OF_LINKS = re.compile(r"remoteNetworks\('([^']+)'\)/deviceLinks")


@dataclass
class Parts:
    """The resources of all files.

    Args:
        report: Called with every problem.
        networks: Remote networks.
        links: Device links that stand alone, with the id of their remote network where it is known.
        profiles: Forwarding profiles of the tenant.
        views: Connectivity configurations.
        gateways: The gateway sections.
    """

    report: Callable[[Problem], None]
    networks: list[Source] = field(default_factory=list)
    links: list[tuple[str | None, Source]] = field(default_factory=list)
    profiles: list[Source] = field(default_factory=list)
    views: list[Source] = field(default_factory=list)
    gateways: list[Source] = field(default_factory=list)

    def cut(self, document: Document) -> None:
        """Add the resources of a document."""
        root = document.root
        is_graph = root.member("@odata.context") is not None
        source = Source(root, is_graph=is_graph)
        value = root.member("value")
        if not isinstance(root.value, dict):
            fix = (
                "put the list below `remoteNetworks:`"
                if isinstance(root.value, list)
                else "start from examples/minimal.yaml"
            )
            self.report(source.problem((), rule="a lab file is a mapping", fix=fix))
        elif value is not None and isinstance(value.node.value, list):
            context = root.member("@odata.context")
            text = str(context.node.value) if context else ""
            for index in range(len(value.node.value)):
                self._take(source.child("value", index), text)
        else:
            self._take(source, "")

    def _take(self, source: Source, context: str) -> None:
        """Recognise one resource by its collection, otherwise by its members."""
        found = _NETWORK_OF_LINKS.search(context)
        if found:
            self.links.append((found[1], source))
        elif context.endswith("forwardingProfiles") or _has(source, "trafficForwardingType"):
            self.profiles.append(source)
        elif _has(source, "links") and (_has(source, "remoteNetworkId") or _has(source, "remoteNetworkName")):
            self.views.append(source)
        elif _has(source, "deviceLinks") or _has(source, "region") or context.endswith("remoteNetworks"):
            self.networks.append(source)
        elif _has(source, "bgpConfiguration") or _has(source, "tunnelConfiguration"):
            self.links.append((None, source))
        else:
            self._take_lab(source)

    def _take_lab(self, source: Source) -> None:
        sections = {
            "remoteNetworks": self.networks,
            "forwardingProfiles": self.profiles,
            "connectivityConfigurations": self.views,
        }
        members = known_members(source, LabFile, self.report)
        for name, node in members.items():
            if name == "gateway":
                self.gateways.append(source.child(name))
            elif isinstance(node.value, list):
                items = [source.child(name, index) for index in range(len(node.value))]
                sections[name].extend(items)
            else:
                fix = "begin each item on a line of its own with `- `"
                self.report(source.problem((name,), rule=f"{name} is a list", fix=fix))


def _has(source: Source, name: str) -> bool:
    return source.node.member(name) is not None
