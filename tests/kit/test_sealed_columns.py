"""Secrets of others in the databases: sealed where they lie, each for its column, under the key of the day."""

import shutil
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.loaded_domains import load_for_web_workers
from tests.node.test_ring import aged
from udi.kit import sealed_column_tasks
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.keyring import Keyring, new_keyring, rotate_keyring
from udi.kit.oidc import Login
from udi.kit.schedules import TerritoriesFailedError
from udi.kit.sealed_column_tasks import (
    SEALED_TABLES,
    build_reseal_task,
    reseal_territory,
)
from udi.kit.sealed_columns import (
    BrokenColumnError,
    ColumnKeys,
    SealedText,
    seal,
    sealed_columns,
    secret_name,
    unseal,
)
from udi.kit.sessions import open_session
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.schema import NodeTable
from udi.portal.identity.models import TABLES
from udi.portal.notifications.models import Webhook, WebhookState
from udi.portal.schema import PortalTable
from udi.portal.tenants.models import Tenant
from udi.settings import Settings
from udi.ui.site import Site

DAYS = timedelta(days=1)
REFRESH = "refresh-token-in-clear"
IDENTITY = "identity-token-in-clear"
SECRET = "whsec_in-clear"
SEALED = {
    "portal": """
        web_session.id_token web_session.refresh_token webhook.secret webhook.former_secret connector.token
    """,
    "node": """
        web_session.id_token web_session.refresh_token source.credential
        subject_session.id_token subject_session.refresh_token
        subject_request.person_name subject_request.person_contact subject_request.words subject_request.concerns
        subject_request.known_by subject_request.confirmation subject_request_entry.content
        subject_file.name subject_file.columns subject_file.key consent_link.code
    """,
}
"""Columns whose values a copy of the database does not tell: secrets of others, and what people write about their own data."""
IN_DATABASE = "SELECT id_token, refresh_token FROM app.web_session"


def test_a_sealed_text_opens_for_its_column_with_its_key_only() -> None:
    ring = Keyring.parse(new_keyring())
    other = Keyring.parse(new_keyring())
    sealed = seal(ring, "webhook.secret", "text")
    changed = sealed[:-3] + ("A" if sealed[-3] != "A" else "B") + sealed[-2:]
    mark, _, content = sealed.split(":")
    renamed = f"{mark}:{other.keys[0].id}:{content}"

    assert unseal(ring, "webhook.secret", sealed) == "text"
    assert sealed != seal(ring, "webhook.secret", "text")
    for keys, purpose, value in (
        (ring, "connector.token", sealed), (other, "webhook.secret", sealed), (other, "webhook.secret", renamed),
        (ring, "webhook.secret", changed), (ring, "webhook.secret", sealed[:30]),
    ):  # fmt: skip
        with pytest.raises(BrokenColumnError, match=purpose):
            unseal(keys, purpose, value)


def test_columns_with_secrets_of_others_are_sealed_for_a_purpose_of_their_own() -> None:
    for program in ("portal", "node"):
        load_for_web_workers(program)
    columns = {
        (program, f"{table.name}.{column.name}"): column.type.purpose
        for program, base in (("portal", PortalTable), ("node", NodeTable))
        for table in base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, SealedText)
    }

    assert all(purpose == name for (_, name), purpose in columns.items())
    assert set(columns) == {
        (program, name) for program, names in SEALED.items() for name in names.split()
    }


def test_workers_seal_again_every_table_that_has_such_columns(
    portal_site: Site, node_site: Site
) -> None:
    for base, site in ((PortalTable, portal_site), (NodeTable, node_site)):
        contributed = site.services.contributions(SEALED_TABLES)
        sealed = {
            table.name
            for table in base.metadata.sorted_tables
            if any(isinstance(column.type, SealedText) for column in table.columns)
        }
        assert {table.__tablename__ for table in contributed} == sealed
        assert all(list(sealed_columns(table)) for table in contributed)


@pytest.fixture
def secrets_folder(settings: Settings, tmp_path: Path) -> Path:
    """The secrets of the run, for this test to change; its ring of columns was drawn days ago."""
    folder = Path(shutil.copytree(settings.secrets_folder, tmp_path / "secrets"))
    (folder / secret_name("portal")).write_text(aged(new_keyring(), 9 * DAYS))
    return folder


@pytest.fixture
async def database(settings: Settings, secrets_folder: Path) -> AsyncIterator[Database]:
    """The portal's database with these keys."""
    opened = Database(settings.model_copy(update={"secrets": secrets_folder}), "portal")
    yield opened
    await opened.close()


async def fill(database: Database, territory: Territory) -> None:
    """Somebody logs in, and makes a webhook."""
    moment = now()
    login = Login(
        issuer="https://identity.example", subject=str(uuid.uuid4()), name="Ana", email="ana@people.example",
        access_expires_at=moment, sid="sid", id_token=IDENTITY, refresh_token=REFRESH,
    )  # fmt: skip
    async with database.session(territory.id) as session:
        _, actor = await open_session(session, TABLES, login, territory.slug)
    async with database.session(territory.id, person=actor.person_id) as session:
        session.add(
            Webhook(
                person_id=actor.person_id, url="https://program.example", everything=True, secret=SECRET,
                state=WebhookState.ACTIVE, created_at=moment,
            )
        )  # fmt: skip


async def read_stored(database: Database, territory: Territory) -> list[str]:
    """What lies in the database of a territory: the tokens of its session, the secrets of its webhook."""
    async with database.session(territory.id, role="worker") as session:
        tokens = (await session.execute(text(IN_DATABASE))).one()
        secrets = (
            await session.execute(text("SELECT secret, former_secret FROM app.webhook"))
        ).one()
    return [*tokens, *secrets]


async def read_opened(database: Database, territory: Territory) -> list[str]:
    """The same, as the programs read it."""
    async with database.session(territory.id, role="worker") as session:
        web_session = TABLES.web_session
        tokens = (
            await session.execute(
                select(web_session.id_token, web_session.refresh_token)
            )
        ).one()
        webhook = (await session.scalars(select(Webhook))).one()
    return [*tokens, webhook.secret, webhook.former_secret]


async def test_what_lies_in_the_database_is_sealed_and_what_the_programs_read_is_not(
    database: Database, demo: Territory
) -> None:
    await fill(database, demo)

    *sealed, former = await read_stored(database, demo)
    assert all(
        value.startswith(f"sealed:{database.column_keys().current_key.id}:")
        for value in sealed
    )
    assert not [
        value
        for value in sealed
        for clear in (REFRESH, IDENTITY, SECRET)
        if clear in value
    ]
    assert former == ""
    assert await read_opened(database, demo) == [IDENTITY, REFRESH, SECRET, ""]


async def test_rows_of_an_earlier_release_are_read_and_then_sealed_in_their_territory_only(
    database: Database, demo: Territory, other: Territory
) -> None:
    clear = text(
        "UPDATE app.web_session SET refresh_token = :refresh, id_token = :identity"
    )
    for territory in (demo, other):
        await fill(database, territory)
        async with database.session(territory.id) as session:
            await session.execute(clear, {"refresh": REFRESH, "identity": IDENTITY})

    assert await read_opened(database, demo) == [IDENTITY, REFRESH, SECRET, ""]
    assert await reseal_territory(database, demo.id, (TABLES.web_session, Webhook)) == 2
    assert await reseal_territory(database, demo.id, (TABLES.web_session, Webhook)) == 0

    assert all(
        value.startswith("sealed:") for value in (await read_stored(database, demo))[:3]
    )
    assert (await read_stored(database, other))[:2] == [IDENTITY, REFRESH]
    assert await read_opened(database, demo) == [IDENTITY, REFRESH, SECRET, ""]


async def test_after_a_rotation_everything_is_brought_under_the_new_key(
    database: Database, demo: Territory, settings: Settings, secrets_folder: Path
) -> None:
    await fill(database, demo)
    path = secrets_folder / secret_name("portal")
    before = database.column_keys().current_key.id

    path.write_text(aged(rotate_keyring(path.read_text()), DAYS))
    keys = ColumnKeys(settings.model_copy(update={"secrets": secrets_folder}), "portal")
    rotated = Database(
        settings.model_copy(update={"secrets": secrets_folder}), "portal"
    )

    assert keys().current_key.id != before
    assert await read_opened(rotated, demo) == [IDENTITY, REFRESH, SECRET, ""]
    assert await reseal_territory(rotated, demo.id, (TABLES.web_session, Webhook)) == 3
    assert all(
        value.startswith(f"sealed:{keys().current_key.id}:")
        for value in (await read_stored(rotated, demo))[:3]
    )
    assert await read_opened(rotated, demo) == [IDENTITY, REFRESH, SECRET, ""]
    await rotated.close()


async def test_without_a_ring_the_programs_own_key_seals_and_later_still_opens(
    settings: Settings, demo: Territory, secrets_folder: Path
) -> None:
    path = secrets_folder / secret_name("portal")
    path.unlink()
    database = Database(
        settings.model_copy(update={"secrets": secrets_folder}), "portal"
    )
    await fill(database, demo)
    assert all(
        value.startswith("sealed:own:")
        for value in (await read_stored(database, demo))[:3]
    )

    path.write_text(aged(new_keyring(), DAYS))

    assert database.column_keys().current_key.id != "own"
    assert await read_opened(database, demo) == [IDENTITY, REFRESH, SECRET, ""]
    await database.close()


async def test_another_installations_keys_open_nothing(
    database: Database, demo: Territory, settings: Settings, secrets_folder: Path
) -> None:
    await fill(database, demo)
    (secrets_folder / secret_name("portal")).write_text(aged(new_keyring(), DAYS))
    stranger = Database(
        settings.model_copy(update={"secrets": secrets_folder}), "portal"
    )

    with pytest.raises(BrokenColumnError):
        await read_opened(stranger, demo)
    await stranger.close()


async def test_a_new_worker_waits_and_a_territory_that_fails_keeps_no_other_back(
    database: Database,
    demo: Territory,
    other: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = TerritoryRegistry(
        database, Tenant, lambda host: f"http://{host}", max_age=0
    )
    tried: list[uuid.UUID] = []

    async def fail(_database: Database, tenant: uuid.UUID, _tables: object) -> int:
        tried.append(tenant)
        raise ValueError

    monkeypatch.setattr(sealed_column_tasks, "reseal_territory", fail)

    await build_reseal_task(database, registry, ())()
    tried_at_first = [*tried]
    with pytest.raises(TerritoriesFailedError):
        await build_reseal_task(database, registry, (), wait=0)()

    assert tried_at_first == []
    assert {demo.id, other.id} <= set(tried)
