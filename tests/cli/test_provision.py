"""A territory's files made true on real parts, and again without a change."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.stage import remove_territory
from udi.cli import provision
from udi.cli.provisioner import open_provisioner
from udi.kit.db import Database
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.members import read_members
from udi.portal.identity.provision.territory import apply_machine
from udi.portal.tenants.files import TenantFaultsError, read_folder
from udi.settings import Settings

Apply = Callable[..., Awaitable[provision.ApplyResult]]
MOST_CALLS = 12
"""Of a territory where nothing changed, for its clients, organisations, identity services and hosted node."""
REALM_CALLS = 10
"""Of the realm and the account that changes members, at least."""
CALLS_OF_ALL = 20
"""Of the realm, the account that changes members, and the marks of all territories."""
TEAM_CALLS = 4
"""Of the list of organisations, and of the territory's team."""
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
    """Applies a folder; its territory leaves the registers with the test, so that no other one meets it.

    With `demo`, its demonstration accounts are made too: twice the calls of Keycloak.
    """
    applied: list[UUID] = []

    async def act(path: Path, *, demo: bool = False) -> provision.ApplyResult:
        folder = read_folder(path)
        settings = keycloak.model_copy(update={"demo": demo})
        done = await asyncio.to_thread(provision.apply_folder, settings, folder)
        applied.append(folder.tenant_id)
        return done

    yield act
    for territory in applied:
        await remove_territory((portal_database, node_database), territory)


@pytest.mark.thorough
async def test_a_second_apply_changes_nothing(apply: Apply, tmp_path: Path) -> None:
    folder = variant(tmp_path, "twice")

    first = await apply(folder, demo=True)
    second = await apply(folder, demo=True)

    assert ("territory on the portal", "created") in first.changes
    assert ("hosted node", "created") in first.changes
    assert {outcome for _, outcome in second.changes} == {"unchanged"}


async def test_the_accounts_and_the_node_credential_are_secrets_of_the_machine(
    keycloak: Settings, apply: Apply, tmp_path: Path
) -> None:
    folder = variant(tmp_path, "secrets")

    await apply(folder, demo=True)

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


@pytest.mark.thorough
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
        provision.apply_folder,
        keycloak.model_copy(update={"demo": False}),
        read_folder(folder),
        stores_credential=False,
    )

    connection = admin.connect(keycloak)
    client = connection.get_client_id("drawn-node-hosted")
    assert connection.get_client_secrets(client)["value"] == drawn
    assert not path.exists()


def count_calls(
    settings: Settings,
    paths: list[Path],
    act: Callable[..., provision.ApplyResult] = provision.apply_with,
) -> list[int]:
    """Apply territories with what they share; how often each asks the identity service."""
    counts = []
    with open_provisioner(settings) as provisioner:
        for path in paths:
            before = provisioner.identity.calls
            done = act(provisioner, read_folder(path))
            assert {outcome for _, outcome in done.changes} == {"unchanged"}
            counts.append(provisioner.identity.calls - before)
    return counts


@pytest.mark.thorough
async def test_the_realm_is_looked_at_once_for_all_territories_that_are_applied_together(
    keycloak: Settings, apply: Apply, tmp_path: Path
) -> None:
    paths = [variant(tmp_path, slug) for slug in ("together", "beside")]
    for path in paths:
        await apply(path)
    without_accounts = keycloak.model_copy(update={"demo": False})

    first, second, again = await asyncio.to_thread(
        count_calls, without_accounts, [*paths, paths[0]]
    )

    assert second == again
    assert second <= MOST_CALLS
    assert first - second >= REALM_CALLS


@pytest.mark.thorough
async def test_a_territory_that_was_applied_with_the_same_costs_no_call(
    keycloak: Settings, apply: Apply, tmp_path: Path
) -> None:
    """The marks of all are read by one, which goes with the calls about the realm."""
    paths = [variant(tmp_path, slug) for slug in ("marked", "unlike")]
    for path in paths:
        await apply(path)
    without_accounts = keycloak.model_copy(update={"demo": False})

    first, second = await asyncio.to_thread(
        count_calls, without_accounts, paths, provision.apply_changed
    )

    assert second == 0
    assert first <= CALLS_OF_ALL


async def test_pages_that_reach_the_node_undo_what_says_that_nothing_changed(
    keycloak: Settings, apply: Apply, tmp_path: Path
) -> None:
    """Such an apply leaves out what is the operator's: the next whole one looks at it."""
    path = variant(tmp_path, "partly")
    folder = read_folder(path)
    await apply(path)
    without_accounts = keycloak.model_copy(update={"demo": False})

    def bring(settings: Settings) -> list[bool]:
        known = []
        for apply_between in (None, provision.apply_folder, None):
            if apply_between:
                apply_between(settings, folder, with_operator_values=False)
            with open_provisioner(settings) as provisioner:
                known.append(provisioner.applied.has(folder))
                provision.apply_changed(provisioner, folder)
        return known

    assert await asyncio.to_thread(bring, without_accounts) == [True, False, True]


@pytest.mark.thorough
async def test_an_organisation_without_members_costs_one_call(
    keycloak: Settings, apply: Apply, tmp_path: Path
) -> None:
    folder = variant(tmp_path, "empty")
    organisations = [""] + [part.slug for part in read_folder(folder).file.organisation]
    await apply(folder)
    connection = admin.connect(keycloak)

    members = await asyncio.to_thread(read_members, connection, "empty")

    assert members == {}
    assert connection.calls <= len(organisations) + TEAM_CALLS


@pytest.mark.thorough
async def test_nobody_who_joins_has_all_organisations_of_the_realm_listed(
    keycloak: Settings, apply: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keycloak takes minutes to list the organisations of four hundred territories."""
    lists: list[dict[str, Any]] = []
    get = admin.RealmConnection.raw_get

    def note(self: admin.RealmConnection, path: str, **query: Any) -> Any:
        if path.endswith("/organizations") and "/members/" not in path:
            lists.append(query)
        return get(self, path, **query)

    monkeypatch.setattr(admin.RealmConnection, "raw_get", note)

    done = await apply(variant(tmp_path, "joining"), demo=True)

    assert any(what.startswith("account") for what, _ in done.changes)
    assert lists
    assert [query for query in lists if not {"q", "search"} & query.keys()] == []
