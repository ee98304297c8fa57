"""Text for ExaBGP: its configuration file, its settings and the commands of its API. Pure functions."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from pathlib import Path

from bgp.neighbor import Neighbor

BATCH = 200
"""Prefixes per announcement: one line each takes twice as long, a whole table in one line delays the rest."""

# Whole blocks, no templates: the values of a template override those of the neighbour. No `listen`: ExaBGP
# refuses two neighbours with the same peer address and the same `listen`, which zone redundancy needs;
# tcp.bind listens for all. `graceful-restart 0` would leave it on.
_NEIGHBOR = """\
neighbor {peer_address} {{
    local-address {local_address};
    local-as {local_as};
    peer-as {peer_as};
    router-id {router_id};
    hold-time {hold_time};
    passive true;
    adj-rib-in true;
    adj-rib-out true;
    capability {{
        asn4 enable;
        route-refresh enable;
        graceful-restart disable;
        extended-message disable;
    }}
    family {{
        ipv4 unicast;
    }}
    api {{
        processes [ gateway ];
        neighbor-changes;
        negotiated;
        fsm;
        receive {{ parsed; open; update; notification; }}
        send {{ parsed; update; notification; }}
    }}
}}
"""


def configuration(neighbors: Sequence[Neighbor], api_command: Sequence[str]) -> str:
    """ExaBGP's configuration file: the API process and one explicit block per neighbour.

    Raises:
        ValueError: A word of ``api_command`` cannot be written in ExaBGP's syntax.
    """
    run = " ".join(_word(word) for word in api_command)
    process = f"process gateway {{\n    run {run};\n    encoder json;\n}}\n"
    return process + "".join(_block(neighbor) for neighbor in neighbors)


def settings(directory: Path) -> dict[str, str]:
    """ExaBGP's settings, as environment variables.

    Args:
        directory: Where ExaBGP looks for its own files, so that the machine's are not read.
    """
    return {
        "EXABGP_ROOT": str(directory),
        "EXABGP_ENVFILE": str(directory / "exabgp.env"),
        # The address of every tunnel, also of those that a reload brings: tcp.bind is fixed at start.
        "exabgp_tcp_bind": "0.0.0.0",  # noqa: S104  the namespace is reachable through the tunnels only
        "exabgp_daemon_user": "root",  # the only user that a user namespace need have
        "exabgp_api_cli": "false",
        "exabgp_api_ack": "false",  # acknowledgements name no command
        "exabgp_api_respawn": "false",  # a lost API process means lost events: ExaBGP starts anew
        "exabgp_log_level": "ERROR",
        "exabgp_log_destination": "stderr",
        "exabgp_log_short": "true",
    }


def announcements(
    neighbor: Neighbor, announce: Sequence[IPv4Network], withdraw: Sequence[IPv4Network]
) -> Iterator[str]:
    """API commands, one per line, that change what the neighbour is sent: withdrawals first."""
    for verb, prefixes in (("withdraw", withdraw), ("announce", announce)):
        for start in range(0, len(prefixes), BATCH):
            batch = " ".join(map(str, prefixes[start : start + BATCH]))
            yield f"{_selector(neighbor)} {verb} attributes next-hop self nlri {batch}"


def teardown(neighbor: Neighbor, subcode: int) -> str:
    """The API command that ends an established session with a Cease of that subcode (RFC 4486)."""
    return f"{_selector(neighbor)} teardown {subcode}"


SHOW_NEIGHBORS = "show neighbor json"
"""The API command that is answered with a list of the neighbours that ExaBGP has loaded."""


def _selector(neighbor: Neighbor) -> str:
    return f"neighbor {neighbor.peer_address} local-ip {neighbor.local_address}"


def _block(neighbor: Neighbor) -> str:
    return _NEIGHBOR.format(
        peer_address=neighbor.peer_address,
        local_address=neighbor.local_address,
        local_as=neighbor.local_as,
        peer_as=neighbor.peer_as,
        router_id=neighbor.router_id,
        hold_time=neighbor.hold_time,
    )


def _word(word: str) -> str:
    """A word quoted for ExaBGP, whose syntax has no way to write a quotation mark."""
    if any(character in word for character in '"\\\n'):
        raise ValueError(
            f"path {word!r}: saw a quotation mark, backslash or line break, which ExaBGP cannot read"
        )
    return f'"{word}"'
