"""Declaring the catalogue to another portal: what to give it, and what it did with each record, by its public API."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import httpx
import msgspec
import pytest

from tests.depth import by_depth
from tests.portal.catalogue.corpus import Catalogue
from tests.portal.territory.conftest import Dashboard
from tests.service_overrides import override_service
from tests.ui.tab import Tab
from udi.portal.territory.declaration.ckan import CkanDataset, describe_dataset
from udi.portal.territory.declaration.limits import (
    DECLARATION_LIMITS,
    DeclarationLimits,
)
from udi.portal.territory.declaration.outcomes import (
    ChangedField,
    DeclarationOutcome,
    OwnRecord,
    compare_records,
)
from udi.portal.territory.declaration.readings import (
    MOST_SHOWN,
    PAGE_SIZE,
    HarvestItem,
    HarvestSource,
    PortalReading,
    RemoteDataset,
    RemoteOrganisation,
)

PATH = "/territory/declaration"
ENGLISH = {"Accept-Language": "en"}
PORTAL = "https://portal.example"
ID = uuid4()
OWN = OwnRecord(
    ID, "Comptages vélo", {"en": "Bicycles"}, "etalab-2.0", 2, f"https://armor.example/data/{ID}", ("velo", "10.5072/arm_1"),
)  # fmt: skip


@asynccontextmanager
async def portal_of(
    answers: Mapping[str, Any],
) -> AsyncIterator[tuple[str, list[str]]]:
    """A portal that answers as its documentation says, over real HTTP: its address, and what it was asked.

    An answer that is a function is told the query.
    """
    requests: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ")[1]
            requests.append(head)
            answer = answers.get(path.partition("?")[0])
            if callable(answer):
                answer = answer(parse_qs(urlsplit(path).query))
            status = b"404 NOT FOUND" if answer is None else b"200 OK"
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            writer.write(
                b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n"
                b"Connection: close\r\n"
                + f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://portal.localhost:{server.sockets[0].getsockname()[1]}", requests
    finally:
        server.close()


def remote(title: str, names: Mapping[str, Any], **facts: Any) -> dict[str, Any]:
    """A dataset as udata lists it."""
    return {
        "id": "5f0", "title": title, "page": "", "license": "lov2", "archived": None, "resources": [{"id": "1"}],
        "harvest": {"backend": "DCAT", "remote_id": None, **names}, **facts,
    }  # fmt: skip


def reading(
    *datasets: dict[str, Any], items: tuple[dict[str, Any], ...] = ()
) -> PortalReading:
    return PortalReading(
        RemoteOrganisation(id="1", name="Armor"),
        [msgspec.convert(dataset, RemoteDataset) for dataset in datasets],
        items=[msgspec.convert(item, HarvestItem) for item in items],
    )


SAME = remote("Comptages vélo", {"remote_id": str(ID)}, resources=[{}, {}])
STOLEN = remote("Trottinettes", {"remote_id": "10.5072/arm_1"})
"""Somebody else's, that names the same work."""


@pytest.mark.parametrize(
    ("portal_reading", "outcome", "changes"),
    [
        (reading(SAME), DeclarationOutcome.TAKEN, []),
        (reading(SAME | {"title": "Bicycles"}), DeclarationOutcome.TAKEN, []),
        (reading(SAME | {"harvest": {"dct_identifier": str(ID).upper()}}), DeclarationOutcome.TAKEN, []),
        (reading(SAME | {"harvest": {"uri": f"http://armor.example/data/{ID}/"}}), DeclarationOutcome.TAKEN, []),
        (reading(SAME | {"harvest": {"remote_id": "10.5072/ARM_1"}}), DeclarationOutcome.TAKEN, []),
        (reading(SAME | {"license": "notspecified"}), DeclarationOutcome.TAKEN, []),
        (reading(SAME | {"title": "Vélos"}), DeclarationOutcome.CHANGED, [ChangedField.TITLE]),
        (reading(SAME | {"license": "odc-odbl"}), DeclarationOutcome.CHANGED, [ChangedField.LICENCE]),
        (reading(SAME | {"resources": [{}]}), DeclarationOutcome.CHANGED, [ChangedField.FILES]),
        (reading(SAME | {"resources": [{}] * 4}), DeclarationOutcome.TAKEN, []),
        (reading(SAME | {"archived": "2026-11-01T00:00:00"}), DeclarationOutcome.CHANGED, [ChangedField.ARCHIVED]),
        (reading(SAME | {"harvest": {"remote_id": "another"}}), DeclarationOutcome.MISSING, []),
        (reading(SAME | {"harvest": {"remote_id": "velo"}}), DeclarationOutcome.MISSING, []),
        (reading(items=({"remote_id": "velo", "status": "failed"},)), DeclarationOutcome.MISSING, []),
        (reading(STOLEN, SAME), DeclarationOutcome.TAKEN, []),
        (reading(SAME, STOLEN), DeclarationOutcome.TAKEN, []),
        (reading(SAME | {"harvest": None}), DeclarationOutcome.MISSING, []),
        (reading(), DeclarationOutcome.MISSING, []),
        (reading(items=({"remote_id": str(ID), "status": "failed"},)), DeclarationOutcome.REFUSED, []),
        (reading(items=({"remote_id": str(ID), "status": "skipped"},)), DeclarationOutcome.REFUSED, []),
        (reading(SAME, items=({"remote_id": str(ID), "status": "failed"},)), DeclarationOutcome.REFUSED, []),
        (reading(SAME, items=({"remote_id": str(ID), "status": "done"},)), DeclarationOutcome.TAKEN, []),
        (reading(items=({"remote_id": "another", "status": "failed"},)), DeclarationOutcome.MISSING, []),
    ],
)  # fmt: skip
def test_what_became_of_a_record_is_told_by_its_names_and_what_differs(
    portal_reading: PortalReading,
    outcome: DeclarationOutcome,
    changes: list[ChangedField],
) -> None:
    (result,) = compare_records([OWN], portal_reading, PORTAL)

    assert (result.outcome, result.changes) == (outcome, changes)


def test_why_a_record_was_refused_is_in_the_portal_s_words() -> None:
    errors = [{"message": "Le titre manque"}, {"message": "", "details": "trace"}]
    item = {"remote_id": str(ID), "status": "failed", "errors": errors}

    (result,) = compare_records([OWN], reading(items=(item,)), PORTAL)

    assert result.reason == "Le titre manque"


@pytest.mark.parametrize(
    "page", ["https://portal.example.evil/d", "javascript:alert(1)", "//portal.example/d"]
)  # fmt: skip
def test_only_pages_of_the_portal_are_led_to(page: str) -> None:
    (result,) = compare_records([OWN], reading(SAME | {"page": page}), PORTAL)

    assert result.page == ""


async def read_page(dashboard: Dashboard, portal: str) -> httpx.Response:
    """What the page says of a portal, where the organisation is `armorine`."""
    return await dashboard.team.get(
        PATH,
        params={"portal": portal, "organisation": "armorine"},
        headers=ENGLISH,
    )


async def fill(catalogue: Catalogue, origin_of_ours: str, at: dict[str, Any]) -> None:
    """Four datasets here; there, one as it is, one under another title, one refused, one missing."""
    taken = await catalogue.add(0)
    changed = await catalogue.add(1)
    refused = await catalogue.add(2)
    await catalogue.add(3)
    job = {"id": "j1", "status": "done", "items": [
        {"remote_id": str(refused.id), "status": "failed", "errors": [{"message": "Licence inconnue"}]},
        {"remote_id": str(taken.id), "status": "done", "errors": []},
    ]}  # fmt: skip
    sources = [
        {"id": "s1", "name": "Armorine", "url": f"{origin_of_ours}/catalog.rdf", "validation": {"state": "accepted"},
         "last_job": {"id": "j1", "status": "done"}},
        {"id": "s2", "name": "Ailleurs", "url": "https://elsewhere.example/catalog.rdf", "validation": {"state": "refused"},
         "last_job": {"id": "j2"}},
    ]  # fmt: skip
    datasets = [
        remote(taken.title, {"remote_id": str(taken.id)}),
        remote("Tout autre chose", {"dct_identifier": str(changed.id)}, resources=[{}, {}]),
    ]  # fmt: skip
    at |= {
        "/api/1/organizations/armorine/": {"id": "o1", "name": "Armorine", "page": ""},
        "/api/1/datasets/": {"data": datasets, "total": 2},
        "/api/1/harvest/sources/": {"data": sources, "total": 2},
        "/api/1/harvest/job/j1/": job,
    }


async def test_the_page_tells_the_steps_and_what_the_portal_did_with_each_record(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    answers: dict[str, Any] = {}
    await fill(armor, dashboard.territory.origin, answers)
    async with portal_of(answers) as (portal, requests):
        page = await dashboard.team.get(
            PATH,
            params={"portal": f"{portal}/fr/", "organisation": f"{portal}/organizations/armorine/"},
            headers=ENGLISH,
        )  # fmt: skip

    assert page.status_code == 200
    assert f"<code>{dashboard.territory.origin}/catalog.rdf</code>" in page.text
    assert "Harvester “Armorine”" in page.text
    assert "Ailleurs" not in page.text
    rows = [
        re.sub(r"<[^>]+>|\s+", " ", row).split("  ")
        for row in re.findall(r"<tr><th scope=\"row\".*?</tr>", page.text, re.DOTALL)
    ]
    texts = [" ".join(" ".join(row).split()) for row in rows]
    assert len(texts) == 4
    assert texts[0].endswith("Refused Licence inconnue")
    assert texts[1].endswith("Changed another title")
    assert "Not there" in texts[2]
    assert "Taken as it is" in texts[3]
    assert all("cookie" not in head.lower() for head in requests)
    assert {head.split(" ")[0] for head in requests} == {"GET"}
    assert not any("/job/j2" in head for head in requests)


@pytest.mark.thorough
async def test_the_page_holds_in_a_browser(
    dashboard: Dashboard, armor: Catalogue, tab: Tab
) -> None:
    answers: dict[str, Any] = {}
    await fill(armor, dashboard.territory.origin, answers)
    async with portal_of(answers) as (portal, _):
        address = f"{dashboard.territory.origin}{PATH}"
        query = urlencode({"portal": portal, "organisation": "armorine"})
        form = await tab.find_faults(
            dashboard.team, address, "declaration-form", "fr", "en"
        )
        outcomes = await tab.find_faults(
            dashboard.team, f"{address}?{query}", "declaration", "fr", "en"
        )

    assert form == []
    assert outcomes == []


@by_depth(
    ("answers", "words"),
    [
        ({}, "has no such organisation"),
        ({"/api/1/organizations/armorine/": b"<html>"}, "cannot be read for the moment"),
        ({"/api/1/organizations/armorine/": [1]}, "cannot be read for the moment"),
        ({"/api/1/organizations/armorine/": {"id": "1", "name": "A"}}, "cannot be read for the moment"),
        ({"/api/1/organizations/armorine/": b"[" * 100_000}, "cannot be read for the moment"),
    ],
    ids=["nobody", "a page", "a list", "no datasets", "deep"],
    by_default=[0],
)  # fmt: skip
async def test_a_portal_that_answers_otherwise_is_said_to(
    answers: dict[str, Any], words: str, dashboard: Dashboard
) -> None:
    async with portal_of(answers) as (portal, _):
        page = await dashboard.team.get(
            PATH,
            params={"portal": portal, "organisation": "armorine"},
            headers=ENGLISH,
        )

    assert page.status_code == 200
    assert words in page.text
    assert "catalog.rdf" in page.text, "the steps are the same"


async def test_an_address_inside_is_not_reached(dashboard: Dashboard) -> None:
    page = await dashboard.team.get(
        PATH,
        params={"portal": "http://10.0.0.1", "organisation": "armorine"},
        headers=ENGLISH,
    )

    assert "cannot be read for the moment" in page.text


@by_depth(
    ("portal", "organisation", "words"),
    [
        ("data.gouv.fr", "armorine", "This is no address of a portal."),
        ("ftp://data.gouv.fr", "armorine", "This is no address of a portal."),
        ("https://[", "armorine", "This is no address of a portal."),
        ("https://me:secret@data.gouv.fr", "armorine", "This is no address of a portal."),
        ("", "armorine", "This is no address of a portal."),
        ("https://www.data.gouv.fr", "", "This is no name of an organisation."),
        ("https://www.data.gouv.fr", "a b", "This is no name of an organisation."),
        ("https://www.data.gouv.fr", "..%2f..", "This is no name of an organisation."),
    ],
    by_default=[0],
)  # fmt: skip
async def test_a_form_that_makes_no_sense_is_refused_where_it_does_not(
    portal: str, organisation: str, words: str, dashboard: Dashboard
) -> None:
    page = await dashboard.team.get(
        PATH,
        params={"portal": portal, "organisation": organisation},
        headers=ENGLISH,
    )

    assert page.status_code == 422
    assert words in page.text


def test_a_harvester_of_which_little_is_said_is_read() -> None:
    assert msgspec.convert({"id": "s"}, HarvestSource).validation.state == ""


async def test_one_person_does_not_read_portals_without_end(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = DeclarationLimits()
    limits.rates.limit = 2
    limits.rates.clock = lambda: 30.0
    override_service(monkeypatch, dashboard.site.services, DECLARATION_LIMITS, limits)
    async with portal_of({}) as (portal, requests):
        statuses = [(await read_page(dashboard, portal)).status_code for _ in range(4)]
        forms = [await dashboard.team.get(PATH), await read_page(dashboard, "ftp://a")]

    assert statuses == [200, 200, 429, 429]
    assert len(requests) == 4, "each is asked as udata, then as CKAN"
    assert [form.status_code for form in forms] == [200, 422], "no portal is read"


async def test_portals_are_read_two_at_a_time(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = DeclarationLimits()
    override_service(monkeypatch, dashboard.site.services, DECLARATION_LIMITS, limits)
    async with portal_of({}) as (portal, requests):
        async with limits.turn, limits.turn:
            waiting = asyncio.create_task(read_page(dashboard, portal))
            # Time enough for a portal of this machine to be read many times.
            forms = [await dashboard.team.get(PATH) for _ in range(20)]
            before = (waiting.done(), len(requests))
        page = await waiting

    assert {form.status_code for form in forms} == {200}
    assert before == (False, 0)
    assert "has no such organisation" in page.text


async def test_a_portal_that_lists_more_than_it_was_asked_for_is_not_read(
    dashboard: Dashboard,
) -> None:
    answers = {
        "/api/1/organizations/armorine/": {"id": "o1", "name": "Armorine"},
        "/api/1/datasets/": {"data": [{"title": ""}] * (PAGE_SIZE + 1), "total": 1},
        "/api/1/harvest/sources/": {"data": []},
    }
    async with portal_of(answers) as (portal, _):
        page = await read_page(dashboard, portal)

    assert "cannot be read for the moment" in page.text


async def test_heavy_pages_are_read_in_part_and_the_page_says_so(
    dashboard: Dashboard,
) -> None:
    heavy = {
        "data": [{"title": "A", "resources": [{"title": "x" * 5_000_000}]}],
        "total": 9,
    }
    answers = {
        "/api/1/organizations/armorine/": {"id": "o1", "name": "Armorine"},
        "/api/1/datasets/": heavy,
        "/api/1/harvest/sources/": {"data": []},
    }
    async with portal_of(answers) as (portal, requests):
        page = await read_page(dashboard, portal)

    assert page.status_code == 200
    assert "has more datasets than are read here" in page.text
    assert sum("/datasets/" in head for head in requests) == 2
    assert sum("/harvest/sources/" in head for head in requests) == 1


def test_of_a_portal_s_answers_only_what_is_shown_is_held() -> None:
    described = remote("A", {}, resources=[{"extras": {}}] * 3, files=9)
    dataset = msgspec.convert(described, RemoteDataset)
    errors = [{"message": "é" * 400}, {"message": None}, {"message": "b" * 400}]
    item = msgspec.convert({"errors": errors}, HarvestItem)
    source = msgspec.convert(
        {"name": "n" * 900, "validation": {"comment": "c" * 900}}, HarvestSource
    )

    assert (dataset.files, dataset.resources) == (3, ())
    assert item.reason == f"{'é' * 400}; {'b' * 98}"
    comment = source.validation.comment
    assert comment is not None
    assert (len(source.name), len(comment)) == (MOST_SHOWN, MOST_SHOWN)


def ckan_dataset(name: str, title: str, **facts: Any) -> dict[str, Any]:
    """A dataset as CKAN lists it."""
    return {
        "id": f"id-{name}", "name": name, "title": title, "state": "active", "license_id": "notspecified", "url": None,
        "resources": [{"id": "1"}], "extras": [], **facts,
    }  # fmt: skip


def ckan_answers(
    datasets: list[dict[str, Any]], sources: list[dict[str, Any]], errored: int
) -> dict[str, Any]:
    """What a portal made with CKAN answers: each search by its filter, in the words of its documentation."""

    def search(query: Mapping[str, list[str]]) -> dict[str, Any]:
        [filters] = query["fq"]
        assert filters.startswith('owner_org:"o1"')
        results = sources if "dataset_type:harvest" in filters else datasets
        return {"success": True, "result": {"count": len(results), "results": results}}

    organisation = {"id": "o1", "name": "armorine", "title": "Armorine"}
    status = {"last_job": {"stats": {"errored": errored, "added": 3}}}
    return {
        "/api/3/action/organization_show": {"success": True, "result": organisation},
        "/api/3/action/package_search": search,
        "/api/3/action/harvest_source_show_status": {"success": True, "result": status},
    }


async def test_what_a_portal_made_with_ckan_did_is_told_by_the_same_form(
    dashboard: Dashboard, armor: Catalogue, tab: Tab
) -> None:
    taken = await armor.add(0)
    changed = await armor.add(1)
    missing = await armor.add(2)
    harvester = f"{dashboard.territory.origin}/catalog.rdf"
    answers = ckan_answers(
        [
            ckan_dataset("velos", taken.title, extras=[{"key": "identifier", "value": str(taken.id)}]),
            ckan_dataset("autre", "Autre", guid=f"{dashboard.territory.origin}/data/{changed.id}", license_id="CC-BY-4.0", extras=[{"key": "n", "value": 3}]),
        ],
        [ckan_dataset("armorine", "Armorine", url=harvester), ckan_dataset("ailleurs", "Ailleurs", url="https://elsewhere.example/catalog.rdf")],
        errored=2,
    )  # fmt: skip
    async with portal_of(answers) as (portal, requests):
        page = await read_page(dashboard, portal)
        query = urlencode({"portal": portal, "organisation": "armorine"})
        address = f"{dashboard.territory.origin}{PATH}?{query}"
        faults = await tab.find_faults(
            dashboard.team, address, "declaration-ckan", "fr", "en"
        )

    rows = {
        dataset.id: re.sub(r"<[^>]+>|\s+", " ", row)
        for dataset in (taken, changed, missing)
        for row in re.findall(r"<tr><th scope=\"row\".*?</tr>", page.text, re.DOTALL)
        if f"/data/{dataset.id}" in row
    }
    assert (page.status_code, faults) == (200, [])
    assert "Taken as it is" in rows[taken.id]
    assert "another title" in rows[changed.id]
    assert "Not there" in rows[missing.id]
    assert f'href="{portal}/dataset/autre"' in page.text
    assert "Harvester “Armorine”" in page.text
    assert "did not take: 2." in page.text
    assert f"<code>{portal}/harvest/new</code>" in page.text
    assert f"<code>{harvester}</code>" in page.text
    assert "Ailleurs" not in page.text
    assert {head.split(" ")[0] for head in requests} == {"GET"}
    assert all("cookie" not in head.lower() for head in requests)


@by_depth(
    ("answers", "words"),
    [
        ({"organization_show": {"success": False, "error": {"__type": "Not Found Error"}}}, "has no such organisation"),
        ({"organization_show": b"<html>"}, "has no such organisation"),
        ({"package_search": b"<html>"}, "cannot be read for the moment"),
        ({"harvest_source_show_status": b"<html>"}, "it reads your catalogue."),
    ],
    ids=["nobody", "a page", "no datasets", "no status"],
    by_default=[0],
)  # fmt: skip
async def test_a_ckan_that_says_less_is_read_as_far_as_it_goes(
    answers: dict[str, Any], words: str, dashboard: Dashboard
) -> None:
    address = f"{dashboard.territory.origin}/catalog.rdf"
    answered = ckan_answers([], [ckan_dataset("a", "A", url=address)], errored=1)
    answered |= {f"/api/3/action/{name}": answer for name, answer in answers.items()}
    async with portal_of(answered) as (portal, _):
        page = await read_page(dashboard, portal)

    assert (page.status_code, words in page.text) == (200, True)
    assert "did not take" not in page.text


@pytest.mark.parametrize(
    ("licence", "changes"),
    [
        ({"license_id": "etalab-2.0"}, []),
        ({"license_id": "cc-by"}, []),
        ({"license_id": "other-open"}, []),
        ({"license_id": "CC-BY-4.0"}, [ChangedField.LICENCE]),
        ({"license_id": "x", "license_url": "https://opendatacommons.org/licenses/odbl/1-0/"}, [ChangedField.LICENCE]),
    ],
)  # fmt: skip
def test_a_licence_of_ckan_differs_only_where_it_says_its_version(
    licence: dict[str, str], changes: list[ChangedField]
) -> None:
    described = ckan_dataset("velos", "Comptages vélo", resources=[{}, {}], guid=str(ID), **licence)  # fmt: skip
    dataset = describe_dataset(msgspec.convert(described, CkanDataset), PORTAL)
    portal_reading = PortalReading(RemoteOrganisation(id="1", name="A"), [dataset])

    (result,) = compare_records([OWN], portal_reading, PORTAL)

    assert result.changes == changes
    assert result.page == f"{PORTAL}/dataset/velos"
