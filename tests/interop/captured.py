"""A run that was captured at the gateway, with the key tables that decrypt it."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from scapy.layers.inet import UDP
from scapy.utils import PcapReader

from gateway.daemon.keylog import ESP_TABLE, IKE_TABLE
from gateway.lab.lab import Lab
from tests.interop.cpe_drills import capture_reconnection

NON_ESP_MARKER = bytes(4)


async def capture_with_keys(lab: Lab) -> dict[str, str]:
    """Inside the lab: capture a reconnection; the gateway writes its keys to ``/run/keys``."""
    node = lab.nodes[lab.topology.gateway]
    pcap = await capture_reconnection(lab)
    tables = {name: (await node.read(f"/run/keys/{name}")).decode() for name in (IKE_TABLE, ESP_TABLE)}
    return {"pcap": pcap, **tables}


@dataclass(frozen=True)
class Capture:
    """A capture with the key tables of its gateway."""

    pcap: Path
    ike_table: list[str]
    esp_table: list[str]

    @classmethod
    def of(cls, outcome: Mapping[str, str], folder: Path) -> Self:
        """Write what ``capture_with_keys`` returned into a folder."""
        pcap = folder / "run.pcap"
        pcap.write_bytes(bytes.fromhex(outcome["pcap"]))
        return cls(pcap, outcome[IKE_TABLE].splitlines(), outcome[ESP_TABLE].splitlines())

    def tshark(self, display_filter: str, *fields: str) -> list[list[str]]:
        """The fields of the packets that match, decrypted."""
        argv = ["tshark", "-n", "-r", str(self.pcap), "-Y", display_filter, "-T", "fields"]
        for field in fields:
            argv += ["-e", field]
        argv += ["-o", "esp.enable_encryption_decode:TRUE", "-o", "esp.enable_authentication_check:TRUE"]
        for line in self.ike_table:
            argv += ["-o", f"uat:ikev2_decryption_table:{line}"]
        for line in self.esp_table:
            argv += ["-o", f"uat:esp_sa:{line}"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def ike_messages(self) -> Iterator[bytes]:
        """The IKE messages, without non-ESP marker."""
        for packet in PcapReader(str(self.pcap)):
            if UDP not in packet:
                continue
            data = bytes(packet[UDP].payload)
            ports = {packet[UDP].sport, packet[UDP].dport}
            if ports == {500}:
                yield data
            elif ports == {4500} and data.startswith(NON_ESP_MARKER):
                yield data.removeprefix(NON_ESP_MARKER)
