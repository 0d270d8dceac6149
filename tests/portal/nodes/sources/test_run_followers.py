"""Readings are followed: by a feed whose address is a secret, and by a person's own program; and a dataset says where it was read."""

import json
import re
import uuid
from collections.abc import AsyncIterator
from typing import Any
from xml.etree.ElementTree import fromstring

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select, text

from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading, ckan
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.catalogue.actions import withdraw_dataset
from udi.portal.catalogue.models import Dataset
from udi.portal.identity.models import Person
from udi.portal.nodes.sources import webhooks
from udi.portal.notifications.models import Webhook, WebhookDelivery, WebhookState
from udi.portal.organisations.models import Organisation
from udi.ui.site import Site

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
async def reading(catalogue: Catalogue, open_source: Open) -> Reading:
    """A source that was read once."""
    catalogue.live = ckan(["arbres", "bancs", "fontaines"])
    source: Reading = await open_source(catalogue.origin)
    await source.read()
    return source


@pytest.fixture
async def slug(reading: Reading) -> str:
    async with reading.database.session(reading.territory.id) as session:
        return (
            await session.scalars(
                select(Organisation.slug).where(Organisation.id == reading.producer)
            )
        ).one()


@pytest.fixture
def owner(demo: Territory, slug: str) -> Login:
    return make_person(demo, memberships={slug: ["managers"]})


@pytest.fixture
async def manager(
    portal_app: Litestar, demo: Territory, owner: Login
) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(portal_app, demo, owner) as client:
        yield client


@pytest.fixture
async def anybody(
    portal_app: Litestar, demo: Territory
) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(portal_app, demo) as client:
        yield client


async def addresses(manager: httpx.AsyncClient, reading: Reading) -> list[str]:
    response = await manager.post(f"/sources/{reading.source_id}/feed")
    page = await manager.get(response.headers["location"])
    return re.findall(r'value="(http[^"]+readings\.atom)"', page.text)


async def test_a_feed_says_how_readings_went_without_an_account(
    manager: httpx.AsyncClient, anybody: httpx.AsyncClient, reading: Reading
) -> None:
    before = await manager.get(f"/sources/{reading.source_id}")
    await reading.read()
    feed_addresses = await addresses(manager, reading)

    answers = [
        await anybody.get(address, headers={"Accept-Language": "en"})
        for address in feed_addresses
    ]
    again = await anybody.get(
        feed_addresses[0],
        headers={"Accept-Language": "en", "If-None-Match": answers[0].headers["etag"]},
    )

    assert "readings.atom" not in before.text
    assert len(feed_addresses) == 2
    for answer in answers:
        feed = fromstring(answer.content)  # noqa: S314 - our own
        entries = feed.findall(f"{ATOM}entry")
        assert answer.headers["content-type"].startswith("application/atom+xml")
        assert (answer.headers["cache-control"], answer.headers["x-robots-tag"]) == (
            "private, no-cache",
            "noindex",
        )
        assert [entry.findtext(f"{ATOM}id") for entry in entries] == [
            run.id.urn for run in reversed(await reading.runs())
        ]
        assert "3 found, 3 new" in (entries[1].findtext(f"{ATOM}summary") or "")
        assert "There is nobody to write to." in (
            entries[1].findtext(f"{ATOM}summary") or ""
        )
        assert "token" not in (feed.findtext(f"{ATOM}id") or "")
    assert again.status_code == 304


async def test_an_address_that_was_renewed_answers_no_more(
    manager: httpx.AsyncClient, anybody: httpx.AsyncClient, reading: Reading
) -> None:
    former = await addresses(manager, reading)
    present = await addresses(manager, reading)

    assert not set(former) & set(present)
    assert [
        (await anybody.get(address)).status_code for address in former + present
    ] == [
        404,
        404,
        200,
        200,
    ]


async def test_a_feed_closes_with_the_right_of_its_holder(
    manager: httpx.AsyncClient,
    anybody: httpx.AsyncClient,
    reading: Reading,
    portal_database: Database,
    demo: Territory,
) -> None:
    feed_addresses = await addresses(manager, reading)
    async with portal_database.session(demo.id, role="worker") as session:
        await session.execute(text("DELETE FROM app.membership"))

    assert [(await anybody.get(address)).status_code for address in feed_addresses] == [
        403,
        403,
    ]


async def test_an_address_opens_nothing_else(
    manager: httpx.AsyncClient, anybody: httpx.AsyncClient, reading: Reading, open_source: Open, portal_app: Litestar,
    other: Territory,
) -> None:  # fmt: skip
    [own_address, _] = await addresses(manager, reading)
    stranger = await open_source("https://other.example/")
    token = own_address.split("/feeds/")[1].split("/")[0]
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")

    answers = [
        await anybody.get(
            own_address.replace(str(reading.source_id), str(stranger.source_id))
        ),
        await anybody.get(own_address.replace(token, forged)),
        await anybody.get(own_address.replace(token, "x")),
    ]
    async with browse(portal_app, other) as neighbour:
        answers.append(
            await neighbour.get(f"/{own_address.partition('://')[2].partition('/')[2]}")
        )

    assert [answer.status_code for answer in answers] == [404] * 4


async def test_nobody_else_makes_addresses(
    portal_app: Litestar, demo: Territory, reading: Reading
) -> None:
    async with browse(
        portal_app, demo, make_person(demo, memberships={"elsewhere": ["managers"]})
    ) as client:
        assert (
            await client.post(f"/sources/{reading.source_id}/feed")
        ).status_code == 404


async def hook(
    database: Database, territory: Territory, owner: Login, *, readings: bool = True
) -> uuid.UUID:
    async with database.session(territory.id, role="worker") as session:
        person = (
            await session.scalars(select(Person).where(Person.subject == owner.subject))
        ).one()
        webhook = Webhook(
            person_id=person.id, url="https://program.example/told", everything=False, readings=readings,
            secret="whsec_test", state=WebhookState.ACTIVE, created_at=now(),
        )  # fmt: skip
        session.add(webhook)
        await session.flush()
        return webhook.id


async def notify_twice(portal_site: Site, reading: Reading) -> list[WebhookDelivery]:
    """What webhooks are told of the last reading, once and once more."""
    run = (await reading.runs())[-1]
    for _ in range(2):
        await webhooks.notify_reading(portal_site, reading.territory, run.id)
    async with reading.database.session(reading.territory.id, role="worker") as session:
        return list(
            await session.scalars(
                select(WebhookDelivery).where(WebhookDelivery.type == webhooks.EVENT)
            )
        )


async def test_a_program_is_told_of_a_reading_with_counts_only(
    manager: httpx.AsyncClient,
    reading: Reading,
    portal_site: Site,
    owner: Login,
    slug: str,
) -> None:
    wanting = await hook(reading.database, reading.territory, owner)
    await hook(reading.database, reading.territory, owner, readings=False)
    run = await reading.read()

    [delivery] = await notify_twice(portal_site, reading)

    assert delivery.webhook_id == wanting
    message = json.loads(delivery.body)
    assert message["type"] == "source.read"
    assert message["data"] == {
        "id": str(run.id), "title": message["data"]["title"], "source": str(reading.source_id), "producer": slug,
        "url": f"{reading.territory.origin}/sources/{reading.source_id}",
        "api_url": f"{reading.territory.origin}/api/v1/sources/{reading.source_id}/readings/{run.id}",
        "outcome": "complete", "total": 3, "created": 0, "updated": 0, "unchanged": 3, "refused": 0, "withdrawn": 0,
        "missing": 0,
    }  # fmt: skip
    async with reading.database.session(reading.territory.id, role="worker") as session:
        queued = await session.execute(
            text(
                "SELECT count(*) FROM queue.pgqueuer WHERE entrypoint = 'tell_reading'"
                " AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant"
            ),
            {"tenant": str(reading.territory.id)},
        )
        assert queued.scalar_one() == 1


async def test_who_looks_after_it_no_more_is_told_no_more(
    manager: httpx.AsyncClient, reading: Reading, portal_site: Site, owner: Login
) -> None:
    await hook(reading.database, reading.territory, owner)
    async with reading.database.session(reading.territory.id, role="worker") as session:
        await session.execute(text("DELETE FROM app.membership"))
    await reading.read()

    assert await notify_twice(portal_site, reading) == []


@pytest.mark.thorough
async def test_a_webhook_for_readings_is_offered_to_who_looks_after_sources(
    manager: httpx.AsyncClient, portal_app: Litestar, demo: Territory
) -> None:
    async with browse(portal_app, demo, make_person(demo)) as inhabitant:
        theirs = await inhabitant.get("/following/webhooks")

    assert 'name="readings"' in (await manager.get("/following/webhooks")).text
    assert 'name="readings"' not in theirs.text


@pytest.mark.thorough
async def test_a_dataset_says_where_it_was_read_and_gives_its_own_record(
    anybody: httpx.AsyncClient, reading: Reading, catalogue: Catalogue
) -> None:
    dataset_id = (await reading.list_published())["Jeu arbres"]
    page = await anybody.get(
        f"/data/{dataset_id}", headers={"Accept-Language": "en"}, follow_redirects=True
    )
    original = await anybody.get(f"/data/{dataset_id}/original")

    assert "Origin" in page.text
    assert f'href="{catalogue.origin}/"' in page.text
    assert f'href="/data/{dataset_id}/original"' in page.text
    assert json.loads(original.content)["name"] == "arbres"
    assert original.headers["content-disposition"].startswith("attachment")
    assert original.headers["content-type"] == "application/octet-stream"


async def test_the_original_record_of_restricted_data_is_not_given(
    anybody: httpx.AsyncClient, reading: Reading, portal_database: Database
) -> None:
    """It says what the portal does not repeat: sizes, digests, a licence."""
    dataset_id = (await reading.list_published())["Jeu arbres"]
    async with portal_database.session(reading.territory.id) as session:
        await session.execute(
            text(
                "UPDATE app.dataset SET access = 'restricted' WHERE id = :id"
            ).bindparams(id=dataset_id)
        )

    page = await anybody.get(f"/data/{dataset_id}", follow_redirects=True)
    original = await anybody.get(f"/data/{dataset_id}/original")

    assert page.status_code == 200
    assert "/original" not in page.text
    assert original.status_code == 404


@pytest.mark.thorough
async def test_what_was_not_read_elsewhere_or_was_withdrawn_has_no_record_to_give(
    anybody: httpx.AsyncClient, reading: Reading, portal_database: Database
) -> None:
    dataset_id = (await reading.list_published())["Jeu arbres"]
    async with portal_database.session(reading.territory.id) as session:
        dataset = await session.get_one(
            Dataset, (reading.territory.id, uuid.UUID(str(dataset_id)))
        )
        await withdraw_dataset(session, dataset)

    statuses = [
        (await anybody.get(f"/data/{candidate_id}/original")).status_code
        for candidate_id in (dataset_id, uuid.UUID(int=5))
    ]

    assert statuses == [410, 404]


async def test_a_passer_by_reads_no_more_of_a_source_than_its_site(
    reading: Reading, portal_database: Database, anybody: Any
) -> None:
    async with portal_database.session(reading.territory.id, role="public") as session:
        result = await session.execute(
            text("SELECT address, format FROM app.catalogue_source")
        )
        assert len(result.all()) >= 1
    with pytest.raises(Exception, match="permission denied"):
        async with portal_database.session(
            reading.territory.id, role="public"
        ) as session:
            await session.execute(text("SELECT failures FROM app.catalogue_source"))
