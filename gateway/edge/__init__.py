"""The edge of a remote network: stands in for the internet behind its tunnels."""

from gateway.edge.coverage import CoveredProfile
from gateway.edge.drops import Drop, DropReason
from gateway.edge.edge import Edge, load_services
from gateway.edge.rules import RulesError

__all__ = ["CoveredProfile", "Drop", "DropReason", "Edge", "RulesError", "load_services"]
