"""What the worker makes of a change of the ways to log in: no rights by a page, nothing else applied, and what is cut short goes on."""

import asyncio
import uuid
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.cluster import free_ports
from tests.identity.other_services import CLIENT_SECRET, create_other_realm
from tests.portal.installation.test_start import StartScene, scene
from udi.cli.installation.gather import ProgramDatabases
from udi.cli.installation.login_changes import list_entries
from udi.cli.installation.work import perform_requests
from udi.kit.db import Database, is_unavailable
from udi.kit.tenancy import INSTALLATION_ID
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.identity.provision.admin import connect
from udi.portal.identity.provision.providers import secret_file
from udi.portal.installation.models import OperatorRequest
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.toml.tenant_toml import set_values
from udi.portal.tenants.versions import (
    TENANT_FILE,
    get_published,
    read_manifest,
    read_published,
    record_applied,
)

__all__ = ["scene"]
ENGLISH = {"Accept-Language": "en"}
RULE = {
    "claim": "service",
    "value": "data",
    "organisation": "port",
    "group": "publishers",
}
RIGHTS: list[dict[str, Any]] = [
    {"groups": [RULE]},
    {"verified_addresses": True, "domain": "rade.example"},
    {"claims": {"email": "preferred_username"}},
]


async def ask(scene: StartScene, tenant: Tenant, entry: dict[str, Any]) -> uuid.UUID:
    """What a page asks for, whatever wrote the row."""
    details = {"table": "provider", "name": entry["name"], "entry": entry}
    request = OperatorRequest(
        tenant_id=INSTALLATION_ID,
        territory_id=tenant.id,
        act="login",
        details=details,
        requested_by=uuid.uuid4(),
    )
    portal = scene.console.databases.portal
    async with portal.session(INSTALLATION_ID, role="worker") as session:
        session.add(request)
        await session.flush()
        return request.id


async def read_request(scene: StartScene, request: uuid.UUID) -> OperatorRequest:
    query = select(OperatorRequest).where(OperatorRequest.id == request)
    portal = scene.console.databases.portal
    async with portal.session(INSTALLATION_ID, role="worker") as session:
        return (await session.scalars(query)).one()


async def perform(
    scene: StartScene, tenant: Tenant, entry: dict[str, Any]
) -> OperatorRequest:
    """What became of a request."""
    request = await ask(scene, tenant, entry)
    await scene.work()
    return await read_request(scene, request)


async def read_entries(scene: StartScene, tenant: Tenant) -> list[dict[str, Any]]:
    portal = scene.console.databases.portal
    async with portal.session(tenant.id, role="worker") as session:
        source = await read_published(session, TENANT_FILE)
    return list_entries(source or b"", "provider")


async def write_files(scene: StartScene, tenant: Tenant, entry: dict[str, Any]) -> None:
    """Another version of the territory's files, as its operator applies them."""
    portal = scene.console.databases.portal
    changes = {("login", "provider"): [entry]}
    async with portal.session(tenant.id, role="owner") as session:
        published = await get_published(session)
        files = await read_manifest(session, published.manifest)
        changed = set_values(files[TENANT_FILE], changes)
        await record_applied(session, {**files, TENANT_FILE: changed}, None)


async def read_node(scene: StartScene, tenant: Tenant) -> NodeTenant:
    query = select(NodeTenant).where(NodeTenant.id == tenant.id)
    async with scene.console.databases.node.platform_session() as session:
        return (await session.scalars(query)).one()


async def set_node(scene: StartScene, tenant: Tenant, **values: str) -> None:
    statement = update(NodeTenant).where(NodeTenant.id == tenant.id).values(**values)
    async with scene.console.databases.node.platform_session(role="owner") as session:
        await session.execute(statement)


async def start(scene: StartScene) -> tuple[Tenant, dict[str, Any]]:
    """A territory with the secret of a service, and the entry of that."""
    await scene.post()
    await scene.work()
    tenant = await scene.find_tenant()
    assert tenant is not None
    connection = connect(scene.settings)
    other = await asyncio.to_thread(
        create_other_realm, connection, f"others_{scene.slug}"
    )
    file = scene.settings.secrets_folder / secret_file(scene.slug, "town")
    file.write_text(CLIENT_SECRET)
    entry = {
        "name": "town",
        "kind": "oidc",
        "label": {"fr": "la Ville"},
        "issuer": other.issuer,
        "client_id": "town",
    }
    return tenant, entry


async def test_a_page_gives_no_rights_and_keeps_those_of_the_files(
    scene: StartScene,
) -> None:
    tenant, entry = await start(scene)

    refused = [await perform(scene, tenant, entry | rights) for rights in RIGHTS]
    nothing = await read_entries(scene, tenant)
    done = await perform(scene, tenant, entry)
    raised = [
        await perform(scene, tenant, entry | rights)
        for rights in ({"groups": [RULE]}, {"claims": {"email": "sub"}})
    ]
    label = {"fr": "la Ville", "es": "la Ciudad"}
    rule = RULE | {"organisation": scene.slug}
    await write_files(scene, tenant, entry | {"groups": [rule], "label": label})
    changed = await perform(scene, tenant, entry | {"label": {"fr": "la Mairie"}})
    page = await scene.console.operator.get(
        f"/installation/territories/{scene.slug}/login", headers=ENGLISH
    )
    [changed_entry] = await read_entries(scene, tenant)
    without = await perform(scene, tenant, entry | {"groups": []})
    [last] = await read_entries(scene, tenant)

    assert [request.state for request in (*refused, *raised)] == ["failed"] * 5
    assert [request.outcome.split(": ")[1].split(".")[0] for request in refused] == [
        "groups",
        "verified_addresses",
        "claims",
    ]
    assert "udi tenant apply" in refused[0].outcome
    assert nothing == []
    assert (done.state, done.outcome) == ("done", "")
    assert changed.state == "done", changed.outcome
    assert changed_entry["groups"] == [rule]
    assert changed_entry["label"] == {"fr": "la Mairie", "es": "la Ciudad"}
    assert "does not announce the claim «service»" in changed.outcome
    assert "“town” was changed" in page.text
    assert "does not announce the claim «service»" in page.text
    assert (without.state, last.get("groups", [])) == ("done", [])


@pytest.mark.thorough
async def test_what_is_cut_short_is_said_or_goes_on(scene: StartScene) -> None:
    tenant, entry = await start(scene)
    await set_node(scene, tenant, fingerprint="before", contact="before@rade.example")
    closed = scene.settings.model_copy(
        update={"database_host": "127.0.0.1", "database_port": free_ports(1)}
    )
    databases = scene.console.databases
    unanswered = ProgramDatabases(
        databases.portal, Database(closed, "node", pool_size=1)
    )

    request = await ask(scene, tenant, entry)
    with pytest.raises(ConnectionError) as caught:
        await perform_requests(scene.settings, unanswered)
    waiting = await read_request(scene, request)
    await scene.work()
    done = await read_request(scene, request)
    node = await read_node(scene, tenant)
    await set_node(scene, tenant, slug=f"{scene.slug}-other")
    label = {"fr": "la Mairie"}
    partly = await perform(scene, tenant, entry | {"label": label})
    await set_node(scene, tenant, slug=scene.slug)
    page_path = f"/installation/territories/{scene.slug}/login"
    page = await scene.console.operator.get(page_path, headers=ENGLISH)
    await scene.console.gather()
    form = await scene.console.operator.get(f"{page_path}/provider/town")

    assert is_unavailable(caught.value)
    assert waiting.state == "requested"
    assert (done.state, done.outcome) == ("done", "")
    assert [row["name"] for row in node.login_providers] == ["town"]
    assert (node.fingerprint, node.contact) == ("before", "before@rade.example")
    assert partly.state == "failed"
    assert partly.outcome.startswith("Part of it was applied, then it failed: send it")
    assert "Part of it was applied" in page.text
    assert "Nothing was applied" not in page.text
    assert 'value="la Mairie"' in form.text
    assert f"{page_path}/provider/town/remove" in form.text


@pytest.mark.thorough
async def test_a_failed_change_covers_nothing_and_ends_with_the_next_apply(
    scene: StartScene,
) -> None:
    tenant, entry = await start(scene)
    await perform(scene, tenant, entry)
    await scene.console.gather()
    page_path = f"/installation/territories/{scene.slug}/login"

    failed = await perform(
        scene, tenant, entry | {"issuer": "https://elsewhere.rade.example"}
    )
    await perform(scene, tenant, entry | {"name": "other"})
    page = await scene.console.operator.get(page_path, headers=ENGLISH)
    form = await scene.console.operator.get(f"{page_path}/provider/town")
    added = await scene.console.operator.get(f"{page_path}/provider/other")
    await perform(scene, tenant, entry | {"label": {"fr": "la Mairie"}})
    later = await scene.console.operator.get(page_path, headers=ENGLISH)

    assert failed.state == "failed"
    assert "“town” was not changed" in page.text
    assert "elsewhere.rade.example" not in page.text
    assert page.text.count("Not applied") == 1
    assert "elsewhere.rade.example" not in form.text
    assert added.status_code == 200
    assert "provider/other/remove" not in added.text
    assert "was not changed" not in later.text
