"""Messages between a lab and the command that started it."""

import os

from gateway.lab.channel import Sender, receive


def test_messages_arrive_in_order_and_end_with_the_pipe() -> None:
    read, write = os.pipe()
    sender = Sender(write)
    sender.send("step", {"ms": 1})
    sender.send("report", ["a", None])
    sender.close()
    assert list(receive(read)) == [("step", {"ms": 1}), ("report", ["a", None])]
    os.close(read)


def test_a_line_that_was_cut_short_is_dropped() -> None:
    read, write = os.pipe()
    os.write(write, b'{"step": 1}\n{"rep')
    os.close(write)
    assert list(receive(read)) == [("step", 1)]
    os.close(read)


def test_a_reader_that_has_gone_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    Sender(write).send("step", 1)
    os.close(write)
