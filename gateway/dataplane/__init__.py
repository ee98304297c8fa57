"""ESP dataplane: inner packets of TUN devices in, ESP packets of the underlay out, and the reverse."""
