"""The network path of a datagram."""

from typing import NamedTuple


class Path(NamedTuple):
    """Where a datagram came from and where it arrived; a reply goes back along the same path.

    Addresses are text (``198.51.100.20``), ports are UDP ports (0 for ESP without UDP).
    """

    local_ip: str
    local_port: int
    remote_ip: str
    remote_port: int

    @property
    def remote(self) -> str:
        """The remote end as people write it: ``198.51.100.10:500``."""
        return f"{self.remote_ip}:{self.remote_port}"

    @property
    def local(self) -> str:
        """The local end as people write it: ``198.51.100.20:500``."""
        return f"{self.local_ip}:{self.local_port}"
