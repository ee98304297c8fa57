"""The NAT box of a lab: a router in userspace that translates, times out, drops, delays and loses by plan.

``box`` and what it uses is sans-IO: IPv4 packets and a clock in, packets and events out. ``serve`` runs it
between two TUN devices; ``python -m gateway.lab.natbox`` starts it, and talks to one that runs. It needs the
standard library only, so that an image for it is small.
"""
