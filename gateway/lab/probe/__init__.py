"""A CPE of a lab for what strongSwan cannot be made to send: IKEv2 with the proposals of a scenario, and ESP.

It speaks with the gateway's own codec, key schedule and ESP: an error made in both would not show, so it is
no proof of interoperability; strongSwan and ``tests/interop/independent`` are that. It has no BGP, no routes
and no traffic but pings, so nothing it is in can work: a scenario's fix puts strongSwan in its place.
"""
