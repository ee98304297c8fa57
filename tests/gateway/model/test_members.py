"""Names of members: what is taken, ignored, warned about, refused."""

from typing import Any

import pytest

from tests.gateway.model.conftest import Load, Problems, lab, link

CONTEXT = {
    "@odata.context": "https://graph.microsoft.com/beta/$metadata#networkAccess/connectivity/remoteNetworks"
}


def export(device_link: dict[str, Any]) -> dict[str, Any]:
    """The lab as an export of Graph."""
    return CONTEXT | {"value": lab(device_link)["remoteNetworks"]}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ipAddres", "ipAddress"),
        ("ip_address", "ipAddress"),
        ("bgpConfig", "bgpConfiguration"),
        ("tunelConfiguration", "tunnelConfiguration"),
        ("vendor", "deviceVendor"),
    ],
)
def test_a_misspelt_member_of_a_hand_written_file_is_refused_with_the_nearest_name(
    problems: Problems, written: str, meant: str
) -> None:
    [problem] = problems(lab(link(written, "x")))
    assert (problem.severity, problem.saw, problem.fix) == ("error", written, f"write {meant}")
    assert problem.path == f"remoteNetworks[0].deviceLinks[0].{written}"


def test_a_member_without_a_near_name_lists_the_known_ones(problems: Problems) -> None:
    [problem] = problems(lab(link("colour", "x")))
    assert problem.severity == "error"
    assert "bgpConfiguration" in problem.fix


def test_a_custom_member_in_a_default_policy_is_refused(problems: Problems) -> None:
    default = "#microsoft.graph.networkaccess.tunnelConfigurationIKEv2Default"
    tunnel = {"@odata.type": default, "preSharedKey": "x", "dhGroup": "ecp384"}
    [problem] = problems(lab(link("tunnelConfiguration", tunnel)))
    assert (problem.severity, problem.saw) == ("error", "dhGroup")


def test_the_value_of_an_unknown_member_is_not_shown(problems: Problems) -> None:
    [problem] = problems(lab(link("preSharedKeys", "s3cret")))
    assert "s3cret" not in problem.render()


def test_a_member_in_another_case_is_taken_with_a_warning(load_lab: Load) -> None:
    plain = lab()
    plain["remoteNetworks"][0]["devicelinks"] = plain["remoteNetworks"][0].pop("deviceLinks")
    loaded = load_lab(plain)
    assert len(loaded.remote_networks[0].device_links) == 1
    [problem] = loaded.warnings
    assert (problem.saw, problem.fix) == ("devicelinks", "write deviceLinks")


def test_a_member_in_two_spellings_is_refused(problems: Problems) -> None:
    [problem] = problems(lab(link("ipaddress", "198.51.100.11")))
    assert (problem.severity, problem.saw) == ("error", "ipaddress")


@pytest.mark.parametrize(
    "name",
    [
        "@odata.id",
        "x@odata.context",
        "@microsoft.graph.tips",
        "#microsoft.graph.restart",
        "lastModifiedDateTime",
    ],
)
def test_annotations_and_documented_members_of_graph_are_ignored(problems: Problems, name: str) -> None:
    assert problems(lab(link(**{name: "anything"}))) == []


@pytest.mark.parametrize("name", ["newFeature", "isManaged", "ipAddresses6"])
def test_unknown_members_of_an_export_are_ignored(problems: Problems, name: str) -> None:
    assert problems(export(link(name, {"deep": [1]}))) == []


def test_a_name_that_is_almost_known_is_a_warning_in_an_export(problems: Problems) -> None:
    [problem] = problems(export(link("bandwidthCapacityInMbp", "mbps250")))
    assert (problem.severity, problem.fix) == ("warning", "write bandwidthCapacityInMbps")


def test_the_legacy_address_of_a_bgp_configuration_is_ignored(problems: Problems) -> None:
    assert problems(lab(link("bgpConfiguration.ipAddress", "10.0.0.1"))) == []


def test_a_reference_to_the_schema_is_ignored(problems: Problems) -> None:
    assert problems(lab() | {"$schema": "lab.schema.json"}) == []
