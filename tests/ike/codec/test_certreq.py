"""Certificate Request payload (RFC 7296 section 3.7)."""

import pytest

from ike.codec import CertEncoding, CertReqPayload, CodecError
from tests.ike.codec.wire import body, octets

PAYLOAD = CertReqPayload(CertEncoding.X509_SIGNATURE, b"a" * 20 + b"b" * 20)


def test_encoding_and_authorities() -> None:
    assert PAYLOAD.build() == octets("04") + b"a" * 20 + b"b" * 20
    assert CertReqPayload.parse(body("04", "61" * 20, "62" * 20)) == PAYLOAD


def test_an_empty_payload_is_refused() -> None:
    with pytest.raises(CodecError, match="certificate encoding needs 1 octets, 0 left"):
        CertReqPayload.parse(body())


def test_description_lists_one_hash_per_authority() -> None:
    assert PAYLOAD.describe() == {
        "payload": "CERTREQ",
        "encoding": "X509_SIGNATURE",
        "authorities": ["61" * 20, "62" * 20],
    }
