"""A table, its map and its chart in the pages of others: what is published, for everybody, and light."""

import gzip
import html
import re
import uuid
from typing import Any

import httpx
import pytest

from tests.node.producer import Producer
from tests.node.test_named_tables import BOOK
from tests.node.test_show_data import SPOTS
from tests.service_overrides import ServiceOverrides
from tests.ui.tab import Tab
from udi.kit.tenancy import Territory
from udi.node.tables.api import ANSWERS
from udi.tabular.overviews.overview import SHOWING, OverviewReader, OverviewTimeouts
from udi.tabular.queries.pool import POOL, PoolLimits, QueryPool
from udi.tabular.queries.row_pages import RowPageReader

LIGHT = 30_000
WIDE = (
    ";".join(f"colonne {number}" for number in range(40))
    + "\n"
    + (";".join(["valeur"] * 40) + "\n") * 30
)


@pytest.fixture(autouse=True)
async def patient(services: ServiceOverrides) -> Any:
    """A pool with time, on a machine that has other work."""
    pool = QueryPool(PoolLimits(seconds=60, patience=60))
    services |= {
        POOL: pool,
        ANSWERS: RowPageReader(pool),
        SHOWING: OverviewReader(pool, OverviewTimeouts(60, 60, 60)),
    }
    yield services
    await pool.close()


async def weigh(client: httpx.AsyncClient, page: httpx.Response) -> int:
    """Bytes of a page with its style sheets as a proxy sends them: compressed."""
    sheets = [
        await client.get(url)
        for url in re.findall(r'rel="stylesheet" href="([^"]+)"', page.text)
    ]
    return sum(len(gzip.compress(response.content)) for response in [page, *sheets])


@pytest.mark.thorough
async def test_each_part_stands_alone_in_the_language_asked(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))

    for part, expected in (
        ("table", "The first 10 rows of 60"),
        ("map", "60 places"),
        ("chart", "Rows"),
    ):
        page = await passer_by.get(
            f"/embed/datasets/{dataset}/{part}?lang=en",
            headers={"Accept-Language": "fr"},
        )

        assert page.status_code == 200
        assert expected in page.text
        assert "frame-ancestors *" in page.headers["content-security-policy"]
        assert "script-src 'none'" in page.headers["content-security-policy"]
        assert "set-cookie" not in page.headers
        assert page.headers["cache-control"] == "public, max-age=300"
        assert re.search(rf'href="http[^"]+/datasets/{dataset}/data["?]', page.text)
        assert await weigh(passer_by, page) < LIGHT
    assert "Lieu 9" in (await passer_by.get(f"/embed/datasets/{dataset}/table")).text


@pytest.mark.thorough
async def test_a_wide_table_is_cut_and_says_so(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(
        await producer.draft(WIDE.encode(), "large.csv"), reason="Essai."
    )

    page = await passer_by.get(f"/embed/datasets/{dataset}/table?lang=en")

    assert "colonne 7" in page.text
    assert "colonne 8<" not in page.text
    assert "32 more columns are in the file." in page.text


async def test_what_is_not_published_or_not_there_is_said_inside_the_frame(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    draft = await producer.draft(SPOTS.encode(), "lieux.csv")
    plain = await producer.publish()
    addresses = [
        f"/embed/datasets/{draft}/table", f"/embed/datasets/{uuid.uuid4()}/table", f"/embed/datasets/{plain}/map",
        f"/embed/datasets/{plain}/rows",
    ]  # fmt: skip

    answers = [
        await client.get(url)
        for client in (passer_by, producer.client)
        for url in addresses
    ]

    assert [answer.status_code for answer in answers] == [404] * 8
    assert all(
        "frame-ancestors *" in answer.headers["content-security-policy"]
        for answer in answers
    )
    assert "Lieu 0" not in "".join(answer.text for answer in answers)


async def test_what_was_withdrawn_is_gone_from_the_frame(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish()
    assert (
        await producer.client.post(
            f"/datasets/{dataset}/withdraw", data={"reason": "Essai."}
        )
    ).status_code == 303

    page = await passer_by.get(f"/embed/datasets/{dataset}/table")

    assert page.status_code == 410
    assert "Phare" not in page.text


@pytest.mark.parametrize(
    ("view", "frame"),
    [
        pytest.param(
            "?type__exact=Port&columns=nom",
            "table?type__exact=Port&columns=nom&lang=en",
            marks=pytest.mark.thorough,
        ),
        ("?type__exact=Port&view=map", "map?type__exact=Port&lang=en"),
        pytest.param("?view=chart", "chart?lang=en", marks=pytest.mark.thorough),
    ],
)
async def test_the_page_of_the_data_gives_the_frame_of_its_view(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    demo: Territory,
    view: str,
    frame: str,
) -> None:
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))

    page = await passer_by.get(
        f"/datasets/{dataset}/data{view}", headers={"Accept-Language": "en"}
    )
    [line] = [
        html.unescape(text)
        for text in re.findall(r"<textarea[^>]+>([^<]+)</textarea>", page.text)
        if "iframe" in text
    ]
    [address] = [html.unescape(url) for url in re.findall(r'src="([^"]+)"', line)]

    assert address == f"{demo.links['node']}/embed/datasets/{dataset}/{frame}"
    assert (await passer_by.get(address)).status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


@pytest.mark.thorough
async def test_another_table_has_a_frame_of_its_own(
    producer: Producer, passer_by: httpx.AsyncClient, demo: Territory
) -> None:
    dataset = await producer.publish(await producer.draft(BOOK, "classeur.xlsx"))
    path = f"/datasets/{dataset}/tables/arbres-plantes"

    page = await passer_by.get(path)
    frame = await passer_by.get(f"/embed{path}/table?lang=fr")
    chart = await passer_by.get(f"/embed{path}/chart")
    unknown = [
        await passer_by.get(f"/embed/datasets/{dataset}/tables/{rest}")
        for rest in ("inconnue/table", "arbres-plantes/strange", "arbres-plantes/map")
    ]

    assert f"/embed{path}/table?lang=fr" in html.unescape(page.text)
    assert frame.status_code == 200
    assert "Tilleul 3" in frame.text
    assert path in frame.text
    assert f"/datasets/{dataset}/data" not in frame.text
    assert chart.status_code == 200
    assert f"{path}?view=chart" in chart.text
    assert [answer.status_code for answer in unknown] == [404, 404, 404]


@pytest.mark.thorough
async def test_a_frame_shows_the_rows_of_its_address(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))
    base = f"/embed/datasets/{dataset}/table?lang=en"

    ports = await passer_by.get(
        f"{base}&type__exact=Port&nom__sort=desc&columns=nom&page_size=3"
    )
    groups = await passer_by.get(f"{base}&type__groupby")
    strange = await passer_by.get(f"{base}&nothing__exact=1")

    assert re.findall(r"Lieu \d+", ports.text) == ["Lieu 8", "Lieu 59", "Lieu 56"]
    assert "The first 3 rows of 20" in ports.text
    assert "48" not in re.findall(r"<tbody>(.*?)</tbody>", ports.text, re.DOTALL)[0]
    assert "3 groups" in groups.text
    assert "nothing__exact" in strange.text


@pytest.mark.thorough
async def test_frames_are_accessible_at_every_width(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    tab: Tab,
    demo: Territory,
) -> None:
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))
    node = demo.links["node"]

    for part, language in (("table", "fr"), ("map", "fr"), ("chart", "en")):
        address = f"{node}/embed/datasets/{dataset}/{part}?lang={language}"
        assert (
            await tab.find_faults(passer_by, address, f"frame-{part}", language) == []
        )
