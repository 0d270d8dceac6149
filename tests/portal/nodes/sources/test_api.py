"""Sources by program: whatever their pages do, with the rights of the person whose token it is, as they are now."""

import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from tests.depth import by_depth
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import ckan
from tests.visitors import browse, make_person
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.nodes.sources.harvest_run import harvest_next_source
from udi.portal.nodes.sources.source_client import SourceClient
from udi.portal.nodes.sources.worker import build_harvest_context
from udi.portal.organisations.actions import apply_organisation
from udi.ui.site import Site

PATH = "/api/v1/sources"
NOBODY = uuid.UUID(int=7)
Headers = dict[str, str]


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
def token_for(
    portal_app: Litestar, demo: Territory, producers: None
) -> Callable[..., Awaitable[Headers]]:
    """`await token_for(memberships={…}, moderator=…)`: what a program of such a person sends along."""

    async def make(*scopes: str, **rights: Any) -> Headers:
        async with browse(portal_app, demo, make_person(demo, **rights)) as someone:
            form = {
                "name": "lecture",
                "days": "30",
                "scope": list(scopes or ("sources",)),
            }
            page = await someone.post("/my-space/tokens", data=form)
        return {
            "Authorization": f"Bearer {re.findall(r'udi_me_[-_A-Za-z0-9]+', page.text)[0]}", "Accept-Language": "en"
        }  # fmt: skip

    return make


@pytest.fixture
async def manager(token_for: Any) -> Headers:
    headers: Headers = await token_for(memberships={"armor": ["managers"]})
    return headers


@pytest.fixture
async def client(
    portal_app: Litestar, demo: Territory
) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(portal_app, demo) as opened:
        yield opened


@pytest.fixture
def read(portal_site: Site, demo: Territory, reader: SourceClient) -> Any:
    """What the worker does, until nothing is due."""

    async def turns() -> None:
        while await harvest_next_source(
            build_harvest_context(portal_site, reader, demo)
        ):
            pass

    return turns


async def register(
    client: httpx.AsyncClient, headers: Headers, address: str, **more: str
) -> dict[str, Any]:
    answer = await client.post(
        PATH, headers=headers, json={"address": address, "producer": "armor", **more}
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{PATH}/{answer.json()['id']}"
    source: dict[str, Any] = answer.json()
    return source


async def every(
    client: httpx.AsyncClient, headers: Headers, source: object, run: object
) -> dict[str, int]:
    """Each thing that can be asked, and its status."""
    source_url = f"{PATH}/{source}"
    payload = {"address": "x.example", "producer": "armor"}
    answers = {
        "list": await client.get(PATH, headers=headers),
        "register": await client.post(PATH, headers=headers, json=payload),
        "read": await client.get(source_url, headers=headers),
        "change": await client.patch(
            source_url, headers=headers, json={"rhythm": "weekly"}
        ),
        "act": await client.post(f"{source_url}/read", headers=headers),
        "feed": await client.post(f"{source_url}/feed", headers=headers),
        "readings": await client.get(f"{source_url}/readings", headers=headers),
        "reading": await client.get(f"{source_url}/readings/{run}", headers=headers),
        "records": await client.get(
            f"{source_url}/readings/{run}/records", headers=headers
        ),
        "original": await client.get(f"{source_url}/records/{NOBODY}", headers=headers),
        "close": await client.delete(source_url, headers=headers),
    }
    assert all(
        answer.status_code < 400
        or answer.headers["content-type"].startswith("application/problem+json")
        for answer in answers.values()
    )
    return {name: answer.status_code for name, answer in answers.items()}


async def test_a_program_registers_a_catalogue_and_reads_its_report(
    client: httpx.AsyncClient, manager: Headers, catalogue: Catalogue, read: Any
) -> None:
    names = [f"jeu-{place}" for place in range(12)]
    catalogue.live = ckan(names)
    source = await register(client, manager, catalogue.origin, rhythm="weekly")
    await read()
    names[:] = [*names[1:], "neuf"]
    await client.post(f"{PATH}/{source['id']}/read", headers=manager)
    await read()

    now = (await client.get(source["url"], headers=manager)).json()
    listed = (
        await client.get(f"{source['url']}/readings?size=1", headers=manager)
    ).json()
    before = (await client.get(listed["links"]["next"], headers=manager)).json()
    records = (await client.get(listed["items"][0]["records"], headers=manager)).json()[
        "items"
    ]
    first = await client.get(
        f"{before['items'][0]['records']}?size=5&action=created", headers=manager
    )
    rest = (await client.get(first.json()["links"]["next"], headers=manager)).json()

    assert (now["rhythm"], now["format"], now["datasets"], now["state"]) == (
        "weekly",
        "ckan",
        13,
        "active",
    )
    assert now["last"] == listed["items"][0]
    assert (now["last"]["total"], now["last"]["created"], now["last"]["missing"]) == (
        12,
        1,
        1,
    )
    assert "next" not in before["links"]
    assert {record["identifier"]: record["action"] for record in records if record["action"] != "unchanged"} == {
        "neuf": "created", "jeu-0": "missing",
    }  # fmt: skip
    new = next(record for record in records if record["action"] == "created")
    assert new["title"] == "Jeu neuf"
    assert (await client.get(f"/data/{new['dataset']}")).status_code == 200
    assert any(
        "There is nobody to write to." in fault["reason"] and fault["remedy"]
        for fault in new["faults"]
    )
    original = await client.get(new["original"], headers=manager)
    assert original.json()["name"] == "neuf"
    assert original.headers["content-disposition"].startswith("attachment")
    assert [record["identifier"] for record in first.json()["items"]] == [
        f"jeu-{place}" for place in range(5)
    ]
    assert f'<{first.json()["links"]["next"]}>; rel="next"' in first.headers["link"]
    assert rest["items"][0]["identifier"] == "jeu-5"


@pytest.mark.thorough
async def test_what_was_refused_says_its_edit_in_the_language_asked(
    client: httpx.AsyncClient, manager: Headers, catalogue: Catalogue, read: Any
) -> None:
    catalogue.put("/data.json", {
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "dataset": [{"@type": "dcat:Dataset", "identifier": "a"}, {"@type": "dcat:Dataset", "title": "B", "identifier": "b"}],
    })  # fmt: skip
    source = await register(client, manager, f"{catalogue.origin}/data.json")
    await read()
    [run] = (await client.get(f"{source['url']}/readings", headers=manager)).json()[
        "items"
    ]
    french = {**manager, "Accept-Language": "fr"}

    answers = [
        (await client.get(f"{run['records']}?action=refused", headers=headers)).json()
        for headers in (manager, french)
    ]

    [refused], [traduit] = (answer["items"] for answer in answers)
    fault = next(
        candidate for candidate in refused["faults"] if candidate["level"] == "refused"
    )
    assert (fault["field"], fault["reason"]) == ("title", "This dataset has no title.")
    assert fault["remedy"]
    assert refused["dataset"] is None
    assert "This dataset has no title." not in str(traduit)
    assert run["faults"] == []


@pytest.mark.thorough
async def test_a_program_paces_pauses_and_closes(
    client: httpx.AsyncClient,
    manager: Headers,
    catalogue: Catalogue,
    read: Any,
    portal_database: Database,
    demo: Any,
) -> None:
    catalogue.live = ckan(["arbres", "bancs"])
    source = await register(client, manager, catalogue.origin)
    await read()

    weekly = (
        await client.patch(source["url"], headers=manager, json={"rhythm": "weekly"})
    ).json()
    states = [
        (await client.post(f"{source['url']}/{act}", headers=manager))
        .json()
        .get("state")
        for act in ("pause", "resume", "pause", "accept")
    ]
    nothing = await client.post(f"{source['url']}/explode", headers=manager)
    refusal = await client.delete(f"{source['url']}?datasets=burn", headers=manager)
    closing = (
        await client.delete(f"{source['url']}?datasets=withdraw", headers=manager)
    ).json()
    await read()
    closed = (await client.get(source["url"], headers=manager)).json()

    assert (weekly["rhythm"], weekly["next"][:10] > source["registered"][:10]) == (
        "weekly",
        True,
    )
    assert states == ["paused", "active", "paused", None]
    assert nothing.status_code == 404
    assert (refusal.status_code, refusal.json()["errors"][0]["remedy"]) == (
        422,
        "Use keep, withdraw.",
    )
    assert (closing["state"], closed["state"], closed["datasets"]) == (
        "closing",
        "closed",
        0,
    )
    async with portal_database.session(demo.id) as session:
        event_names = await session.scalars(text("SELECT name FROM app.audit_event WHERE subject_id = :id ORDER BY at").bindparams(id=uuid.UUID(source["id"])))  # fmt: skip
        assert "source.rhythm_changed" in list(event_names)


@pytest.mark.thorough
async def test_a_program_says_where_a_catalogue_is_now(
    client: httpx.AsyncClient, manager: Headers
) -> None:
    source = await register(client, manager, "data.example.org")

    def change(**fields: Any) -> Any:
        return client.patch(source["url"], headers=manager, json=fields)

    moved = await change(address="https://opendata.example.org/")
    both = await change(address="https://open.example.org/", rhythm="weekly")
    refused = await change(address="two words")
    number = await change(address=12)
    nothing = await change()

    assert (moved.json()["address"], moved.json()["rhythm"]) == (
        "https://opendata.example.org/",
        "daily",
    )
    assert (both.json()["address"], both.json()["rhythm"]) == (
        "https://open.example.org/",
        "weekly",
    )
    assert [answer.status_code for answer in (refused, number, nothing)] == [422] * 3
    assert refused.json()["errors"][0]["field"] == "address"


async def test_only_who_looks_after_a_source_sees_it(
    client: httpx.AsyncClient,
    manager: Headers,
    token_for: Any,
    portal_app: Litestar,
    other: Territory,
) -> None:
    source = (await register(client, manager, "data.example.org"))["id"]
    others = {
        "nobody": {"Accept-Language": "en"},
        "without the right": await token_for(
            "following", memberships={"armor": ["managers"]}
        ),
        "inhabitant": await token_for(),
        "publisher": await token_for(memberships={"armor": ["publishers"]}),
    }
    neighbour = await token_for(memberships={"breizh": ["managers"]})

    statuses = {
        name: set((await every(client, headers, source, NOBODY)).values())
        for name, headers in others.items()
    }
    next_door = await every(client, neighbour, source, NOBODY)
    async with browse(portal_app, other) as neighbour_client:
        elsewhere = set(
            (await every(neighbour_client, manager, source, NOBODY)).values()
        )

    assert statuses == {
        "nobody": {401},
        "without the right": {403},
        "inhabitant": {403},
        "publisher": {403},
    }
    assert next_door.pop("list") == 200
    assert set(next_door.values()) == {404}
    assert elsewhere == {401}
    assert (await client.get(f"{PATH}/{source}", headers=manager)).json()[
        "state"
    ] == "active"


async def test_the_team_looks_after_all_of_them(
    client: httpx.AsyncClient, manager: Headers, token_for: Any
) -> None:
    source = await register(client, manager, "data.example.org")
    team = await token_for(moderator=True)

    listed = (await client.get(PATH, headers=team)).json()["items"]

    assert source["id"] in [entry["id"] for entry in listed]
    assert (
        await client.post(f"{source['url']}/pause", headers=team)
    ).status_code == 200


async def test_a_right_that_is_taken_back_is_taken_from_the_token_too(
    client: httpx.AsyncClient,
    manager: Headers,
    token_for: Any,
    portal_database: Database,
    demo: Territory,
) -> None:
    source = await register(client, manager, "data.example.org")
    team = await token_for(moderator=True)
    assert (await client.get(source["url"], headers=team)).status_code == 200
    async with portal_database.session(demo.id, role="worker") as session:
        await session.execute(text("DELETE FROM app.membership"))

    assert [
        (await client.get(source["url"], headers=headers)).status_code
        for headers in (manager, team)
    ] == [403, 403]


@pytest.mark.thorough
async def test_an_answer_that_did_not_change_is_not_sent_again(
    client: httpx.AsyncClient, manager: Headers
) -> None:
    source = await register(client, manager, "data.example.org")
    for path in (PATH, source["url"], f"{source['url']}/readings"):
        first = await client.get(path, headers=manager)
        again = await client.get(
            path, headers={**manager, "If-None-Match": first.headers["etag"]}
        )

        assert (again.status_code, again.content) == (304, b"")
        assert first.headers["cache-control"] == "private, no-cache"
        assert "Authorization" in first.headers["vary"]


@by_depth(
    ("body", "status", "field"),
    [
        (b"{", 422, ""), (b"[]", 422, "address"), (b'{"address": 3, "producer": "armor"}', 422, "address"),
        (b'{"address": "two words", "producer": "armor"}', 422, "address"),
        (b'{"address": "https://x.example/\\u0000", "producer": "armor"}', 422, "address"),
        (b'{"address": "x.example", "producer": "armor", "rhythm": "always"}', 422, "rhythm"),
        (b'{"address": "x.example", "producer": "breizh"}', 404, None),
        (b'{"address": "x.example", "producer": "nobody"}', 404, None),
    ],
    by_default=[0],
)  # fmt: skip
async def test_what_cannot_be_registered_is_reported(
    client: httpx.AsyncClient,
    manager: Headers,
    body: bytes,
    status: int,
    field: str | None,
) -> None:
    answer = await client.post(PATH, headers=manager, content=body)

    assert answer.status_code == status, answer.text
    fields = [error.get("field", "") for error in answer.json().get("errors", [])]
    assert fields[:1] == ([] if field is None else [field])
    assert (await client.get(PATH, headers=manager)).json()["items"] == []


@by_depth(
    "query",
    ["colour=red", "cursor=here", "size=0", "size=101", "size=x"],
    by_default=[0],
)
async def test_a_question_that_is_none_is_refused(
    client: httpx.AsyncClient, manager: Headers, query: str
) -> None:
    answer = await client.get(f"{PATH}?{query}", headers=manager)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["remedy"]


async def test_sources_are_listed_page_after_page(
    client: httpx.AsyncClient, manager: Headers
) -> None:
    registered_ids = {
        (await register(client, manager, f"data-{place}.example"))["id"]
        for place in range(3)
    }
    page = f"{PATH}?size=2"
    listed_ids = []
    while page:
        answer = (await client.get(page, headers=manager)).json()
        listed_ids += [source["id"] for source in answer["items"]]
        page = answer["links"].get("next", "")

    assert set(listed_ids) == registered_ids
    assert len(listed_ids) == 3


@pytest.mark.thorough
async def test_losses_are_read_as_json_and_as_csv(
    client: httpx.AsyncClient, manager: Headers, catalogue: Catalogue, read: Any
) -> None:
    catalogue.live = ckan(["jeu-1", "jeu-2"])
    source = await register(client, manager, catalogue.origin)
    path = f"{PATH}/{source['id']}/losses"

    before = await client.get(path, headers=manager)
    await read()
    losses = await client.get(path, headers=manager)
    table = await client.get(f"{path}.csv", headers=manager)
    chosen = await client.get(
        path, params={"reading": losses.json()["reading"]}, headers=manager
    )

    assert before.json()["reading"] is None
    assert before.json()["score"] is None
    answer = losses.json()
    title = next(line for line in answer["fields"] if line["field"] == "title")
    assert (title["records"], title["preserved"], title["lost"]) == (2, 2, 0)
    assert answer["score"]["total"] == 405
    assert [point["records"] for point in answer["trend"]] == [2]
    assert table.headers["content-type"].startswith("text/csv")
    assert "title,2,2,0,0" in table.text
    assert chosen.json()["fields"] == answer["fields"]


async def test_losses_of_a_reading_that_is_none_are_refused(
    client: httpx.AsyncClient, manager: Headers, token_for: Any, catalogue: Catalogue
) -> None:
    source = await register(client, manager, catalogue.origin)
    path = f"{PATH}/{source['id']}/losses"
    other: Headers = await token_for(memberships={"breizh": ["managers"]})

    unreadable = await client.get(path, params={"reading": "first"}, headers=manager)
    unknown = await client.get(
        path, params={"reading": str(uuid.uuid4())}, headers=manager
    )
    stranger = await client.get(path, headers=other)

    statuses = (unreadable.status_code, unknown.status_code, stranger.status_code)
    assert statuses == (422, 404, 404)
