"""Inner network namespaces: one per remote network, held by file descriptor."""

from gateway.netns.namespace import InnerNamespace

__all__ = ["InnerNamespace"]
