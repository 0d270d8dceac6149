"""The page of the data under an agreement about a part: nothing on it depends on what is hidden."""

import re
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import pytest

from tests.node.agreements.granting import HIDDEN, IN_PART, ROWS, Grant, Granting
from tests.node.producer import Producer
from tests.service_overrides import ServiceOverrides
from udi.kit import clock
from udi.kit.rates import RateLimiter
from udi.node.agreements.portal_sync import AgreementSync
from udi.node.files.delivery import signed_urls
from udi.node.files.restricted import PermittedReading
from udi.node.tables.requests import RATES
from udi.node.tables.views import VIEWS, TableViews
from udi.protocol.agreement import AgreementValidity
from udi.protocol.credentials import TICKET
from udi.tabular.queries.table import DatasetTable

HEADER = "compteur,commune,latitude,longitude,index,note"
ON_THE_PAGE = {
    "the dataset's own view": {},
    "count, headings and their pictures": {},
    "count under a filter": {"compteur__greater": "PA-0003"},
    "search": {"q": "pa-0007"},
    "search of a hidden text": {"q": "Trég"},
    "order": {"index__sort": "desc"},
    "last page": {"page": "2", "page_size": "10"},
    "beyond the last page": {"page": "3"},
    "cards": {"view": "cards"},
    "one row and those around it": {"view": "row", "page": "3"},
    "every column in figures": {"view": "column"},
    "panel of a column": {"view": "column", "column": "commune"},
    "spread of a number": {"view": "column", "column": "index"},
    "groups": {"commune__groupby": "", "index__sum": "", "view": "group"},
    "choices of groups": {"view": "group"},
    "chart": {"view": "chart"},
    "map": {"view": "map"},
    "what is not understood": {"nothing__exact": "1"},
    "a form that is wrong": {"f.column": "index", "f.op": "exact", "f.value": "x"},
}
HIDDEN_COLUMN = (
    {"note__exact": "x"},
    {"note__sort": "asc"},
    {"note__groupby": ""},
    {"columns": "note"},
    {"view": "column", "column": "note"},
    {"view": "chart", "by": "note"},
    {"f.column": "note", "f.op": "exact", "f.value": "x"},
)
"""Questions that name what is hidden."""


def write_file(rows: list[tuple[object, ...]]) -> bytes:
    return "\n".join([HEADER, *(",".join(map(str, row)) for row in rows), ""]).encode()


def change_hidden_cells() -> list[tuple[object, ...]]:
    """The same with other cells and more rows where nobody but the producer may read."""
    rows: list[tuple[object, ...]] = []
    for number, (meter, town, _, _, index, note) in enumerate(ROWS):
        if town == "Kerlévan":
            rows.append((meter, town, 47.2, -3.1, index, f"{note} autre"))
        else:
            rows.append((f"{meter}-{HIDDEN}", town, 47.3, -3.2, 90_000 + number, note))
            rows.append((f"Z-{number}", f"Trég-{HIDDEN}", 46.0, -2.0, -number, note))
    return rows


async def enter(
    portal: Granting, client: httpx.AsyncClient, grant: Grant
) -> dict[str, str]:
    """The address of the page of the rows, as the page of the files gives it: its path and its signature."""
    page = await portal.enter(client, grant)
    [address] = re.findall(r'href="(/agreements/[^"]+/data\?[^"]+)"', page.text)
    parts = urlsplit(unescape(address))
    return {"path": parts.path, **dict(parse_qsl(parts.query))}


async def read_pages(
    client: httpx.AsyncClient, signed: dict[str, str]
) -> dict[str, str]:
    """Everything on the page, without what names the dataset and what signs its addresses."""
    pages = {}
    signature = {name: value for name, value in signed.items() if name != "path"}
    for name, words in ON_THE_PAGE.items():
        address = (
            f"{signed['path']}?{urlencode({**words, **signature}, quote_via=quote)}"
        )
        answer = await client.get(address, follow_redirects=True)
        assert answer.status_code in {200, 422}, (name, answer.text[-800:])
        text = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", answer.text)
        text = re.sub(r"(?:expires|signature)=[\w-]+", "", text)
        text = re.sub(r'name="(?:expires|signature)" value="[\w-]+"', "", text)
        text = re.sub(r"back=[^\"]+", "", text)
        pages[name] = text
    return pages


async def publish(
    producer: Producer,
    portal: Granting,
    client: httpx.AsyncClient,
    content: bytes,
    view: str = "",
) -> Grant:
    """A restricted dataset of these rows that opens with a view, of which a project may read a part."""
    dataset = await producer.publish(
        await producer.draft(content, "compteurs.csv"), access="restricted"
    )
    await save_view(producer, dataset, view)
    grant = portal.grant(dataset, IN_PART)
    await portal.push(client, grant)
    return grant


async def save_view(producer: Producer, dataset: str, view: str) -> None:
    """Let a dataset open with this view."""
    answer = await producer.client.post(
        f"/datasets/{dataset}/view", data={"query": view}
    )
    assert answer.status_code == 303, answer.text


@pytest.fixture(autouse=True)
def unhurried(services: ServiceOverrides) -> None:
    services[RATES] = RateLimiter("tables", limit=10**8)


async def enter_two(
    producer: Producer, portal: Granting, client: httpx.AsyncClient
) -> list[dict[str, str]]:
    """The addresses of two datasets that differ only where nobody but the producer may read."""
    one = await publish(
        producer,
        portal,
        client,
        write_file(list(ROWS)),
        f"commune__differs=Plou-{HIDDEN}",
    )
    other = await publish(
        producer,
        portal,
        client,
        write_file(change_hidden_cells()),
        f"commune__differs=Trég-{HIDDEN}",
    )
    return [await enter(portal, client, grant) for grant in (one, other)]


@pytest.mark.usefixtures("asker")
async def test_nothing_on_the_page_depends_on_hidden_cells(
    portal: Granting, producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    signed = await enter_two(producer, portal, passer_by)

    before, after = [await read_pages(passer_by, address) for address in signed]

    assert [name for name in ON_THE_PAGE if before[name] != after[name]] == []
    assert "20" in before["count, headings and their pictures"]
    assert "PA-0001" in before["count, headings and their pictures"]
    for name, page in before.items():
        assert HIDDEN not in page, name
    assert "latitude" not in before["choices of groups"]


@pytest.mark.thorough
@pytest.mark.usefixtures("asker")
async def test_what_depends_on_hidden_cells_is_seen(
    portal: Granting,
    producer: Producer,
    passer_by: httpx.AsyncClient,
    services: ServiceOverrides,
) -> None:
    signed = await enter_two(producer, portal, passer_by)

    services[VIEWS] = OpenEverything(services[VIEWS].exports)
    unguarded = [await read_pages(passer_by, address) for address in signed]

    caught = [name for name in ON_THE_PAGE if unguarded[0][name] != unguarded[1][name]]
    assert {"count, headings and their pictures", "groups", "panel of a column"} <= {
        *caught
    }
    assert {"chart", "map", "search of a hidden text"} <= {*caught}


class OpenEverything(TableViews):
    """What shows the whole table whatever an agreement says."""

    async def open_view(
        self,
        table: DatasetTable,
        passage: PermittedReading,  # noqa: ARG002 - what it ignores is the fault
    ) -> DatasetTable:
        await table.fetch_file()
        return replace(table, is_restricted=False)


async def test_hidden_columns_are_refused_and_nothing_opens_without_the_agreement(
    portal: Granting,
    passer_by: httpx.AsyncClient,
    asker: AgreementSync,
    meters: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grant = portal.grant(meters, IN_PART)
    await portal.push(passer_by, grant)
    signed = await enter(portal, passer_by, grant)
    path = signed.pop("path")

    for words in HIDDEN_COLUMN:
        answer = await passer_by.get(f"{path}?{urlencode({**words, **signed})}")
        assert (words, answer.status_code) == (words, 403)
        assert HIDDEN not in answer.text
    unsigned = await passer_by.get(path)
    described = await passer_by.get(f"/datasets/{meters}/data?{urlencode(signed)}")
    good = await passer_by.get(f"{path}?{urlencode(signed)}")
    with monkeypatch.context() as later:
        later.setattr(signed_urls, "now", lambda: clock.now() + 2 * TICKET)
        late = await passer_by.get(f"{path}?{urlencode(signed)}")
    await portal.push(passer_by, grant.change(state=AgreementValidity.REVOKED))
    revoked = await passer_by.get(f"{path}?{urlencode(signed)}")

    signed["expires"] = str(int(signed["expires"]) + 1)
    forged = await passer_by.get(f"{path}?{urlencode(signed)}")

    assert (unsigned.status_code, revoked.status_code) == (403, 403)
    assert forged.status_code == 403
    assert late.status_code == 303
    assert late.headers["location"] == path.replace("/data", "/files")
    assert (good.status_code, "PA-0001" in good.text) == (200, True)
    assert good.headers["cache-control"] == "private, no-store"
    assert good.headers["referrer-policy"] == "no-referrer"
    assert "etag" not in good.headers
    assert "PA-0001" not in unsigned.text + revoked.text + described.text


OF_THE_PART = ("view=cards", "view=chart&by=commune", "index__sort=desc")
OF_THE_WHOLE = (
    "view=chart&by=note",
    "columns=commune,note",
    "note__sort=asc",
    f"note__contains={HIDDEN}",
    "q=pa-0008",
    "index__greater=2",
    "view=map&at=9/48.02/-4.5",
    "view=map",
    "view=chart&by=index&step=bin.7",
    "view=chart&by=commune&top=7",
    "index__groupby=bin.7",
    "page_size=50",
)
"""Views of the whole table: each names a hidden column, or holds a value that may come from hidden cells."""


@pytest.mark.thorough
@pytest.mark.usefixtures("asker")
async def test_a_project_sees_the_opening_view_if_it_is_one_of_its_own_columns(
    portal: Granting, passer_by: httpx.AsyncClient, producer: Producer, meters: str
) -> None:
    grant = portal.grant(meters, IN_PART)
    await portal.push(passer_by, grant)
    signed = await enter(portal, passer_by, grant)
    address = f"{signed.pop('path')}?{urlencode(signed)}"

    async def read() -> str:
        text = (await passer_by.get(address)).text
        return re.sub(r"back=[^\"]+", "", text)

    plain = await read()
    openings = {}
    for view in (*OF_THE_PART, *OF_THE_WHOLE):
        await save_view(producer, meters, view)
        openings[view] = await read()

    assert [view for view in OF_THE_PART if openings[view] == plain] == []
    assert [view for view in OF_THE_WHOLE if openings[view] != plain] == []
    assert "PA-0001" in plain


async def test_files_named_in_the_address_are_those_of_the_agreement(
    portal: Granting,
    passer_by: httpx.AsyncClient,
    asker: AgreementSync,
    meters: str,
) -> None:
    grant = portal.grant(meters, IN_PART)
    await portal.push(passer_by, grant)

    for words in ("", "?index__greater=10&index__sort=desc", "?q=pa-0007"):
        named = await passer_by.get(
            f"/datasets/{meters}/x.csv{words}", headers=grant.headers
        )
        usual = await passer_by.get(
            f"/api/resources/{meters}/data/csv/{words}", headers=grant.headers
        )
        assert (named.status_code, named.content) == (200, usual.content)
        assert HIDDEN not in named.text
    refused = [
        (
            await passer_by.get(f"/datasets/{meters}/x.{kind}{words}", headers=headers)
        ).status_code
        for kind, words, headers in (
            ("csv", "", {}),
            ("csv", "?note__exact=1", grant.headers),
            ("geojson", "", grant.headers),
            ("txt", "", grant.headers),
        )
    ]

    assert refused == [401, 403, 403, 404]
