"""The lab file: remote networks as Microsoft Graph writes them, the service's rules, and what follows."""

from gateway.model.endpoints import listening_addresses
from gateway.model.ike_settings import IkeSettings, NatPortRewrite, UnknownSource
from gateway.model.labfile import LabFile
from gateway.model.loader import load
from gateway.model.peers import limits
from gateway.model.problems import LabFileError, Problem
from gateway.model.resources import DeviceLink, RemoteNetwork
from gateway.model.routes import advertised, covered
from gateway.model.settings import GatewaySettings
from gateway.model.tunnels import Tunnel, tunnels
from gateway.model.view import connectivity_configuration

__all__ = [
    "DeviceLink",
    "GatewaySettings",
    "IkeSettings",
    "LabFile",
    "LabFileError",
    "NatPortRewrite",
    "Problem",
    "RemoteNetwork",
    "Tunnel",
    "UnknownSource",
    "advertised",
    "connectivity_configuration",
    "covered",
    "limits",
    "listening_addresses",
    "load",
    "tunnels",
]
