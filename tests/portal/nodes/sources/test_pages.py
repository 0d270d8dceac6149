"""The pages of sources: who may see them, and what they do."""

import re
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.depth import by_depth
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, ckan
from tests.service_overrides import override_service
from tests.ui.tab import Tab
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.nodes.sources.harvest_run import harvest_next_source
from udi.portal.nodes.sources.models import CatalogueSource
from udi.portal.nodes.sources.source_client import SourceClient
from udi.portal.nodes.sources.trial_limits import TRIAL_LIMITS, TrialLimits
from udi.portal.nodes.sources.worker import build_harvest_context
from udi.portal.organisations.actions import apply_organisation
from udi.ui.site import Site


@pytest.fixture
async def producers(demo: Territory, portal_database: Database) -> None:
    async with portal_database.session(demo.id) as session:
        for slug in ("armor", "breizh"):
            await apply_organisation(
                session,
                id=uuid.uuid4(),
                slug=slug,
                name=f"Ville {slug}",
                summary={},
                email=f"data@{slug}.example",
            )


@pytest.fixture
async def manager(
    portal_app: Litestar, demo: Territory, producers: None
) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(
        portal_app, demo, make_person(demo, memberships={"armor": ["managers"]})
    ) as client:
        yield client


@pytest.fixture
async def moderator(
    portal_app: Litestar, demo: Territory, producers: None
) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(portal_app, demo, make_person(demo, moderator=True)) as client:
        yield client


async def register(
    client: httpx.AsyncClient, address: str, producer: str = "armor", **more: str
) -> httpx.Response:
    return await client.post(
        "/sources",
        data={"address": address, "producer": producer, "rhythm": "daily", **more},
    )


@pytest.fixture
def read(portal_site: Site, demo: Territory, reader: SourceClient) -> Any:
    """What the worker does, until nothing is due."""

    async def turns() -> None:
        while await harvest_next_source(
            build_harvest_context(portal_site, reader, demo)
        ):
            pass

    return turns


async def test_a_catalogue_that_was_tried_is_registered_read_and_shown(
    manager: httpx.AsyncClient,
    catalogue: Catalogue,
    portal_site: Site,
    read: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    catalogue.live = ckan([f"jeu-{place}" for place in range(25)])
    override_service(
        monkeypatch,
        portal_site.services,
        TRIAL_LIMITS,
        TrialLimits(["catalogue.localhost:*"]),
    )
    english = {"Accept-Language": "en"}

    tried = await manager.post(
        "/sources/try", data={"address": catalogue.origin}, headers=english
    )
    link = re.search(r'href="(/sources/new\?address=[^"]+)"', tried.text)
    assert link is not None
    form = await manager.get(link[1], headers=english)
    assert catalogue.origin in form.text
    assert "Ville armor" in form.text
    assert "Ville breizh" not in form.text
    response = await register(manager, catalogue.origin)
    await read()
    page = await manager.get(response.headers["location"], headers=english)

    assert page.status_code == 200
    for words in (
        "CKAN",
        "Ville armor",
        "Complete",
        "25",
        "What to correct at the source",
        "There is nobody to write to.",
    ):
        assert words in page.text
    listed = await manager.get("/sources", headers=english)
    assert response.headers["location"] in listed.text
    assert "Jeu jeu-7" in (await manager.get("/api/v1/datasets?size=100")).text


@by_depth(
    ("fields", "field", "message"),
    [
        ({"address": "two words"}, "address", "This is not the address of a site."),
        ({"address": ""}, "address", "This is not the address of a site."),
        (
            {"address": "https://me:secret@data.example.org"},
            "address",
            "This is not the address of a site.",
        ),
        ({"rhythm": "always"}, "rhythm", "This frequency does not exist."),
    ],
    by_default=[0],
)
async def test_what_is_wrong_is_said_beside_its_field(
    manager: httpx.AsyncClient, fields: dict[str, str], field: str, message: str
) -> None:
    form = {
        "address": "data.example.org",
        "producer": "armor",
        "rhythm": "daily",
        **fields,
    }
    page = await manager.post("/sources", data=form, headers={"Accept-Language": "en"})

    assert page.status_code == 422
    assert f'id="{field}-e"' in page.text
    assert message in page.text


async def test_the_same_catalogue_is_not_registered_twice(
    manager: httpx.AsyncClient,
) -> None:
    assert (await register(manager, "data.example.org")).status_code == 303

    again = await manager.post(
        "/sources", data={"address": "https://data.example.org/", "producer": "armor", "rhythm": "daily"},
        headers={"Accept-Language": "en"},
    )  # fmt: skip

    assert again.status_code == 409
    assert "registered already" in again.text


async def test_only_those_who_look_after_a_producer_see_its_sources(
    portal_app: Litestar,
    demo: Territory,
    other: Territory,
    manager: httpx.AsyncClient,
    moderator: httpx.AsyncClient,
) -> None:
    page = (await register(manager, "data.example.org")).headers["location"]
    assert (await moderator.get(page)).status_code == 200
    people = {
        "stranger": (make_person(demo), 403),
        "publisher": (make_person(demo, memberships={"armor": ["publishers"]}), 403),
        "manager of another": (
            make_person(demo, memberships={"breizh": ["managers"]}),
            404,
        ),
    }
    for who, (person, status) in people.items():
        async with browse(portal_app, demo, person) as client:
            assert (await client.get(page)).status_code == status, who
            assert (await client.post(f"{page}/read")).status_code == status, who
            assert (
                await client.post(f"{page}/close", data={"datasets": "withdraw"})
            ).status_code == status, who
            assert (
                await register(client, "autre.example.org")
            ).status_code == status, who
    async with browse(portal_app, demo) as client:
        assert (await client.get(page)).status_code == 303
    async with browse(portal_app, other, make_person(other, moderator=True)) as client:
        assert (await client.get(page)).status_code == 404
        assert page not in (await client.get("/sources")).text


@pytest.mark.thorough
async def test_a_source_is_paused_resumed_read_and_closed_by_its_page(
    manager: httpx.AsyncClient,
    catalogue: Catalogue,
    demo: Territory,
    portal_database: Database,
    read: Any,
) -> None:
    catalogue.live = ckan(["a", "b"])
    page = (
        await register(manager, f"{catalogue.origin}/api/3/action/package_search")
    ).headers["location"]
    await read()

    async def state() -> tuple[str, bool]:
        async with portal_database.session(demo.id) as session:
            source = (await session.scalars(select(CatalogueSource))).one()
            return source.state, source.next_at is not None and source.next_at <= now()

    for act, becomes in (
        ("pause", ("paused", False)), ("resume", ("active", True)), ("read", ("active", True)), ("pause", ("paused", True)),
    ):  # fmt: skip
        assert (await manager.post(f"{page}/{act}")).status_code == 303
        assert await state() == becomes
    for act in ("pause", "read", "accept"):
        assert (await manager.post(f"{page}/{act}")).status_code == 409
    assert (await manager.post(f"{page}/destroy")).status_code == 404
    assert "2" in (await manager.get(f"{page}/close")).text
    assert (
        await manager.post(f"{page}/close", data={"datasets": "withdraw"})
    ).status_code == 303
    await read()

    assert await state() == ("closed", False)
    assert (await manager.post(f"{page}/close")).status_code == 409
    assert (await manager.get(page)).status_code == 200


@pytest.mark.thorough
async def test_a_record_is_given_as_its_source_wrote_it(
    catalogue: Catalogue, open_source: Open, portal_app: Litestar, demo: Territory
) -> None:
    catalogue.live = ckan(["a"])
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()
    record_id = (await reading.records())["a"].id

    async with browse(portal_app, demo, make_person(demo, moderator=True)) as client:
        original = await client.get(f"/sources/{reading.source_id}/records/{record_id}")
        none = await client.get(f"/sources/{reading.source_id}/records/{uuid.uuid4()}")

    assert original.json()["metadata_modified"] == "2026-01-15T08:00:00"
    assert original.headers["content-disposition"].startswith("attachment")
    assert none.status_code == 404


@pytest.mark.thorough
async def test_its_report_is_given_as_json_in_the_readers_language(
    catalogue: Catalogue, open_source: Open, portal_app: Litestar, demo: Territory
) -> None:
    catalogue.live = ckan(["a", "b"])
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()
    path = f"/sources/{reading.source_id}/report.json"

    async with browse(portal_app, demo, make_person(demo, moderator=True)) as client:
        report = (await client.get(path, headers={"Accept-Language": "fr"})).json()
    async with browse(portal_app, demo, make_person(demo)) as client:
        assert (await client.get(path)).status_code == 403

    assert (report["format"], report["datasets"], report["state"]) == (
        "ckan",
        2,
        "active",
    )
    assert [
        (run["outcome"], run["total"], run["created"]) for run in report["readings"]
    ] == [("complete", 2, 2)]
    assert report["faults"]["total"] == len(report["faults"]["items"]) > 0
    assert {
        fault["message"]
        for fault in report["faults"]["items"]
        if fault["code"] == "contact_missing"
    } == {"Il n’y a personne à qui écrire."}


@pytest.mark.thorough
async def test_its_pages_hold_on_every_screen(
    catalogue: Catalogue,
    open_source: Open,
    tab: Tab,
    portal_app: Litestar,
    demo: Territory,
) -> None:
    dataset_names = [f"jeu-{place}" for place in range(40)]
    catalogue.live = ckan(dataset_names)
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=100"
    )
    await reading.read()
    del dataset_names[5:]
    await reading.read()

    async with browse(portal_app, demo, make_person(demo, moderator=True)) as client:
        faults = [
            fault
            for name, path in {
                "sources": "/sources", "new": "/sources/new", "source": f"/sources/{reading.source_id}",
                "close": f"/sources/{reading.source_id}/close", "report": f"/sources/{reading.source_id}/report",
            }.items()
            for fault in await tab.find_faults(client, f"{demo.origin}{path}", name, "fr", "en")
        ]  # fmt: skip

    assert faults == []


@pytest.mark.thorough
async def test_a_source_whose_catalogue_moved_is_read_at_its_new_address(
    manager: httpx.AsyncClient, catalogue: Catalogue, read: Any
) -> None:
    catalogue.live = ckan(["a", "b"])
    page = (await register(manager, catalogue.origin)).headers["location"]
    await read()
    moved = f"{catalogue.origin}/api/3/action/package_search"
    english = {"Accept-Language": "en"}

    refused = await manager.post(
        f"{page}/address", data={"address": "two words"}, headers=english
    )
    await register(manager, "data.example.org")
    taken = await manager.post(
        f"{page}/address", data={"address": "data.example.org"}, headers=english
    )
    done = await manager.post(f"{page}/address", data={"address": moved})
    await read()
    page_after = await manager.get(page, headers=english)

    assert (refused.status_code, taken.status_code) == (422, 409)
    assert "This is not the address of a site." in refused.text
    assert 'id="address-e"' in refused.text
    assert "registered already" in taken.text
    assert (done.status_code, done.headers["location"]) == (303, page)
    assert moved in page_after.text


async def test_only_those_who_look_after_a_source_move_it(
    portal_app: Litestar, demo: Territory, manager: httpx.AsyncClient
) -> None:
    page = (await register(manager, "data.example.org")).headers["location"]
    breizh = make_person(demo, memberships={"breizh": ["managers"]})

    async with browse(portal_app, demo, breizh) as client:
        refused = await client.post(
            f"{page}/address", data={"address": "elsewhere.example.org"}
        )

    assert refused.status_code == 404
    assert "elsewhere.example.org" not in (await manager.get(page)).text


def describe(title: str, identifier: str) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "title": title,
        "distribution": [{"downloadURL": f"https://files.example.org/{title}.csv"}],
    }


@pytest.mark.thorough
async def test_former_and_new_identifiers_stand_side_by_side_until_somebody_decides(
    manager: httpx.AsyncClient, catalogue: Catalogue, read: Any
) -> None:
    english = {"Accept-Language": "en"}
    catalogue.put("/data.json", {"dataset": [describe(n, f"old-{n}") for n in "abc"]})
    page = (await register(manager, f"{catalogue.origin}/data.json")).headers[
        "location"
    ]
    await read()
    early = await manager.post(f"{page}/same", headers=english)
    catalogue.put("/data.json", {"dataset": [describe(n, f"new-{n}") for n in "abc"]})
    await manager.post(f"{page}/read")
    await read()

    question = await manager.get(page, headers=english)
    done = await manager.post(f"{page}/same")
    await read()
    answered = await manager.get(page, headers=english)

    assert early.status_code == 409
    assert "3 datasets seem to have other identifiers" in question.text
    assert "<td>old-a</td><td>new-a</td>" in question.text
    assert f'action="{page}/same"' in question.text
    assert (done.status_code, done.headers["location"]) == (303, page)
    assert "They are the same" not in answered.text
