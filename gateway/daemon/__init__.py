"""The gateway's running parts: IKE service, remote networks, status; assembled by ``Gateway``."""
