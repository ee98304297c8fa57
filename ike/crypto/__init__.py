"""The cryptography of IKEv2, without sockets, clock or randomness of its own.

Secrets are plain ``bytes``; every object that holds one hides it in its ``repr``.
"""
