"""Test traffic as small programs, each prints one JSON line when it is done.

tcp-receive ADDRESS          accepts one connection on port 5001: {"bytes", "sha256", "seconds"}
tcp-send ADDRESS SECONDS     sends for so long: {"bytes", "sha256"}; "unchecked" leaves both hashes out
udp-receive ADDRESS SECONDS  listens on port 5002 until the sender ends, at most so long:
                             {"packets", "bytes", "seconds", "missing"}
udp-send ADDRESS SECONDS RATE SIZE   SIZE octets each, RATE Mbit/s: {"packets", "bytes", "seconds"}
"""

import hashlib
import json
import random
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

_CHUNK = 1 << 18
_RECEIVE_BUFFER = 1 << 22
"""Octets that wait for a receiver which a busy machine lets wait."""
_LATEST = 0.02
"""Seconds by which a datagram may be sent late."""
_LAST = b"last"
"""The datagram after the last one that counts."""


def tcp_receive(address: str, checked: str = "checked") -> dict[str, Any]:
    """Hash what one peer sends until it closes."""
    with socket.create_server((address, 5001)) as server:
        _ready()
        connection, _ = server.accept()
        digest, total, began = hashlib.sha256(), 0, time.monotonic()
        with connection:
            while data := connection.recv(_CHUNK):
                if checked == "checked":
                    digest.update(data)
                total += len(data)
        return {"bytes": total, "sha256": digest.hexdigest(), "seconds": time.monotonic() - began}


def tcp_send(address: str, seconds: str, checked: str = "checked") -> dict[str, Any]:
    """Send different blocks of seeded random octets; the number of octets is odd."""
    source = random.Random(4303)
    blocks = [source.randbytes(_CHUNK - 1) for _ in range(8)]
    digest, total = hashlib.sha256(), 0
    until = time.monotonic() + float(seconds)
    with socket.create_connection((address, 5001), timeout=10) as connection:
        while time.monotonic() < until:
            block = blocks[total // _CHUNK % 8]
            connection.sendall(block)
            if checked == "checked":
                digest.update(block)
            total += len(block)
    return {"bytes": total, "sha256": digest.hexdigest()}


def udp_receive(address: str, seconds: str) -> dict[str, Any]:
    """Count numbered datagrams; the time counts from the first to the last."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        receiver.bind((address, 5002))
        receiver.settimeout(float(seconds))
        _ready()
        numbers: set[int] = set()
        octets, first, last = 0, 0.0, 0.0
        until = time.monotonic() + float(seconds)
        while (left := until - time.monotonic()) > 0:
            receiver.settimeout(left)
            try:
                data = receiver.recv(65535)
            except TimeoutError:
                break
            if data == _LAST:
                break
            last = time.monotonic()
            first = first or last
            numbers.add(int.from_bytes(data[:8], "big"))
            octets += len(data)
        missing = max(numbers, default=-1) + 1 - len(numbers)
        return {"packets": len(numbers), "bytes": octets, "seconds": last - first, "missing": missing}


def udp_send(address: str, seconds: str, rate_mbps: str, size: str) -> dict[str, Any]:
    """Send at a steady rate; what a busy machine keeps from being sent in time is left out."""
    length = int(size)
    per_second = float(rate_mbps) * 125_000 / length
    filler = bytes(length - 8)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((address, 5002))
        now = began = time.monotonic()
        until, due, sent = now + float(seconds), now, 0
        while now < until:
            due = max(due, now - _LATEST)
            while due <= now:
                sender.send(sent.to_bytes(8, "big") + filler)
                sent += 1
                due += 1 / per_second
            time.sleep(0.001)
            now = time.monotonic()
        time.sleep(0.1)  # a bandwidth tier lets the last one through
        sender.send(_LAST)
    return {"packets": sent, "bytes": sent * length, "seconds": now - began}


def _ready() -> None:
    """Tell the starter that the socket is bound."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


PROGRAMS: dict[str, Callable[..., dict[str, Any]]] = {
    "tcp-receive": tcp_receive,
    "tcp-send": tcp_send,
    "udp-receive": udp_receive,
    "udp-send": udp_send,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(PROGRAMS[sys.argv[1]](*sys.argv[2:])) + "\n")
