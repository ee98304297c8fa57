"""From files to a checked lab.

Each file is read, recognised (our own lab file, or one of the documents of Microsoft Graph) and cut into
resources; the resources of all files together are completed, validated one by one, and joined.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid5

from pydantic import ValidationError

from gateway.model import cautions, rules
from gateway.model.connectivity import ConnectivityConfiguration, as_remote_network
from gateway.model.document import read_document
from gateway.model.endpoints import shows
from gateway.model.explain import explain
from gateway.model.fields import GraphModel
from gateway.model.labfile import LabFile
from gateway.model.members import plain
from gateway.model.parts import Parts
from gateway.model.problems import LabFileError, Problem
from gateway.model.resources import DeviceLink, ForwardingProfile, RemoteNetwork
from gateway.model.settings import GatewaySettings
from gateway.model.source import Source

ID_NAMESPACE = UUID("8f3c1a52-6b0e-5d4f-9a77-65476a65476a")
"""Namespace of the ids that are made from names (RFC 4122 section 4.3)."""
ASSUMED_REGION = "eastUS"
"""Region of a device link that comes without a remote network."""


def load(paths: Sequence[Path], *, psk: str | None = None) -> LabFile:
    """Read, merge and check the files of a lab.

    Args:
        paths: At least one YAML or JSON file: a lab file, or a document of Graph.
        psk: Pre-shared key for the links that have none.

    Raises:
        LabFileError: With every problem of every file, when one of them is an error.
    """
    if not paths:
        rule, fix = "a lab has at least one file", "start from examples/minimal.yaml"
        raise LabFileError([Problem(file="-", saw="no lab file", rule=rule, fix=fix)])
    return _Loader(psk).load(paths)


M = TypeVar("M", bound=GraphModel)


class _Loader:
    def __init__(self, psk: str | None) -> None:
        self._psk = psk
        self._problems: list[Problem] = []
        self._parts = Parts(self._problems.append)
        self._shown: list[Any] = []  # remote networks that only a connectivity configuration shows

    def load(self, paths: Sequence[Path]) -> LabFile:
        for path in paths:
            try:
                document = read_document(path)
            except LabFileError as error:
                self._problems += error.problems
                continue
            self._problems += document.problems
            self._parts.cut(document)
        settings = self._settings()
        profiles = self._all(self._parts.profiles, ForwardingProfile)
        views = self._all(self._parts.views, ConnectivityConfiguration)
        raws = self._networks(views)
        self._problems += rules.between(raws)
        networks = [(source, self._validated(raw, source, RemoteNetwork)) for source, raw in raws]
        valid = [(source, network) for source, network in networks if network is not None]
        lab = LabFile(
            remote_networks=tuple(network for _, network in valid),
            forwarding_profiles=tuple(profile for _, profile in profiles),
            gateway=settings,
            connectivity_configurations=tuple(view for _, view in views),
        )
        lab.remember(tuple(source for source, _ in valid), ())
        self._problems += rules.of_lab(lab, is_whole=not self._has_error())
        self._problems += cautions.of_lab(lab)
        if not raws and not self._has_error():
            rule = "without a remote network there is no tunnel"
            fix = "add remoteNetworks, as in examples/minimal.yaml"
            saw = "no remote network"
            file = str(paths[0])
            self._problems.append(Problem(file=file, saw=saw, rule=rule, fix=fix, severity="warning"))
        for source in self._parts.gateways[:1]:
            self._problems += cautions.of_gateway(lab, source)
        ordered = tuple(dict.fromkeys(sorted(self._problems, key=_order)))
        if self._has_error():
            raise LabFileError(ordered)
        lab.remember(tuple(source for source, _ in valid), ordered)
        return lab

    def _has_error(self) -> bool:
        return any(problem.severity == "error" for problem in self._problems)

    def _validated(self, raw: Any, source: Source, model: type[M]) -> M | None:  # noqa: ANN401
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            self._problems += explain(error, source, model)
            return None

    def _all(self, sources: Sequence[Source], model: type[M]) -> list[tuple[Source, M]]:
        raws = [(source, plain(source, model, self._problems.append)) for source in sources]
        models = [(source, self._validated(raw, source, model)) for source, raw in raws]
        return [(source, found) for source, found in models if found is not None]

    def _settings(self) -> GatewaySettings:
        for source in self._parts.gateways[1:]:
            first = self._parts.gateways[0].node.mark
            rule = "one file of a lab has the gateway section"
            self._problems.append(
                source.problem((), rule=rule, fix=f"remove it; the other is in {first.file}:{first.line}")
            )
        found = self._all(self._parts.gateways[:1], GatewaySettings)
        return found[0][1] if found else GatewaySettings()

    def _networks(
        self, views: Sequence[tuple[Source, ConnectivityConfiguration]]
    ) -> list[tuple[Source, Any]]:
        """Every remote network as plain values: the written ones, and those that only a view shows."""
        raws: list[tuple[Source, Any]] = [
            (source, plain(source, RemoteNetwork, self._problems.append)) for source in self._parts.networks
        ]
        for source, view in views:
            if not any(
                shows(view, raw.get("id"), raw.get("name")) for _, raw in raws if isinstance(raw, dict)
            ):
                raws.append((_source_of_view(source, view), as_remote_network(view)))
                self._shown.append(raws[-1][1])
        for network_id, source in self._parts.links:
            self._join(network_id, source, raws)
        for _, raw in raws:
            if isinstance(raw, dict):
                self._complete(raw)
        return raws

    def _join(self, network_id: str | None, source: Source, raws: list[tuple[Source, Any]]) -> None:
        """Put a device link that stands alone into its remote network."""
        link = plain(source, DeviceLink, self._problems.append)
        candidates = [
            (s, raw) for s, raw in raws if isinstance(raw, dict) and raw.get("id", "") == network_id
        ]
        if not candidates and len(raws) == 1 and isinstance(raws[0][1], dict):
            candidates = raws
        if not candidates and not raws:
            name = link.get("name") if isinstance(link, dict) else None
            raw = {"id": network_id, "name": name, "region": ASSUMED_REGION}
            raws.append((Source(source.node, source.prefix), {k: v for k, v in raw.items() if v}))
            candidates = raws
            rule = (
                f"a device link belongs to a remote network; one of its name in {ASSUMED_REGION} is assumed"
            )
            fix = "load the remote network's file too"
            saw = "a device link alone"
            self._problems.append(source.problem((), saw=saw, rule=rule, fix=fix, severity="warning"))
        if len(candidates) != 1:
            rule, fix = (
                "it is not said which remote network the link belongs to",
                "write it into its deviceLinks",
            )
            self._problems.append(source.problem((), saw="a device link alone", rule=rule, fix=fix))
            return
        network, raw = candidates[0]
        links = raw.setdefault("deviceLinks", [])
        if not isinstance(links, list):
            return
        index = len(links)
        if any(raw is shown for shown in self._shown) and isinstance(link, dict):
            same = (
                i
                for i, seen in enumerate(links)
                if {seen.get("id"), seen["name"]} & {link.get("id"), link.get("name")}
            )
            index = next(same, index)
        for loc in [loc for loc in network.parts if loc[:2] == ("deviceLinks", index)]:
            del network.parts[loc]
        network.parts["deviceLinks", index] = source
        links[index : index + 1] = [link]

    def _complete(self, raw: dict[str, Any]) -> None:
        """Fill in the ids and keys that were left out; an empty key counts as left out."""
        raw.setdefault("id", str(uuid5(ID_NAMESPACE, f"remoteNetworks/{raw.get('name')}")))
        links = raw.get("deviceLinks")
        for link in links if isinstance(links, list) else []:
            if not isinstance(link, dict):
                continue
            link.setdefault("id", str(uuid5(ID_NAMESPACE, f"{raw['id']}/deviceLinks/{link.get('name')}")))
            tunnel = link.setdefault("tunnelConfiguration", {})
            if not isinstance(tunnel, dict):
                continue
            for name in ("preSharedKey", "zoneRedundancyPreSharedKey"):
                if tunnel.get(name) == "":
                    del tunnel[name]
            if self._psk:
                tunnel.setdefault("preSharedKey", self._psk)


def _source_of_view(source: Source, view: ConnectivityConfiguration) -> Source:
    """Where the values of a remote network stand that only a connectivity configuration shows."""
    parts: dict[tuple[str | int, ...], Source] = {}
    for index in range(len(view.links)):
        link = source.child("links", index)
        parts["deviceLinks", index] = link
        parts["deviceLinks", index, "name"] = link.child("displayName")
        parts["deviceLinks", index, "ipAddress"] = link.child("peerConfiguration", "endpoint")
    return replace(source, parts=parts)


def _order(problem: Problem) -> tuple[str, str, int, int]:
    """Errors before warnings, then as they stand in the files."""
    return problem.severity, problem.file, problem.line or 0, problem.column or 0
