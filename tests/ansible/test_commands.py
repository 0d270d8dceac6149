"""The commands that the play calls, on a real PostgreSQL."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests import commands
from tests.ansible.machine import ROOT
from udi.settings import Settings

pytestmark = pytest.mark.programs


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """Settings of an operator whose databases are not there yet."""
    names = {
        "portal": f"{settings.database_names['portal']}_bare",
        "node": f"{settings.database_names['node']}_bare",
    }
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT / "platform/src"),
        "UDI_STATE": str(settings.state),
        "UDI_SECRETS": str(settings.secrets_folder),
        "UDI_DATABASE_PORT": str(settings.database_port),
        "UDI_DATABASE_NAMES": json.dumps(names),
    }


def udi(
    environment: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return commands.run(*arguments, environment=environment)


def test_databases_are_prepared_and_migrated_once(
    environment: dict[str, str], postgres: str
) -> None:
    outputs = [
        udi(environment, "database", *arguments).stdout.split()
        for arguments in (
            ["prepare", "--dsn", postgres],
            ["prepare", "--dsn", postgres],
            ["migrate"],
            ["migrate"],
        )
    ]

    assert outputs[0] == ["prepared"]
    assert outputs[1] == ["unchanged"]
    assert "portal:" in outputs[2]
    assert outputs[3] == ["unchanged"]


def test_a_superuser_who_is_refused_is_one_sentence_with_the_remedy(
    environment: dict[str, str], settings: Settings
) -> None:
    invalid_dsn = (
        f"postgresql://postgres:wrong@127.0.0.1:{settings.database_port}/postgres"
    )

    done = udi(environment, "database", "prepare", "--dsn", invalid_dsn)

    assert done.returncode == 1
    assert "refuses the superuser's connection" in done.stderr
    assert "pg_ident.conf" in done.stderr
    assert "Traceback" not in done.stderr
    assert "wrong" not in done.stderr


def test_keycloak_without_its_secrets_says_which_one_is_missing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = udi({**environment, "UDI_SECRETS": str(tmp_path)}, "keycloak", "run")

    assert done.returncode == 1
    assert "keycloak_password" in done.stderr
