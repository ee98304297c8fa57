"""Transform names in the words of those who have to type them: strongSwan's and Microsoft Graph's."""

from collections.abc import Mapping

_STRONGSWAN_ENCR = {
    "AES_CBC-128": "aes128",
    "AES_CBC-192": "aes192",
    "AES_CBC-256": "aes256",
    "AES_GCM_16-128": "aes128gcm16",
    "AES_GCM_16-192": "aes192gcm16",
    "AES_GCM_16-256": "aes256gcm16",
    "NULL": "null",
}
_STRONGSWAN_INTEG = {"HMAC_SHA2_256_128": "sha256", "HMAC_SHA2_384_192": "sha384"}
_STRONGSWAN_PRF = {"HMAC_SHA2_256": "prfsha256", "HMAC_SHA2_384": "prfsha384"}
STRONGSWAN_DH = {
    "MODP_1024": "modp1024",
    "MODP_2048": "modp2048",
    "MODP_2048_256": "modp2048s256",
    "ECP_256": "ecp256",
    "ECP_384": "ecp384",
}

_GRAPH_IKE_ENCR = {
    "AES_CBC-128": "aes128",
    "AES_CBC-192": "aes192",
    "AES_CBC-256": "aes256",
    "AES_GCM_16-128": "gcmAes128",
    "AES_GCM_16-256": "gcmAes256",
}
_GRAPH_HASH = {"HMAC_SHA2_256": "sha256", "HMAC_SHA2_384": "sha384"}
_GRAPH_INTEG = {"HMAC_SHA2_256": "HMAC_SHA2_256_128", "HMAC_SHA2_384": "HMAC_SHA2_384_192"}
_GRAPH_DH = {
    "MODP_2048": "dhGroup14",
    "MODP_2048_256": "dhGroup24",
    "ECP_256": "ecp256",
    "ECP_384": "ecp384",
}
_GRAPH_ESP = {
    "AES_GCM_16-128": "gcmAes128",
    "AES_GCM_16-192": "gcmAes192",
    "AES_GCM_16-256": "gcmAes256",
}

Names = Mapping[str, tuple[str, ...]]
"""Transform type to names; the first counts."""


def strongswan(names: Names) -> str:
    """A proposal in strongSwan's notation: an AEAD cipher with its PRF, any other with its integrity."""
    words = [_word(names, "ENCR", _STRONGSWAN_ENCR), _word(names, "INTEG", _STRONGSWAN_INTEG)]
    if "INTEG" not in names:
        words.append(_word(names, "PRF", _STRONGSWAN_PRF))
    words.append(_word(names, "DH", STRONGSWAN_DH))
    return "-".join(word for word in words if word)


def graph_ike(offered: Names) -> str | None:
    """The custom phase 1 policy that allows what is offered; None when no device link can."""
    ciphers = (name for name in offered.get("ENCR", ()) if name in _GRAPH_IKE_ENCR)
    hashes = (name for name in offered.get("PRF", ()) if name in _GRAPH_HASH)
    groups = (name for name in offered.get("DH", ()) if name in _GRAPH_DH)
    cipher, prf, group = next(ciphers, None), next(hashes, None), next(groups, None)
    if cipher is None or prf is None or group is None:
        return None
    wanted = () if "GCM" in cipher else (_GRAPH_INTEG[prf],)
    if bool(wanted) != bool(offered.get("INTEG")) or not set(wanted) <= set(offered.get("INTEG", ())):
        return None
    names = _GRAPH_IKE_ENCR[cipher], _GRAPH_HASH[prf], _GRAPH_DH[group]
    return "ikeEncryption {}, ikeIntegrity {}, dhGroup {}".format(*names)


def graph_esp(offered: Names) -> str | None:
    """The custom phase 2 policy that allows what is offered; None when no device link can."""
    if "NULL" in offered.get("ENCR", ()) and "HMAC_SHA2_256_128" in offered.get("INTEG", ()):
        return "ipSecEncryption none, ipSecIntegrity sha256"
    cipher = next((name for name in offered.get("ENCR", ()) if name in _GRAPH_ESP), None)
    if cipher is None or offered.get("INTEG"):
        return None
    return f"ipSecEncryption {_GRAPH_ESP[cipher]}, ipSecIntegrity {_GRAPH_ESP[cipher]}"


def _word(names: Names, kind: str, words: Mapping[str, str]) -> str:
    first = next(iter(names.get(kind, ())), "")
    return words.get(first, "")
