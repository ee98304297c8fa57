"""How packets come to the box: the kernel routes them into TUN devices, one for each direction.

What comes from outside is marked before it is routed, rather than matched by its interface, because ARP asks
the same routing rules whether the outside address is ours, and has to hear that it is.
"""

import subprocess
from collections.abc import Sequence

DEVICES = {"out": "nat-out", "in": "nat-in"}
"""TUN device by the direction of the packets that are read from it."""
_TABLES = {"out": 1001, "in": 1002}
_MARK = 0x1
_LIMIT = 10
_QUEUE = 2000


def rules(toward: str) -> str:
    """Nftables rules that mark what comes from outside; they need no connection tracking.

    Args:
        toward: The interface towards the outside.
    """
    return (
        "table ip natbox {\n chain prerouting {\n  type filter hook prerouting priority mangle\n"
        f'  iifname "{toward}" meta mark set {_MARK}\n }}\n}}\n'
    )


def commands(inside: Sequence[str]) -> list[str]:
    """``ip`` commands: what is marked goes in before even the local table, the rest goes out after it.

    Args:
        inside: The interfaces of all other neighbours.
    """
    lines = []
    for direction, device in DEVICES.items():
        lines += [
            f"link set {device} mtu 1500 txqueuelen {_QUEUE} up",
            f"route add default dev {device} table {_TABLES[direction]}",
        ]
    return [
        *lines,
        "rule add pref 20 lookup local",
        "rule del pref 0",
        f"rule add pref 10 fwmark {_MARK} lookup {_TABLES['in']}",
        *(f"rule add pref 30 iif {interface} lookup {_TABLES['out']}" for interface in inside),
    ]


def wire(toward: str, inside: Sequence[str]) -> None:
    """Set it up in this network namespace, which has the devices already.

    Raises:
        subprocess.CalledProcessError: The kernel refuses; the error's ``stderr`` says what.
    """
    _run(("nft", "-f", "-"), rules(toward))
    _run(("ip", "-batch", "-"), "\n".join(commands(inside)))


def _run(argv: Sequence[str], text: str) -> None:
    subprocess.run(argv, input=text, text=True, capture_output=True, check=True, timeout=_LIMIT)
