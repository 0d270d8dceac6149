"""The page of a table without a script: links and forms alone, for everybody, in one spelling of its address."""

import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import httpx
import pytest

from tests.node.producer import Producer
from tests.service_overrides import ServiceOverrides
from udi.kit.rates import RateLimiter
from udi.node.datasets.pages.explore import page as page_module
from udi.node.tables.api import ANSWERS
from udi.node.tables.requests import RATES
from udi.tabular.overviews import overview
from udi.tabular.overviews.overview import SHOWING, OverviewReader, OverviewTimeouts
from udi.tabular.queries.pool import POOL, PoolLimits, QueryPool
from udi.tabular.queries.row_pages import RowPageReader

TREES = "essence;hauteur;plantation;état;adresse\n" + "".join(
    f"{('Chêne', 'Tilleul', 'Érable')[number % 3]};{number / 2:.1f};"
    f"{1 + number % 28:02}/0{1 + number % 9}/{2000 + number % 4};"
    f"{('bon', 'moyen', '')[number % 3]};{number} rue du Phare\n"
    for number in range(60)
).replace(".", ",")
"""Sixty trees: twenty of each kind, half a metre more each."""


@pytest.fixture(autouse=True)
async def patient(services: ServiceOverrides) -> Any:
    """A pool with time, on a machine that has other work."""
    pool = QueryPool(PoolLimits(seconds=60, patience=60))
    services |= {
        POOL: pool,
        ANSWERS: RowPageReader(pool),
        SHOWING: OverviewReader(pool, OverviewTimeouts(60, 60, 60)),
        RATES: RateLimiter("tables", limit=10**8),
    }
    yield services
    await pool.close()


@pytest.fixture
async def trees(producer: Producer) -> str:
    """The address of the page of a published table."""
    dataset = await producer.publish(
        await producer.draft(TREES.encode(), "arbres.csv"), reason="Essai."
    )
    return f"/datasets/{dataset}/data"


async def open_page(client: httpx.AsyncClient, address: str) -> str:
    page = await client.get(
        address, headers={"Accept-Language": "en"}, follow_redirects=True
    )
    assert page.status_code == 200, page.text[-2000:]
    return page.text


@pytest.mark.thorough
async def test_headings_say_what_each_column_holds(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    """Numbers that name something have no marks of thousands, and no least and greatest."""
    content = "numero;essence;hauteur;plantation;relevés\n" + "".join(
        f"{1001 + number};{('Chêne', 'Tilleul')[number % 2]};{number / 2:.1f};0{1 + number % 9}/03/{1990 + number % 4};2\n"
        for number in range(40)
    ).replace(".", ",")
    dataset = await producer.publish(await producer.draft(content.encode(), "a.csv"))

    page = await open_page(passer_by, f"/datasets/{dataset}/data")
    row = await open_page(passer_by, f"/datasets/{dataset}/data?view=row&page=40")

    headings = re.findall(
        r'<span class="small">([^<]*)</span><span class="hide">', page
    )
    assert headings == ["40 values", "2 values", "0 to 19.5", "1990 to 1993", "2"]
    assert "1,001" not in page
    assert ">1040<" in row


def words(page: str) -> str:
    """The text of a page in one line."""
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))


def link(page: str, identifier: str) -> str:
    """The address of the link of this identifier."""
    tag = re.findall(rf'<a [^>]*id="{identifier}"[^>]*>', page)[0]
    return html.unescape(re.findall(r'href="([^"]+)"', tag)[0])


def form_fields(page: str, own_field: str) -> list[tuple[str, str]]:
    """The hidden fields of the form that has this field."""
    form = next(
        form
        for form in re.findall(r"<form.*?</form>", page, re.DOTALL)
        if f'name="{own_field}"' in form
    )
    hidden = r'<input type="hidden" name="([^"]*)" value="([^"]*)">'
    return [
        (html.unescape(name), html.unescape(value))
        for name, value in re.findall(hidden, form)
    ]


def column_of(page: str, place: int) -> list[str]:
    """The cells of one column of the table."""
    body = re.findall(r"<tbody[^>]*>(.*?)</tbody>", page, re.DOTALL)[0]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL)
    return [
        words(re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)[place]) for row in rows
    ]


def bar_widths(page: str) -> list[int]:
    """How wide the bar in each row of the table is."""
    bar = r'<svg class="in" width="44" [^>]*><rect width="(\d+)"'
    return [int(width) for width in re.findall(bar, page)]


@pytest.mark.thorough
async def test_bars_stand_beside_amounts_and_rates_alone(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    lines = "".join(
        f"{1001 + number};{1990 + number};{number - 5};{3 * number};{number}.5e306\n"
        for number in range(30)
    )
    content = f"numero;annee;solde;naissances;depenses\n{lines}".encode()
    dataset = await producer.publish(await producer.draft(content, "a.csv"))
    address = f"/datasets/{dataset}/data"

    widths = {
        name: bar_widths(await open_page(passer_by, f"{address}?{name}__sort=desc"))
        for name in ("numero", "annee", "solde", "naissances", "depenses")
    }

    assert widths["naissances"][:2] == [44, 42]
    assert widths["depenses"][:2] == [44, 43]
    assert [widths[name] for name in ("numero", "annee", "solde")] == [[], [], []]


async def test_rows_are_filtered_sorted_and_searched_by_links_and_forms(
    trees: str, passer_by: httpx.AsyncClient
) -> None:
    page = await open_page(passer_by, trees)
    assert "60 rows" in words(page)
    assert "aria-sort" not in page
    assert bar_widths(page) == []

    page = await open_page(passer_by, link(page, "sort-2"))
    descending = await open_page(passer_by, link(page, "sort-2"))
    assert page.count("aria-sort") == 1
    assert 'aria-sort="ascending"' in page
    assert column_of(descending, 1)[:3] == ["29.5", "29", "28.5"]
    assert bar_widths(descending)[:3] == [44, 43, 43]

    fields = [
        *form_fields(descending, "f.column"),
        ("f.column", "essence"),
        ("f.op", "exact"),
        ("f.value", "Tilleul"),
    ]
    page = await open_page(passer_by, f"{trees}?{urlencode(fields)}")
    assert "20 rows of 60" in words(page)
    assert "essence is Tilleul" in words(page)
    assert column_of(page, 1)[:2] == ["29", "27.5"]

    fields = [*form_fields(page, "q"), ("q", "RUE phare 58")]
    searched = await open_page(passer_by, f"{trees}?{urlencode(fields)}")
    assert "1 row of 60" in words(searched)
    assert column_of(searched, 4) == ["58 rue du Phare"]

    unfiltered = await open_page(passer_by, link(searched, "remove-all"))
    assert "60 rows" in words(unfiltered)
    assert column_of(unfiltered, 1)[0] == "29.5"
    nothing = await open_page(passer_by, f"{trees}?q=platane")
    assert "No row has all of this: remove a filter." in words(nothing)


@pytest.mark.thorough
async def test_pages_columns_cards_and_one_row(
    trees: str, passer_by: httpx.AsyncClient
) -> None:
    page = await open_page(
        passer_by,
        f"{trees}?hauteur__greater=10&hauteur__sort=desc&page=2",
    )
    assert "rows 21 to 40" in words(page)
    address = html.unescape(
        re.findall(r'<th scope="row"[^>]*><a href="([^"]+)"', page)[1]
    )

    row = await open_page(passer_by, address)
    assert "Row 22 of 40" in words(row)
    assert "hauteur 19" in words(row)
    assert "hauteur 18.5" in words(await open_page(passer_by, link(row, "row-next")))
    assert "hauteur 19.5" in words(
        await open_page(passer_by, link(row, "row-previous"))
    )
    assert "rows 21 to 40" in words(await open_page(passer_by, link(row, "row-table")))
    [number] = re.findall(r"Number of this row in the table: (\d+)", words(row))
    assert re.search(rf'/data/[\w-]+/fault-reports/new\?row={number}"', row)

    fields = [*form_fields(page, "f.columns"), ("f.columns", "adresse"), ("f.columns", "hauteur")]  # fmt: skip
    narrow = await open_page(passer_by, f"{trees}?{urlencode(fields)}")
    assert re.findall(r'id="sort-\d+"[^>]*><span dir="auto">(\w+)', narrow) == [
        "hauteur", "adresse"
    ]  # fmt: skip
    assert column_of(narrow, 1)[0] == "59 rue du Phare"
    panel = await open_page(passer_by, link(narrow, "panel-2"))
    moved = await open_page(passer_by, link(panel, "panel-before"))
    assert "columns=adresse%2Chauteur" in moved

    cards = await open_page(passer_by, link(page, "tool-cards"))
    assert cards.count('class="panel"><h2 class="h3"') == 20
    assert "<table" not in cards


async def test_a_page_is_kept_once_its_figures_are_there(
    trees: str,
    passer_by: httpx.AsyncClient,
    services: ServiceOverrides,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overview, "READY_ROWS", 0)
    monkeypatch.setattr(page_module, "READY_ROWS", 0)
    showing = services[SHOWING]

    before = await passer_by.get(trees)
    await showing.wait_prepared()
    after = await passer_by.get(trees)
    again = await passer_by.get(trees, headers={"If-None-Match": after.headers["ETag"]})
    groups = await passer_by.get(f"{trees}?essence__groupby=&__id__count=&view=group")

    assert "ETag" not in before.headers
    assert before.headers["Cache-Control"] == "private, no-store"
    assert again.status_code == 304
    assert "ETag" in groups.headers


@pytest.mark.thorough
async def test_groups_lead_to_their_rows(
    trees: str, passer_by: httpx.AsyncClient
) -> None:
    form = await open_page(passer_by, f"{trees}?view=group&hauteur__less=10")
    fields = [*form_fields(form, "f.group"), ("f.group", "plantation__groupby=year"), ("f.group", ""),
              ("f.measure", "__id__count"), ("f.measure", "hauteur__sum")]  # fmt: skip

    page = await open_page(passer_by, f"{trees}?{urlencode(fields)}")

    assert "4 groups" in words(page)
    assert column_of(page, 0) == ["2000", "2001", "2002", "2003"]
    assert column_of(page, 1) == ["6", "5", "5", "5"]
    assert column_of(page, 2) == ["30", "22.5", "25", "27.5"]
    addresses = re.findall(r'<th scope="row"><a href="([^"]+)"', page)
    rows = await open_page(passer_by, html.unescape(addresses[2]))
    assert "5 rows of 60" in words(rows)
    assert {cell[-4:] for cell in column_of(rows, 2)} == {"2002"}
    unasked = await open_page(passer_by, f"{trees}?view=group")
    assert "Choose a column to group the rows by." in words(unasked)
    assert "<table" not in unasked


@pytest.mark.thorough
async def test_a_column_is_described_under_the_other_filters(
    trees: str, passer_by: httpx.AsyncClient
) -> None:
    text = await open_page(passer_by, f"{trees}?view=column&column=état")
    number = await open_page(
        passer_by, f"{trees}?essence__exact=Tilleul&view=column&column=hauteur"
    )
    every = await open_page(passer_by, f"{trees}?view=column")

    assert "Filled in 40 rows of 60." in words(text)
    lists = text.partition("bars-list")[2]
    values = re.findall(r'<li><a href="([^"]+)" dir="auto">(\w+)</a>', lists)
    assert [label for _, label in values] == ["bon", "moyen"]
    assert "20 rows of 60" in words(
        await open_page(passer_by, html.unescape(values[0][0]))
    )
    assert "Filled in 20 rows of 20. From 0.5 to 29." in words(number)
    assert "Most frequent values" not in words(number)
    spread = re.findall(r'<li><a href="([^"]+)" dir="auto">([\d. –]+)</a>', number)
    first = await open_page(passer_by, html.unescape(spread[0][0]))
    assert "essence__exact=Tilleul&amp;hauteur__greater=0" in first
    assert "Filled 100" not in words(every)
    assert words(every).count("Whole number") + words(every).count("Number") >= 1


@pytest.mark.thorough
async def test_an_address_in_another_spelling_leads_to_its_own(
    trees: str, passer_by: httpx.AsyncClient
) -> None:
    spelled = await passer_by.get(f"{trees}?page=1&view=table&essence__EXACT=Tilleul")
    strange = await passer_by.get(
        f"{trees}?nothing__exact=1&view=picture", headers={"Accept-Language": "en"}
    )
    refused = await passer_by.get(
        f"{trees}?f.column=hauteur&f.op=less&f.value=haut",
        headers={"Accept-Language": "en"},
    )
    region = await passer_by.get(
        f"{trees}?essence__exact=Tilleul", headers={"X-Fragment": "explore"}
    )

    assert (spelled.status_code, spelled.headers["location"]) == (
        303,
        f"{trees}?essence__exact=Tilleul",
    )
    assert strange.status_code == 200
    assert "nothing__exact" in words(strange.text)
    assert "Choose among: table, cards" in words(strange.text)
    assert refused.status_code == 422
    assert 'value="haut"' in refused.text
    assert '<option value="less" selected>' in refused.text
    assert "This is not a number." in words(refused.text)
    assert region.headers["x-robots-tag"] == "noindex"
    assert "X-Fragment" in region.headers["vary"]
    assert region.headers["content-location"] == f"{trees}?essence__exact=Tilleul"
    assert 'class="foot ' not in region.text
    assert "script-src 'self'" in region.headers["content-security-policy"]


@pytest.mark.thorough
async def test_files_of_the_view_end_in_their_name_and_give_parts(
    trees: str, passer_by: httpx.AsyncClient
) -> None:
    page = await open_page(passer_by, f"{trees}?essence__exact=Tilleul&columns=adresse")
    addresses = [
        html.unescape(address)
        for address in re.findall(r'<a class="btn quiet slim" href="([^"]+)"', page)
    ]
    base = trees.removesuffix("data")
    whole = await passer_by.get(f"{base}arbres.csv")
    head = await passer_by.head(f"{base}arbres.csv")
    part = await passer_by.get(f"{base}arbres.csv", headers={"Range": "bytes=0-6"})
    usual = await passer_by.get(f"/api/resources/{base.split('/')[2]}/data/csv/")
    filtered_head = await passer_by.head(addresses[0])

    assert addresses[0] == f"{base}arbres.csv?essence__exact=Tilleul&columns=adresse"
    assert (await passer_by.get(addresses[0])).text.splitlines()[:2] == [
        "adresse",
        "1 rue du Phare",
    ]
    assert [(await passer_by.get(address)).status_code for address in addresses] == [
        200
    ] * 5
    assert (part.status_code, part.text) == (206, "essence")
    assert head.headers["content-length"] == str(len(whole.content))
    assert "content-length" not in filtered_head.headers
    assert whole.content == usual.content
    assert (await passer_by.get(f"{base}arbres.exe")).status_code == 404


@pytest.mark.thorough
async def test_lines_for_programs_read_the_rows_of_the_view(
    trees: str, passer_by: httpx.AsyncClient, tmp_path: Path
) -> None:
    """DuckDB's statement is run as it stands, less the network; of the others, their address is read."""
    page = await open_page(passer_by, f"{trees}?hauteur__greater=20&hauteur__sort=desc")
    texts = [
        html.unescape(text)
        for text in re.findall(r'id="snippet-text-\d"[^>]*>([^<]+)</textarea>', page)
    ]
    pandas_lines, r_lines, duckdb_lines, excel = texts
    [address] = re.findall(r'read_parquet\("([^"]+)"\)', pandas_lines)
    [csv_address] = re.findall(r'read_csv\("([^"]+)"\)', r_lines)
    local = tmp_path / "view.parquet"
    local.write_bytes((await passer_by.get(address)).content)
    sheet = (await passer_by.get(excel)).content

    statement = duckdb_lines.splitlines()[-1].replace(address, str(local))
    result = duckdb.connect().execute(statement)

    assert [column[0] for column in result.description or ()] == TREES.splitlines()[
        0
    ].split(";")
    rows = result.fetchall()
    assert [row[1] for row in rows[:3]] == [29.5, 29.0, 28.5]
    assert len((await passer_by.get(csv_address)).text.splitlines()) == len(rows) + 1
    assert sheet[:2] == b"PK"
    assert "SET force_download = true;" in duckdb_lines
    compile(pandas_lines, "snippet", "exec")
