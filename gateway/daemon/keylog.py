"""Writes the key tables with which Wireshark and tshark decrypt a capture.

Two files in the formats of Wireshark's preference tables: ``ikev2_decryption_table`` and ``esp_sa``. They
hold the keys of every tunnel: the directory and the files are for their owner alone.
"""

from pathlib import Path

from ike.constants import Encr, Integ, TransformType
from ike.events import EspKeysDerived, Event, IkeKeysDerived
from ike.proposal import Proposal

IKE_TABLE = "ikev2_decryption_table"
ESP_TABLE = "esp_sa"

_IKE_INTEG = {
    None: "NONE [RFC4306]",
    Integ.HMAC_SHA1_96: "HMAC_SHA1_96 [RFC2404]",
    Integ.HMAC_SHA2_256_128: "HMAC_SHA2_256_128 [RFC4868]",
    Integ.HMAC_SHA2_384_192: "HMAC_SHA2_384_192 [RFC4868]",
    Integ.HMAC_SHA2_512_256: "HMAC_SHA2_512_256 [RFC4868]",
}


class KeyLog:
    """Appends a line to a table for every set of keys.

    Args:
        directory: Where the tables are written; created with mode 0700.

    Raises:
        OSError: The directory or a file cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ike, self._esp = directory / IKE_TABLE, directory / ESP_TABLE
        for table in (self._ike, self._esp):
            table.touch(mode=0o600)
            table.chmod(0o600)

    def on_event(self, event: Event) -> None:
        """Write down the keys of an event that carries some."""
        if isinstance(event, IkeKeysDerived):
            _append(self._ike, ike_line(event))
        elif isinstance(event, EspKeysDerived):
            _append(self._esp, *esp_lines(event))


def ike_line(event: IkeKeysDerived) -> str:
    """The line of ``ikev2_decryption_table`` for an IKE SA."""
    spi_i, spi_r = event.ike_spi.split("_")
    keys = event.keys
    encr, integ = _ike_names(event.selected)
    parts = (
        spi_i,
        spi_r,
        keys.SK_ei.hex(),
        keys.SK_er.hex(),
        f'"{encr}"',
        keys.SK_ai.hex(),
        keys.SK_ar.hex(),
    )
    return ",".join((*parts, f'"{integ}"'))


def esp_lines(event: EspKeysDerived) -> tuple[str, str]:
    """The lines of ``esp_sa`` for both directions of a CHILD SA."""
    esp = event.esp
    gcm = esp.encr == Encr.AES_GCM_16
    encr = "AES-GCM with 16 octet ICV [RFC4106]" if gcm else "NULL"
    integ = "NULL" if gcm else "HMAC-SHA-256-128 [RFC4868]"

    def line(spi: int, encr_key: bytes, integ_key: bytes) -> str:
        keys = (f"0x{encr_key.hex()}" if encr_key else "", f"0x{integ_key.hex()}" if integ_key else "")
        return f'"IPv4","*","*","0x{spi:08x}","{encr}","{keys[0]}","{integ}","{keys[1]}"'

    return (
        line(esp.spi_in, esp.encr_key_in, esp.integ_key_in),
        line(esp.spi_out, esp.encr_key_out, esp.integ_key_out),
    )


def _ike_names(selected: Proposal) -> tuple[str, str]:
    """Wireshark's names of the encryption and integrity algorithms."""
    encr = selected.of_type(TransformType.ENCR)[0]
    integ = next((t.id for t in selected.of_type(TransformType.INTEG) if t.id), None)
    if encr.id == Encr.AES_GCM_16:
        return f"AES-GCM-{encr.key_bits} with 16 octet ICV [RFC5282]", _IKE_INTEG[None]
    return f"AES-CBC-{encr.key_bits} [RFC3602]", _IKE_INTEG[None if integ is None else Integ(integ)]


def _append(table: Path, *lines: str) -> None:
    with table.open("a", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in lines)
