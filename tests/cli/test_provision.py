"""A territory's files made true on real parts, and again without a change."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest

from tests.stage import remove_territory
from udi.cli import provision
from udi.kit.db import Database
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.territory import apply_machine
from udi.portal.tenants.files import TenantFaultsError, read_folder
from udi.settings import Settings

Apply = Callable[[Path], Awaitable[provision.ApplyResult]]
DEMO = Path(__file__).parents[2] / "tenants/demo"


def variant(folder: Path, slug: str) -> Path:
    target = Path(shutil.copytree(DEMO, folder / slug))
    source = (target / "tenant.toml").read_text()
    for old, new in (
        ('slug = "demo"', f'slug = "{slug}"'),
        ("demo.localhost", f"{slug}.localhost"),
        (".example", f".{slug}.example"),
    ):
        source = source.replace(old, new)
    (target / "tenant.toml").write_text(source)
    return target


@pytest.fixture
async def apply(
    keycloak: Settings, portal_database: Database, node_database: Database
) -> AsyncIterator[Apply]:
    """Applies a folder; its territory leaves the registers with the test, so that no other one meets it."""
    applied: list[UUID] = []

    async def act(path: Path) -> provision.ApplyResult:
        folder = read_folder(path)
        done = await asyncio.to_thread(provision.apply_folder, keycloak, folder)
        applied.append(folder.tenant_id)
        return done

    yield act
    for territory in applied:
        await remove_territory((portal_database, node_database), territory)


async def test_a_second_apply_changes_nothing(apply: Apply, tmp_path: Path) -> None:
    folder = variant(tmp_path, "twice")

    first = await apply(folder)
    second = await apply(folder)

    assert ("territory on the portal", "created") in first.changes
    assert ("hosted node", "created") in first.changes
    assert {outcome for _, outcome in second.changes} == {"unchanged"}


async def test_the_accounts_and_the_node_credential_are_secrets_of_the_machine(
    keycloak: Settings, apply: Apply, tmp_path: Path
) -> None:
    folder = variant(tmp_path, "secrets")

    await apply(folder)

    files = {
        path.name: path
        for path in keycloak.secrets_folder.iterdir()
        if "secrets" in path.name
    }
    assert "node_credential_secrets" in files
    assert sum(name.startswith("account_secrets_") for name in files) == len(
        read_folder(folder).file.account
    )
    assert {path.stat().st_mode & 0o077 for path in files.values()} == {0}


async def test_a_host_of_another_territory_is_refused_and_nothing_is_applied(
    keycloak: Settings, apply: Apply, tmp_path: Path
) -> None:
    await apply(variant(tmp_path, "first"))
    thief = variant(tmp_path, "thief")
    path = thief / "tenant.toml"
    content = path.read_text()
    for host, taken, where in (
        ('"node.thief.localhost"', '"node.first.localhost"', "hosts.node"),
        ('"node.thief.localhost"', '"first.localhost"', "hosts.node"),
        ('"thief.localhost"', '"node.first.localhost"', "hosts.portal"),
    ):
        assert host in content
        path.write_text(content.replace(host, taken))

        with pytest.raises(TenantFaultsError) as caught:
            await apply(thief)

        assert where in str(caught.value)
    assert not (keycloak.secrets_folder / "node_credential_thief").exists()


async def test_a_credential_that_the_node_derives_is_kept(
    keycloak: Settings, apply: Apply, tmp_path: Path
) -> None:
    folder = variant(tmp_path, "derived")
    client = "derived-node-hosted"
    derived = keycloak.client_secret("node", client)
    path = keycloak.secrets_folder / "node_credential_derived"
    await apply(folder)
    drawn = path.read_text().strip()
    path.unlink()
    await asyncio.to_thread(
        apply_machine,
        admin.connect(keycloak),
        client,
        "http://derived.localhost",
        secret=derived,
    )

    await apply(folder)

    assert path.read_text().strip() == derived
    assert drawn != derived


async def test_a_start_stores_no_credential_and_keeps_the_one_in_use(
    keycloak: Settings, apply: Apply, tmp_path: Path
) -> None:
    folder = variant(tmp_path, "drawn")
    path = keycloak.secrets_folder / "node_credential_drawn"
    await apply(folder)
    drawn = path.read_text().strip()
    path.unlink()

    await asyncio.to_thread(
        provision.apply_folder, keycloak, read_folder(folder), stores_credential=False
    )

    connection = admin.connect(keycloak)
    client = connection.get_client_id("drawn-node-hosted")
    assert connection.get_client_secrets(client)["value"] == drawn
    assert not path.exists()
