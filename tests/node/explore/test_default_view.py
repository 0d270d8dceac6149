"""The view with which a dataset opens: chosen in one click by its producer, shown to everybody, given up when it cannot be."""

import html
import re
from dataclasses import replace

import httpx
import pytest
from litestar import Litestar

from tests.node.conftest import Browse
from tests.node.explore.test_page import TREES, open_page, patient, words
from tests.node.producer import Producer
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.default_view import LONGEST_VIEW
from udi.node.datasets.pages.explore.explore_query import Context
from udi.node.datasets.pages.explore.view_registry import VIEWS
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.tabular.queries.pool import QueryTooHeavyError

__all__ = ["patient"]
CHART = "hauteur__greater=3&view=chart&by=essence&of=hauteur&how=median"
WITHOUT_KINDS = TREES.replace("essence;", "espèce;", 1)
"""The same table, whose first column has another name."""


@pytest.fixture
async def trees(producer: Producer) -> str:
    """The id of a published table."""
    return await producer.publish(
        await producer.draft(TREES.encode(), "arbres.csv"), reason="Essai."
    )


async def choose(
    producer: Producer, dataset: str, address: str, **fields: str
) -> httpx.Response:
    """Press the button of the page at this address."""
    page = await producer.page(f"/datasets/{dataset}/data?{address}")
    form = re.findall(
        rf'<form action="/datasets/{dataset}/view".*?</form>', page, re.DOTALL
    )
    inputs = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    data = {name: html.unescape(value) for name, value in inputs} | fields
    return await producer.client.post(f"/datasets/{dataset}/view", data=data)


async def read_frame(client: httpx.AsyncClient, dataset: str) -> str:
    """The frame of the dataset's own view."""
    return await open_page(client, f"/embed/datasets/{dataset}/view?lang=en")


async def test_a_chosen_view_opens_the_dataset_until_it_is_replaced_or_removed(
    producer: Producer, passer_by: httpx.AsyncClient, trees: str
) -> None:
    page = f"/datasets/{trees}/data"
    before = await passer_by.get(page)
    first_frame = await read_frame(passer_by, trees)

    chosen = await choose(producer, trees, CHART)
    opened = await passer_by.get(page, headers={"Accept-Language": "en"})
    again = await passer_by.get(page, headers={"If-None-Match": before.headers["etag"]})
    table = await passer_by.get(f"{page}?view=table")
    emptied = await passer_by.get(f"{page}?q=")
    frame = await read_frame(passer_by, trees)
    preview = await open_page(
        passer_by, f"/embed/datasets/{trees}/table?view=opening&lang=en"
    )
    framed_table = await open_page(passer_by, f"/embed/datasets/{trees}/table?lang=en")
    producer_page = await open_page(producer.client, page)
    other = await open_page(producer.client, f"{page}?view=cards&page=2")

    assert chosen.headers["location"] == page
    assert opened.status_code == 200
    assert 'id="chart"' in opened.text
    assert "hauteur" in words(opened.text)
    assert 'href="' + page + '?view=table"' not in before.text
    assert "hauteur__greater=3&amp;view=chart" in opened.text
    assert "x-robots-tag" not in opened.headers
    assert again.status_code == 200
    assert (table.status_code, 'id="chart"' in table.text) == (200, False)
    assert emptied.headers["location"] == f"{page}?view=table"
    assert ("The first 10 rows" in words(first_frame), "<svg" in frame) == (True, True)
    assert "The first 10 rows" not in words(frame)
    assert preview == frame
    assert f'{page}"' in first_frame
    assert f'{page}?view=table"' in framed_table
    assert "see this view first" in producer_page
    assert "see another view first" in other
    assert "Opening view" not in opened.text
    await choose(producer, trees, "view=cards&page=2")
    assert "<dl" in await open_page(passer_by, page)
    await choose(producer, trees, "view=table", remove="1")
    assert (await passer_by.get(page)).text == before.text
    history = await producer.page(
        f"/datasets/{trees}", headers={"Accept-Language": "en"}
    )
    assert history.count("Opening view of the data chosen") == 2
    assert history.count("Opening view of the data removed") == 1


@pytest.mark.thorough
async def test_a_view_survives_versions_until_one_of_its_columns_is_gone(
    producer: Producer, passer_by: httpx.AsyncClient, trees: str
) -> None:
    page = f"/datasets/{trees}/data"
    await choose(producer, trees, CHART)

    charts = []
    panels = []
    for content in (TREES + "Chêne;9,5;;bon;1 rue\n", WITHOUT_KINDS):
        await producer.send(
            content.encode(), "arbres.csv", f"/datasets/{trees}/versions"
        )
        panels.append(await list_panels(producer, page))
        unpublished = await producer.client.post(
            f"/datasets/{trees}/view", data={"query": "view=chart&by=espèce"}
        )
        await producer.publish(trees, reason="Essai.")
        charts.append('id="chart"' in await open_page(passer_by, page))
    seen = await open_page(passer_by, page)
    producer_page = await open_page(producer.client, page)
    frame = await read_frame(passer_by, trees)

    assert charts == [True, False]
    assert panels == [[1], [2]]
    assert unpublished.status_code == 422
    assert 'id="broken-view"' in producer_page
    assert "essence" in producer_page[producer_page.index("broken-view") :][:400]
    assert "broken-view" not in seen
    assert "essence" not in words(seen)
    assert "The first 10 rows" in words(frame)


async def list_panels(producer: Producer, page: str) -> list[int]:
    """The versions of which the page offers to choose the opening view; those that are not there do not."""
    pages = [
        await producer.client.get(
            page, params={"version": number}, headers={"Accept-Language": "en"}
        )
        for number in (1, 2, 3)
    ]
    assert [answer.status_code for answer in pages[:2]] == [200, 200]
    return [
        number
        for number, answer in enumerate(pages, 1)
        if "Opening view" in answer.text
    ]


@pytest.mark.thorough
async def test_a_view_that_takes_too_much_gives_way_to_the_table(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    trees: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = f"/datasets/{trees}/data"
    await choose(producer, trees, CHART)

    async def take_too_long(_context: ExploreContext) -> Context:
        raise QueryTooHeavyError("Its answer takes too long.")

    heavy_chart = replace(VIEWS["chart"], read=take_too_long)
    monkeypatch.setitem(VIEWS, "chart", heavy_chart)
    opened = await passer_by.get(page)
    asked_for = await passer_by.get(f"{page}?{CHART}", follow_redirects=True)
    producer_page = await open_page(producer.client, page)
    frame = await read_frame(passer_by, trees)

    assert (opened.status_code, asked_for.status_code) == (200, 422)
    assert "0 rue du Phare" in words(opened.text)
    assert opened.headers["cache-control"] == "private, no-store"
    assert "broken-view" not in opened.text
    assert 'id="broken-view"' in producer_page
    assert "Its answer takes too long." in producer_page
    assert "The first 10 rows" in words(frame)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"query": "view=chart&by=rien"}, 422),
        ({"query": "nothing__exact=1"}, 422),
        ({"query": "q=" + "a" * LONGEST_VIEW}, 422),
    ],
)
async def test_a_view_that_the_table_has_not_is_refused(
    producer: Producer, trees: str, fields: dict[str, str], status: int
) -> None:
    answer = await producer.client.post(f"/datasets/{trees}/view", data=fields)

    assert answer.status_code == status


async def test_only_who_publishes_may_choose(
    passer_by: httpx.AsyncClient,
    trees: str,
    node_app: Litestar,
    demo: Territory,
    browse: Browse,
    reader: Login,
    stranger: Login,
) -> None:
    address = f"/datasets/{trees}/view"

    answers = [await passer_by.post(address, data={"query": CHART})]
    for login in (reader, stranger):
        async with browse(node_app, demo, login) as client:
            answers.append(await client.post(address, data={"query": CHART}))

    assert [answer.status_code for answer in answers] == [401, 403, 404]
    assert 'id="chart"' not in await open_page(passer_by, f"/datasets/{trees}/data")


@pytest.mark.thorough
async def test_what_a_column_is_for_is_corrected_by_hand_and_stays(
    producer: Producer, passer_by: httpx.AsyncClient, trees: str
) -> None:
    page = f"/datasets/{trees}/data"
    api = f"/api/resources/{trees}/profile/"

    async def say(column: str, role: str) -> httpx.Response:
        data = {"column": column, "role": role}
        return await producer.client.post(f"/datasets/{trees}/columns", data=data)

    async def measures() -> list[str]:
        chart = await open_page(passer_by, f"{page}?view=chart")
        return re.findall(r'<option value="([a-z_]+\.[^"]+)"', chart)

    before = await measures()
    first = await passer_by.get(api)
    answers = [
        await say("hauteur", "identifier"),
        await say("essence", "none"),
        await say("essence", "sum"),
        await say("rien", "none"),
    ]
    producer_page = await open_page(
        producer.client, f"{page}?view=column&column=hauteur"
    )
    figures = await open_page(passer_by, f"{page}?view=column")
    described = await passer_by.get(
        api, headers={"If-None-Match": first.headers["etag"]}
    )
    after = await measures()
    chart = await open_page(passer_by, f"{page}?view=chart")
    await producer.send(
        (TREES + "Chêne;9,5;;bon;1 rue\n").encode(),
        "arbres.csv",
        f"/datasets/{trees}/versions",
    )
    await producer.publish(trees, reason="Essai.")
    stored_measures = await measures()
    await say("hauteur", "")

    assert [answer.status_code for answer in answers] == [303, 303, 422, 422]
    assert answers[0].headers["location"] == f"{page}?view=column&column=hauteur"
    assert "median.hauteur" in before
    assert '<option value="identifier" selected>' in producer_page
    assert described.json()["profile"]["columns"]["hauteur"]["role"] == "identifier"
    assert "role" not in first.json()["profile"]["columns"]["hauteur"]
    assert [value for value in after if value.endswith(".hauteur")] == [
        "count_distinct.hauteur"
    ]
    assert "<option>essence</option>" not in chart
    assert "15.25" not in words(figures)
    assert stored_measures == after
    assert await measures() != after
