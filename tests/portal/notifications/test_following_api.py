"""Following by program: with a token that has the right, one's own only, as the document says."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from litestar import Litestar
from sqlalchemy import event, insert, text

from tests.depth import by_depth
from tests.portal.catalogue.corpus import Catalogue
from tests.portal.notifications.conftest import Reader
from tests.visitors import browse
from udi.kit.clock import now
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.notifications.models import Following
from udi.protocol.themes import THEMES
from udi.ui.rate_limits import API_RATES, ApiRateLimiters

PATH = "/api/v1/following"
RHYTHM = "/api/v1/following/rhythm"
NOBODY = "6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8c9f"


async def token_of(reader: Reader, *scopes: str) -> dict[str, str]:
    page = await reader.client.post(
        "/my-space/tokens", data={"name": "veille", "days": "30", "scope": list(scopes)}
    )
    return {
        "Authorization": f"Bearer {re.findall(r'udi_me_[-_A-Za-z0-9]+', page.text)[0]}",
        "Accept-Language": "en",
    }


@pytest.fixture
async def mine(ana: Reader) -> dict[str, str]:
    """What a program of Ana's sends along."""
    return await token_of(ana, "following")


@pytest.fixture
async def client(ana: Reader, portal_app: Litestar) -> Any:
    async with browse(portal_app, ana.territory) as opened:
        yield opened


async def every(
    client: httpx.AsyncClient, headers: dict[str, str], following: object = NOBODY
) -> list[httpx.Response]:
    """Each thing that can be asked."""
    return [
        await client.get(PATH, headers=headers),
        await client.post(
            PATH, headers=headers, json={"kind": "theme", "target": "environment"}
        ),
        await client.delete(f"{PATH}/{following}", headers=headers),
        await client.get(RHYTHM, headers=headers),
        await client.put(RHYTHM, headers=headers, json={"rhythm": "weekly"}),
    ]


async def test_a_program_follows_lists_and_stops(
    armor: Catalogue, ana: Reader, client: httpx.AsyncClient, mine: dict[str, str]
) -> None:
    record = await armor.add(0)
    payload = {"kind": "dataset", "target": str(record.id).upper()}

    creation = await client.post(PATH, headers=mine, json=payload)
    again = await client.post(PATH, headers=mine, json=payload)
    listed = (await client.get(PATH, headers=mine)).json()
    [following] = await ana.followings()
    page = await ana.client.get("/following")
    stopped = await client.delete(creation.headers["location"], headers=mine)
    once_more = await client.delete(creation.headers["location"], headers=mine)

    assert (creation.status_code, again.status_code, creation.json()) == (
        201,
        200,
        again.json(),
    )
    assert creation.headers["location"] == f"{PATH}/{following.id}"
    assert listed == {"total": 1, "most": 200, "items": [creation.json()]}
    assert creation.json() == {
        "id": str(following.id),
        "kind": "dataset",
        "target": str(record.id),
        "title": record.title,
        "page": f"{ana.territory.origin}/data/{record.id}",
        "gone": False,
        "since": creation.json()["since"],
    }
    assert datetime.fromisoformat(creation.json()["since"]) == following.created_at
    assert record.title.replace("'", "&#39;") in page.text
    assert (stopped.status_code, stopped.content, once_more.status_code) == (
        204,
        b"",
        404,
    )
    assert await ana.followings() == []


@pytest.mark.thorough
async def test_a_program_chooses_how_often_and_not_the_language(
    ana: Reader, client: httpx.AsyncClient, mine: dict[str, str]
) -> None:
    before = (await client.get(RHYTHM, headers=mine)).json()
    await ana.follow("theme", "environment")
    weekly = (await client.put(RHYTHM, headers=mine, json={"rhythm": "weekly"})).json()
    never = (await client.put(RHYTHM, headers=mine, json={"rhythm": "never"})).json()
    read = (await client.get(RHYTHM, headers=mine)).json()
    async with ana.database.session(ana.territory.id, role="worker") as session:
        query = text(
            "SELECT rhythm, language FROM app.subscription WHERE person_id = :mine"
        )
        subscription = (await session.execute(query, {"mine": await ana.id()})).one()

    assert before["rhythm"] == "daily"
    assert (
        datetime.fromisoformat(weekly["next"])
        .astimezone(ana.territory.zone)
        .strftime("%a %H")
        == "Mon 07"
    )
    assert never == read == {"rhythm": "never", "next": None}
    assert tuple(subscription) == ("never", "fr")


async def test_without_the_right_nothing_is_read_or_changed(
    ana: Reader, client: httpx.AsyncClient
) -> None:
    passing = await every(client, {"Accept-Language": "en"})
    poor = await every(client, await token_of(ana, "profile"))

    assert [answer.status_code for answer in passing] == [401] * 5
    assert [answer.status_code for answer in poor] == [403] * 5
    assert all(
        answer.headers["content-type"].startswith("application/problem+json")
        for answer in passing + poor
    )
    assert all(
        'error="insufficient_scope", scope="following"'
        in answer.headers["www-authenticate"]
        for answer in poor
    )
    assert await ana.followings() == []


async def test_who_is_logged_in_needs_a_token_all_the_same(ana: Reader) -> None:
    assert [answer.status_code for answer in await every(ana.client, {})] == [401] * 5


async def test_the_following_of_another_is_not_there(
    ana: Reader,
    bea: Reader,
    zoe: Reader,
    client: httpx.AsyncClient,
    portal_app: Litestar,
    mine: dict[str, str],
) -> None:
    await bea.follow("theme", "education")
    await zoe.follow("theme", "education")
    [hers], [elsewhere] = await bea.followings(), await zoe.followings()

    answers = [
        await client.delete(f"{PATH}/{following.id}", headers=mine)
        for following in (hers, elsewhere)
    ]
    listed = (await client.get(PATH, headers=mine)).json()
    async with browse(portal_app, zoe.territory) as neighbour:
        refused = await every(neighbour, mine, elsewhere.id)

    assert [answer.status_code for answer in answers] == [404, 404]
    assert listed["items"] == []
    assert [answer.status_code for answer in refused] == [401] * 5
    assert (len(await bea.followings()), len(await zoe.followings())) == (1, 1)


@by_depth(
    ("body", "status", "field", "code"),
    [
        (b"", 422, "", "not-json"),
        (b"{", 422, "", "not-json"),
        (b"[" * 60_000, 422, "", "not-json"),
        (b"\xff", 422, "", "not-json"),
        (b'{"kind": "theme", "target": "\\ud800"}', 422, "", "not-json"),
        (b"[]", 422, "kind", "no-text"),
        (b'{"kind": "theme"}', 422, "target", "no-text"),
        (b'{"kind": "theme", "target": 3}', 422, "target", "no-text"),
        (b'{"kind": "city", "target": "x"}', 422, "kind", "unknown-kind"),
        (
            b'{"kind": "search", "target": "q=' + b"x" * 2000 + b'"}',
            422,
            "target",
            "too-long",
        ),
        (b'{"kind": "theme", "target": "x"}', 404, None, None),
        (b'{"kind": "dataset", "target": "\\u0000"}', 422, "target", "no-nul"),
        (
            b'{"kind": "producer", "target": "' + NOBODY.encode() + b'"}',
            404,
            None,
            None,
        ),
        (b'{"target": "' + b"x" * 70_000 + b'"}', 413, None, None),
    ],
    by_default=[0],
)
async def test_what_cannot_be_followed_is_reported(
    ana: Reader,
    client: httpx.AsyncClient,
    mine: dict[str, str],
    body: bytes,
    status: int,
    field: str,
    code: str,
) -> None:
    answer = await client.post(PATH, headers=mine, content=body)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    errors = answer.json().get("errors", [])
    assert [(error.get("field", ""), error["code"]) for error in errors[:1]] == (
        [] if field is None else [(field, code)]
    )
    assert [error for error in errors if not error["remedy"]] == []
    assert await ana.followings() == []


@pytest.mark.thorough
async def test_a_rhythm_that_is_none_is_refused(
    client: httpx.AsyncClient, mine: dict[str, str]
) -> None:
    answer = await client.put(RHYTHM, headers=mine, json={"rhythm": "hourly"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["remedy"] == "Choose daily, weekly or never."


@pytest.mark.thorough
async def test_it_is_counted_as_the_rest_of_the_api(
    client: httpx.AsyncClient,
    mine: dict[str, str],
    portal_app: Litestar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rates: ApiRateLimiters = portal_app.state.site.services[API_RATES]
    monkeypatch.setattr(rates.people, "limit", 0)

    assert [answer.status_code for answer in await every(client, mine)] == [429] * 5


@pytest.mark.thorough
async def test_each_answer_is_as_the_document_says(
    armor: Catalogue, ana: Reader, client: httpx.AsyncClient, mine: dict[str, str]
) -> None:
    document = (await client.get("/api/openapi.json")).json()
    example = document["paths"][PATH]["post"]["requestBody"]["content"][
        "application/json"
    ]["example"]
    creation = await client.post(PATH, headers=mine, json=example)
    answers = await every(client, mine, creation.json()["id"])
    ways = [
        (PATH, "get"),
        (PATH, "post"),
        (f"{PATH}/{{following_id}}", "delete"),
        (RHYTHM, "get"),
        (RHYTHM, "put"),
    ]

    assert [response.status_code for response in answers] == [200, 200, 204, 200, 200]
    for (path, method), answer in zip(
        [(PATH, "post"), *ways], [creation, *answers], strict=True
    ):
        described = document["paths"][path][method]["responses"][
            str(answer.status_code)
        ]
        content = described.get("content", {})
        assert (
            ("content" in described)
            == (answer.status_code != 204)
            == bool(answer.content)
        )
        schemas = [
            body["schema"] | {"components": document["components"]}
            for body in content.values()
        ]
        assert [
            list(Draft202012Validator(schema).iter_errors(answer.json()))
            for schema in schemas
        ] == [[]] * len(content)
        assert answer.headers.get("cache-control") == (
            "no-store" if answer.content else None
        )


@pytest.fixture
def statements(ana: Reader) -> Iterator[list[str]]:
    """What the portal asked its database as its pages do, since the test began."""
    queries: list[str] = []
    engine = ana.site.database.engine("app").sync_engine

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "platform.territory" not in statement:  # read again every two seconds
            queries.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield queries
    event.remove(engine, "before_cursor_execute", note)


async def follow_all(reader: Reader, targets: Sequence[tuple[str, str]]) -> None:
    rows = [
        {
            "person_id": await reader.id(),
            "kind": kind,
            "target": target,
            "created_at": now(),
        }
        for kind, target in targets
    ]
    async with reader.database.session(reader.territory.id, role="worker") as session:
        await session.execute(insert(Following), rows)


@pytest.mark.thorough
async def test_two_hundred_things_are_named_with_as_many_questions_as_four(
    armor: Catalogue,
    feed: SearchFeed,
    ana: Reader,
    client: httpx.AsyncClient,
    mine: dict[str, str],
    statements: list[str],
) -> None:
    records = [await armor.add(number) for number in range(8)]
    await armor.withdraw(records[7])
    few = [
        ("dataset", str(records[0].id)),
        ("dataset", str(records[7].id)),
        ("producer", str(armor.organisations["armor"])),
        ("theme", "environment"),
        ("search", "q=air&producer=armor"),
    ]
    many = [
        *(("dataset", str(record.id)) for record in records[1:7]),
        *(("theme", theme) for theme in THEMES if theme != "environment"),
        *(
            ("search", f"q=air{number}&producer=armor")
            for number in range(200 - 11 - len(THEMES) + 1)
        ),
    ]
    await ana.follow("theme", "education")
    await client.delete(f"{PATH}/{(await ana.followings())[0].id}", headers=mine)
    query_counts = {}
    for targets in (few, many):
        await follow_all(ana, targets)
        await ana.since_long()
        await armor.add(0, resource_title=f"Air {len(targets)}")
        await feed.run_once()
        await ana.client.get("/data")  # the count of the header is made once a minute
        statements.clear()
        page = await ana.client.get("/following")
        on_page = len(statements)
        statements.clear()
        listed = (await client.get(PATH, headers=mine)).json()
        query_counts[listed["total"]] = (on_page, len(statements))
        assert page.text.count("/stop") == listed["total"]
        assert f"Air {len(targets)}" in page.text

    assert list(query_counts) == [5, 200]
    assert query_counts[5] == query_counts[200]
    assert max(query_counts[200]) <= 20
