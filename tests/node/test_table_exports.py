"""Tables to take away: each kind of file read back by somebody else's reader, formulas disarmed, nothing left behind."""

import csv
import io
import json
import os
import struct
import zipfile
from collections.abc import AsyncIterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import pytest
from nanoarrow import ArrayStream
from nanoarrow.ipc import InputStream
from python_calamine import CalamineWorkbook

from tests.node.made_tables import WRITTEN, table_at, write_table
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.exports.arrow_file import FOOTER_TABLE, START
from udi.tabular.exports.data_package import (
    PackagedFile,
    build_data_package,
    table_schema,
)
from udi.tabular.exports.exports import ExportWriter, tiles_of
from udi.tabular.queries.pool import QueryTooHeavyError
from udi.tabular.queries.query_string import read_query
from udi.tabular.queries.table import DatasetTable

BLOCKS_START = FOOTER_TABLE.size + 4
"""Where the number of blocks stands in the footer; they follow it."""
pytestmark = pytest.mark.programs

COLUMNS = [
    ("=name", ColumnType.TEXT), ("N", ColumnType.INTEGER), ("n", ColumnType.NUMBER), ("ok", ColumnType.BOOLEAN),
    ("day", ColumnType.DATE), ("seen", ColumnType.DATETIME), ("hour", ColumnType.TIME), ('a"b,c', ColumnType.CODE),
]  # fmt: skip
DAY = date(2024, 2, 29)
SEEN = datetime(2024, 2, 29, 12, 0, 1)  # noqa: DTZ001
HOUR = time(8, 30)
ROWS = [
    ["=1+1", 10**18, 0.5, True, DAY, SEEN, HOUR, "01001"], ["+33 6", -2, -1.5, False, DAY, SEEN, HOUR, "-1"],
    ["@x", 3, None, None, None, None, None, None], ['a,"b"\nc', 4, 1e20, True, date(1850, 1, 1), SEEN, HOUR, "\tx"],
    ["été", None, 2.0, True, DAY, SEEN, HOUR, ""],
]  # fmt: skip
DISARMED = ["'=1+1", "'+33 6", "'@x", 'a,"b"\nc', "été"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> DatasetTable:
    return write_table(tmp_path_factory.mktemp("exports") / "t.parquet", COLUMNS, ROWS)


@pytest.fixture
async def exports(tmp_path: Path) -> AsyncIterator[ExportWriter]:
    """Where nothing may stay."""
    yield ExportWriter(tmp_path / "exports")
    assert contents(tmp_path / "exports") == []


def contents(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


async def content(
    exports: ExportWriter, table: DatasetTable, kind: str, address: str = ""
) -> bytes:
    export = await exports.write(table, read_query(address, table.columns), kind)
    output = b"".join([chunk async for chunk in export.chunks()])
    assert len(output) == export.size
    return output


def read_arrow(file: bytes) -> tuple[list[str], list[list[Any]]]:
    """The columns and the rows of the stream inside a file."""
    with InputStream.from_readable(file[len(START) :]) as source:
        stream = ArrayStream(source)
        names = [field.name for field in stream.schema.fields]
        rows = [list(row.values()) for batch in stream for row in batch.to_pylist()]
    return names, rows


async def test_csv(exports: ExportWriter, table: DatasetTable) -> None:
    text = (await content(exports, table, "csv")).decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))

    assert header == ["'=name", "N", "n", "ok", "day", "seen", "hour", 'a"b,c']
    assert [row[0] for row in rows] == DISARMED
    assert rows[0][1:] == [
        "1000000000000000000",
        "0.5",
        "true",
        "2024-02-29",
        "2024-02-29T12:00:01",
        "08:30:00",
        "01001",
    ]
    assert [row[7] for row in rows] == ["01001", "'-1", "", "'\tx", ""]
    assert rows[1][1:3] == ["-2", "-1.5"]


async def test_an_empty_cell_alone_on_its_line_is_no_empty_line(
    exports: ExportWriter, table: DatasetTable
) -> None:
    """Many readers skip an empty line, and would lose the row."""
    codes = (await content(exports, table, "csv", 'columns="a\\"b,c"')).decode()
    numbers = (await content(exports, table, "csv", "columns=n")).decode()

    assert codes.split("\n") == ['"a""b,c"', "01001", "'-1", '""', "'\tx", '""', ""]
    assert numbers.split("\n") == ["n", "0.5", "-1.5", '""', "1e+20", "2.0", ""]


async def test_a_filtered_and_sorted_csv_is_not_cut_into_pages(
    exports: ExportWriter, table: DatasetTable
) -> None:
    text = (
        await content(
            exports,
            table,
            "csv",
            "ok__exact=true&N__sort=desc&columns=__id,N&page_size=1",
        )
    ).decode()

    assert text == "__id,N\n5,\n1,1000000000000000000\n4,4\n"
    assert await content(exports, table, "csv", "N__exact=7&columns=N,n") == b"N,n\n"
    assert (
        await content(exports, table, "csv", "ok__groupby&n__sum")
        == b"ok,n__sum\nfalse,-1.5\ntrue,1e+20\n,\n"
    )


async def test_json_and_lines_of_json(
    exports: ExportWriter, table: DatasetTable
) -> None:
    listed = json.loads(
        await content(exports, table, "json", "columns=%3Dname,n,day,seen,hour")
    )
    lines = [
        json.loads(line)
        for line in (await content(exports, table, "ndjson", "columns=N")).splitlines()
    ]

    assert listed[0] == {
        "=name": "=1+1", "n": 0.5, "day": "2024-02-29", "seen": "2024-02-29T12:00:01", "hour": "08:30:00",
    }  # fmt: skip
    assert listed[2]["n"] is None
    assert [line["N"] for line in lines] == [10**18, -2, 3, 4, None]


async def test_a_sheet_holds_dates_numbers_and_no_formula(
    exports: ExportWriter, table: DatasetTable
) -> None:
    sheet = CalamineWorkbook.from_filelike(
        io.BytesIO(await content(exports, table, "xlsx"))
    ).get_sheet_by_index(0)
    header, *rows = sheet.to_python(skip_empty_area=False)

    assert header == ["'=name", "N", "n", "ok", "day", "seen", "hour", 'a"b,c']
    assert [row[0] for row in rows] == DISARMED
    assert rows[0][1:7] == ["1000000000000000000", 0.5, True, DAY, SEEN, HOUR]
    assert rows[3][4] == "1850-01-01"
    assert rows[2][2:] == [""] * 6


async def test_a_sheet_does_not_say_when_it_was_written(
    exports: ExportWriter, table: DatasetTable
) -> None:
    sheet = await content(exports, table, "xlsx")

    with zipfile.ZipFile(io.BytesIO(sheet)) as parts:
        assert b">2000-01-01T00:00:00Z<" in parts.read("docProps/core.xml")


async def test_a_whole_export_that_is_there_waits_for_nobody(tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.parquet", COLUMNS, ROWS)
    exports = ExportWriter(tmp_path / "exports", patience=0.01)
    path = await exports.keep_whole(table, "csv")
    tiles = tiles_of(table)
    tiles.write_bytes(b"tiles")
    for file in (path, tiles):
        os.utime(file, (1, 1))

    async with exports._gate.acquire_slot(table.space):
        assert await exports.keep_whole(table, "csv") == path
        assert await exports.write_tiles(table) == tiles

    assert all(file.stat().st_mtime > 1 for file in (path, tiles))


async def test_a_sheet_says_what_it_could_not_hold(
    exports: ExportWriter, tmp_path: Path
) -> None:
    table = write_table(
        tmp_path / "t.parquet", [("x", ColumnType.TEXT)], [["a" * 40_000]]
    )
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(await content(exports, table, "xlsx"))
    )

    assert len(book.get_sheet_by_index(0).to_python()[1][0]) == 32_767
    assert "were cut" in book.get_sheet_by_name("notes").to_python()[0][0]


@pytest.mark.thorough
async def test_a_sheet_that_would_be_too_long_is_refused_at_once(
    exports: ExportWriter, tmp_path: Path
) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT i AS __line, 1 AS n FROM range(1048576) t(i)) TO '{tmp_path}/t.parquet'"
        )
    table = table_at(
        tmp_path / "t.parquet", (TypedColumn("n", ColumnType.INTEGER),), 1_048_576
    )

    with pytest.raises(QueryTooHeavyError) as refused:
        await content(exports, table, "xlsx")
    assert "1,048,575" in refused.value.detail
    assert "CSV" in refused.value.remedy


async def test_parquet_is_the_file_itself_or_the_part_asked_for(
    exports: ExportWriter, table: DatasetTable, tmp_path: Path
) -> None:
    assert await content(exports, table, "parquet") == table.path.read_bytes()
    (tmp_path / "part.parquet").write_bytes(
        await content(exports, table, "parquet", "N__less=3")
    )
    with duckdb.connect() as connection:
        result: Any = connection.execute(f"SELECT * FROM '{tmp_path}/part.parquet'")
        assert [column[0] for column in result.description][:2] == ["=name", "N"]
        assert [row[1] for row in result.fetchall()] == [-2, 3]


async def test_arrow_holds_cells_as_they_are_stored(
    exports: ExportWriter, table: DatasetTable
) -> None:
    file = await content(exports, table, "arrow")
    names, rows = read_arrow(file)

    assert names == ["=name", "N", "n", "ok", "day", "seen", "hour", 'a"b,c']
    assert rows == ROWS
    assert file[:6] == file[-6:] == b"ARROW1"


@pytest.mark.thorough
async def test_arrow_is_of_the_part_asked_for(
    exports: ExportWriter, table: DatasetTable
) -> None:
    part = await content(exports, table, "arrow", "N__less=4&N__sort=desc&columns=N,n")
    nothing = await content(exports, table, "arrow", "N__exact=7&columns=N")
    sums = await content(exports, table, "arrow", "ok__groupby&N__sum")

    assert read_arrow(part) == (["N", "n"], [[4, 1e20], [3, None], [-2, -1.5]])
    assert read_arrow(nothing) == (["N"], [])
    assert read_arrow(sums) == (
        ["ok", "N__sum"],
        [[False, -2.0], [True, 1e18], [None, 3.0]],
    )


async def test_the_end_of_an_arrow_file_says_where_its_rows_are(
    exports: ExportWriter, tmp_path: Path
) -> None:
    """Of three blocks, as many as the library cuts 300,000 rows into."""
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT i AS __line, i AS n FROM range(300000) t(i)) TO '{tmp_path}/t.parquet'"
        )
    columns = (TypedColumn("n", ColumnType.INTEGER),)
    table = table_at(tmp_path / "t.parquet", columns, 300_000)

    file = await content(exports, table, "arrow")

    (length,) = struct.unpack("<i", file[-10:-6])
    footer = file[-10 - length : -10]
    count, *places = struct.unpack_from("<I9q", footer, BLOCKS_START)
    starts = places[::3]
    bodies = places[2::3]
    lengths = [place & 0xFFFFFFFF for place in places[1::3]]
    ends = [sum(block) for block in zip(starts, lengths, bodies, strict=True)]
    assert count == 3
    assert starts[1:] == ends[:-1]
    assert {file[start : start + 4] for start in starts} == {b"\xff\xff\xff\xff"}
    assert file[ends[-1] : -10 - length] == b"\xff\xff\xff\xff\0\0\0\0"
    assert len(read_arrow(file)[1]) == 300_000


async def test_an_export_that_takes_too_long_is_ended(
    table: DatasetTable, tmp_path: Path
) -> None:
    with pytest.raises(QueryTooHeavyError):
        await ExportWriter(tmp_path, seconds=0.01).write(
            table, read_query("", table.columns), "csv"
        )
    assert contents(tmp_path) == []


async def test_what_a_killed_server_left_is_swept_and_what_another_writes_is_not(
    exports: ExportWriter, table: DatasetTable, tmp_path: Path
) -> None:
    dead = tmp_path / "exports/4194305-x"
    alive = tmp_path / f"exports/{os.getpid()}-x"
    for folder in (dead, alive):
        folder.mkdir(parents=True)
    await content(exports, table, "json", "columns=N")

    assert contents(tmp_path / "exports") == [alive]
    alive.rmdir()


def test_a_table_is_described_as_frictionless_reads_it(tmp_path: Path) -> None:
    columns = (
        TypedColumn("jour", ColumnType.DATE, "%d/%m/%Y"), TypedColumn("prix", ColumnType.NUMBER, ","),
        TypedColumn("insee", ColumnType.COMMUNE), TypedColumn("site", ColumnType.URL),
    )  # fmt: skip
    (tmp_path / "arbres.csv").write_text(
        "jour;prix;insee;site\n29/02/2024;1,5;01001;https://example.org\n"
    )
    file = PackagedFile(
        "arbres",
        "arbres.csv",
        "csv",
        "text/csv",
        72,
        "0" * 64,
        "utf-8",
        columns,
        delimiter=";",
        as_written=True,
    )
    package = build_data_package(
        name="arbres", title="Arbres", files=[file], created=WRITTEN, identifier="x", keywords=["arbres"],
        licence={"name": "etalab-2.0", "path": "https://www.etalab.gouv.fr/licence-ouverte", "title": "Licence Ouverte"},
    )  # fmt: skip
    (tmp_path / "datapackage.json").write_text(json.dumps(package))

    assert package["resources"][0]["dialect"] == {"delimiter": ";"}
    assert table_schema(columns)["fields"][:2] == [
        {"name": "jour", "type": "date"},
        {"name": "prix", "type": "number"},
    ]
    resource = frictionless.Package(str(tmp_path / "datapackage.json")).get_resource(
        "arbres"
    )
    with resource:
        (row,) = list(resource.row_stream)
    assert row["jour"] == DAY
    assert (float(row["prix"]), row["insee"]) == (1.5, "01001")
