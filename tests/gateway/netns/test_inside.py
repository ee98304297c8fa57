"""Code that runs in a thread of its own, or inside a namespace."""

import errno
import os
import threading

import pytest

from gateway.netns.inside import in_namespace, in_new_thread


def test_a_new_thread_returns_what_the_function_returns() -> None:
    assert in_new_thread(threading.get_ident) != threading.get_ident()


def test_a_new_thread_raises_what_the_function_raises() -> None:
    with pytest.raises(FileNotFoundError):
        in_new_thread(lambda: os.open("/does/not/exist", os.O_RDONLY))


def test_the_thread_is_gone_afterwards() -> None:
    before = threading.active_count()
    in_new_thread(lambda: None)
    assert threading.active_count() == before


def test_a_descriptor_that_is_no_namespace_cannot_be_entered() -> None:
    descriptor = os.open("/dev/null", os.O_RDONLY)
    try:
        with pytest.raises(OSError, match=r"setns: .*not a namespace of that kind") as caught:
            in_namespace(descriptor, lambda: None)
        assert caught.value.errno == errno.EINVAL
    finally:
        os.close(descriptor)
