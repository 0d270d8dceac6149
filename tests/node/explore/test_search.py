"""Words are met whatever their capitals and accents, in any column of text."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.node.made_tables import write_table
from udi.tabular.columns.column import ColumnType
from udi.tabular.queries.pool import PoolLimits, QueryPool
from udi.tabular.queries.query_string import read_query
from udi.tabular.queries.row_pages import RowPageReader

pytestmark = pytest.mark.programs
COLUMNS = [
    ("nom", ColumnType.TEXT),
    ("code", ColumnType.CODE),
    ("nombre", ColumnType.INTEGER),
]
ROWS: list[list[Any]] = [
    ["École de l'Hêtre", "00700", 7],
    ["ecole du port", None, 8],
    ["Œuvre 100 % (a+b)", "X.1", 9],
    [None, None, 10],
]


@pytest.fixture
async def answers() -> AsyncIterator[RowPageReader]:
    reader = RowPageReader(QueryPool(PoolLimits(seconds=60, patience=60)))
    yield reader
    await reader.close()


async def test_words_are_met_in_any_column_of_text(
    tmp_path: Path, answers: RowPageReader
) -> None:
    table = write_table(tmp_path / "table.parquet", COLUMNS, ROWS)
    expected = {
        "ÉCOLE": [1, 2],
        "ecole hetre": [1],
        "école 007": [1],
        "hêtre port": [],
        "00700": [1],
        "7": [1],
        "8": [],
        "(a+b)": [3],
        "100 %": [3],
        "x.1": [3],
        "xx1": [],
        "œuvre": [3],
        " ": [1, 2, 3, 4],
    }

    for words, numbers in expected.items():
        query = read_query(urlencode({"q": words}), table.columns)
        page = await answers.read_page(table, query)
        assert ([row[0] for row in page.rows], page.total) == (
            numbers,
            len(numbers),
        ), words
