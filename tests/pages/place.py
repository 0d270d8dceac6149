"""A territory whose every page has something to show: datasets of all kinds, a draft, a difference, a name from right to left."""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from litestar import Litestar
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tests import stage
from tests.node.hidden_members import PLACES, workbook
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.test_named_tables import TREES
from tests.node.test_show_data import SPOTS
from tests.pages.node_requests import write_subject_request
from tests.pages.spaces import connect
from tests.pages.subject_requests import ask_about_own_data
from tests.portal.access.policies import POLICY, REQUEST_FORM
from tests.portal.catalogue.corpus import Catalogue, described, open_catalogue
from tests.portal.catalogue.test_dataset_page import WHOLE, as_table
from tests.portal.projects.conftest import picture
from tests.visitors import browse, make_operator, make_person
from udi.cli.installation.gather import ProgramDatabases
from udi.cli.installation.work import gather_and_save
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.spaces.actions import apply_space
from udi.portal.access.models import AccessAgreement
from udi.portal.catalogue.data_services.descriptions import (
    CatalogueServiceDescription,
    ServiceContact,
    write_description,
)
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.catalogue.services.models import (
    CatalogueService,
    CatalogueServiceDataset,
)
from udi.portal.consents.models import NoticeVersion
from udi.portal.identity.models import Person, WebSession
from udi.portal.nodes.actions.register import register_node
from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.facets import RecordFacets
from udi.portal.nodes.harvest.source_kinds import SOURCE_STATUS
from udi.portal.nodes.sources.actions import register_source
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    DatasetMatch,
    RecordOutcome,
    RunOutcome,
    RunPhase,
    SourceRun,
    SourceState,
)
from udi.portal.nodes.sources.outlines import store_outline
from udi.portal.nodes.sources.run_log import (
    RecordLogEntry,
    log_faults,
    log_non_datasets,
    log_records,
)
from udi.portal.notifications.models import Subscription, Webhook, WebhookState
from udi.portal.notifications.tokens import unsubscribe_token
from udi.portal.notifications.webhooks.signatures import new_secret
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.models import MembershipEntry, Organisation
from udi.portal.organisations.queries import get_producer
from udi.portal.projects.calls.models import Submission
from udi.portal.projects.suggestions.models import DeclaredInterest
from udi.portal.projects.suggestions.tokens import unsubscribe_url
from udi.portal.selfdata.actions import add_entries, publish_entries
from udi.portal.selfdata.register_templates import read_template
from udi.settings import Settings
from udi.ui.site import Site

BIRTHS = "commune;sexe;naissances\n" + "".join(
    f"Kerlévan;{sex};{40 + number}\n" for number, sex in enumerate("FM" * 6)
)
QUESTION = {
    "question": "Prêter vos courbes d’énergie à une étude sur la chaleur ?",
    "data": "Îlot et énergie, sans votre nom.",
    "reason": "Choisir dix rues à ombrager.",
    "months": "3",
}
ARABIC = "بيانات المرور في المدينة"
TOWN = "بلدية أرمورين"
LONG = "Une description très longue qui n’en finit pas, " * 3
PEOPLE = "nom;courriel\n" + "".join(
    f"Camille Le Gall {n};camille.{n}@example.org\n" for n in range(30)
)


@dataclass
class Place:
    """What there is to visit, and who visits: `portal` and `node` log nobody in, `team` and `producer` do."""

    territory: Territory
    names: dict[str, str]
    """What stands for each part of an address."""
    visitors: dict[str, httpx.AsyncClient]


@asynccontextmanager
async def furnished(
    settings: Settings, portal_app: Litestar, node_app: Litestar
) -> AsyncIterator[Place]:
    """The territory, with its pages; taken off the registers at the end."""
    portal = portal_app.state.site
    node = node_app.state.site
    databases = (portal.database, node.database)
    territory = await stage.add_territory(databases, settings, "every")
    manager = make_person(territory, memberships={SLUG: ["managers", "publishers"]})
    leader = make_person(territory, memberships={"goeland": ["publishers"]})
    team = make_person(territory, moderator=True, memberships={"armor": ["managers"]})
    async with AsyncExitStack() as stack:
        visitors = {
            "portal": await stack.enter_async_context(browse(portal_app, territory)),
            "team": await stack.enter_async_context(
                browse(portal_app, territory, team)
            ),
            "leader": await stack.enter_async_context(
                browse(portal_app, territory, leader)
            ),
            "node": await stack.enter_async_context(browse(node_app, territory)),
            "producer": await stack.enter_async_context(
                browse(node_app, territory, manager)
            ),
            "installation": await stack.enter_async_context(browse(portal_app, None)),
            "operator": await stack.enter_async_context(
                browse(portal_app, None, make_operator())
            ),
        }
        await edit_site(settings, portal.database, territory, visitors["team"])
        catalogue = await fill_catalogue(portal, territory)
        catalogue |= await follow(
            portal, territory, visitors["team"], catalogue["portal table"]
        )
        catalogue |= await ask_for_data(visitors["team"])
        catalogue |= await report_faults(
            visitors["portal"], visitors["team"], catalogue["portal table"]
        )
        catalogue |= await join(visitors["team"]) | await be_invited(
            portal, territory, team.email
        )
        catalogue |= await be_invited_into_team(portal, territory, team.email)
        catalogue |= await keep_register(portal, territory)
        catalogue |= await read_elsewhere(portal, territory)
        catalogue |= await restrict(
            portal,
            territory,
            visitors["team"],
            visitors["leader"],
            catalogue["portal restricted"],
        )
        catalogue |= await ask_about_own_data(portal, territory, visitors["team"])
        catalogue |= await connect(portal, territory, catalogue["portal led"])
        catalogue |= await make_projects(
            portal_app, territory, visitors["team"], team.email, catalogue
        )
        catalogue |= await suggest(portal_app, territory, visitors["team"])
        published = await fill_node(node, territory, Producer(visitors["producer"]))
        published |= await write_subject_request(stack, node_app, territory, visitors)
        await gather_figures(settings)
        catalogue |= await start_territory(visitors["operator"])
        names = {"portal territory": territory.slug} | catalogue | published
        yield Place(territory, names, visitors)
    await stage.remove_territory(databases, territory.id)


async def edit_site(
    settings: Settings,
    database: Database,
    territory: Territory,
    team: httpx.AsyncClient,
) -> None:
    """Three versions, two of them of pages, and changes that are not published."""
    await stage.apply_territory_files(database, territory, settings=settings)
    for words in ("# Charte\n\nUne.", "# Charte\n\nDeux."):
        await team.post("/territory/site/texts/charter.md", data={"text": words})
        await team.post("/territory/site/publish", data={"note": "La charte"})
    await team.post("/territory/site/texts/legal.md", data={"text": "# Mentions"})


async def gather_figures(settings: Settings) -> None:
    """The figures of every territory, as the worker of the installation gathers them."""
    databases = ProgramDatabases.open(settings)
    try:
        await gather_and_save(settings, databases)
    finally:
        await databases.close()


async def start_territory(operator: httpx.AsyncClient) -> dict[str, str]:
    """An operator asks for a territory, and no worker has begun."""
    answers = {"name": "Pays de la Rade", "slug": "rade", "hue": "145"}
    answers |= {"first_member": "marie@rade.bzh", "contact": "donnees@rade.bzh"}
    response = await operator.post(
        "/installation/territories/new", data=answers | {"languages": "fr,en"}
    )
    assert response.status_code == 303, response.text
    return {"portal start": response.headers["location"].rpartition("/")[2]}


async def fill_catalogue(site: Site, territory: Territory) -> dict[str, str]:
    """Fifty datasets in four turns, one with a table at a node, one restricted, one withdrawn, one named in Arabic."""
    catalogue = await open_catalogue(site.database, territory)
    for turn in ("", " 2022", " 2023", " 2024"):
        await catalogue.add_all(turn)
    async with site.database.session(territory.id) as session:
        await apply_organisation(
            session, id=uuid.uuid4(), slug="arabic", name=TOWN, summary={"fr": TOWN}, email="a@arabic.example",
            url="https://arabic.example/", address="1 place du Marché",
        )  # fmt: skip
    first = described(1, **WHOLE)
    await catalogue.add(1, **first)
    await catalogue.add(
        1, **first | as_table(first["global_id"], territory.links["node"])
    )
    ids = {"table": first["global_id"]} | await _add_others(catalogue)
    feed = SearchFeed(site.database, site.registry, site.settings)
    await feed.run_once()
    return {f"portal {name}": value for name, value in ids.items()}


async def _add_others(catalogue: Catalogue) -> dict[str, str]:
    changes: dict[str, dict[str, Any]] = {
        "restricted": {},
        "long": {
            "resource_title": LONG.strip(),
            "synopsis": [{"lang": "fr", "text": LONG}],
        },
        "arabic": {
            "resource_title": ARABIC,
            "synopsis": [{"lang": "fr", "text": ARABIC}],
        },
    }
    ids = {}
    for number, (name, changed) in zip((7, 5, 0), changes.items(), strict=True):
        ids[name] = str((await catalogue.add(number, **changed)).id)
    gone = await catalogue.add(3)
    await catalogue.withdraw(gone)
    service = str(uuid.uuid4())
    mapped = await catalogue.add(2, available_formats=[_describe_map_service(service)])
    return ids | {"gone": str(gone.id), "mapped": str(mapped.id), "service": service}


def _describe_map_service(media: str) -> dict[str, Any]:
    """A service of maps whose server may not be reached from here."""
    address = "http://maps.localhost/ows?SERVICE=WMS"
    connector = {"url": address, "interface_contract": "api"}
    return {"media_type": "SERVICE", "media_id": media, "media_name": "Carte", "connector": connector}  # fmt: skip


async def restrict(
    site: Site,
    territory: Territory,
    team: httpx.AsyncClient,
    leader: httpx.AsyncClient,
    dataset: str,
) -> dict[str, str]:
    """A producer says who may ask for a dataset; one request waits, another became an agreement."""
    async with site.database.session(territory.id) as session:
        url = territory.links["node"]
        client = f"{territory.slug}-node-hosted"
        node = await register_node(
            session,
            slug="restricted",
            name="Nœud",
            url=url,
            client_id=client,
            hosted=True,
        )
        await session.execute(
            update(Dataset)
            .where(Dataset.id == uuid.UUID(dataset))
            .values(node_id=node.id)
        )
    answer = await team.post(
        f"/data/{dataset}/access-policy/edit", data=POLICY | {"revision": "0"}
    )
    assert answer.status_code == 303, answer.text
    request_paths = [
        (
            await leader.post(
                f"/data/{dataset}/access-requests/new",
                data=REQUEST_FORM | {"title": title},
            )
        ).headers["location"]
        for title in ("Rafraîchir la ville", ARABIC)
    ]
    granted = await team.post(
        f"{request_paths[0]}/grant", data={"words": "Utile à tous.", "revision": "1"}
    )
    assert granted.status_code == 303, granted.text
    async with site.database.session(territory.id, role="worker") as session:
        agreement = (await session.scalars(select(AccessAgreement))).one()
        project = agreement.project_id
    notice, consent = await lend(site, territory, team, leader, str(agreement.id))
    return {
        "portal request": request_paths[1].rpartition("/")[2], "portal agreement": str(agreement.id), "portal led": str(project),
        "portal notice": notice, "portal consent": consent,
    }  # fmt: skip


async def lend(
    site: Site,
    territory: Territory,
    team: httpx.AsyncClient,
    leader: httpx.AsyncClient,
    agreement: str,
) -> tuple[str, str]:
    """The project asks people, the producer accepts, and who leads the project lends too; a later version waits."""
    page = f"/agreements/{agreement}/consents"
    assert (await leader.post(page, data=QUESTION)).status_code == 303
    async with site.database.session(territory.id, role="worker") as session:
        notice = (await session.scalars(select(NoticeVersion.id))).one()
        await session.execute(update(WebSession).values(authenticated_at=now()))
    accepted = await team.post(f"{page}/{notice}/accept")
    assert accepted.status_code == 303, accepted.text
    given = await leader.post(f"/consents/{notice}", data={"answer": "yes"})
    assert given.status_code == 303, given.text
    assert (await leader.post(page, data=QUESTION)).status_code == 303
    return str(notice), given.headers["location"].rpartition("/")[2]


async def follow(
    site: Site, territory: Territory, someone: httpx.AsyncClient, dataset: str
) -> dict[str, str]:
    """Somebody follows a dataset, and has a webhook."""
    followed = await someone.post(
        "/following", data={"kind": "dataset", "target": dataset, "back": "/data"}
    )
    assert followed.status_code == 303, followed.text
    async with site.database.session(territory.id, role="worker") as session:
        subscription = (await session.scalars(select(Subscription))).one()
        webhook = Webhook(
            person_id=subscription.person_id, url="https://recepteur.example/changements", everything=True,
            secret=new_secret(), state=WebhookState.ACTIVE, created_at=now(),
        )  # fmt: skip
        session.add(webhook)
        await session.flush()
        token = unsubscribe_token(site.settings, territory, subscription.id)
    return {"portal webhook": str(webhook.id), "portal unsubscribe": token}


async def join(someone: httpx.AsyncClient) -> dict[str, str]:
    """A person of the team asks for three organisations: one waits, one is refused, one is approved."""
    ids = {}
    for number, (state, decision) in enumerate(
        {"submitted": "", "refused": "refuse", "approved": "approve"}.items()
    ):
        form = {
            "name": f"Association {'des ateliers du soir' if number else TOWN} {number}", "country": "other",
            "registry_number": f"N{number}", "email": "bonjour@atelier.example", "url": "https://atelier.example/",
            "choice": "hosted", "charter": "1", "apart": "1",
        }  # fmt: skip
        response = await someone.post("/join/new", data=form)
        assert response.status_code == 303, response.text
        address = response.headers["location"]
        if decision:
            answer = {
                "decision": decision,
                "words": "Il manque le nom du service.",
                "revision": "1",
            }
            assert (
                await someone.post(f"{address}/decide", data=answer)
            ).status_code == 303
        ids[f"portal {state}"] = address.rpartition("/")[2]
    return ids


async def ask_for_data(someone: httpx.AsyncClient) -> dict[str, str]:
    """A person of the team asks for data twice: one request waits, one is declined."""
    ids = {}
    for name, title in (
        ("wanted", "Comptages de trottinettes la nuit"),
        ("declined", f"Inventaire de {TOWN}"),
    ):
        form = {
            "title": title,
            "words": "Choisir où poser des arceaux.",
            "theme": "transportation",
            "seen": "1",
        }
        response = await someone.post("/data-requests/new", data=form)
        assert response.status_code == 303, response.text
        address = response.headers["location"]
        if name == "declined":
            answer = {
                "decision": "decline",
                "words": "Personne ne tient cet inventaire.",
            }
            assert (
                await someone.post(f"{address}/decide", data=answer)
            ).status_code == 303
        ids[f"portal {name}"] = address.rpartition("/")[2]
    return ids


async def report_faults(
    passer_by: httpx.AsyncClient, someone: httpx.AsyncClient, dataset: str
) -> dict[str, str]:
    """A passer-by and a person of the team report faults of a dataset; that of the team is answered."""
    names = {}
    for name, visitor in (("followed", passer_by), ("fault", someone)):
        form = {"kind": "other", "words": f"{TOWN}\n{ARABIC}", "column": TOWN}
        answer = await visitor.post(f"/data/{dataset}/fault-reports/new", data=form)
        assert answer.status_code == 303, answer.text
        names[f"portal {name}"] = answer.headers["location"].rpartition("/")[2]
    return names


async def make_projects(
    app: Litestar,
    territory: Territory,
    someone: httpx.AsyncClient,
    email: str,
    known: dict[str, str],
) -> dict[str, str]:
    """A public project with a picture, an idea with a team, a reuse; and one of somebody else, who invites."""
    form = {
        "title": f"L’ombre des rues {TOWN}", "summary": LONG[:290], "purpose": "civic", "words": f"{LONG}\n\n{ARABIC}",
        "audience": "inhabitants", "support": "testers", "scale": "municipality", "url": "https://ombre.example/",
        "organisation": "armor", "requester": "public_body", "dataset": known["portal restricted"],
    }  # fmt: skip
    addresses = {}
    for name, title in (
        ("project", form["title"]),
        ("idea", f"Le frais des rues {TOWN}"),
    ):
        answer = await someone.post("/projects/new", data=form | {"title": title})
        assert answer.status_code == 303, answer.text
        address = addresses[f"portal {name}"] = answer.headers["location"]
        sent = {
            "files": {"picture": ("rue.jpg", picture())},
            "data": {"alternative": "Une rue à midi"},
        }
        assert (await someone.post(f"{address}/pictures", **sent)).status_code == 303
    await someone.post(f"{addresses['portal project']}/publish")
    await someone.post(
        f"{addresses['portal idea']}/team",
        data={"email": "ami@ombre.example", "right": "edit"},
    )
    report = {
        "title": ARABIC,
        "url": "https://arbres.example/",
        "dataset": known["portal gone"],
    }
    addresses["portal reuse"] = (
        await someone.post("/projects/report", data=report | {"dataset": ""})
    ).headers["location"]
    async with browse(app, territory, make_person(territory)) as other:
        address = (
            await other.post("/projects/new", data=form | {"organisation": ""})
        ).headers["location"]
        await other.post(f"{address}/team", data={"email": email, "right": "see"})
    addresses |= await call_for_projects(
        app.state.site, territory, someone, email, addresses["portal idea"]
    )
    return {
        name: location.split("/")[-1]
        for name, location in (addresses | {"portal joined": address}).items()
    }


async def suggest(
    app: Litestar, territory: Territory, someone: httpx.AsyncClient
) -> dict[str, str]:
    """A person of the team wants suggestions; so does another, who offers what their project looks for."""
    form = {
        "seen": "",
        "offers": "testers",
        "has": LONG,
        "discoverable": "1",
        "name": ARABIC,
    }
    async with browse(app, territory, make_person(territory)) as other:
        assert (
            await other.post("/my-space/suggestions/interests", data=form)
        ).status_code == 303
    mine = {
        "seen": "",
        "looks_for": "comptages de vélos",
        "themes": ["environment", "economy"],
        "mailed": "1",
    }
    assert (
        await someone.post("/my-space/suggestions/interests", data=mine)
    ).status_code == 303
    site: Site = app.state.site
    async with site.database.session(territory.id, role="worker") as session:
        interests = {
            row.discoverable: row
            for row in await session.scalars(select(DeclaredInterest))
        }
    off = unsubscribe_url(site.settings, territory, interests[False].choice_id)
    return {
        "portal helper": str(interests[True].id),
        "portal off": off.rpartition("/")[2],
    }


async def call_for_projects(
    site: Site,
    territory: Territory,
    someone: httpx.AsyncClient,
    email: str,
    project: str,
) -> dict[str, str]:
    """A draft of a call, and one that is open, with a jury, a question and a submission."""
    form = {
        "title": f"Rafraîchir la ville {TOWN}", "summary": LONG[:290], "words": f"{LONG}\n\n{ARABIC}",
        "criteria": "Utile aux habitants, 40\nOuvert, 10", "closes_at": "2099-01-01T18:00", "results_at": "2099-02-01T18:00",
    }  # fmt: skip
    addresses = {}
    for name, title in (("draft", f"Des fontaines {TOWN}"), ("call", form["title"])):
        answer = await someone.post("/calls/new", data=form | {"title": title})
        assert answer.status_code == 303, answer.text
        address = addresses[f"portal {name}"] = answer.headers["location"].removesuffix(
            "/organise"
        )
    await someone.post(
        f"{address}/organise/jury", data={"emails": f"{email}\njury@armor.example"}
    )
    await someone.post(f"{address}/organise/open")
    await someone.post(f"{address}/questions", data={"question": LONG})
    sent = await someone.post(
        f"{address}/answer",
        data={"project": project.rpartition("/")[2], "answer": LONG},
    )
    assert sent.status_code == 303, sent.text
    async with site.database.session(territory.id, role="worker") as session:
        addresses["portal submission"] = str(
            await session.scalar(select(Submission.id))
        )
    return addresses


async def be_invited(site: Site, territory: Territory, email: str) -> dict[str, str]:
    """Somebody is invited into an organisation, another asks to belong to it."""
    async with site.database.session(territory.id) as session:
        organisation = (
            await session.scalars(
                select(Organisation).where(Organisation.slug == "armor")
            )
        ).one()
        person = (
            await session.scalars(select(Person.id).where(Person.email == email))
        ).one()
        facts = {
            "organisation_id": organisation.id,
            "language": "fr",
            "started_by": person,
            "started_at": now(),
        }
        invited = MembershipEntry(
            stage="invited", email=email, groups=["publishers"], **facts
        )
        asks = MembershipEntry(
            stage="requested",
            person_id=person,
            groups=[],
            words="Je tiens les comptes.",
            **facts,
        )
        session.add_all([invited, asks])
        await session.flush()
    return {"portal invitation": str(invited.id)}


async def keep_register(site: Site, territory: Territory) -> dict[str, str]:
    """An organisation that says which personal data it holds: all of a sample list, the first one a draft."""
    today = now().date()
    async with site.database.session(territory.id) as session:
        organisation = await get_producer(session, "armor")
        person = await session.scalar(select(Person.id).limit(1))
        assert person is not None
        somebody = Actor(person, name="", email="", tenant_slug=territory.slug)
        entries = [
            entry.write_in(["fr", "en", "es"]) for entry in read_template("commune")
        ]
        draft, *rows = await add_entries(
            session, somebody, organisation, entries, today
        )
        await publish_entries(session, somebody, organisation, rows, today)
    return {"portal processing": str(draft.id)}


async def read_elsewhere(site: Site, territory: Territory) -> dict[str, str]:
    """A catalogue of others of which much was gone at the last reading, and which refuses and warns."""
    somebody = Actor(
        uuid.uuid4(),
        "Compte de test",
        "team@people.example",
        territory.slug,
        moderator=True,
    )
    async with site.database.session(territory.id, role="worker") as session:
        producer = await get_producer(session, "arabic")
        address = "https://catalogue-tres-long.example.org/api/3/action/package_search?rows=100&sort=id+asc"
        source = await register_source(
            session, somebody, producer, address=address, rhythm="daily", language="fr"
        )
        source.state = SourceState.VANISHED
        source.format = "ckan"
        source.dataset_count = 1200
        source.filters = {"publishers": [LONG], "themes": ["TRAN"]}
        done = {
            "total": 1000,
            "created": 3,
            "updated": 17,
            "unchanged": 978,
            "refused": 2,
            "missing": 230,
        }
        run = SourceRun(
            source_id=source.id, started_at=now(), ended_at=now(), phase=RunPhase.ENDED, outcome=RunOutcome.VANISHED, **done,
            crawl_state={},
        )  # fmt: skip
        session.add(run)
        await session.flush()
        met = [
            (RecordOutcome.REFUSED, "jeu-1", LONG, kinds.TITLE_MISSING),
            (RecordOutcome.UPDATED, "jeu-2", ARABIC, kinds.LICENCE_MISSING),
        ]
        await log_faults(session, run, [SOURCE_STATUS.at("", value=503)])
        await log_records(
            session,
            run,
            [
                RecordLogEntry(outcome, record_id, title, faults=(kind.at(""),))
                for outcome, record_id, title, kind in met
            ],
        )
        service = kinds.SERVICE_LEFT_OUT.at("")
        await log_non_datasets(session, run, [("wms-1", LONG, service)])
        facets = [
            RecordFacets(
                identifier=title,
                title=title,
                publishers=(title,),
                keywords=(ARABIC,),
                themes=("TRAN",),
                formats=("CSV",),
            )
            for title in (LONG, ARABIC)
        ]
        await store_outline(session, run, facets)
        published = select(Dataset.id).where(Dataset.state == DatasetState.PUBLISHED)
        longest_first = published.order_by(
            func.length(Dataset.title).desc(), Dataset.id
        )
        first, second = sorted((await session.scalars(longest_first.limit(2))).all())
        session.add(
            DatasetMatch(
                first_id=first, second_id=second, basis="file", proposed_at=now()
            )
        )
        services = await _add_services(session, source, first)
    return {"portal source": str(source.id), **services}


async def _add_services(
    session: AsyncSession, source: CatalogueSource, dataset: UUID
) -> dict[str, str]:
    """A service that serves a dataset, and one that left its catalogue."""
    facts = {
        "source_id": source.id,
        "organisation_id": source.organisation_id,
        "format": "WMS",
        "digest": "",
        "first_read_at": now(),
        "changed_at": now(),
    }
    address = f"https://cartes.example.org/{'services/' * 8}wms"
    description = CatalogueServiceDescription(
        text={"fr": LONG},
        keywords=[ARABIC],
        landing_page=address,
        documentation=[address],
        endpoint_description=address,
        licence="odbl-1.0",
        contacts=[ServiceContact(name=ARABIC, email="cartes@example.org")],
    )
    current = CatalogueService(
        id=uuid.uuid4(), identifier="wms-2", title=LONG, titles={"fr": LONG}, endpoint=address,
        description=write_description(description), **facts,
    )  # fmt: skip
    former = CatalogueService(
        id=uuid.uuid4(), identifier="wms-3", title=ARABIC, titles={"ar": ARABIC}, endpoint=address,
        description={}, withdrawn_at=now(), **facts,
    )  # fmt: skip
    session.add_all([current, former])
    await session.flush()
    session.add(CatalogueServiceDataset(service_id=current.id, dataset_id=dataset))
    return {"portal map": str(current.id), "portal former map": str(former.id)}


async def publish_years(producer: Producer) -> dict[str, str]:
    """A dataset with a file a year, of which one has other columns, and the last of these files."""
    dataset = await producer.publish(
        await producer.draft(BIRTHS.encode(), "naissances-2024.csv"), title="Naissances"
    )
    days = {"first_day": "2024-01-01", "last_day": "2024-12-31"}
    await producer.client.post(f"/datasets/{dataset}/period", data=days)
    for year in range(2021, 2024):
        content = BIRTHS.replace("sexe", "genre" if year == 2021 else "sexe", 1)
        sent = await producer.send(
            content.encode(), f"naissances-{year}.csv", f"/datasets/{dataset}/parts"
        )
        form = {
            "title": f"Naissances {year}", "role": "data", "publish": "1", "reason": "Chiffres par commune",
            "first_day": f"{year}-01-01", "last_day": f"{year}-12-31",
        }  # fmt: skip
        saved = await producer.client.post(sent.headers["location"], data=form)
        assert saved.status_code == 303, saved.text
    return {"years": dataset, "year": sent.headers["location"].rpartition("/")[2]}


async def fill_node(
    site: Site, territory: Territory, producer: Producer
) -> dict[str, str]:
    """A map with two versions and a notice, a draft that people are in, a table named in Arabic, a workbook, a file a year, a file that is still coming."""
    async with site.database.session(territory.id, role="owner") as session:
        await apply_space(
            session, slug=SLUG, organisation_id=uuid.uuid4(), name="Mairie de Kerlévan", email="mairie@kerlevan.example",
            quota_bytes=50_000_000,
        )  # fmt: skip
    ids = {"draft": await producer.draft(SPOTS.encode(), "lieux.csv")}
    ids["map"] = await producer.publish(
        await producer.draft(SPOTS.encode(), "lieux.csv"), title="Lieux à voir"
    )
    sent = await producer.send(
        SPOTS.encode() + b"Lieu;Parc;48.2;-1.7;01/01/2024\n",
        path=f"/datasets/{ids['map']}/versions",
    )
    assert sent.status_code == 303, sent.text
    await producer.client.post(f"/datasets/{ids['map']}/publish", data={"reason": ""})
    notice = await producer.send(
        b"# Notice\n", "notice.md", f"/datasets/{ids['map']}/parts"
    )
    ids["part"] = notice.headers["location"].rpartition("/")[2]
    await producer.client.post(
        f"/datasets/{ids['map']}/parts/{ids['part']}",
        data={"title": "Notice", "role": "documentation", "publish": "1"},
    )
    ids["people"] = await producer.draft(PEOPLE.encode(), "personnes.csv")
    ids["faulty"] = await producer.draft(
        TABLE * 3 + "x;y;pas une date\n".encode("cp1252"), "fautes.csv"
    )
    ids["arabic"] = await producer.publish(title=ARABIC)
    book = workbook(("Quartiers", PLACES), ("Arbres", TREES), ("Calculs", TREES), hidden="Calculs")  # fmt: skip
    ids["book"] = await producer.publish(
        await producer.draft(book, "classeur.xlsx"), title="Arbres par quartier"
    )
    ids |= await publish_years(producer)
    return {f"node {name}": value for name, value in ids.items()} | {"slug": SLUG}


async def be_invited_into_team(
    site: Site, territory: Territory, email: str
) -> dict[str, str]:
    """A person of the team is invited into it, as may happen from two sides."""
    async with site.database.session(territory.id, role="worker") as session:
        person = (
            await session.scalars(select(Person.id).where(Person.email == email))
        ).one()
        invitation = MembershipEntry(
            organisation_id=None, stage="invited", email=email, groups=["moderators"], language="fr",
            started_by=None, started_at=now(), expires_at=now() + timedelta(days=7),
        )  # fmt: skip
        session.add(invitation)
        await session.flush()
        return {"portal team": str(invitation.id), "portal member": str(person)}
