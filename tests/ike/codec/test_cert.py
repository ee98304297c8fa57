"""Certificate payload (RFC 7296 section 3.6)."""

import pytest

from ike.codec import CertEncoding, CertPayload, CodecError
from tests.ike.codec.wire import body, octets

PAYLOAD = CertPayload(CertEncoding.X509_SIGNATURE, octets("3003"))


def test_encoding_and_certificate() -> None:
    assert PAYLOAD.build() == octets("04 3003")
    assert CertPayload.parse(body("04 3003")) == PAYLOAD


def test_an_empty_payload_is_refused() -> None:
    with pytest.raises(CodecError, match="certificate encoding needs 1 octets, 0 left"):
        CertPayload.parse(body())


def test_description() -> None:
    assert PAYLOAD.describe() == {"payload": "CERT", "encoding": "X509_SIGNATURE", "octets": 2}
