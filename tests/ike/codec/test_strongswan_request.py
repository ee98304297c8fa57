"""A real message: the IKE_SA_INIT request of strongSwan 5.9.8."""

from ike.codec import build_message, parse_message

REQUEST = bytes.fromhex(
    "6059d7e267097cb100000000000000002120220800000000000001f42200005402000024010100030300000c01000014"
    "800e0100030000080200000600000008040000180000002c020100040300000c0100000c800e0100030000080300000d"
    "0300000802000006000000080400000e280001080018000028d205c8bc1a4e4df5258a68312ef111b42a689b6de57f71"
    "1223e0afc448d64861c21dd31aab88e485dca1bb1038341546541737d98227649f3b6a57d9619d764324d91b3d34723e"
    "ff24d303b8883f2ad7c140ea49a568486121977ec05867c09e2879acd5ceb0e3c0e36ff726e08cfe69ef247062f7fdb0"
    "a12e2d76c5991341fbe917b6d5c68e3ac67db583830c954376761be3654b1964ef8413faf0a02efc6713080591e6d9f4"
    "5b60cf36603b3af2b47ff156e5c042ea4330224cfda994c70f55d408e837b98f9d9d9fa89f2642aa0fa212e65a7c74ce"
    "dd3c2140c958c34817d4d57f6cf8548db60e750ca7e72305f088494f49d95bdde16ef1a4c5689b362900002481ee4fb2"
    "112f54996c66a73c9a90fb398dfdbaae5d82088cef3d9df3a5c8e6f42900001c000040047e9036bdecccbbaeda77ea27"
    "8c53987a23b2139f2900001c00004005c5fde8059a8d6f917f276f1c60d82e974aa32276290000080000402e29000010"
    "0000402f00020003000400050000000800004016"
)
DESCRIPTION = {
    "header": {
        "spi_i": "6059d7e267097cb1",
        "spi_r": "0000000000000000",
        "version": "2.0",
        "exchange": "IKE_SA_INIT",
        "flags": ["INITIATOR"],
        "message_id": 0,
        "length": 500,
    },
    "payloads": [
        {
            "payload": "SA",
            "proposals": [
                {
                    "number": 1,
                    "protocol": "IKE",
                    "spi": "",
                    "transforms": [
                        {"type": "ENCR", "id": 20, "name": "AES_GCM_16-256"},
                        {"type": "PRF", "id": 6, "name": "HMAC_SHA2_384"},
                        {"type": "DH", "id": 24, "name": "MODP_2048_256"},
                    ],
                },
                {
                    "number": 2,
                    "protocol": "IKE",
                    "spi": "",
                    "transforms": [
                        {"type": "ENCR", "id": 12, "name": "AES_CBC-256"},
                        {"type": "INTEG", "id": 13, "name": "HMAC_SHA2_384_192"},
                        {"type": "PRF", "id": 6, "name": "HMAC_SHA2_384"},
                        {"type": "DH", "id": 14, "name": "MODP_2048"},
                    ],
                },
            ],
        },
        {"payload": "KE", "group": "MODP_2048_256", "octets": 256},
        {"payload": "NONCE", "nonce": "81ee4fb2112f54996c66a73c9a90fb398dfdbaae5d82088cef3d9df3a5c8e6f4"},
        {
            "payload": "NOTIFY",
            "type": "NAT_DETECTION_SOURCE_IP",
            "error": False,
            "data": "7e9036bdecccbbaeda77ea278c53987a23b2139f",
        },
        {
            "payload": "NOTIFY",
            "type": "NAT_DETECTION_DESTINATION_IP",
            "error": False,
            "data": "c5fde8059a8d6f917f276f1c60d82e974aa32276",
        },
        {"payload": "NOTIFY", "type": "IKEV2_FRAGMENTATION_SUPPORTED", "error": False},
        {
            "payload": "NOTIFY",
            "type": "SIGNATURE_HASH_ALGORITHMS",
            "error": False,
            "data": "0002000300040005",
        },
        {"payload": "NOTIFY", "type": "REDIRECT_SUPPORTED", "error": False},
    ],
}


def test_every_field_is_the_one_that_strongswan_was_configured_to_send() -> None:
    assert parse_message(REQUEST).describe() == DESCRIPTION


def test_building_it_again_gives_the_same_octets() -> None:
    message = parse_message(REQUEST)
    assert build_message(message.header, message.payloads) == REQUEST
