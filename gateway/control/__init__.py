"""The local control socket: JSON lines between a running gateway and the command line."""
