"""Underlay sockets: UDP 500, UDP 4500 and IP protocol 50 on one address (RFC 7296 section 2.23, RFC 3948)."""

from gateway.endpoint.endpoint import Endpoint, EndpointCounters
from gateway.endpoint.errors import EndpointError

__all__ = ["Endpoint", "EndpointCounters", "EndpointError"]
