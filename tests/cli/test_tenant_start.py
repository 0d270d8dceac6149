"""`udi tenant start`: the same as on the page, by command."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator

import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import select

from tests.cli.conftest import Run
from tests.portal.notifications.conftest import Relay
from tests.stage import remove_territory
from udi.cli.installation import territory_start
from udi.cli.local.errors import LocalError
from udi.kit.db import Database
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

OPTIONS = (
    *("--name", "Pays de la Rade", "--contact", "donnees@rade.bzh"),
    *("--first-member", "marie@rade.bzh"),
)


@pytest.fixture
async def command_settings(
    keycloak: Settings,
    portal_database: Database,
    node_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Settings]:
    """A relay that takes mails, where the realm sends its own too; what was started leaves the registers."""
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Relay(), hostname="relay"), keycloak.smtp_host, keycloak.smtp_port
    )
    monkeypatch.setattr(territory_start, "LOOKS", 1)
    yield keycloak
    server.close()
    await server.wait_closed()
    query = select(Tenant.id).where(Tenant.slug.startswith("started-"))
    async with portal_database.platform_session() as session:
        started = (await session.scalars(query)).all()
    for territory in started:
        await remove_territory((portal_database, node_database), territory)


async def test_start_makes_a_territory_once_and_resume_changes_nothing(
    run: Run, portal_database: Database
) -> None:
    slug = f"started-{uuid.uuid4().hex[:6]}"

    first = await run("tenant", "start", slug, *OPTIONS, "--json")
    again = await run("tenant", "start", slug, *OPTIONS)
    resumed = await run("tenant", "start", slug, *OPTIONS, "--resume", "--json")
    changed = await run(
        "tenant", "start", slug, *OPTIONS, "--resume", "--hue", "15", "--json"
    )

    assert first.exit_code == 0, first.exception
    addresses = [row["address"] for row in json.loads(first.stdout)]
    assert f"{slug}.localhost" in addresses[0]
    assert f"{slug}.node.localhost" in addresses[1]
    assert isinstance(again.exception, LocalError)
    assert f"{slug}-2" in str(again.exception)
    assert json.loads(resumed.stdout) == json.loads(first.stdout)
    async with portal_database.platform_session() as session:
        query = select(Tenant).where(Tenant.slug.startswith(slug))
        [tenant] = await session.scalars(query)
    assert tenant.slug == slug
    assert "was taken" in str(changed.exception)
    assert tenant.theme["hue"] == 178


async def test_start_says_every_answer_that_cannot_be(run: Run) -> None:
    refused = await run(
        "tenant", "start", "Rade", *OPTIONS[:2], "--contact", "x", *OPTIONS[4:]
    )

    assert isinstance(refused.exception, LocalError)
    assert "small letters" in str(refused.exception)
    assert "mail address" in str(refused.exception)
