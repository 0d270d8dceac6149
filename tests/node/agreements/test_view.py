"""What the node shows of a table is what the agreement says: random tables and agreements, beside an outsider's reading."""

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings

from tests.cursors import open_cursor
from tests.depth import examples
from tests.node.made_tables import write_table
from tests.protocol.drawn import Case, Cell, cases
from tests.protocol.test_living_contract import SIGNS
from tests.protocol.understood_terms import given as shown_of
from udi.node.tables.views import AgreementMismatchError, TableViews, extract_of
from udi.protocol.access_decision import View
from udi.protocol.terms import Operator, RowFilter
from udi.tabular.columns.column import Bounds, ColumnType
from udi.tabular.exports.extract_writer import write_extract
from udi.tabular.exports.extracts import ExtractResult, TableExtract
from udi.tabular.queries.table import DatasetTable

EXAMPLES = examples(15, 100)
COLUMNS = [
    ("jour", ColumnType.DATE),
    ("vrai", ColumnType.BOOLEAN),
    ("code", ColumnType.CODE),
    ("heure", ColumnType.TIME),
]
ROWS = [
    ["2026-05-01", True, "007", "08:30:00"],
    ["2026-05-02", False, "7", "09:00:00"],
    [None, None, None, None],
]


def rows_of(path: Path) -> list[tuple[object, ...]]:
    with open_cursor() as connection:
        return connection.execute(f"SELECT * FROM read_parquet('{path}')").fetchall()


def as_stored(cell: Cell) -> object:
    if isinstance(cell, Decimal):
        return float(cell)
    return cell


@settings(max_examples=EXAMPLES, database=None)
@given(case=cases())
def test_the_table_that_is_shown_is_the_agreed_one(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    folder = tmp_path_factory.mktemp("views")
    terms = case.agreement.terms
    names = list(case.table.numeric)
    kinds = [
        (name, ColumnType.NUMBER if case.table.numeric[name] else ColumnType.TEXT)
        for name in names
    ]
    rows = [[as_stored(row[name]) for name in names] for row in case.table.rows]
    table = write_table(folder / "whole.parquet", kinds, rows)
    row_conditions = [
        (row_filter.column, SIGNS[row_filter.operator], row_filter.values)
        for row_filter in terms.rows
    ]
    columns, matches = shown_of(list(terms.columns) or None, row_conditions, case.table)

    visible_columns, extract = extract_of(
        table, View(columns=terms.columns, rows=terms.rows)
    )
    result = write_extract(table.path, folder / "view.parquet", extract)

    expected = [
        [row[names.index(column.name)] for column in visible_columns]
        for row, stays in zip(rows, matches, strict=True)
        if stays
    ]
    actual = rows_of(folder / "view.parquet")
    assert {column.name for column in visible_columns} == columns
    assert [list(row[1:]) for row in actual] == expected
    assert [row[0] for row in actual] == list(range(1, len(expected) + 1))
    assert result.rows == len(expected)


@pytest.mark.parametrize(
    ("column", "operator", "values", "expected"),
    [
        ("jour", Operator.GTEQ, ("2026-05-02",), ["7"]),
        ("jour", Operator.NEQ, ("2026-05-02",), ["007"]),
        ("vrai", Operator.EQ, ("true",), ["007"]),
        ("code", Operator.EQ, ("007",), ["007"]),
        ("code", Operator.IS_NONE_OF, ("007",), ["7"]),
        ("heure", Operator.LT, ("09:00:00",), ["007"]),
    ],
)
def test_values_are_of_the_type_of_their_column(
    tmp_path: Path,
    column: str,
    operator: Operator,
    values: tuple[str, ...],
    expected: list[str],
) -> None:
    table = write_table(tmp_path / "whole.parquet", COLUMNS, ROWS)

    _, extract = extract_of(
        table,
        View(
            columns=("code",),
            rows=(RowFilter(column=column, operator=operator, values=values),),
        ),
    )
    write_extract(table.path, tmp_path / "view.parquet", extract)

    assert [row[1] for row in rows_of(tmp_path / "view.parquet")] == expected


@pytest.mark.parametrize(
    ("agreed", "columns", "places"),
    [
        (("nom", "geometry"), ["nom", "geometry"], None), (("nom", "__geometry"), ["nom"], 2),
        (("nom",), ["nom"], None), ((), ["nom", "geometry"], 2),
    ],
)  # fmt: skip
def test_a_column_called_geometry_is_not_the_places(
    tmp_path: Path, agreed: tuple[str, ...], columns: list[str], places: int | None
) -> None:
    kinds = [("nom", ColumnType.TEXT), ("geometry", ColumnType.TEXT)]
    table = replace(
        write_table(tmp_path / "whole.parquet", kinds, [["Halle", "rond"]]),
        bbox=(-2.0, 48.0, -1.0, 49.0),
    )

    visible_columns, extract = extract_of(table, View(columns=agreed, rows=()))

    assert [column.name for column in visible_columns] == columns
    assert extract.places == places


@dataclass(frozen=True)
class PlainWriter:
    """What writes an extract at once."""

    async def write_extract(
        self, table: DatasetTable, subset: TableExtract, path: Path
    ) -> ExtractResult:
        return write_extract(table.path, path, subset)


@pytest.mark.parametrize(
    ("box", "hidden"), [(None, ""), ((-2.0, 48.0, -1.0, 49.0), "__geometry")]
)
async def test_a_column_called_geometry_that_is_withheld_is_not_the_places(
    tmp_path: Path, box: Bounds | None, hidden: str
) -> None:
    kinds = [("nom", ColumnType.TEXT), ("geometry", ColumnType.TEXT)]
    whole = write_table(tmp_path / "whole.parquet", kinds, [["Halle", "rond"]])
    table = replace(whole, bbox=box)
    passage: Any = SimpleNamespace(view=View(columns=("nom",), rows=()))
    writer: Any = PlainWriter()

    opened = await TableViews(writer).open_view(table, passage)

    assert opened.hidden == {"geometry", hidden} - {""}
    assert opened.hidden_places == hidden


@pytest.mark.parametrize(
    "view",
    [
        View(columns=("absent",), rows=()),
        View(columns=("code", "absent"), rows=()),
        View(
            columns=(),
            rows=(RowFilter(column="absent", operator=Operator.EQ, values=("1",)),),
        ),
        View(
            columns=(),
            rows=(RowFilter(column="jour", operator=Operator.EQ, values=("hier",)),),
        ),
        View(
            columns=(),
            rows=(RowFilter(column="jour", operator=Operator.EQ, values=()),),
        ),
        View(
            columns=(),
            rows=(RowFilter(column="code", operator=Operator.EQ, values=("1", "2")),),
        ),
    ],
)
def test_what_does_not_fit_the_table_shows_nothing(tmp_path: Path, view: View) -> None:
    table = write_table(tmp_path / "whole.parquet", COLUMNS, ROWS)

    with pytest.raises(AgreementMismatchError):
        extract_of(table, view)


def test_what_is_no_number_passes_no_filter(tmp_path: Path) -> None:
    table = write_table(
        tmp_path / "whole.parquet",
        [("x", ColumnType.NUMBER)],
        [[1.0], [math.nan], [None]],
    )
    view = View(
        columns=(), rows=(RowFilter(column="x", operator=Operator.GT, values=("0",)),)
    )

    _, extract = extract_of(table, view)
    write_extract(table.path, tmp_path / "view.parquet", extract)

    assert [row[1] for row in rows_of(tmp_path / "view.parquet")] == [1.0]
