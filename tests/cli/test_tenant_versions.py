"""Files beside what the team published on pages: apply refuses to overwrite it, diff shows it, pull takes it."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from tests.cli.conftest import Run
from tests.cli.test_provision import variant
from tests.stage import remove_territory
from udi.cli import provision
from udi.cli.local.errors import LocalError
from udi.cli.tenant_versions import write_files
from udi.kit.db import Database
from udi.node.spaces.actions import set_limits
from udi.node.spaces.models import Space
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.tenants import versions
from udi.portal.tenants.actions import write_register
from udi.portal.tenants.applied_files import MARK
from udi.portal.tenants.files import read_folder
from udi.settings import Settings

ROOM = 7_000_000_000
"""Given by an operator, in bytes; no file says it."""


@pytest.fixture
def command_settings(keycloak: Settings, tmp_path: Path) -> Settings:
    """A folder of territories of this test's own."""
    folder = tmp_path / "tenants"
    folder.mkdir()
    return keycloak.model_copy(update={"tenants": folder, "demo": False})


@pytest.fixture
async def folder(
    command_settings: Settings, portal_database: Database, node_database: Database
) -> AsyncIterator[Path]:
    """The files of a territory, which leaves the registers with the test."""
    path = variant(command_settings.tenants, f"versioned-{secrets.token_hex(3)}")
    yield path
    await remove_territory(
        (portal_database, node_database), read_folder(path).tenant_id
    )


async def publish_colour(settings: Settings, database: Database, path: Path) -> None:
    """Somebody of the team publishes another colour on a page."""
    tenant = read_folder(path).tenant_id
    async with database.session(tenant) as session:
        await versions.change_draft_values(session, uuid4(), {("theme", "hue"): 30})
        _, folder = await versions.publish_draft(session, uuid4(), path.name)
        await write_register(session, folder, settings)


async def read_room(database: Database, path: Path) -> int | None:
    """What one producer may store on the hosted node, in bytes."""
    tenant = read_folder(path).tenant_id
    query = select(Space.quota_bytes).where(Space.slug == "seve")
    async with database.session(tenant, role="worker") as session:
        room: int | None = await session.scalar(query)
    return room


async def test_what_pages_published_is_taken_into_the_files_and_never_overwritten(
    run: Run,
    command_settings: Settings,
    portal_database: Database,
    node_database: Database,
    folder: Path,
) -> None:
    assert (await run("tenant", "apply", folder.name)).exit_code == 0
    assert (await run("tenant", "diff", folder.name)).stdout == "Nothing differs.\n"
    await publish_colour(command_settings, portal_database, folder)

    refused = await run("tenant", "apply", folder.name)
    assert isinstance(refused.exception, LocalError)
    assert f"udi tenant pull {folder.name}" in str(refused.exception)
    assert "-hue = 30" in refused.stderr
    differs = await run("tenant", "diff", folder.name, "--json")
    assert differs.exit_code == 1
    assert json.loads(differs.stdout) == [{"file": "tenant.toml", "change": "changed"}]

    (folder / "legal.md").write_text("# Jamais appliqué\n")
    lost = await run("tenant", "pull", folder.name)
    assert isinstance(lost.exception, LocalError)
    (folder / "legal.md").write_bytes(
        (variant(folder.parent.parent, "copy") / "legal.md").read_bytes()
    )
    assert (await run("tenant", "pull", folder.name)).exit_code == 0
    assert "hue = 30" in (folder / "tenant.toml").read_text()
    assert (folder / MARK).read_text().startswith("2 ")

    async with node_database.session(
        read_folder(folder).tenant_id, role="worker"
    ) as session:
        await set_limits(session, "seve", quota_bytes=ROOM)
    async with node_database.platform_session() as session:
        hue = select(NodeTenant.theme["hue"].as_integer()).where(
            NodeTenant.slug == folder.name
        )
        assert await session.scalar(hue) == 186
    brought = [
        await asyncio.to_thread(
            provision.bring_published,
            command_settings,
            folder.name,
            read_folder(folder).tenant_id,
        )
        for _ in range(2)
    ]
    assert brought == [True, False]
    async with node_database.platform_session() as session:
        assert await session.scalar(hue) == 30
    assert await read_room(node_database, folder) == ROOM
    again = await run("tenant", "apply", folder.name, "--json")
    assert {row["outcome"] for row in json.loads(again.stdout)} == {"unchanged"}
    assert await read_room(node_database, folder) != ROOM


@pytest.mark.thorough
async def test_apply_overwrites_what_pages_published_where_it_is_told_to(
    run: Run, command_settings: Settings, portal_database: Database, folder: Path
) -> None:
    await run("tenant", "apply", folder.name)
    await publish_colour(command_settings, portal_database, folder)

    await asyncio.to_thread(provision.apply_all_folders, command_settings)
    assert (await run("tenant", "diff", folder.name)).exit_code == 1
    assert (await run("tenant", "apply", folder.name, "--force")).exit_code == 0
    assert (await run("tenant", "diff", folder.name)).exit_code == 0
    assert (await run("tenant", "apply", folder.name)).exit_code == 0


@pytest.mark.thorough
async def test_apply_names_the_territory_that_is_refused_and_applies_the_others(
    run: Run, folder: Path
) -> None:
    done = await run("tenant", "apply", "nowhere", folder.name, "--json")

    assert done.exit_code == 1
    assert "Not applied: nowhere." in done.stderr
    rows = json.loads(done.stdout)
    assert {row["what"].partition(":")[0] for row in rows} >= {folder.name}
    assert (await run("tenant", "diff", folder.name)).exit_code == 0


@pytest.mark.thorough
async def test_apply_leaves_those_alone_where_nothing_changed_when_told_to(
    run: Run, command_settings: Settings, portal_database: Database, folder: Path
) -> None:
    async def apply(*options: str) -> dict[str, str]:
        done = await run("tenant", "apply", folder.name, "--json", *options)
        assert done.exit_code == 0
        return {row["what"]: row["outcome"] for row in json.loads(done.stdout)}

    first = await apply("--changed")
    alone = await apply("--changed")
    every = await apply()
    (folder / "legal.md").write_text("# Mentions\n")
    changed = await apply("--changed")
    again = await apply("--changed")
    await publish_colour(command_settings, portal_database, folder)
    refused = await run("tenant", "apply", folder.name, "--changed")

    assert first["version of its files"] == "created"
    assert alone["its files"] == "unchanged"
    assert {*alone.values(), *every.values()} == {"unchanged"}
    assert every.keys() > alone.keys() - {"its files"}
    assert "hosted node" in every
    assert "hosted node" not in alone
    assert changed["version of its files"] == "created"
    assert again == alone
    assert isinstance(refused.exception, LocalError)


@pytest.mark.parametrize("path", ["../b", "pages/../../b", "/b", ".version"])
def test_pull_writes_nothing_outside_the_folder_nor_over_its_mark(
    tmp_path: Path, path: str
) -> None:
    with pytest.raises(LocalError, match="is no name"):
        write_files(tmp_path / "a", {}, {"legal.md": b"x", path: b"x"})

    assert list(tmp_path.iterdir()) == []
