"""Files of a territory that joins an installation, and bringing memberships of all territories up to date."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from udi.cli.local.errors import LocalError
from udi.kit.tenancy import Territory
from udi.portal.tenants.files import read_folder
from udi.settings import Settings

OPTIONS = (
    "--name",
    "Pays de la Rade",
    "--host",
    "donnees.rade.bzh",
    "--contact",
    "donnees@rade.bzh",
)


@pytest.fixture
def command_settings(settings: Settings, tmp_path: Path) -> Settings:
    """A folder of territories of this test's own."""
    return settings.model_copy(update={"tenants": tmp_path / "tenants"})


async def test_it_writes_files_that_check_finds_right(
    run: Run, command_settings: Settings
) -> None:
    result = await run(
        "tenant", "new", "rade", *OPTIONS, "--data", "languages=fr", "--json"
    )

    assert result.exit_code == 0, result.exception
    names = {Path(row["file"]).name for row in json.loads(result.stdout)}
    assert names >= {"tenant.toml", "charter.md", "legal.md"}
    assert (await run("tenant", "check", "rade")).exit_code == 0
    file = read_folder(command_settings.tenants / "rade").file
    assert (file.hosts.portal, file.hosts.node) == (
        ["donnees.rade.bzh"],
        ["node.donnees.rade.bzh"],
    )
    assert (file.territory.contact, file.territory.languages) == (
        "donnees@rade.bzh",
        ["fr"],
    )


async def test_a_folder_that_is_there_is_left_as_it_is(
    run: Run, command_settings: Settings
) -> None:
    await run("tenant", "new", "rade", *OPTIONS)
    before = read_folder(command_settings.tenants / "rade").fingerprint

    again = await run("tenant", "new", "rade", "--name", "Autre", *OPTIONS[2:])

    assert isinstance(again.exception, LocalError)
    assert "udi tenant apply rade" in str(again.exception)
    assert read_folder(command_settings.tenants / "rade").fingerprint == before


@pytest.mark.parametrize(
    "slug",
    [
        pytest.param("Rade", marks=pytest.mark.thorough),
        pytest.param("a--b", marks=pytest.mark.thorough),
        "../rade",
        "rade-node-x",
    ],
)
async def test_a_bad_answer_is_refused_and_nothing_is_written(
    run: Run, command_settings: Settings, slug: str
) -> None:
    refused = await run("tenant", "new", slug, *OPTIONS)

    assert isinstance(refused.exception, LocalError)
    assert not command_settings.tenants.exists()


async def test_all_territories_are_synchronised_but_the_suspended(
    run: Run, keycloak: Settings, known: Territory, other: Territory
) -> None:
    await run("tenant", "suspend", other.slug)

    done = await run("tenant", "sync", "--all", "--json")

    slugs = {row["territory"] for row in json.loads(done.stdout)}
    assert known.slug in slugs
    assert other.slug not in slugs
    for arguments in ((), (known.slug, "--all")):
        refused = await run("tenant", "sync", *arguments)
        assert isinstance(refused.exception, LocalError)
