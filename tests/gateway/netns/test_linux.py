"""The system calls report the kernel's errno, and a parent's death is signalled."""

import errno
import signal
import subprocess
import sys

import pytest

from gateway.netns import linux
from gateway.netns.inside import in_new_thread


def test_an_unknown_namespace_kind_is_einval() -> None:
    with pytest.raises(OSError, match="unshare") as caught:
        in_new_thread(lambda: linux.unshare(0x1))
    assert caught.value.errno == errno.EINVAL


def test_a_bad_descriptor_is_ebadf() -> None:
    with pytest.raises(OSError, match="setns") as caught:
        linux.setns(-1, linux.CLONE_NEWNET)
    assert caught.value.errno == errno.EBADF


def test_a_child_dies_with_its_parent() -> None:
    """The parent starts a sleeping child that asked for SIGKILL, and ends; the child's pipe closes."""
    child = f"""
import time
from gateway.netns.linux import set_parent_death_signal
set_parent_death_signal({signal.SIGKILL.value})
print("ready", flush=True)
time.sleep(60)
"""
    parent = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {child!r}], stdout=subprocess.PIPE, text=True)
print(child.stdout.readline(), end="", flush=True)
"""
    finished = subprocess.run(
        [sys.executable, "-c", parent],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert finished.stdout == "ready\n"
