"""The lab file: remote networks as Microsoft Graph writes them, the service's rules, and what follows."""

from gateway.model.endpoints import listening_addresses
from gateway.model.labfile import LabFile
from gateway.model.loader import load
from gateway.model.problems import LabFileError, Problem
from gateway.model.resources import DeviceLink, RemoteNetwork
from gateway.model.routes import advertised, covered
from gateway.model.settings import GatewaySettings
from gateway.model.tunnels import Tunnel, tunnels
from gateway.model.view import connectivity_configuration

__all__ = [
    "DeviceLink",
    "GatewaySettings",
    "LabFile",
    "LabFileError",
    "Problem",
    "RemoteNetwork",
    "Tunnel",
    "advertised",
    "connectivity_configuration",
    "covered",
    "listening_addresses",
    "load",
    "tunnels",
]
