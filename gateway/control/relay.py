"""Joins standard input and output to a unix socket: ``python -m gateway.control.relay SOCKET``.

For a client that can start programs where the gateway runs, but cannot reach its files: in a container. It
imports next to nothing, because it is started for a single connection. It ends when either side has.
"""

import os
import select
import socket
import sys

_CHUNK = 65536


def main(path: str) -> None:
    """Copy in both directions; raises ``OSError`` when nobody listens on ``path``."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as far:
        far.connect(path)
        while True:
            ready, _, _ = select.select([0, far.fileno()], [], [])
            if 0 in ready:
                data = os.read(0, _CHUNK)
                if not data:
                    return
                far.sendall(data)
            if far.fileno() in ready:
                data = far.recv(_CHUNK)
                if not data:
                    return
                while data:
                    data = data[os.write(1, data) :]


if __name__ == "__main__":
    main(sys.argv[1])
