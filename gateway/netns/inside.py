"""Runs code inside a network namespace without moving the caller.

A thread has a network namespace, and a socket keeps the one it was created in. So what must happen inside is
done by a thread that enters, does it and ends; the thread that asked never leaves its own namespace.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.netns.linux import CLONE_NEWNET, setns

T = TypeVar("T")


def in_new_thread(function: Callable[[], T]) -> T:
    """Call ``function`` in a thread that ends with it; returns what it returns, raises what it raises."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(function).result()


def in_namespace(fd: int, function: Callable[[], T]) -> T:
    """Call ``function`` inside the network namespace behind ``fd`` and wait for it (about 0.2 ms).

    Raises:
        OSError: The namespace cannot be entered, or what ``function`` raises.
    """

    def enter_and_call() -> T:
        setns(fd, CLONE_NEWNET)
        return function()

    return in_new_thread(enter_and_call)
