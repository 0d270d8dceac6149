"""An operator registers a node: what is refused leaves every client of the identity service as it was."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError

from tests.cli.conftest import Run
from udi.kit.db import Database
from udi.kit.errors import InvalidError
from udi.kit.tenancy import Territory
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.territory import apply_machine, remove_machine
from udi.portal.nodes.actions.register import register_node
from udi.settings import Settings

URL = "https://port.example"


@pytest.fixture
def command_settings(keycloak: Settings) -> Settings:
    """Those with which Keycloak answers."""
    return keycloak


async def make_client(settings: Settings, name: str, territory: Territory) -> str:
    """A client that is there already: its secret."""
    machine = await asyncio.to_thread(
        apply_machine, admin.connect(settings), name, territory.origin, rotate=True
    )
    assert machine.secret
    return machine.secret


def read_secret(settings: Settings, name: str) -> str:
    connection = admin.connect(settings)
    client = connection.get_client_id(name)
    assert client is not None
    return str(connection.get_client_secrets(client)["value"])


@pytest.mark.parametrize(
    ("slug", "url"),
    [("port-login", URL), ("port-subjects", URL), ("port", "ftp://port.example")],
)
async def test_a_refused_node_leaves_the_client_of_its_name(
    run: Run, keycloak: Settings, demo: Territory, slug: str, url: str
) -> None:
    name = f"{demo.slug}-node-{slug}"
    secret = await make_client(keycloak, name, demo)

    result = await run("node", "add", demo.slug, slug, "--url", url)
    secret_after = await asyncio.to_thread(read_secret, keycloak, name)
    await asyncio.to_thread(remove_machine, admin.connect(keycloak), name)

    assert isinstance(result.exception, InvalidError)
    assert secret_after == secret


async def test_a_client_that_another_node_has_is_not_removed(
    run: Run, keycloak: Settings, demo: Territory, portal_database: Database
) -> None:
    name = f"{demo.slug}-node-port"
    await make_client(keycloak, name, demo)
    async with portal_database.session(demo.id, role="worker") as session:
        await register_node(session, slug="far", name="Far", url=URL, client_id=name)

    result = await run("node", "add", demo.slug, "port", "--url", URL)
    secret_after = await asyncio.to_thread(read_secret, keycloak, name)
    await asyncio.to_thread(remove_machine, admin.connect(keycloak), name)

    assert isinstance(result.exception, IntegrityError)
    assert secret_after


async def test_a_client_that_was_made_for_a_refused_node_is_removed(
    run: Run, keycloak: Settings, demo: Territory, portal_database: Database
) -> None:
    name = f"{demo.slug}-node-port"
    async with portal_database.session(demo.id, role="worker") as session:
        await register_node(session, slug="far", name="Far", url=URL, client_id=name)

    result = await run("node", "add", demo.slug, "port", "--url", URL)
    client = await asyncio.to_thread(admin.connect(keycloak).get_client_id, name)

    assert isinstance(result.exception, IntegrityError)
    assert client is None
