"""Where a remote network's far end is: in a network namespace of its own, or in a shared one."""

from gateway.netns.namespace import InnerNamespace
from gateway.netns.shared import SharedNamespace

__all__ = ["InnerNamespace", "SharedNamespace"]
