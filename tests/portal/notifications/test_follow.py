"""Following a dataset, a producer, a theme or a search: one button, with or without an account at first."""

import uuid
from urllib.parse import parse_qs, urlsplit

import pytest
from litestar import Litestar
from sqlalchemy import text

from tests.depth import by_depth
from tests.portal.catalogue.corpus import Catalogue
from tests.portal.notifications.conftest import Reader
from tests.visitors import browse
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.notifications import actions
from udi.protocol.themes import THEMES


async def test_each_kind_is_followed_from_its_page(
    armor: Catalogue, feed: SearchFeed, ana: Reader
) -> None:
    record = await armor.add(0)
    await feed.run_once()
    pages = {
        "dataset": f"/data/{record.id}",
        "producer": "/producers/armor",
        "theme": "/data?theme=environment",
        "search": "/data?q=ozone&format=CSV&sort=title",
    }
    for kind, page in pages.items():
        response = await ana.client.get(page, follow_redirects=True)
        assert f'name="kind" value="{kind}"' in response.text, kind
        target = (
            response.text.partition('name="target" value="')[2]
            .partition('"')[0]
            .replace("&amp;", "&")
        )
        done = await ana.follow(kind, target, back=page)
        assert (done.status_code, done.headers["location"]) == (303, page)
        assert (
            "Ne plus suivre" in (await ana.client.get(page, follow_redirects=True)).text
        ), kind

    targets_by_kind = {
        following.kind: following.target for following in await ana.followings()
    }
    listed = await ana.client.get("/following")

    assert targets_by_kind == {
        "dataset": str(record.id),
        "producer": str(armor.organisations["armor"]),
        "theme": "environment",
        "search": "q=ozone&format=CSV",
    }
    for words in (
        "Qualité de l&#39;air, heure par heure",
        "Armorine Métropole",
        THEMES["environment"].label["fr"],
        "ozone, CSV",
    ):
        assert words in listed.text
    assert "4 choses" in listed.text


@pytest.mark.thorough
async def test_once_more_changes_nothing_and_stopping_forgets_it(
    armor: Catalogue, ana: Reader
) -> None:
    record = await armor.add(0)
    await ana.follow("dataset", record.id)
    await ana.follow("dataset", str(record.id).upper())
    [following] = await ana.followings()

    stopped = await ana.client.post(f"/following/{following.id}/stop")
    again = await ana.client.post(f"/following/{following.id}/stop")

    assert (stopped.status_code, again.status_code) == (303, 404)
    assert await ana.followings() == []
    assert "Rien pour l’instant" in (await ana.client.get("/following")).text


async def test_a_passer_by_logs_in_then_follows(
    armor: Catalogue, portal_app: Litestar, ana: Reader
) -> None:
    record = await armor.add(0)
    async with browse(portal_app, ana.territory) as stranger:
        page = await stranger.get(f"/data/{record.id}", follow_redirects=True)
        redirect = await stranger.post(
            "/following", data={"kind": "dataset", "target": record.id, "back": "/data"}
        )
        refused = await stranger.get("/following")

    assert '<form action="/following" method="post">' in page.text
    login = urlsplit(redirect.headers["location"])
    onward = parse_qs(login.query)["back"][0]
    assert (redirect.status_code, login.path) == (303, "/login")
    assert refused.headers["location"] == "/login?back=/following"
    offered = await ana.client.get(onward)
    assert "Suivre «\N{NO-BREAK SPACE}Qualité de l&#39;air" in offered.text
    await ana.follow("dataset", record.id)
    assert (await ana.client.get(onward)).headers["location"] == "/data"


@by_depth(
    ("kind", "target", "status"),
    [
        ("dataset", "nonsense", 404),
        ("dataset", uuid.uuid4(), 404),
        ("producer", uuid.uuid4(), 404),
        ("theme", "astrology", 404),
        ("search", "nonsense=1", 422),
        ("search", "bbox=a,b", 422),
        ("search", "q=" + "a" * 999, 422),
        ("search", "&".join(f"format={number:0>40}" for number in range(25)), 422),
        ("person", uuid.uuid4(), 422),
        ("", "", 422),
    ],
    by_default=[0],
)
async def test_what_cannot_be_followed_is_refused_in_words(
    ana: Reader, kind: str, target: object, status: int
) -> None:
    refused = await ana.follow(kind, target)
    offered = await ana.client.get(
        "/following/new", params={"kind": kind, "target": str(target)}
    )

    assert (refused.status_code, offered.status_code) == (status, status)
    assert await ana.followings() == []


async def test_no_more_than_may_be(
    armor: Catalogue, ana: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_FOLLOWED", 2)
    await ana.follow("theme", "environment")
    await ana.follow("theme", "economy")

    existing = await ana.follow("theme", "economy")
    refused = await ana.follow("theme", "culture")

    assert (existing.status_code, refused.status_code) == (303, 409)
    assert "Vous suivez déjà 2 choses" in refused.text
    assert len(await ana.followings()) == 2


async def test_nobody_sees_or_stops_what_another_follows(
    armor: Catalogue, ana: Reader, bea: Reader, zoe: Reader
) -> None:
    await ana.follow("theme", "environment")
    [following] = await ana.followings()

    for stranger in (bea, zoe):
        assert (
            f"/following/{following.id}"
            not in (await stranger.client.get("/following")).text
        )
        assert (
            await stranger.client.post(f"/following/{following.id}/stop")
        ).status_code == 404
    async with ana.database.session(ana.territory.id, person=await bea.id()) as session:
        assert (
            await session.get(type(following), (ana.territory.id, following.id)) is None
        )
    async with ana.database.session(ana.territory.id, person=await ana.id()) as session:
        assert (
            await session.get(type(following), (ana.territory.id, following.id))
            is not None
        )
    assert len(await ana.followings()) == 1


async def test_a_dataset_of_another_territory_cannot_be_followed(
    armor: Catalogue, zoe: Reader
) -> None:
    record = await armor.add(0)

    assert (await zoe.follow("dataset", record.id)).status_code == 404


@pytest.mark.thorough
async def test_what_was_withdrawn_says_so(armor: Catalogue, ana: Reader) -> None:
    record = await armor.add(0)
    await ana.follow("dataset", record.id)
    await armor.withdraw(record)

    page = await ana.client.get("/following")

    assert "Qualité de l&#39;air" in page.text
    assert "N’est plus disponible" in page.text


async def test_a_form_from_another_site_follows_nothing(
    armor: Catalogue, ana: Reader
) -> None:
    sent = await ana.client.post(
        "/following",
        data={"kind": "theme", "target": "economy"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert sent.status_code == 403
    assert await ana.followings() == []


async def test_a_page_kept_for_all_says_nothing_of_who_follows(
    armor: Catalogue, feed: SearchFeed, portal_app: Litestar, ana: Reader
) -> None:
    record = await armor.add(0)
    await feed.run_once()
    await ana.follow("dataset", record.id)
    path = f"/data/{record.id}"
    async with browse(portal_app, ana.territory) as stranger:
        before = await stranger.get(path, follow_redirects=True)
        mine = await ana.client.get(path, follow_redirects=True)
        after = await stranger.get(path, follow_redirects=True)

    assert "Ne plus suivre" in mine.text
    assert "Ne plus suivre" not in before.text + after.text


@pytest.mark.thorough
async def test_the_empty_search_offers_to_be_reported(
    armor: Catalogue, feed: SearchFeed, ana: Reader
) -> None:
    await armor.add(0)
    await feed.run_once()

    page = await ana.client.get("/data?q=sous-marin")

    assert "Suivre cette recherche" in page.text
    assert 'name="target" value="q=sous-marin"' in page.text


async def test_leaving_takes_what_was_followed(armor: Catalogue, ana: Reader) -> None:
    await ana.follow("theme", "environment")
    person = await ana.id()

    async with ana.database.session(ana.territory.id, role="worker") as session:
        await session.execute(
            text("DELETE FROM app.person WHERE id = :person"), {"person": person}
        )
        left = [
            await session.scalar(
                text(f"SELECT count(*) FROM app.{table} WHERE person_id = :person"),
                {"person": person},
            )
            for table in (
                "following",
                "subscription",
                "digest",
                "webhook",
                "webhook_delivery",
            )
        ]

    assert left == [0] * 5
