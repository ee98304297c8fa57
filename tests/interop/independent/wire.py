"""The sockets of one CPE address: UDP 500, UDP 4500 and raw IP protocol 50, opened in another namespace.

A socket belongs to the namespace in which it was made, whoever holds it. So a program that runs inside for a
moment makes the sockets and passes them back: the tests stay outside, and need no right but to start it.
"""

import array
import select
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tests.interop.dataplane_world import Namespace

IKE_PORT, NATT_PORT, ESP_PROTOCOL = 500, 4500, 50
MARKER = bytes(4)
ANSWER_SECONDS = 5.0
"""How long to wait for what must come."""
_IPV4_HEADER = 20

_OPEN = """
import array, socket, sys
address, path = sys.argv[1:]
made = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
made.append(socket.socket(socket.AF_INET, socket.SOCK_RAW, 50))
for each, port in zip(made, (500, 4500, 0)):
    each.bind((address, port))
with socket.socket(socket.AF_UNIX) as back:
    back.connect(path)
    fds = array.array("i", [each.fileno() for each in made])
    back.sendmsg([b"s"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
"""


class Wire:
    """What a CPE at one address sends and receives.

    Args:
        namespace: Where the address is.
        address: Its address.
        gateway: The gateway's address.
        folder: For a socket file that exists for a moment.
    """

    def __init__(self, namespace: Namespace, address: str, gateway: str, folder: Path) -> None:
        self.address = address
        self.gateway = gateway
        ike, natt, esp = _opened(namespace, address, folder)
        self._udp = {IKE_PORT: ike, NATT_PORT: natt}
        self._esp = esp

    def send(self, octets: bytes, port: int, *, marker: bool | None = None) -> None:
        """Send an IKE message to a port, from the same port; the non-ESP marker stands on 4500 only."""
        marked = port == NATT_PORT if marker is None else marker
        self._udp[port].sendto(MARKER * marked + octets, (self.gateway, port))

    def send_udp(self, octets: bytes, port: int) -> None:
        """Send a datagram as it is."""
        self._udp[port].sendto(octets, (self.gateway, port))

    def send_esp(self, packet: bytes) -> None:
        """Send an ESP packet as IP protocol 50."""
        self._esp.sendto(packet, (self.gateway, 0))

    def receive(self, seconds: float = ANSWER_SECONDS) -> bytes | None:
        """The next IKE message, without its non-ESP marker, from whichever port; None when none comes."""
        deadline = time.monotonic() + seconds
        while True:
            ready = _readable(list(self._udp.values()), deadline)
            if ready is None:
                return None
            octets = ready.recv(65535)
            if ready is self._udp[IKE_PORT]:
                return octets
            if octets[:4] == MARKER:
                return octets[4:]

    def receive_esp(self, *, udp: bool, seconds: float = ANSWER_SECONDS) -> bytes | None:
        """The next ESP packet; None when none comes."""
        source = self._udp[NATT_PORT] if udp else self._esp
        deadline = time.monotonic() + seconds
        while _readable([source], deadline) is not None:
            octets = source.recv(65535)
            if not udp:
                return octets[_IPV4_HEADER:]
            if octets[:4] != MARKER:
                return octets
        return None

    def close(self) -> None:
        """Close the sockets."""
        for each in (*self._udp.values(), self._esp):
            each.close()


def _readable(sources: Sequence[socket.socket], deadline: float) -> socket.socket | None:
    """A socket that has something before the deadline; what has arrived is always found."""
    ready, _, _ = select.select(sources, [], [], max(0.0, deadline - time.monotonic()))
    return ready[0] if ready else None


def _opened(namespace: Namespace, address: str, folder: Path) -> list[socket.socket]:
    """Sockets for an address, made inside the namespace."""
    path = folder / f"sockets-{address}"
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))
        listener.listen(1)
        namespace.run(sys.executable, "-c", _OPEN, address, str(path))
        connection, _ = listener.accept()
        with connection:
            found = array.array("i")
            _, ancillary, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(3 * found.itemsize))
            found.frombytes(ancillary[0][2])
    path.unlink()
    return [socket.socket(fileno=fd) for fd in found]
