"""How a finding is printed."""

import json

from gateway.diagnosis import Finding, render
from gateway.diagnosis.finding import WIDTH, plain
from ike.constants import DhGroup, Encr, Integ, Prf
from tests.gateway.diagnosis.story import DIFFERENT_KEYS, Story, ike_proposal


def refused() -> Finding:
    """A finding with a table."""
    story = Story()
    offered = (Encr.AES_CBC, 256, Prf.HMAC_SHA2_256, DhGroup.MODP_2048, Integ.HMAC_SHA2_256_128)
    story.init(ike_proposal(*offered))
    return story.finding()


def different_keys() -> Finding:
    """A finding without one."""
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    return story.finding()


def test_a_finding_reads_from_what_was_seen_to_what_to_do() -> None:
    lines = render(refused()).splitlines()
    assert lines[0] == "✗ GSA-IKE-010  IKE proposal refused: encryption".ljust(WIDTH - 6) + "proven"
    labels = [line[2:12].strip() for line in lines if line.startswith("  ") and line[2:12].strip()]
    assert labels == ["where", "saw", "expected", "replayed", "fix", "service", "more"]
    assert lines[-1] == "  more      gsalab explain GSA-IKE-010"


def test_the_table_marks_the_cells_that_refuse() -> None:
    rows = [line.split() for line in render(refused()).splitlines() if line.strip().startswith("combination")]
    assert rows[0] == [
        "combination",
        "8",
        *("✗", "AES_CBC-128", "HMAC_SHA2_256", "HMAC_SHA2_256_128", "MODP_2048"),
    ]


def test_lines_are_wrapped_behind_their_label() -> None:
    lines = render(different_keys()).splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    assert any(line.startswith(" " * 12) for line in lines)


def test_colour_is_the_callers_choice() -> None:
    assert "\x1b" not in render(refused())
    painted = render(refused(), lambda text, style: f"<{style}>{text}</>")
    assert painted.startswith("<error>✗ GSA-IKE-010  IKE proposal refused: encryption</>")


def test_a_terminal_without_other_characters_gets_plain_ones() -> None:
    assert plain(render(refused())).isascii()
    assert plain("✓ · ✗ é") == "+ - x \\xe9"


def test_json_has_every_member_and_a_table_only_where_there_is_one() -> None:
    with_table, without = refused().as_json(), different_keys().as_json()
    assert with_table["table"]["rows"][1]["refused"] == ("encryption",)
    assert set(with_table) - set(without) == {"table", "what_if"}
    assert set(without) == {
        *("code", "title", "severity", "certainty", "tunnel", "where", "saw", "expected", "because"),
        *("fix", "real_service", "docs"),
    }
    assert json.loads(json.dumps(without))["certainty"] == "proven"
