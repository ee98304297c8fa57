"""``gsalab cpe render``: the files of a strongSwan and BIRD CPE for a device link."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.errors import Status
from gateway.cli.main import app

EXAMPLES = Path(__file__).parents[3] / "examples"


def render(folder: Path, *arguments: str, lab: str = "minimal.yaml") -> Result:
    required = ("--link", "branch1/cpe1", "--announce", "10.1.0.0/16", "-d", str(folder))
    return CliRunner().invoke(app, ["cpe", "render", "-f", str(EXAMPLES / lab), *required, *arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is made when it is needed."""
    return tmp_path / "cpe"


def test_strongswan_gets_the_endpoint_the_identity_and_the_proposals(folder: Path) -> None:
    assert render(folder, "--ike", "aes256-sha256-modp2048").exit_code == Status.OK
    text = (folder / "swanctl.conf").read_text()
    assert "remote_addrs = 198.51.100.20" in text
    assert "id = 198.51.100.10" in text
    assert "proposals = aes256-sha256-modp2048" in text
    assert f"updown = {folder}/updown" in text


def test_bird_gets_the_session_and_the_prefixes(folder: Path) -> None:
    render(folder, "--announce", "10.9.0.0/16", "--static", "192.0.2.80/32")
    text = (folder / "bird.conf").read_text()
    assert "local 10.1.0.4 as 65001;" in text
    assert "neighbor 10.2.0.4 as 65476;" in text
    assert all(f"route {prefix} reject;" in text for prefix in ("10.1.0.0/16", "10.9.0.0/16"))
    assert 'route 192.0.2.80/32 via "ipsec0";' in text
    assert (folder / "ip.batch").read_text() == "address replace 10.1.0.4/32 dev lo\n"


def test_the_key_is_for_its_owner_only_and_the_script_can_run(folder: Path) -> None:
    for _ in range(2):  # also where the files are there already
        render(folder)
        assert (folder / "swanctl.conf").stat().st_mode & 0o777 == 0o600
        assert (folder / "updown").stat().st_mode & 0o111


def test_segments_are_clamped_to_the_tunnel(folder: Path) -> None:
    render(folder)
    assert 'oifname "ipsec*" tcp flags syn tcp option maxseg size' in (folder / "clamp.nft").read_text()


def test_a_device_link_that_is_not_in_the_lab_file_is_refused(folder: Path) -> None:
    done = render(folder, "--link", "branch1/cpe2")
    assert done.exit_code == Status.BAD_INPUT
    assert "no device link 'branch1/cpe2'" in done.output


def test_a_prefix_with_host_bits_is_refused(folder: Path) -> None:
    done = render(folder, "--announce", "10.1.0.1/16")
    assert done.exit_code == Status.BAD_INPUT
    assert "has host bits set" in done.output


def test_a_zone_redundant_link_is_refused_with_the_reason(folder: Path) -> None:
    done = render(folder, lab="zone-redundancy.yaml")
    assert done.exit_code == Status.BAD_INPUT
    assert "2 tunnels" in done.output
    assert not folder.exists()
