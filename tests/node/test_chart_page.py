"""The chart of a table on its page and as a file: changed by hand, filtered, taken away, and no wider than its reader's right."""

import io
import re
from html import unescape
from xml.etree import ElementTree as ET

import httpx
import PIL.Image
import pytest

from tests.node.producer import Producer
from tests.node.test_show_data import SPOTS

BIRTHS = "annee;prenom;sexe;nombre\n" + "".join(
    f"{year};Prenom{name};{sex};{name + 5}\n"
    for year in range(2019, 2024)
    for name in range(20)
    for sex in ("F", "M")
)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
async def births(producer: Producer) -> str:
    return await producer.publish(await producer.draft(BIRTHS.encode(), "prenoms.csv"))


async def read(client: httpx.AsyncClient, address: str, language: str = "en") -> str:
    page = await client.get(
        address, headers={"Accept-Language": language}, follow_redirects=True
    )
    assert page.status_code == 200, page.text
    return unescape(page.text)


async def test_the_page_says_what_it_draws_and_what_else_it_may(
    births: str, passer_by: httpx.AsyncClient
) -> None:
    page = await read(passer_by, f"/datasets/{births}/data?view=chart")
    chosen = re.findall(r'<option(?: value="([^"]*)")? selected>([^<]*)', page)

    assert "Sum of nombre by annee" in page
    assert "200 rows counted" in page
    assert [name for _, name in chosen] == ["Sum of nombre", "annee"]
    assert 'value="median.nombre"' in page
    assert 'value="avg.annee"' not in page
    assert f'href="/datasets/{births}/chart.svg"' in page


async def test_a_chart_is_changed_by_the_words_of_its_address(
    births: str, passer_by: httpx.AsyncClient
) -> None:
    address = f"/datasets/{births}/data?view=chart&sexe__exact=F&by=annee&split=sexe"
    page = await read(passer_by, f"{address}&of=nombre&how=sum")
    french = await read(passer_by, f"{address}&of=nombre&how=median", "fr")
    sent = await passer_by.get(f"{address}&measure=sum.nombre")

    assert "Sum of nombre by annee, coloured by sexe" in page
    assert "100 rows counted" in page
    assert "Médiane de nombre par annee, coloré par sexe" in french
    assert sent.status_code == 303
    assert sent.headers["location"].endswith("&of=nombre&how=sum")


async def test_the_figures_are_those_of_the_api(
    births: str, passer_by: httpx.AsyncClient
) -> None:
    page = await read(passer_by, f"/datasets/{births}/data?view=chart&sexe__exact=F")
    match = re.search(r'href="(/api/resources/[^"]*/data/csv/[^"]*)"', page)
    assert match

    figures = await passer_by.get(match[1])

    assert figures.text.splitlines()[:2] == ["annee,nombre__sum", "2019,290"]
    assert "290" in page


async def test_the_picture_is_a_file_that_stands_alone(
    births: str, passer_by: httpx.AsyncClient
) -> None:
    answer = await passer_by.get(
        f"/datasets/{births}/chart.svg?by=annee&of=nombre&how=sum&split=sexe",
        headers={"Accept-Language": "fr"},
    )
    root = ET.fromstring(answer.text)  # noqa: S314 - ours

    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert root.tag == f"{SVG}svg"
    assert "Somme de nombre par annee" in (root.findtext(f"{SVG}title") or "")
    assert len(answer.content) < 10_000


@pytest.mark.thorough
async def test_pictures_are_png_too(
    births: str, producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    spots = await producer.publish(
        await producer.draft(SPOTS.encode(), "lieux.csv"), reason="Essai."
    )
    chart = await passer_by.get(f"/datasets/{births}/chart.png?by=annee")
    drawn = await passer_by.get(
        f"/datasets/{spots}/map.svg", headers={"Accept-Language": "en"}
    )
    picture = await passer_by.get(f"/datasets/{spots}/map.png")
    nowhere = await passer_by.get(f"/datasets/{births}/map.png")

    sizes = [PIL.Image.open(io.BytesIO(file.content)).size for file in (chart, picture)]
    assert [width for width, _ in sizes] == [1600, 1600]
    assert picture.headers["content-type"] == "image/png"
    assert "60 places" in (
        ET.fromstring(drawn.text).findtext(f"{SVG}title") or ""  # noqa: S314 - ours
    )
    assert nowhere.status_code == 404


async def test_a_draft_has_no_picture_for_others(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    draft = await producer.draft(BIRTHS.encode(), "prenoms.csv")

    hidden = await passer_by.get(f"/datasets/{draft}/chart.svg")
    visible = await producer.client.get(f"/datasets/{draft}/chart.svg")

    assert (hidden.status_code, visible.status_code) == (404, 200)
