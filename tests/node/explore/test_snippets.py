"""The lines that pages show for programs of others, run as they stand by these programs, over HTTP on loopback."""

import asyncio
import html
import io
import re
import shutil
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from python_calamine import CalamineWorkbook

from tests.contract.readers.environments import environment
from tests.contract.readers.serving import FOLDER, read_with, serving
from tests.node.explore.test_page import open_page
from tests.node.producer import Producer
from tests.service_overrides import ServiceOverrides
from udi.kit.rates import RateLimiter
from udi.node.tables.requests import RATES

pytestmark = pytest.mark.programs

CODES = "01001;01002;2A004;35238"
PLACES = "commune;année;part;lat;lon;note\n" + "".join(
    f"{CODES.split(';')[number % 4]};{2000 + number};{number},5;48,{100 + number};-4,{200 + number};"
    f"«été» n° {number}, d’ici\n"
    for number in range(40)
)
"""Codes that begin with zero, decimal commas, accents, quotes, and a place for each row."""
COLUMNS = ["commune", "année", "part", "lat", "lon", "note"]


@pytest.fixture
async def served(
    node_app: Litestar, producer: Producer, services: ServiceOverrides
) -> AsyncIterator[str]:
    """The address of the page of a published table with places, which programs reach."""
    services |= {RATES: RateLimiter("tables", limit=10**8)}
    dataset = await producer.publish(
        await producer.draft(PLACES.encode(), "mesures.csv"), reason="Essai."
    )
    async with serving(node_app, port_offset=1):
        yield f"/datasets/{dataset}/data"


async def read_snippets(client: httpx.AsyncClient, address: str) -> dict[str, str]:
    """The lines of a page, by the name of the tool."""
    page = await open_page(client, address)
    tools = re.findall(r'id="snippet-\d"><summary>([^<]+)</summary>', page)
    texts = re.findall(r'id="snippet-text-\d"[^>]*>([^<]+)</textarea>', page)
    return {
        html.unescape(tool).strip(): html.unescape(text)
        for tool, text in zip(tools, texts, strict=True)
    }


@pytest.fixture(scope="module")
def pandas() -> Path:
    return environment("tables")


@pytest.mark.parametrize(
    ("question", "rows", "first"),
    [
        pytest.param("", 40, "01001", marks=pytest.mark.thorough),
        ("?année__greater=2035&part__sort=desc", 5, "35238"),
    ],
)
async def test_pandas_reads_the_view(
    served: str,
    passer_by: httpx.AsyncClient,
    pandas: Path,
    question: str,
    rows: int,
    first: str,
) -> None:
    lines = (await read_snippets(passer_by, f"{served}{question}"))["Python (pandas)"]

    table = await read_with(pandas, "read_pandas.py", lines)

    assert (table["columns"], table["rows"]) == (COLUMNS, rows)
    assert table["first"][0] == first
    assert table["types"][1:5] == ["int32", "float64", "float64", "float64"]
    assert table["first"][5].startswith("«été» n° ")


@pytest.mark.thorough
async def test_pandas_reads_the_same_rows_as_arrow(
    served: str, passer_by: httpx.AsyncClient, pandas: Path
) -> None:
    lines = (await read_snippets(passer_by, served))["Python (pandas)"]
    arrow_lines = lines.replace("read_parquet", "read_feather").replace(
        ".parquet", ".arrow"
    )

    parquet = await read_with(pandas, "read_pandas.py", lines)
    arrow = await read_with(pandas, "read_pandas.py", arrow_lines)
    filtered = await read_with(
        pandas, "read_pandas.py", arrow_lines.replace(".arrow", ".arrow?part__less=2")
    )

    assert arrow == parquet
    assert filtered["rows"] == 2


@pytest.fixture(scope="module")
def duckdb() -> Path:
    return environment("duckdb")


@pytest.mark.parametrize(
    ("question", "rows", "first"),
    [
        pytest.param("", 40, "01001", marks=pytest.mark.thorough),
        ("?année__greater=2035&part__sort=desc", 5, "35238"),
    ],
)
async def test_duckdb_reads_the_view(
    served: str,
    passer_by: httpx.AsyncClient,
    duckdb: Path,
    question: str,
    rows: int,
    first: str,
) -> None:
    lines = (await read_snippets(passer_by, f"{served}{question}"))["DuckDB"]

    table = await read_with(duckdb, "read_duckdb.py", lines)

    assert (table["columns"], table["rows"]) == (COLUMNS, rows)
    assert table["first"][0] == first
    assert table["types"] == [
        "VARCHAR",
        "INTEGER",
        "DOUBLE",
        "DOUBLE",
        "DOUBLE",
        "VARCHAR",
    ]


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param("csv", marks=pytest.mark.thorough),
        "parquet",
        pytest.param("json", marks=pytest.mark.thorough),
    ],
)
async def test_duckdb_reads_each_form_of_the_file_and_counts_its_rows(
    served: str, passer_by: httpx.AsyncClient, duckdb: Path, ending: str
) -> None:
    lines = (await read_snippets(passer_by, served))["DuckDB"]
    [address] = re.findall(r"'(http[^']+)'", lines)
    other = address.removesuffix("parquet") + ending

    counted = await read_with(
        duckdb, "read_duckdb.py", f"SELECT count(*) AS rows FROM '{other}'"
    )
    whole = await read_with(duckdb, "read_duckdb.py", f"FROM '{other}'")

    assert counted["first"] == [40]
    assert (whole["columns"], whole["rows"]) == (COLUMNS, 40)


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        pytest.param("csv", 40, marks=pytest.mark.thorough),
        ("csv?part__less=4", 4),
        ("parquet", 40),
        pytest.param("parquet?part__less=4", 4, marks=pytest.mark.thorough),
        pytest.param("json?part__less=4", 4, marks=pytest.mark.thorough),
    ],
)
async def test_duckdb_reads_every_row_of_an_export(
    served: str, passer_by: httpx.AsyncClient, duckdb: Path, path: str, rows: int
) -> None:
    """One that is still to be made states no length: it is read in one piece, never as nothing."""
    lines = (await read_snippets(passer_by, served))["DuckDB"]
    [address] = re.findall(r"'(http[^']+)'", lines)
    origin, _, _ = address.partition("/datasets/")
    export = f"{origin}/api/resources/{served.split('/')[2]}/data/{path}"
    reader = path.partition("?")[0]

    table = await read_with(
        duckdb,
        "read_duckdb.py",
        f"FROM read_{reader}('{export}')",
    )

    assert table["rows"] == rows
    assert set(COLUMNS) <= set(table["columns"])


@pytest.mark.thorough
async def test_duckdb_reads_the_published_file(
    served: str, passer_by: httpx.AsyncClient, duckdb: Path
) -> None:
    lines = (await read_snippets(passer_by, served))["DuckDB"]
    [address] = re.findall(r"'(http[^']+)'", lines)
    origin, _, _ = address.partition("/datasets/")
    file = f"{origin}{served.removesuffix('/data')}/file"

    table = await read_with(
        duckdb,
        "read_duckdb.py",
        f"FROM read_csv('{file}', decimal_separator = ',', types = {{'commune': 'VARCHAR'}})",
    )

    assert (table["columns"], table["rows"]) == (COLUMNS, 40)
    assert table["first"][:3] == ["01001", 2000, 0.5]


@pytest.mark.parametrize(
    ("question", "rows"),
    [pytest.param("", 40, marks=pytest.mark.thorough), ("?part__less=4", 4)],
)
async def test_qgis_reads_the_view(
    served: str, passer_by: httpx.AsyncClient, question: str, rows: int
) -> None:
    address = (await read_snippets(passer_by, f"{served}{question}"))["QGIS"]

    layer = await read_with(Path(sys.executable), "read_gdal.py", address)

    assert (layer["places"], layer["kind"]) == (rows, "Point")
    assert layer["fields"][-6:] == COLUMNS
    assert layer["first"][-6] == "01001"


@pytest.mark.parametrize(
    "question", [pytest.param("", marks=pytest.mark.thorough), "?part__less=4"]
)
async def test_excel_reads_the_view(
    served: str, passer_by: httpx.AsyncClient, question: str
) -> None:
    """As «Data from the web» asks: a plain GET of what ends in .xlsx, and a book that says what it is."""
    address = (await read_snippets(passer_by, f"{served}{question}"))["Excel"]
    path = address.partition("?")[0]

    answer = await asyncio.to_thread(fetch_plainly, address)

    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    header, first, *_ = book.get_sheet_by_index(0).to_python()
    assert path.endswith(".xlsx")
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert header == COLUMNS
    assert first == ["01001", 2000, 0.5, 48.1, -4.2, "«été» n° 0, d’ici"]


def fetch_plainly(address: str) -> httpx.Response:
    """The answer to a program that knows nothing but the address."""
    local = re.sub(r"//[^:/]+", "//127.0.0.1", address, count=1)
    host = address.split("/")[2]
    request = urllib.request.Request(local, headers={"Host": host})  # noqa: S310 - on this machine
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - the same
        return httpx.Response(
            answer.status, headers=dict(answer.headers), content=answer.read()
        )


def find_r() -> str:
    """The program that runs R; the test is skipped without it or its package."""
    program = shutil.which("Rscript")
    if program is None or not Path("/usr/lib/R/site-library/readr").exists():
        pytest.skip("R and readr are not here: apt install r-base-core r-cran-readr")
    return program


@pytest.mark.thorough
@pytest.mark.parametrize(("question", "rows"), [("", 40), ("?part__less=4", 4)])
async def test_r_reads_the_view(
    served: str, passer_by: httpx.AsyncClient, question: str, rows: int
) -> None:
    """Under `--all`: R and its package are 150 MB of the distribution's."""
    program = find_r()
    lines = (await read_snippets(passer_by, f"{served}{question}"))["R"]

    process = await asyncio.create_subprocess_exec(
        program,
        str(FOLDER / "read_readr.R"),
        lines,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(240):
        out, err = await process.communicate()

    assert process.returncode == 0, err.decode()[-2000:]
    names, count, first = out.decode().strip().splitlines()[-3:]
    assert (names.split("|"), int(count)) == (COLUMNS, rows)
    assert first == "01001|2000|0.5|48.1|-4.2|«été» n° 0, d’ici"
