"""A territory that has lived, and another installation for it to arrive at: fixtures of the tests of archives."""

import asyncio
import json
import os
import secrets
import shutil
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, parse
from sqlalchemy import select, text

from tests import cluster, visitors
from tests.cli.test_provision import variant
from tests.contract.node import make_record
from tests.node.producer import Producer
from tests.node.test_parts import NOTICE, add
from udi.cli import provision
from udi.cli.archive.exporter import ExportResult, export_territory
from udi.cli.archive.importer import ImportResult, import_archive
from udi.kit import keyring, keys
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.identity import Actor
from udi.kit.sealed_columns import secret_name
from udi.kit.sessions import save_person
from udi.kit.tenancy import Territory
from udi.node.files.models import StoredFile
from udi.node.files.storage.store import ObjectStore
from udi.portal.catalogue.actions import store_dataset, withdraw_dataset
from udi.portal.catalogue.archive import read_dcat
from udi.portal.catalogue.models import Dataset as Listed
from udi.portal.identity.actions import store_memberships
from udi.portal.identity.models import TABLES
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.accounts import apply_memberships
from udi.portal.nodes.actions.register import register_node
from udi.portal.nodes.actions.reports import make_report, save_reports
from udi.portal.organisations.models import Organisation
from udi.portal.tenants.files import read_folder
from udi.portal.tenants.queries import get_tenant
from udi.protocol.record import read_record
from udi.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
HALL = "mairie-kerlevan"


@dataclass
class Life:
    """A territory with something of everything."""

    settings: Settings
    slug: str
    id: uuid.UUID
    folder: Path
    published: list[str]
    withdrawn: str
    member: str
    """Address of somebody who publishes for the town hall."""


def names(folder: Path) -> list[str]:
    """What a folder holds, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def quiet(_step: str) -> None:
    """Progress that nobody reads."""


async def export_to(life: Life, target: Path, **options: Any) -> ExportResult:
    return await export_territory(
        life.settings, life.slug, target, **{"tell": quiet, **options}
    )


async def bring(settings: Settings, path: Path, **options: Any) -> ImportResult:
    return await asyncio.to_thread(
        lambda: import_archive(
            settings, path, **{"hosts": {}, "tell": quiet, **options}
        )
    )


@pytest.fixture(scope="module")
async def home(
    keycloak: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The installation to leave."""
    return keycloak.model_copy(
        update={"tenants": tmp_path_factory.mktemp("home") / "tenants", "demo": False}
    )


@pytest.fixture(scope="module")
async def other_databases(
    postgres: str, worker_name: str, run_folder: Path
) -> dict[str, str]:
    """A second pair of databases, of another installation."""
    name = f"{worker_name}_elsewhere_{secrets.token_hex(2)}"
    with cluster.locked(run_folder, "copy"):
        await cluster.copy_databases(postgres, name)
    return {"portal": f"udi_portal_{name}", "node": f"udi_node_{name}"}


@pytest.fixture(scope="module")
async def elsewhere(
    keycloak: Settings,
    other_databases: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    """The installation to arrive at: its own databases, objects, keys, files and realm."""
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(keycloak.secrets_folder, folder / "secrets")
    for key_name in ("portal_client_key", "node_client_key"):
        (folder / "secrets" / key_name).write_text(secrets.token_urlsafe(24))
    (folder / "secrets/signing_keys").write_text(keys.new_secret())
    for name in (keyring.SECRET, secret_name("portal"), secret_name("node")):
        (folder / "secrets" / name).write_text(keyring.new_keyring())
    changes = {
        "state": folder, "secrets": folder / "secrets", "tenants": folder / "tenants", "demo": False,
        "database_names": other_databases, "identity_realm": other_databases["portal"],
    }  # fmt: skip
    (folder / "tenants").mkdir()
    return keycloak.model_copy(update=changes)


@pytest.fixture(scope="module")
async def life(home: Settings, node_app: Litestar) -> AsyncIterator[Life]:
    """A territory that has lived a little, at home."""
    slug = f"leaves-{secrets.token_hex(3)}"
    home.tenants.mkdir(parents=True)
    folder = read_folder(variant(home.tenants, slug))
    await asyncio.to_thread(provision.apply_folder, home, folder)
    portal = Database(home, "portal")
    member = await asyncio.to_thread(add_member, home, slug)
    async with portal.session(folder.tenant_id, role="owner") as session:
        published, withdrawn = await _catalogue(session)
        login = replace(
            visitors.make_person(territory_of(home, folder)),
            issuer=home.issuer,
            subject=member[1],
            email=member[0],
        )
        person = await save_person(session, TABLES, login)
        await store_memberships(
            session,
            Actor(person, "", "", slug, memberships={HALL: frozenset({"publishers"})}),
        )
    await portal.close()
    await _node(home, node_app, territory_of(home, folder))
    yield Life(
        home,
        slug,
        folder.tenant_id,
        home.tenants / slug,
        published,
        withdrawn,
        member[0],
    )
    await forget(home, slug)


def territory_of(settings: Settings, folder: Any) -> Territory:
    hosts = folder.file.hosts
    links = {
        "portal": settings.origin("portal", hosts.portal[0]),
        "node": settings.origin("node", hosts.node[0]),
    }
    return Territory(
        id=folder.tenant_id, slug=folder.slug, name=folder.file.territory.name, tagline={}, languages=("fr", "en"),
        hosts=tuple(hosts.portal), origin=links["portal"], contact=folder.file.territory.contact, links=links,
    )  # fmt: skip


async def _catalogue(session: Any) -> tuple[list[str], str]:
    """Three datasets shown, one withdrawn, a node run elsewhere, and a report on its way."""
    hall = (
        await session.scalars(select(Organisation).where(Organisation.slug == HALL))
    ).one()
    slug = await session.scalar(text("SELECT client_id FROM app.node"))
    client = f"{slug.removesuffix('-node-hosted')}-node-north"
    node = await register_node(
        session,
        slug="north",
        name="North",
        url="https://north.example",
        client_id=client,
        organisations=[hall.id],
    )
    records = [
        make_record(
            hall.id, resource_title=f"Arbres {number}", local_id=f"trees-{number}"
        )
        for number in range(4)
    ]
    records[0]["access_condition"]["confidentiality"]["restricted_access"] = True
    for record in records:
        await store_dataset(session, read_record(record), node_id=node.id)
    dataset = await session.get_one(
        Listed, (session.info["tenant"], UUID(records[-1]["global_id"]))
    )
    await withdraw_dataset(session, dataset, reason="Doublon")
    report = make_report(
        node, method="POST", submitted_at=now(), resource_id=dataset.id, title="Arbres"
    )
    await save_reports(session, [report])
    return [record["global_id"] for record in records[:3]], records[3]["global_id"]


def add_member(
    settings: Settings, slug: str, *, confirmed: bool = True
) -> tuple[str, str]:
    """Somebody who publishes for the town hall, with a password: address and subject."""
    connection = admin.connect(settings)
    address = f"{secrets.token_hex(4)}@people.example"
    credential = {
        "type": "password",
        "value": "a long enough password",
        "temporary": False,
    }
    body = {
        "username": address,
        "email": address,
        "emailVerified": confirmed,
        "enabled": True,
        "firstName": "Compte",
    }
    answer = connection.post(
        "users", {**body, "lastName": "Essai", "credentials": [credential]}
    )
    identifier = answer.headers["Location"].rpartition("/")[2]
    apply_memberships(connection, identifier, {f"{slug}--{HALL}": ["publishers"]})
    return address, identifier


async def _node(settings: Settings, node_app: Litestar, territory: Territory) -> None:
    """On the hosted node: a published dataset with a notice beside it, and a draft with the same bytes."""
    publisher = visitors.make_person(territory, memberships={HALL: ["publishers"]})
    async with visitors.browse(node_app, territory, publisher) as client:
        producer = Producer(client)
        for _ in range(2):
            draft = (
                await producer.client.post(f"/spaces/{HALL}/datasets", files=_table())
            ).headers["location"]
        await add(producer, draft.split("/")[2], NOTICE)
        await producer.publish(draft.split("/")[2])


def _table() -> dict[str, Any]:
    return {
        "file": (
            "associations.csv",
            "nom;commune\nLes Amis du Phare;Kerlévan\nÉcole;Kerlévan\n".encode(),
            "text/csv",
        )
    }


async def forget(settings: Settings, slug: str) -> None:
    """Take a territory off the registers, so that its hosts are free for another test."""
    for program in ("portal", "node"):
        database = Database(settings, program)
        async with database.platform_session(role="owner") as session:
            await session.execute(
                text("DELETE FROM platform.territory WHERE slug = :slug"),
                {"slug": slug},
            )
        await database.close()


async def graph_of(settings: Settings, slug: str) -> Dataset:
    """A territory's catalogue in RDF, in canonical form."""
    database = Database(settings, "portal")
    async with database.platform_session() as session:
        tenant = await get_tenant(session, slug)
    async with database.session(tenant.id, role="worker") as session:
        turtle = b"".join([piece async for piece in read_dcat(session, tenant)])
    await database.close()
    graph = Dataset(Quad(*triple) for triple in triples(turtle))
    graph.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return graph


def triples(turtle: bytes) -> list[tuple[Any, Any, Any]]:
    return [
        (triple.subject, triple.predicate, triple.object)
        for triple in parse(turtle, format=RdfFormat.TURTLE)
    ]


async def files_of(
    settings: Settings, tenant: uuid.UUID
) -> dict[str, tuple[str, bytes]]:
    """Every file of a territory: its address, its sha256 as its row says, and its bytes."""
    database = Database(settings, "node")
    store = ObjectStore.of(settings)
    async with database.session(tenant, role="worker") as session:
        files = (await session.scalars(select(StoredFile))).all()
    await database.close()
    return {file.path: (file.sha256, b"".join(store.read(file.key))) for file in files}


async def listed(settings: Settings, tenant: uuid.UUID) -> dict[str, str]:
    """State by id of every dataset of the portal."""
    database = Database(settings, "portal")
    async with database.session(tenant, role="worker") as session:
        state_by_id = {
            str(dataset.id): str(dataset.state)
            for dataset in await session.scalars(select(Listed))
        }
    await database.close()
    return state_by_id


async def rows_everywhere(settings: Settings) -> dict[str, int]:
    """How many rows each territory of an installation has in each table of both databases."""
    counts: dict[str, int] = {}
    for program in ("portal", "node"):
        database = Database(settings, program)
        async with database.platform_session(role="owner") as session:
            ids = (
                await session.scalars(text("SELECT id FROM platform.territory"))
            ).all()
            tables = (
                await session.scalars(
                    text(
                        "SELECT table_name FROM information_schema.columns WHERE table_schema='app' AND column_name='tenant_id'"
                    )
                )
            ).all()
        for tenant in ids:
            async with database.session(tenant, role="owner") as session:
                for table in tables:
                    counts[f"{program}.{table}.{tenant}"] = await session.scalar(
                        text(f"SELECT count(*) FROM app.{table}")
                    )
        await database.close()
    return counts


def environment_of(settings: Settings) -> dict[str, str]:
    """What a command reads to have these settings."""
    variables = {}
    for name, value in settings.model_dump(mode="json", exclude_defaults=True).items():
        variables[f"UDI_{name.upper()}"] = (
            value if isinstance(value, str) else json.dumps(value)
        )
    return {
        **os.environ,
        **variables,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "platform/src", ROOT))),
    }


async def states(settings: Settings, slug: str) -> list[str]:
    """The state of a territory in both registers."""
    territory_states: list[str] = []
    for program in ("portal", "node"):
        database = Database(settings, program)
        async with database.platform_session() as session:
            query = text("SELECT state FROM platform.territory WHERE slug = :slug")
            territory_states += (await session.scalars(query, {"slug": slug})).all()
        await database.close()
    return territory_states
