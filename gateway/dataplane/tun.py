"""Opens TUN devices (Linux ``Documentation/networking/tuntap``).

One descriptor is one queue of one device: a read gives one packet, a write hands one to the kernel. With
``vnet_hdr`` each starts with a virtio-net header of ``VNET_HEADER_LENGTH`` octets and may carry a TCP
super-packet of up to 64 KiB.
"""

import fcntl
import os
import struct

TUN_DEVICE = "/dev/net/tun"
VNET_HEADER_LENGTH = 10
"""Octets of ``struct virtio_net_hdr``, the kernel's default for a TUN device."""

_TUNSETIFF = 0x400454CA
_TUNSETOFFLOAD = 0x400454D0
_IFF_TUN = 0x0001
_IFF_NO_PI = 0x1000
_IFF_VNET_HDR = 0x4000
_TUN_F_CSUM = 0x01
_TUN_F_TSO4 = 0x02
_TUN_F_TSO6 = 0x04


def open_tun(name: str, *, vnet_hdr: bool) -> int:
    """Create TUN device ``name`` in the caller's network namespace; returns its descriptor, non-blocking.

    Args:
        name: Interface name, at most 15 octets.
        vnet_hdr: Put a virtio-net header in front of each packet and let the kernel hand over TCP
            segments unsplit and checksums unfinished.

    Raises:
        OSError: The device file is missing, the right to create interfaces is missing (CAP_NET_ADMIN in the
            namespace) or the name is taken.
    """
    descriptor = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        flags = _IFF_TUN | _IFF_NO_PI | (_IFF_VNET_HDR if vnet_hdr else 0)
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
        if vnet_hdr:
            fcntl.ioctl(descriptor, _TUNSETOFFLOAD, _TUN_F_CSUM | _TUN_F_TSO4 | _TUN_F_TSO6)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
