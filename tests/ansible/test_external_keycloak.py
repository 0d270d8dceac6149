"""What the play writes where others run Keycloak: where it is, and nothing of a Keycloak of ours."""

from pathlib import Path

import pytest
import yaml

from tests.ansible.machine import PLAY
from tests.ansible.test_certificates import write_proxy
from tests.ansible.test_external_database import write_all

pytestmark = pytest.mark.programs

THEIRS = "https://id.town.example/auth"


def test_programs_go_to_the_realm_of_a_keycloak_that_others_run(tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text("of the town")

    theirs = write_all(
        tmp_path / "theirs",
        installation_keycloak_url=THEIRS,
        installation_keycloak_realm="data",
        installation_keycloak_ca=str(authority),
    )

    lines = theirs["settings"].splitlines()
    assert {
        f"UDI_IDENTITY_URL={THEIRS}",
        "UDI_IDENTITY_REALM=data",
        "UDI_IDENTITY_ADMIN_REALM=data",
        "UDI_PORTAL_BACK_CHANNEL=https://data.example.org",
        "UDI_NODE_BACK_CHANNEL=https://node.demo.test",
    } <= set(lines)
    assert [line for line in lines if line.startswith("UDI_IDENTITY_INTERNAL")] == []
    assert "id.data.example.org" not in theirs["settings"]
    assert "listen identity" not in theirs["proxy"]
    assert ":8002" not in theirs["proxy"]
    assert "job_name: identity" not in theirs["watcher"]
    assert f"{THEIRS}/realms/data/.well-known/openid-configuration" in theirs["watcher"]


def test_the_reverse_proxy_serves_a_keycloak_of_ours_alone(tmp_path: Path) -> None:
    ours = write_proxy(tmp_path, {}, [], 1)
    theirs = write_proxy(tmp_path, {}, [], 1, installation_keycloak_external=True)

    for words in ("server_name id.test;", "location /realms/ "):
        assert words in ours
        assert words not in theirs
    assert theirs.count("{") == theirs.count("}")


def test_no_keycloak_of_ours_is_installed_beside_one_of_others() -> None:
    plays = yaml.safe_load((PLAY / "site.yml").read_text())
    [identity] = [play for play in plays if play["name"] == "Identity"]

    assert identity["roles"] == [
        {"role": "keycloak", "when": "not installation_keycloak_external"}
    ]
