"""What was read of a socket, on its way to its receivers: gathered as long as it is of one kind."""

from collections.abc import Callable
from typing import Any

from ike.path import Path

OnIke = Callable[[list[tuple[bytes, Path]]], None]
OnEsp = Callable[[list[memoryview], Path], None]


class Arrivals:
    """Consecutive ESP packets of one path, or consecutive IKE messages; never both, which keeps the order.

    Args:
        on_ike: Gets IKE messages and where each came from.
        on_esp: Gets ESP packets of one path.

    Attributes:
        source: The socket address of what is added.
        path: Its path.
        packets: ESP packets that wait; to be added to as long as ``messages`` is empty.
        messages: IKE messages that wait.
    """

    def __init__(self, on_ike: OnIke, on_esp: OnEsp) -> None:
        self._on_ike = on_ike
        self._on_esp = on_esp
        self.source: Any = None
        self.path = Path("", 0, "", 0)
        self.packets: list[memoryview] = []
        self.messages: list[tuple[bytes, Path]] = []

    def begin(self, source: object, path: Path) -> None:
        """What follows is from another source."""
        if self.packets:
            self.flush()
        self.source, self.path = source, path

    def add_ike(self, message: bytes) -> None:
        """Add an IKE message."""
        if self.packets:
            self.flush()
        self.messages.append((message, self.path))

    def flush(self) -> None:
        """Hand over what was gathered."""
        if self.messages:
            messages, self.messages = self.messages, []
            self._on_ike(messages)
        if self.packets:
            packets, self.packets = self.packets, []
            self._on_esp(packets, self.path)
