"""The IKEv2 protocol (RFC 7296), sans-IO: datagrams in, datagrams and events out.

No sockets, no clock, no event loop, no global randomness: time, addresses and random bytes are arguments.
"""
