"""What a person reads when a lab file is wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.model import LabFileError
from gateway.model.problems import Problem, nearest

BROKEN = """\
remoteNetworks:
  - name: branch1
    region: westEurop
    deviceLinks:
      - name: cpe1
        ipAddress: 198.51.100.300
        bgpConfiguration:
          localIpAddress: 10.2.0.4
          peerIpAddress: 10.2.0.4
          asn: 65517
        tunnelConfiguration: {preSharedKey: s3cret, dhGroup: ecp521}
      - name: cpe2
        bgpConfiguration: {localIpAddress: 10.2.0.4, peerIpAddress: 10.1.0.5, asn: 65001}
        tunnelConfiguration:
          preShardKey: s3cret
gateway:
  endpoints: [198.51.100.20, 198.51.100.20]
"""


@pytest.fixture
def broken(load_text: Callable[..., Any]) -> LabFileError:
    with pytest.raises(LabFileError) as caught:
        load_text(BROKEN)
    return caught.value


def test_all_errors_of_a_file_are_reported_at_once_in_its_order(broken: LabFileError) -> None:
    link = "remoteNetworks[0].deviceLinks[0]"
    missing = [
        "ikeEncryption",
        "ikeIntegrity",
        "ipSecEncryption",
        "ipSecIntegrity",
        "pfsGroup",
        "saLifeTimeSeconds",
    ]
    assert [(p.line, p.column, p.path) for p in broken.problems if p.severity == "error"] == [
        (3, 13, "remoteNetworks[0].region"),
        (6, 20, f"{link}.ipAddress"),
        (9, 26, f"{link}.bgpConfiguration.peerIpAddress"),
        (10, 16, f"{link}.bgpConfiguration.asn"),
        *((11, 30, f"{link}.tunnelConfiguration.{name}") for name in missing),
        (11, 62, f"{link}.tunnelConfiguration.dhGroup"),
        (12, 9, "remoteNetworks[0].deviceLinks[1].ipAddress"),
        (15, 11, "remoteNetworks[0].deviceLinks[1].tunnelConfiguration.preShardKey"),
        (17, 14, "gateway.endpoints"),
    ]


def test_every_problem_has_all_its_parts(broken: LabFileError) -> None:
    assert all(p.file.endswith("lab.yaml") and p.saw and p.rule and p.fix for p in broken.problems)


def test_no_problem_shows_a_key(broken: LabFileError) -> None:
    assert "s3cret" not in str(broken)
    assert all("s3cret" not in str(p.as_json()) for p in broken.problems)


def test_a_problem_renders_as_four_lines() -> None:
    problem = Problem(
        file="lab.yaml",
        line=14,
        column=16,
        path="remoteNetworks[0].deviceLinks[1].bgpConfiguration.asn",
        saw="65517",
        rule="ASN 65517 is reserved by Azure",
        fix="use a 2-byte ASN such as 65001",
    )
    assert problem.render() == (
        "lab.yaml:14:16  remoteNetworks[0].deviceLinks[1].bgpConfiguration.asn\n"
        "  saw   65517\n"
        "  rule  ASN 65517 is reserved by Azure\n"
        "  fix   use a 2-byte ASN such as 65001"
    )


def test_a_problem_of_the_whole_file_has_no_line() -> None:
    problem = Problem(file="lab.yaml", saw="an empty file", rule="r", fix="f", severity="warning")
    assert problem.render().splitlines()[0] == "warning  lab.yaml"


@pytest.mark.parametrize(
    "key", ["*s3cret", "&s3cret", "!s3cret", "@s3cret", "%s3cret", "`s3cret", '"s3cret', "'s3cret"]
)
@pytest.mark.parametrize("member", ["preSharedKey", "presharedkey", "preSharedKeyy"])
def test_an_unquoted_key_with_special_characters_is_never_shown(
    load_text: Callable[..., Any], member: str, key: str
) -> None:
    text = f"remoteNetworks:\n- deviceLinks:\n  - tunnelConfiguration:\n      {member}: {key}\n"
    with pytest.raises(LabFileError) as caught:
        load_text(text)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(("word", "name"), [("East US 2", "eastUS2"), ("uk-south", "ukSouth"), ("zzz", None)])
def test_the_nearest_name_looks_through_case_and_separators(word: str, name: str | None) -> None:
    assert nearest(word, ["eastUS", "eastUS2", "ukSouth"]) == name
