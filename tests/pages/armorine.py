"""Armorine, the invented territory of the pictures in the documentation: always the same data, on the same day."""

import dataclasses
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from litestar import Litestar
from sqlalchemy import update

from tests import stage
from tests.node.counterpart import report
from tests.node.producer import SLUG, Producer
from tests.portal.access.policies import POLICY, REQUEST_FORM
from tests.portal.catalogue.corpus import Catalogue, document, open_catalogue
from tests.portal.catalogue.test_dataset_page import WHOLE
from tests.visitors import browse, make_person
from udi.kit.identity import SECOND_FACTOR
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.outbox import apply_report
from udi.node.datasets.models import Dataset as NodeDataset
from udi.node.datasets.queries import find_dataset
from udi.node.spaces.actions import apply_space
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.nodes.actions.register import register_node
from udi.settings import Settings
from udi.ui.site import Site

TICK = timedelta(microseconds=1)
NAME = {"fr": "Armorine", "en": "Armorine"}
TREES = (
    "espece;hauteur_m;date_plantation;lieu\n"
    "Chêne pédonculé;18,5;12/03/1921;place du Marché\n"
    "Tilleul à petites feuilles;14,0;02/11/1948;école Jules-Verne\n"
    "Châtaignier;21,2;25/01/1897;chemin du Moulin\n"
    "Érable sycomore;11,8;15/02/1976;rue des Lavoirs\n"
)
COUNTS = "compteur;jour;passages\n" + "".join(
    f"{place};{day:02}/06/2026;{number * 37 + day * 11}\n"
    for number, place in enumerate(("Pont du Moulin", "Quai Nord", "Gare"), 3)
    for day in range(1, 31)
)
ABOUT = [
    {"lang": "fr", "text": "Espèce, hauteur, date de plantation et lieu de chaque arbre remarquable."},
    {"lang": "en", "text": "Species, height, planting date and place of each remarkable tree."},
]  # fmt: skip
APPLICATION: dict[str, Any] = {
    "country": "other", "choice": "hosted", "charter": "1", "apart": "1", "url": "https://example.org/",
}  # fmt: skip


@dataclass
class Clock:
    """A clock that always starts on the same day, and goes on when it is read: no two things are of the same moment."""

    moment: datetime = datetime(2026, 9, 14, 8, 30, tzinfo=UTC)

    def read(self) -> datetime:
        """Return the moment, and go on."""
        self.moment += TICK
        return self.moment

    def advance(self, minutes: int) -> None:
        """Let minutes pass."""
        self.moment += timedelta(minutes=minutes)


@dataclass
class Armorine:
    """The territory, who visits it, and the addresses to show."""

    territory: Territory
    visitors: dict[str, httpx.AsyncClient]
    paths: dict[str, str]


@asynccontextmanager
async def open_armorine(
    settings: Settings, portal_app: Litestar, node_app: Litestar, clock: Clock
) -> AsyncIterator[Armorine]:
    """Make the territory with its data, a quarter of an hour before what `clock` then reads; taken off the registers at the end."""
    portal: Site = portal_app.state.site
    node: Site = node_app.state.site
    databases = (portal.database, node.database)
    territory = await stage.add_territory(databases, settings, "", slug="demo")
    for database in databases:
        row = stage.ROWS[database.program]
        async with database.platform_session(role="owner") as session:
            await session.execute(
                update(row).where(row.id == territory.id).values(name=NAME)
            )
    territory = dataclasses.replace(territory, name=NAME)
    people = _make_people(territory)
    async with AsyncExitStack() as stack:
        visitors = {
            "passer": await stage_visit(stack, portal_app, territory, None),
            "producer": await stage_visit(
                stack, node_app, territory, people["producer"]
            ),
        }
        for name in ("team", "colleague", "inhabitant", "laboratory"):
            visitors[name] = await stage_visit(
                stack, portal_app, territory, people[name]
            )
        paths = await _fill_portal(portal, territory, visitors)
        clock.advance(5)
        producer = Producer(visitors["producer"])
        paths |= await _fill_node(node, territory, producer, clock)
        clock.advance(12)
        yield Armorine(territory, visitors, paths)
    await stage.remove_territory(databases, territory.id)


async def stage_visit(
    stack: AsyncExitStack, app: Litestar, territory: Territory, person: Login | None
) -> httpx.AsyncClient:
    """Return a browser that is closed with the stack."""
    return await stack.enter_async_context(browse(app, territory, person))


def _make_people(territory: Territory) -> dict[str, Login]:
    armor = {"armor": ["managers"]}
    logins = {
        "team": make_person(territory, moderator=True, memberships=armor),
        "colleague": make_person(territory, moderator=True),
        "inhabitant": make_person(territory),
        "laboratory": make_person(territory, memberships={"goeland": ["publishers"]}),
        "producer": make_person(
            territory, memberships={SLUG: ["managers", "publishers"]}
        ),
    }
    names = {
        "team": "Demonstration account 1",
        "colleague": "Demonstration account 2",
        "inhabitant": "Demonstration account 3",
        "laboratory": "Demonstration account 4",
        "producer": "Demonstration account 5",
    }
    return {
        name: dataclasses.replace(
            login,
            name=names[name],
            email=f"{name}@armorine.example",
            level=SECOND_FACTOR,
        )
        for name, login in logins.items()
    }


async def _fill_portal(
    site: Site, territory: Territory, visitors: dict[str, httpx.AsyncClient]
) -> dict[str, str]:
    """Twelve datasets; requests that wait for the team; a colleague, and somebody invited."""
    catalogue = await open_catalogue(site.database, territory)
    await catalogue.add_all()
    trees = await catalogue.add(4, **_describe_trees())
    curves = await catalogue.add(7, resource_title="Consommation de chaleur par îlot")
    await _restrict(site, catalogue, visitors, str(curves.id))
    for name in ("Association Sève", "École de voile de Kerlévan"):
        form = APPLICATION | {
            "name": name,
            "registry_number": f"N{len(name)}",
            "email": "bonjour@association.example",
        }
        await _post(visitors["inhabitant"], "/join/new", form)
    form = {
        "title": "Comptages de trottinettes la nuit",
        "words": "Choisir où poser des arceaux.",
        "theme": "transportation",
        "seen": "1",
    }
    await _post(visitors["inhabitant"], "/data-requests/new", form)
    invitation = {"email": "nouvelle.collegue@armorine.example", "language": "fr"}
    await _post(visitors["team"], "/territory/team/invitations", invitation)
    await SearchFeed(site.database, site.registry, site.settings).run_once()
    return {"dataset": f"/data/{trees.id}"}


def _describe_trees() -> dict[str, Any]:
    file: dict[str, Any]
    [file] = document(4)["available_formats"]
    return {
        "resource_title": "Arbres remarquables",
        "summary": ABOUT,
        "synopsis": ABOUT,
        "available_formats": [
            file | {"media_name": "arbres-remarquables.csv", "file_size": 48_200}
        ],
        **WHOLE,
    }


async def _restrict(
    site: Site,
    catalogue: Catalogue,
    visitors: dict[str, httpx.AsyncClient],
    dataset: str,
) -> None:
    """Have a laboratory ask for restricted data of an organisation of the team."""
    territory = catalogue.territory
    async with site.database.session(territory.id) as session:
        node = await register_node(
            session, slug="hosted", name="Nœud mutualisé", url=territory.links["node"],
            client_id=f"{territory.slug}-node-hosted", hosted=True,
        )  # fmt: skip
        await session.execute(
            update(Dataset)
            .where(Dataset.id == uuid.UUID(dataset))
            .values(node_id=node.id)
        )
    policy = POLICY | {"revision": "0"}
    await _post(visitors["team"], f"/data/{dataset}/access-policy/edit", policy)
    path = f"/data/{dataset}/access-requests/new"
    await _post(visitors["laboratory"], path, REQUEST_FORM)


async def _fill_node(
    site: Site, territory: Territory, producer: Producer, clock: Clock
) -> dict[str, str]:
    """A space with two published tables and a draft, which is described."""
    async with site.database.session(territory.id, role="owner") as session:
        await apply_space(
            session, slug=SLUG, organisation_id=uuid.uuid4(), name="Mairie de Kerlévan", email="mairie@kerlevan.example",
            quota_bytes=5_000_000_000,
        )  # fmt: skip
    published = [await producer.publish()]
    counts = await producer.draft(COUNTS.encode(), "comptages-velo-2026.csv")
    title = "Comptages vélo 2026"
    published.append(
        await producer.publish(counts, title=title, theme="transportation")
    )
    for dataset_id in published:
        async with site.database.session(territory.id, role="worker") as session:
            dataset = await find_dataset(session, uuid.UUID(dataset_id), lock=True)
            assert dataset is not None
            assert await apply_report(session, dataset, report(dataset_id))
    draft = await producer.draft(TREES.encode(), "arbres-remarquables-2026.csv")
    async with site.database.session(territory.id, role="worker") as session:
        await session.execute(
            update(NodeDataset)
            .where(NodeDataset.id == uuid.UUID(draft))
            .values(updated_at=clock.read())
        )
    return {"space": f"/spaces/{SLUG}", "describe": f"/datasets/{draft}/describe"}


async def _post(client: httpx.AsyncClient, path: str, form: dict[str, Any]) -> None:
    response = await client.post(path, data=form)
    assert response.status_code == 303, response.text
