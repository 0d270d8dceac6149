"""A catalogue is tried before anything is registered: found behind a home page, shown with its faults, and forgotten."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import func, select

from tests.depth import by_depth
from tests.portal.nodes.elsewhere import Catalogue, serve
from tests.service_overrides import override_service
from tests.ui.tab import Tab
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.portal.nodes import trials
from udi.portal.nodes.harvest import trial as harvest_trial
from udi.portal.nodes.harvest.document_reader import DocumentReader
from udi.portal.nodes.harvest.trial import normalise_address, try_address
from udi.portal.nodes.sources.trial_limits import TRIAL_LIMITS, TrialLimits
from udi.portal.tenants.models import Tenant
from udi.ui.site import Site

pytestmark = pytest.mark.programs

HTML = {"Content-Type": "text/html"}
PACKAGES = {
    "success": True,
    "result": {
        "count": 38,
        "results": [
            {
                "id": "a1", "name": "arbres", "title": "Arbres d’alignement", "notes": "Chaque arbre, son espèce.",
                "license_id": "fr-lo", "license_title": "Licence Ouverte", "metadata_modified": "2026-01-15T08:00:00",
                "organization": {"title": "Ville d’Exemple"}, "tags": [{"display_name": "arbres"}],
                "resources": [{"id": "r1", "url": "https://data.example.org/arbres.csv", "format": "CSV", "name": "CSV"}],
            },
            {"id": "b2", "name": "bancs", "title": "Bancs publics", "resources": []},
            {"id": "c3", "name": "sans-titre", "title": "", "resources": []},
        ],
    },
}  # fmt: skip


@pytest.fixture
def source() -> Iterator[Catalogue]:
    with serve("source.localhost") as site:
        yield site


@pytest.fixture
async def person(
    portal_app: Litestar,
    portal_site: Site,
    demo: Territory,
    source: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is logged in, where the source counts as public."""
    override_service(
        monkeypatch,
        portal_site.services,
        TRIAL_LIMITS,
        TrialLimits(["source.localhost:*"]),
    )
    async with browse(portal_app, demo, make_person(demo)) as client:
        yield client


async def attempt(
    client: httpx.AsyncClient, address: str, language: str = "en"
) -> httpx.Response:
    return await client.post(
        trials.HOME, data={"address": address}, headers={"Accept-Language": language}
    )


@pytest.mark.thorough
async def test_a_catalogue_is_found_behind_the_address_of_a_home_page(
    person: httpx.AsyncClient,
    source: Catalogue,
    demo: Territory,
    portal_database: Database,
) -> None:
    source.put(
        "/",
        b"<!doctype html><html><head><title>Portal</title></head><body><p>Welcome</p></body></html>",
        **HTML,
    )
    source.put("/api/3/action/package_search", PACKAGES)

    page = await attempt(person, source.origin)

    assert page.status_code == 200
    for words in ("3 datasets read", "CKAN", "38", "Arbres d’alignement", "Ville d’Exemple", "Bancs publics",
                  "There is no licence: nobody knows what they may do with the data.", "This dataset has no title.",
                  "1 dataset could not be imported"):  # fmt: skip
        assert words in page.text
    assert source.requests[0] == "/"
    assert not any("arbres.csv" in path for path in source.requests)
    async with portal_database.session(demo.id) as session:
        assert await session.scalar(select(func.count()).select_from(Dataset)) == 0


@pytest.mark.thorough
async def test_a_catalogue_is_read_with_the_words_of_the_territory(
    person: httpx.AsyncClient,
    source: Catalogue,
    demo: Territory,
    portal_database: Database,
) -> None:
    package = {
        **PACKAGES["result"]["results"][0],
        "license_id": "",
        "license_title": "Licence du département",
    }  # type: ignore[index]  # a literal
    source.put(
        "/api/3/action/package_search",
        {"success": True, "result": {"count": 1, "results": [package]}},
    )
    before = await attempt(person, source.origin)
    async with portal_database.platform_session(role="owner") as session:
        tenant = await session.get_one(Tenant, demo.id)
        tenant.vocabularies = {"licences": {"Licence du département": "odbl-1.0"}}

    after = await attempt(person, source.origin)

    assert "Licence du département" in before.text
    assert "Licence du département" not in after.text
    assert after.text.count("Arbres d’alignement") == before.text.count(
        "Arbres d’alignement"
    )


@pytest.mark.thorough
async def test_what_a_page_announces_is_read(
    person: httpx.AsyncClient, source: Catalogue
) -> None:
    turtle = (
        b"@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        b'<https://x.example/d/1> a dcat:Dataset ; dct:identifier "d1" ; dct:title "Fontaines"@fr .'
    )
    source.put(
        "/site/",
        b'<html><head><link rel="alternate" type="text/turtle" href="/all.ttl"></head></html>',
        **HTML,
    )
    source.put("/all.ttl", turtle)

    page = await attempt(person, f"{source.origin}/site/")

    assert "Fontaines" in page.text
    assert "DCAT" in page.text
    assert source.requests == ["/site/", "/all.ttl"]


async def test_a_folder_is_read_document_by_document(source: Catalogue) -> None:
    source.put(
        "/meta/",
        b"<html><title>Index of /meta</title><a href='a.json'>a</a><a href='b.json'>b</a></html>",
        **HTML,
    )
    for name, title in (("a", "Bancs"), ("b", "Fontaines")):
        described = {"@type": "dcat:Dataset", "identifier": name, "title": title}
        source.put(
            f"/meta/{name}.json",
            {
                "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
                "dataset": [described],
            },
        )

    trial = await tried(source, "/meta/")

    assert [preview.record.title for preview in trial.previews] == [
        "Bancs",
        "Fontaines",
    ]
    assert (trial.format, trial.dataset_count) == ("waf › data.json", 2)


async def tried(
    source: Catalogue, path: str, *, hosts: tuple[str, ...] = ("source.localhost:*",)
) -> harvest_trial.TrialResult:
    outgoing = OutgoingClient(hosts)
    try:
        async with DocumentReader({}) as documents:
            return await try_address(
                outgoing,
                documents,
                f"{source.origin}{path}",
                found_at=now(),
                language="en",
            )
    finally:
        await outgoing.close()


async def test_a_service_of_records_is_asked_for_its_records(source: Catalogue) -> None:
    source.put(
        "/csw", b"<csw:Capabilities xmlns:csw='http://www.opengis.net/cat/csw/2.0.2'/>"
    )

    await tried(source, "/csw?service=CSW&map=towns")

    assert len(source.requests) == 2
    assert all(
        words in source.requests[1]
        for words in ("map=towns", "request=GetRecords", "maxRecords=10")
    )


async def test_what_everybody_cannot_reach_is_refused(source: Catalogue) -> None:
    source.put(
        "/away", b"", status=302, Location="http://169.254.169.254/latest/meta-data/"
    )

    private = await tried(source, "/", hosts=())
    before = list(source.requests)
    led_astray = await tried(source, "/away")

    assert [
        [fault.code for fault in trial.faults] for trial in (private, led_astray)
    ] == [["source_refused"]] * 2
    assert before == []
    assert not any("meta-data" in path for path in source.requests)


@pytest.mark.parametrize("kind", ["endless", "slow", "silent"])
async def test_what_never_ends_is_left_within_bounds(
    source: Catalogue, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvest_trial, "LONGEST", 30 if kind == "endless" else 1.5)
    source.put("/", b"[" * 3000)
    source.endless = kind == "endless"
    source.pause = 1.0 if kind == "slow" else 0
    if kind == "silent":
        source.pages.clear()
        source.put("/", b"x" * 3000)
        source.pause = 5

    async with asyncio.timeout(60):
        trial = await tried(source, "/")

    assert [fault.code for fault in trial.faults] == [
        "document_too_large" if kind == "endless" else "source_slow"
    ]
    assert trial.previews == ()


@by_depth(
    "body",
    [
        b"",
        b"\x00" * 100,
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    ],
    by_default=[2, 4],
)
async def test_what_is_no_catalogue_is_said_in_words(
    person: httpx.AsyncClient, source: Catalogue, body: bytes
) -> None:
    source.put("/feed", body)

    page = await attempt(person, f"{source.origin}/feed")

    assert page.status_code == 200
    assert "addresses were asked" in page.text
    assert "Refused" in page.text
    assert "passwd" not in page.text
    assert len(source.requests) <= harvest_trial.MOST_REQUESTS


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("data.example.org", "https://data.example.org/"),
        (" http://data.example.org/a?b=c#d ", "http://data.example.org/a?b=c"),
        ("", ""), ("ftp://data.example.org", ""), ("https://me:secret@data.example.org", ""), ("two words", ""),
        ("https://[::1", ""), ("nowhere", ""), ("javascript:alert(1)", ""),
    ],
)  # fmt: skip
def test_an_address_is_read_as_a_person_writes_it(text: str, read: str) -> None:
    assert normalise_address(text) == read


async def test_what_is_no_address_is_said_beside_the_field(
    person: httpx.AsyncClient, source: Catalogue
) -> None:
    for address in ("", "two words", "ftp://data.example.org"):
        page = await attempt(person, address)
        assert page.status_code == 422
        assert "This is not the address of a site." in page.text
    assert source.requests == []


async def test_a_passer_by_logs_in_first(
    portal_app: Litestar, demo: Territory, source: Catalogue
) -> None:
    async with browse(portal_app, demo) as client:
        answers = [await client.get(trials.HOME), await attempt(client, source.origin)]

    assert [answer.status_code for answer in answers] == [303, 401]
    assert source.requests == []


async def test_one_person_does_not_try_without_end(
    person: httpx.AsyncClient, source: Catalogue, portal_site: Site
) -> None:
    source.put("/", PACKAGES)
    rates = portal_site.services[TRIAL_LIMITS].rates
    rates.limit = 1
    rates.clock = lambda: 30.0

    statuses = [(await attempt(person, source.origin)).status_code for _ in range(3)]

    assert statuses == [200, 429, 429]


@pytest.mark.thorough
async def test_every_real_catalogue_can_be_tried(
    source: Catalogue, shared_data: Path
) -> None:
    files = sorted(
        path for path in (shared_data / "data/catalogues").rglob("*") if path.is_file()
    )[::8]
    assert len(files) > 20
    for file in files:
        source.put(f"/{file.name}", file.read_bytes())

    trials_made = {file.name: await tried(source, f"/{file.name}") for file in files}

    assert {
        name
        for name, trial in trials_made.items()
        if len(trial.previews) > harvest_trial.MOST_PREVIEWS
    } == set()
    silent = {
        name
        for name, trial in trials_made.items()
        if not (trial.previews or trial.refused or trial.faults)
    }
    assert silent == WITHOUT_DATASETS
    assert sum(bool(trial.previews) for trial in trials_made.values()) > len(files) / 2


WITHOUT_DATASETS = {
    "data-gov-uk_organization_show-ecology.json",
    "dcat-ap-es_rdf_E9_Data_Service_HVD.rdf",
    "dcat-ap-es_ttl_E4_Catalogo_publisher_organizacion.ttl",
    "pycsw_Record_1ef30a8b-876d-4828-9246-c37ab4510bbd.xml",
    "pycsw_Record_a06af396-3105-442d-8b40-22b57a90d2f2.xml",
    "semic_multilingual-metadata_expected_output.rdf",
    "semic_network-service_input.xml",
    "uk-gemini_12_Service_Valid.xml",
}
"""Services, an organisation, a catalogue by itself, records of other things: nothing of them is shown, or at fault."""


class Posting:
    """A client whose form was sent: what a browser shows after the button."""

    def __init__(self, client: httpx.AsyncClient, address: str) -> None:
        self._client = client
        self._address = address

    async def get(self, path: str, headers: dict[str, str]) -> httpx.Response:
        if path == trials.HOME:
            return await self._client.post(
                path, data={"address": self._address}, headers=headers
            )
        return await self._client.get(path, headers=headers)


@pytest.mark.thorough
async def test_its_page_holds_on_every_screen(
    person: httpx.AsyncClient, source: Catalogue, tab: Tab, demo: Territory
) -> None:
    source.put("/", PACKAGES)
    page = f"{demo.origin}{trials.HOME}"
    states: dict[str, Any] = {
        "try": person,
        "try-wrong": Posting(person, "two words"),
        "try-found": Posting(person, source.origin),
        "try-nothing": Posting(person, f"{source.origin}/gone"),
    }

    faults = [
        fault
        for name, client in states.items()
        for fault in await tab.find_faults(client, page, name, "fr", "en")
    ]

    assert faults == []
