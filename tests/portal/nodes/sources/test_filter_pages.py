"""Filters of a source on its pages and by program: shown before they are saved, refused with what is wrong."""

from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import delete

from tests.depth import by_depth
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import ckan
from tests.portal.nodes.sources.test_api import (
    NOBODY,
    PATH,
    Headers,
    client,
    producers,
    read,
    token_for,
)
from tests.portal.nodes.sources.test_api import manager as token
from tests.portal.nodes.sources.test_api import register as register_by_program
from tests.portal.nodes.sources.test_pages import manager, register
from tests.service_overrides import override_service
from tests.visitors import browse, make_person
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.nodes.sources.models import SourceOutline
from udi.portal.nodes.sources.trial_limits import TRIAL_LIMITS, TrialLimits
from udi.ui.site import Site

__all__ = ["client", "manager", "producers", "read", "token", "token_for"]
ENGLISH = {"Accept-Language": "en"}
TOWN = "Ville d’Exemple"


@pytest.fixture(autouse=True)
def site_at_hand(
    catalogue: Catalogue, portal_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A catalogue of twelve datasets, which a trial may read too."""
    catalogue.live = ckan([f"jeu-{place:02}" for place in range(12)])
    limits = TrialLimits(["catalogue.localhost:*"])
    override_service(monkeypatch, portal_site.services, TRIAL_LIMITS, limits)


async def test_filters_are_chosen_before_the_first_reading_on_a_first_page(
    manager: httpx.AsyncClient, catalogue: Catalogue, read: Any
) -> None:
    where = (await register(manager, catalogue.origin, is_paused="1")).headers[
        "location"
    ]
    await read()
    empty = await manager.get(where, headers=ENGLISH)
    form = {"publishers": TOWN, "formats_more": "PDF\ncsv", "box": ""}
    preview = await manager.post(f"{where}/preview", data=form, headers=ENGLISH)
    nothing_yet = (await manager.get("/api/v1/datasets")).json()
    saved = await manager.post(where, data=form)
    await read()
    page = await manager.get(saved.headers["location"], headers=ENGLISH)

    assert where.endswith("/filters")
    assert "the preview reads its first page" in empty.text
    assert preview.status_code == 200
    assert "10 of 10 datasets are taken" in preview.text
    assert "Counted on the first page of the catalogue only" in preview.text
    assert "The catalogue announces 12 datasets." in preview.text
    assert f'value="{TOWN}" checked' in preview.text
    assert 'value="PDF" checked' in preview.text
    assert not nothing_yet["items"]
    assert saved.status_code == 303
    assert "Only some of its datasets are taken:" in page.text
    assert '<bdi lang="fr">PDF</bdi>' in page.text
    assert len((await manager.get("/api/v1/datasets?size=100")).json()["items"]) == 12


async def test_a_preview_after_a_reading_says_what_would_be_withdrawn(
    manager: httpx.AsyncClient, catalogue: Catalogue, read: Any
) -> None:
    source = (await register(manager, catalogue.origin)).headers["location"]
    await read()
    where = f"{source}/filters"
    before = await manager.get(where, headers=ENGLISH)
    form = {"keywords_more": "eau", "box": "-2, 48, -1, 49"}
    preview = await manager.post(f"{where}/preview", data=form, headers=ENGLISH)
    refused = await manager.post(where, data=form, headers=ENGLISH)
    before_it_is_confirmed = await manager.get(source, headers=ENGLISH)
    saved = await manager.post(where, data={**form, "confirmed": "1"})
    await read()
    page = await manager.get(source, headers=ENGLISH)

    assert (refused.status_code, saved.status_code) == (422, 303)
    assert 'id="confirmed-e"' in refused.text
    assert "12 datasets shown today will be withdrawn." in refused.text
    assert 'value="eau" checked' in refused.text
    assert "All of its datasets are taken." in before_it_is_confirmed.text
    assert "12 of 12 datasets are taken" in before.text
    assert "0 of 12 datasets are taken" in preview.text
    assert "Counted on all datasets of the last complete reading" in preview.text
    assert "Keywords: 12 left out" in preview.text
    assert "Area: 12 left out" in preview.text
    assert "12 datasets shown today will be withdrawn." in preview.text
    assert "12 were left out by the filters." in page.text
    assert not (await manager.get("/api/v1/datasets")).json()["items"]


@pytest.mark.thorough
async def test_a_preview_of_a_first_page_says_at_least(
    manager: httpx.AsyncClient,
    catalogue: Catalogue,
    read: Any,
    portal_database: Database,
    demo: Territory,
) -> None:
    source = (await register(manager, catalogue.origin)).headers["location"]
    await read()
    async with portal_database.session(demo.id) as session:
        await session.execute(delete(SourceOutline))

    preview = await manager.post(
        f"{source}/filters/preview", data={"keywords_more": "eau"}, headers=ENGLISH
    )

    assert "Counted on the first page of the catalogue only" in preview.text
    assert "At least 12 datasets shown today will be withdrawn" in preview.text


@pytest.mark.thorough
async def test_filters_that_let_little_go_are_saved_at_once(
    manager: httpx.AsyncClient, catalogue: Catalogue, read: Any
) -> None:
    source = (await register(manager, catalogue.origin)).headers["location"]
    await read()

    saved = await manager.post(f"{source}/filters", data={"publishers_more": TOWN})

    assert saved.status_code == 303


@by_depth("end", ["", "/preview"], by_default=[0])
async def test_an_area_that_is_none_is_said_beside_its_field(
    manager: httpx.AsyncClient, catalogue: Catalogue, read: Any, end: str
) -> None:
    source = (await register(manager, catalogue.origin)).headers["location"]
    await read()

    page = await manager.post(
        f"{source}/filters{end}",
        data={"box": "ici", "keywords_more": "eau"},
        headers=ENGLISH,
    )

    assert page.status_code == 422
    assert 'id="box-e"' in page.text
    assert 'value="eau" checked' in page.text
    assert (
        "All of its datasets are taken."
        in (await manager.get(source, headers=ENGLISH)).text
    )


async def test_only_those_who_look_after_a_source_choose_its_filters(
    portal_app: Litestar,
    demo: Territory,
    manager: httpx.AsyncClient,
    catalogue: Catalogue,
) -> None:
    source = (await register(manager, catalogue.origin)).headers["location"]
    stranger = make_person(demo, memberships={"breizh": ["managers"]})
    async with browse(portal_app, demo, stranger) as somebody:
        statuses = [
            (await somebody.get(f"{source}/filters")).status_code,
            (await somebody.post(f"{source}/filters", data={})).status_code,
            (await somebody.post(f"{source}/filters/preview", data={})).status_code,
        ]

    assert statuses == [404, 404, 404]


@pytest.mark.thorough
async def test_a_program_previews_and_saves_filters(
    client: httpx.AsyncClient, token: Headers, catalogue: Catalogue, read: Any
) -> None:
    source = await register_by_program(client, token, catalogue.origin)
    where = f"{PATH}/{source['id']}"
    first = await client.post(
        f"{where}/filters/preview", headers=token, json={"publishers": [TOWN]}
    )
    await read()
    filters = {"keywords": ["eau"]}
    then = await client.post(f"{where}/filters/preview", headers=token, json=filters)
    changed = await client.patch(where, headers=token, json={"filters": filters})
    await read()
    last = (await client.get(where, headers=token)).json()["last"]
    run = await client.get(
        f"{where}/readings/{last['id']}/records?action=filtered", headers=token
    )

    assert source["filters"] == {}
    assert (first.json()["basis"], first.json()["taken"]) == ("first_page", 10)
    assert (first.json()["announced"], first.json()["withdrawn"]) == (12, 0)
    assert (then.json()["basis"], then.json()["taken"]) == ("reading", 0)
    assert (then.json()["left_out_by"], then.json()["withdrawn"]) == (
        {"keywords": 12}, 12,
    )  # fmt: skip
    assert changed.json()["filters"] == filters
    assert (last["filtered"], last["withdrawn"], last["total"]) == (12, 12, 0)
    assert len(run.json()["items"]) == 12


@pytest.mark.thorough
async def test_a_program_registers_a_source_with_its_filters(
    client: httpx.AsyncClient, token: Headers, catalogue: Catalogue, read: Any
) -> None:
    payload = {
        "address": catalogue.origin, "producer": "armor", "filters": {"formats": ["PDF"]},
    }  # fmt: skip
    source = (await client.post(PATH, headers=token, json=payload)).json()
    await read()
    last = (await client.get(f"{PATH}/{source['id']}", headers=token)).json()["last"]

    assert source["filters"] == {"formats": ["PDF"]}
    assert (last["created"], last["filtered"]) == (0, 12)


@by_depth(
    ("filters", "field"),
    [
        ("all", "filters"),
        ({"title": ["x"]}, "title"),
        ({"keywords": "eau"}, "keywords"),
        ({"keywords": [1]}, "keywords"),
        ({"box": [1, 2, 3]}, "box"),
        ({"box": "here"}, "box"),
    ],
    by_default=[0],
)
async def test_filters_that_are_none_are_refused_by_name(
    client: httpx.AsyncClient,
    token: Headers,
    catalogue: Catalogue,
    filters: object,
    field: str,
) -> None:
    source = await register_by_program(client, token, catalogue.origin)
    where = f"{PATH}/{source['id']}"

    answer = await client.patch(where, headers=token, json={"filters": filters})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert (await client.get(where, headers=token)).json()["filters"] == {}


async def test_a_preview_of_no_source_is_not_found(
    client: httpx.AsyncClient, token: Headers
) -> None:
    where = f"{PATH}/{NOBODY}/filters/preview"

    assert (await client.post(where, headers=token, json={})).status_code == 404
    assert (await client.post(where, json={})).status_code == 401
