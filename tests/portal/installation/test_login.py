"""The ways to log in of a territory on a page of operators: the page asks, the worker applies, no secret passes by either."""

import asyncio
import re
from typing import Any

import pytest
from sqlalchemy import select

from tests.depth import by_depth
from tests.identity.other_services import CLIENT_SECRET, create_other_realm
from tests.portal.installation.conftest import Console
from tests.portal.installation.test_start import StartScene, scene
from udi.cli.installation.login_changes import replace_entry
from udi.kit.tenancy import INSTALLATION_ID
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.identity.provision.admin import RealmAdmin, connect
from udi.portal.identity.provision.providers import secret_file
from udi.portal.installation.login_entries import (
    fill_form,
    keep_unshown,
    list_raised,
    read_entry,
)
from udi.portal.installation.models import OperatorRequest
from udi.portal.tenants.applied_files import find_overwritten
from udi.portal.tenants.models import TerritoryVersion
from udi.portal.tenants.versions import get_published, get_version, read_manifest

__all__ = ["scene"]
LANGUAGES = ["fr", "en"]
TOWN = {
    "name": "town",
    "kind": "oidc",
    "label_fr": "la Ville",
    "issuer": "https://identity.town.example",
    "client_id": "town",
}
DIRECTORY = {
    "name": "staff",
    "kind": "ad",
    "address": "ldaps://directory.town.example:636",
    "people": "ou=people,dc=town,dc=example",
    "bind_dn": "cn=reader,dc=town,dc=example",
    "domain": "town.example",
}
ENGLISH = {"Accept-Language": "en"}


def path_of(slug: str) -> str:
    return f"/installation/territories/{slug}/login"


async def list_requests(console: Console) -> list[OperatorRequest]:
    query = select(OperatorRequest).where(
        OperatorRequest.territory_id == console.territory.id
    )
    async with console.databases.portal.session(
        INSTALLATION_ID, role="worker"
    ) as session:
        return list(await session.scalars(query))


async def test_a_service_is_asked_for_and_the_page_says_what_to_exchange(
    console: Console,
) -> None:
    slug = console.territory.slug
    page_path = path_of(slug)
    empty = await console.operator.get(page_path, headers=ENGLISH)

    answer = await console.operator.post(f"{page_path}/provider/new", data=TOWN)
    page = await console.operator.get(page_path, headers=ENGLISH)
    form = await console.operator.get(f"{page_path}/provider/town")
    again = await console.operator.post(f"{page_path}/provider/new", data=TOWN)

    assert "No service of others yet." in empty.text
    assert (answer.status_code, answer.headers["location"]) == (303, page_path)
    assert f"/broker/{slug}--town/endpoint</code>" in page.text
    assert f"<code>login_{slug}_town</code>" in page.text
    assert (page.headers["refresh"], "Under way" in page.text) == ("3", True)
    assert 'value="https://identity.town.example"' in form.text
    assert again.status_code == 409
    [request] = await list_requests(console)
    assert request.details == {
        "table": "provider",
        "name": "town",
        "entry": {
            "name": "town",
            "kind": "oidc",
            "label": {"fr": "la Ville"},
            "issuer": "https://identity.town.example",
            "client_id": "town",
        },
    }


PROVIDERS: list[tuple[dict[str, str], str]] = [
    ({"name": "Town"}, "name"),
    ({"name": "account"}, "name"),
    ({"name": "new"}, "name"),
    ({"kind": "kerberos"}, "kind"),
    ({"kind": ""}, "kind"),
    ({"label_fr": ""}, "label_fr"),
    ({"issuer": "http://identity.town.example"}, "issuer"),
    ({"issuer": ""}, "issuer"),
    ({"client_id": ""}, "client_id"),
    ({"domain": "Town"}, "domain"),
    ({"picture": "x" * 81}, "picture"),
    ({"kind": "franceconnect", "domain": "town.example"}, "domain"),
]


@by_depth(("changes", "field"), PROVIDERS, by_default=[0])
async def test_a_service_that_cannot_be_is_refused_beside_its_field(
    console: Console, changes: dict[str, str], field: str
) -> None:
    path = f"{path_of(console.territory.slug)}/provider/new"

    answer = await console.operator.post(path, data=TOWN | changes)

    assert answer.status_code == 422
    assert re.findall(r'id="(\w+)-e"', answer.text) == [field]
    assert await list_requests(console) == []


@by_depth("field", DIRECTORY, by_default=[0])
async def test_a_directory_that_lacks_something_is_refused_beside_its_field(
    console: Console, field: str
) -> None:
    path = f"{path_of(console.territory.slug)}/directory/new"

    answer = await console.operator.post(path, data=DIRECTORY | {field: ""})

    assert answer.status_code == 422
    assert re.findall(r'id="(\w+)-e"', answer.text) == [field]


async def test_what_is_not_there_is_not_found(console: Console) -> None:
    path = path_of(console.territory.slug)

    answers = [
        await console.operator.get(f"{path}/provider/nowhere"),
        await console.operator.get(f"{path}/ticket/new"),
        await console.operator.post(f"{path}/ticket/new", data=TOWN),
        await console.operator.post(f"{path}/provider/nowhere/remove"),
    ]

    assert {answer.status_code for answer in answers} == {404}


def test_a_form_is_the_entry_that_it_was_filled_from() -> None:
    entry = {
        **{key: TOWN[key] for key in ("name", "kind", "issuer", "client_id")},
        "domain": "town.example",
        "picture": "town.svg",
        "label": {"fr": "la Ville"},
        "note": {"en": "For officers."},
    }

    assert read_entry("provider", fill_form("provider", entry), LANGUAGES) == entry
    values = fill_form("directory", DIRECTORY)
    assert read_entry("directory", values, LANGUAGES) == DIRECTORY


RULE = {
    "claim": "service",
    "value": "data",
    "organisation": "mairie",
    "group": "managers",
}
RAISED: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({}, {"groups": [RULE]}, ["groups"]),
    ({"groups": [RULE]}, {"groups": [RULE, RULE | {"value": "x"}]}, ["groups"]),
    ({"groups": [RULE]}, {"groups": []}, []),
    ({"groups": [RULE]}, {}, []),
    ({}, {"verified_addresses": True}, ["verified_addresses"]),
    ({"verified_addresses": True}, {"verified_addresses": False}, []),
    ({}, {"claims": {"email": "me"}}, ["claims"]),
    ({"claims": {"email": "mail"}}, {"claims": {}}, ["claims"]),
    ({"claims": {"email": "mail"}}, {"claims": {"email": "mail"}}, []),
]


@pytest.mark.parametrize(("online", "entry", "keys"), RAISED)
def test_an_entry_raises_rights_by_these_keys(
    online: dict[str, Any], entry: dict[str, Any], keys: list[str]
) -> None:
    assert list_raised(online, entry) == keys


def test_what_the_form_does_not_have_stays_as_it_is_online() -> None:
    online = {
        "name": "town",
        "label": {"fr": "la Ville", "en": "the Town", "es": "la Ciudad"},
        "note": {"fr": "Pour les agents."},
        "groups": [RULE],
        "claims": {"email": "mail"},
        "verified_addresses": True,
        "domain": "town.example",
    }

    entry = {"name": "town", "label": {"fr": "la Mairie"}}

    assert keep_unshown(online, entry, LANGUAGES) == {
        "name": "town",
        "label": {"fr": "la Mairie", "es": "la Ciudad"},
        "groups": [RULE],
        "claims": {"email": "mail"},
        "verified_addresses": True,
    }


async def test_no_form_asks_for_rights(console: Console) -> None:
    path = f"{path_of(console.territory.slug)}/provider/new"
    rights = {
        "groups": "email; me@x.example; mairie; managers",
        "verified_addresses": "1",
        "email": "me",
    }

    form = await console.operator.get(path, headers=ENGLISH)
    await console.operator.post(path, data=TOWN | rights)

    assert "are changed in the territory’s files alone" in form.text
    assert [name for name in rights if f'name="{name}"' in form.text] == []
    [request] = await list_requests(console)
    assert set(request.details["entry"]) == {*TOWN, "label"} - {"label_fr"}


def test_an_entry_stays_at_its_place() -> None:
    entries: list[dict[str, Any]] = [{"name": "a"}, {"name": "b"}]

    assert replace_entry(entries, "a", {"name": "a", "kind": "saml"}) == [
        {"name": "a", "kind": "saml"},
        {"name": "b"},
    ]
    assert replace_entry(entries, "c", {"name": "c"})[2:] == [{"name": "c"}]
    assert replace_entry(entries, "a", None) == [{"name": "b"}]


async def read_registers(scene: StartScene) -> list[list[str]]:
    """The names of the services in the registers of portal and node."""
    tenant = await scene.find_tenant()
    assert tenant is not None
    query = select(NodeTenant).where(NodeTenant.id == tenant.id)
    async with scene.console.databases.node.platform_session() as session:
        at_node = (await session.scalars(query)).one()
    return [
        [row["name"] for row in rows]
        for rows in (tenant.login_providers, at_node.login_providers)
    ]


async def is_enabled(connection: RealmAdmin, slug: str) -> bool:
    """Whether Keycloak leads people on to the service."""
    path = f"identity-provider/instances/{slug}--town"
    provider = await asyncio.to_thread(connection.get, path)
    return bool(provider and provider["enabled"])


@pytest.mark.thorough
async def test_the_worker_applies_a_service_and_takes_it_away(
    scene: StartScene,
) -> None:
    await scene.post()
    await scene.work()
    connection = connect(scene.settings)
    other = create_other_realm(connection, f"others_{scene.slug}")
    path = path_of(scene.slug)
    entry = TOWN | {"issuer": other.issuer}

    await scene.console.operator.post(f"{path}/provider/new", data=entry)
    await scene.work()
    await scene.console.gather()
    without_secret = await scene.console.operator.get(path, headers=ENGLISH)
    nothing = await read_registers(scene)
    file = scene.settings.secrets_folder / secret_file(scene.slug, "town")
    file.write_text(CLIENT_SECRET)
    await scene.console.operator.post(f"{path}/provider/new", data=entry)
    await scene.work()
    online = [await read_registers(scene), await is_enabled(connection, scene.slug)]
    await scene.console.gather()
    page = await scene.console.operator.get(path, headers=ENGLISH)
    moved = entry | {"issuer": "https://elsewhere.town.example"}
    refused = await scene.console.operator.post(f"{path}/provider/town", data=moved)
    await scene.console.operator.post(f"{path}/provider/town/remove")
    await scene.work()
    await scene.console.gather()
    await scene.console.operator.post(f"{path}/provider/new", data=moved)
    await scene.work()
    same_name = await scene.console.operator.get(path, headers=ENGLISH)

    assert f"The file «login_{scene.slug}_town» is absent" in without_secret.text
    assert "Nothing was applied." in without_secret.text
    assert nothing == [[], []]
    assert online == [[["town"], ["town"]], True]
    assert "refresh" not in page.headers
    assert "Not applied" not in page.text
    assert CLIENT_SECRET not in page.text
    assert (refused.status_code, 'id="issuer-e"' in refused.text) == (422, True)
    assert "«town» is the name of another service: its issuer" in same_name.text
    assert await read_registers(scene) == [[], []]
    assert await is_enabled(connection, scene.slug) is False
    assert await list_origins(scene) == ["files", "operator", "operator"]


async def list_origins(scene: StartScene) -> list[str]:
    """Where each version of the files comes from; the files of before may not be applied over the last one."""
    tenant = await scene.find_tenant()
    assert tenant is not None
    portal = scene.console.databases.portal
    async with portal.session(tenant.id, role="worker") as session:
        published = await get_published(session)
        second = await get_version(session, 2)
        files = await read_manifest(session, second.manifest)
        overwritten = await find_overwritten(session, files, None)
        query = select(TerritoryVersion.origin).order_by(TerritoryVersion.number)
        origins = list(await session.scalars(query))
    assert overwritten is not None
    assert overwritten.number == published.number
    return origins
