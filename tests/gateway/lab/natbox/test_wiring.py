"""How the kernel is told to hand packets to the box; that it works is shown by tests with sockets."""

from gateway.lab.natbox.wiring import commands, rules


def test_what_comes_from_outside_goes_to_the_box_before_the_local_table_is_asked() -> None:
    lines = commands(["to-cpe", "to-other"])
    priorities = {
        line.split(" lookup ")[1]: int(line.split()[3]) for line in lines if line.startswith("rule add")
    }
    assert priorities["1002"] < priorities["local"] < priorities["1001"]
    assert [line for line in lines if "iif" in line] == [
        "rule add pref 30 iif to-cpe lookup 1001",
        "rule add pref 30 iif to-other lookup 1001",
    ]


def test_no_rule_needs_connection_tracking_which_would_join_fragments() -> None:
    assert "ct " not in rules("to-internet")
    assert "nat hook" not in rules("to-internet")
