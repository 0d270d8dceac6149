"""On which address Keycloak listens: loopback, unless whoever starts it says another."""

from pathlib import Path

import pytest

from udi.cli.local.keycloak import make_keycloak
from udi.settings import Settings


@pytest.mark.parametrize(
    ("options", "address"), [({}, "127.0.0.1"), ({"host": "0.0.0.0"}, "0.0.0.0")]
)
def test_keycloak_listens_on_loopback_unless_told(
    tmp_path: Path, options: dict[str, str], address: str
) -> None:
    for name in ("keycloak_password", "keycloak_admin_secret"):
        (tmp_path / name).write_text("x")
    settings = Settings(secrets=tmp_path, state=tmp_path)

    keycloak = make_keycloak(
        settings, java=tmp_path / "java", distribution=tmp_path, **options
    )

    assert keycloak.environment()["KC_HTTP_HOST"] == address
