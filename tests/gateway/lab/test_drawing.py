"""The drawing of a topology."""

import pytest

from gateway.lab.scenario import load, names
from gateway.lab.view.drawing import draw


def test_a_chain_is_drawn_from_the_branch_to_the_gateway() -> None:
    assert draw(load("basic").topology()) == [
        "┌─────────────┐   ┌───────────────────┐   ┌──────────────┐   ┌───────────────┐",
        "│ host        ├───┤ cpe               ├───┤ internet     ├───┤ gateway       │",
        "│ branch host │   │ strongSwan + BIRD │   │ transit      │   │ gsalab up     │",
        "│ 10.1.0.10   │   │ 10.1.0.1          │   │ 203.0.113.9  │   │ 198.51.100.20 │",
        "└─────────────┘   │ 203.0.113.10      │   │ 198.51.100.1 │   └───────────────┘",
        "                  └───────────────────┘   └──────────────┘",
    ]


def test_two_branches_meet_at_the_transit() -> None:
    rows = draw(load("two-branches").topology())
    (north,) = [row for row in rows if "north-cpe" in row]
    (south,) = [row for row in rows if "south-cpe" in row]
    corner = south.index("┘")
    assert north[corner] == "┬"
    between = rows[rows.index(north) + 1 : rows.index(south)]
    assert {row[corner] for row in between} == {"│"}


def test_the_parts_of_a_cpe_are_written_in_its_box() -> None:
    rows = "\n".join(draw(load("zone-redundancy").topology()))
    assert "├ cpe-a" in rows
    assert rows.count("┌") == 4


def test_a_probe_is_not_called_a_strongswan() -> None:
    rows = "\n".join(draw(load("esp-protocol-50-dropped").topology()))
    assert "│ probe " in rows
    assert "strongSwan" not in rows
    assert "strongSwan + BIRD" in "\n".join(draw(load("esp-protocol-50-dropped", fixed=True).topology()))


@pytest.mark.parametrize("name", names())
def test_a_drawing_fits_a_terminal_of_100_columns(name: str) -> None:
    assert max(map(len, draw(load(name).topology()))) <= 98
