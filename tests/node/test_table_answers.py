"""Questions about tables: the engine against a model in plain Python, and what is too much for it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.depth import examples, only
from tests.node import table_model as model
from tests.node.made_tables import table_at, write_table
from udi.kit.errors import UnavailableError
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.queries.pool import PoolLimits, QueryPool, QueryTooHeavyError
from udi.tabular.queries.query import (
    ROW,
    SEARCHED,
    VALUELESS,
    Aggregate,
    AllOf,
    AnyOf,
    Filter,
    GroupStep,
    Measure,
    Operator,
    Query,
    Sort,
    StepUnit,
    allowed_operations,
    allowed_steps,
    column_at,
)  # fmt: skip
from udi.tabular.queries.query_string import read_query
from udi.tabular.queries.row_pages import RowPageReader
from udi.tabular.queries.sql import Statement

pytestmark = pytest.mark.programs

PATIENCE = 60
PATIENT = PoolLimits(seconds=120, patience=120)
NAMES = ["a__b", 'q"uote', "d.ot", "été", "with space", "x__exact", "n__sum", "a,b", "(p)", "Nom", "nom", "__line",
         "file_row_number", "page", "or", "columns", "'; drop", "_", "c0", "r"]  # fmt: skip
TYPES = [ColumnType.TEXT, ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.BOOLEAN, ColumnType.DATE,
         ColumnType.DATETIME, ColumnType.TIME, ColumnType.CODE]  # fmt: skip
TEXTS = st.text("aAbBéÉ1 ,\"'\\.%_()=&+-", max_size=4)
CELLS: dict[ColumnType, st.SearchStrategy[Any]] = {
    ColumnType.TEXT: TEXTS,
    ColumnType.CODE: TEXTS,
    ColumnType.INTEGER: st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1)),
    ColumnType.NUMBER: st.integers(-40, 40).map(lambda number: number / 8 + 0.0),
    ColumnType.BOOLEAN: st.booleans(),
    ColumnType.DATE: st.dates(date(1, 1, 1), date(2100, 1, 1)),
    ColumnType.DATETIME: st.integers(0, 10**9).map(
        lambda seconds: datetime.fromtimestamp(seconds, tz=None)  # noqa: DTZ006
    ),
    ColumnType.TIME: st.builds(
        time, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59)
    ),
}


@pytest.fixture(scope="module")
async def answers() -> AsyncIterator[RowPageReader]:
    """A pool that has time: the machine may be busy."""
    reader = RowPageReader(QueryPool(PATIENT))
    yield reader
    await reader.close()


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[tuple[str, ColumnType]], list[list[Any]]]:
    columns = [
        (name, draw(st.sampled_from(TYPES)))
        for name in draw(
            st.lists(
                st.sampled_from(NAMES), min_size=1, max_size=5, unique_by=str.lower
            )
        )
    ]
    cells = [st.none() | CELLS[kind] for _, kind in columns]
    return columns, [
        list(row) for row in draw(st.lists(st.tuples(*cells), max_size=12))
    ]


@st.composite
def filters(
    draw: st.DrawFn, columns: tuple[TypedColumn, ...], rows: list[list[Any]]
) -> Filter:
    rank = draw(st.integers(ROW, len(columns) - 1))
    column = column_at(columns, rank)
    operator = draw(
        st.sampled_from(
            [
                candidate
                for candidate in Operator
                if candidate in allowed_operations(column)
            ]
        )
    )
    if operator in VALUELESS:
        return Filter(rank, operator)
    if rank >= 0:
        cells = [row[rank] for row in rows if row[rank] is not None]
    else:
        cells = list(range(1, len(rows) + 1))
    value = CELLS[column.type] if rank >= 0 else st.integers(0, 20)
    if operator in SEARCHED:
        value = TEXTS
        cells = [str(model.as_json(cell)) for cell in cells]
    values = st.sampled_from(cells) | value if cells else value
    most = 3 if operator in {Operator.IN, Operator.NOT_IN} else 1
    return Filter(
        rank, operator, tuple(draw(st.lists(values, min_size=1, max_size=most)))
    )


@st.composite
def questions(
    draw: st.DrawFn, columns: tuple[TypedColumn, ...], rows: list[list[Any]]
) -> Query:
    single_filter = filters(columns, rows)
    inner = single_filter | st.lists(single_filter, min_size=1, max_size=2).map(
        lambda parts: AllOf(tuple(parts))
    )
    combined = st.lists(inner, min_size=1, max_size=3).map(
        lambda parts: AnyOf(tuple(parts))
    )
    where = tuple(draw(st.lists(single_filter | combined, max_size=2)))
    ranks = st.integers(0, len(columns) - 1)
    page = draw(st.integers(1, 4))
    size = draw(st.sampled_from([1, 2, 5, 200]))
    if draw(st.booleans()):
        column_ranks = draw(
            st.none()
            | st.lists(st.integers(ROW, len(columns) - 1), min_size=1, unique=True).map(
                tuple
            )
        )
        sort = draw(
            st.lists(
                st.builds(Sort, st.integers(ROW, len(columns) - 1), st.booleans()),
                max_size=2,
            )
        )
        return Query(where, tuple(sort), columns=column_ranks, page=page, size=size)
    groups = tuple(draw(st.lists(ranks, max_size=2, unique=True)))
    measures = tuple(
        draw(
            st.lists(
                ranks.flatmap(lambda rank: st.sampled_from(_measures(columns, rank))),
                min_size=not groups,
                max_size=2,
                unique=True,
            )
        )
    )
    if groups:
        sorts = [st.builds(Sort, st.sampled_from(groups), st.booleans())]
    else:
        sorts = []
    sorts += (
        [
            st.builds(
                lambda measure, down: Sort(measure.column, down, measure.aggregate),
                st.sampled_from(measures),
                st.booleans(),
            )
        ]
        if measures
        else []
    )
    sort = draw(st.lists(st.one_of(sorts), max_size=2))
    return Query(
        where,
        tuple(sort),
        groups,
        measures,
        page=page,
        size=size,
        steps=tuple(draw(steps(columns, groups))),
    )


@st.composite
def steps(
    draw: st.DrawFn, columns: tuple[TypedColumn, ...], groups: tuple[int, ...]
) -> list[GroupStep]:
    """Steps of some of the groups."""
    drawn_steps = []
    for rank in groups:
        units = allowed_steps(columns[rank])
        if units and draw(st.booleans()):
            unit = draw(st.sampled_from(units))
            width = draw(st.sampled_from([0.25, 1.0, 7.0])) * (unit is StepUnit.BIN)
            drawn_steps.append(GroupStep(rank, unit, width))
    return drawn_steps


def _measures(columns: tuple[TypedColumn, ...], rank: int) -> list[Measure]:
    return [
        Measure(rank, aggregate)
        for aggregate in Aggregate
        if aggregate in allowed_operations(columns[rank])
    ]


@given(st.data())
@settings(max_examples=examples(8, 60), suppress_health_check=list(HealthCheck))
async def test_any_question_about_any_table_is_answered_as_the_model_does(
    answers: RowPageReader, data: st.DataObject
) -> None:
    columns, rows = data.draw(tables())
    with tempfile.TemporaryDirectory() as folder:
        table = write_table(Path(folder) / "t.parquet", columns, rows)
        for _ in range(6):
            query = data.draw(questions(table.columns, rows))
            address = model.written(query, table.columns)

            assert read_query(address, table.columns) == query
            page = await answers.read_page(table, query)
            assert (page.total, _rounded(page.rows)) == _model(
                query, table.columns, rows
            ), address


def _model(
    query: Query, columns: tuple[TypedColumn, ...], rows: list[list[Any]]
) -> tuple[int, list[list[Any]]]:
    total, page = model.answer(query, columns, rows)
    return total, _rounded(page)


def _rounded(rows: list[list[Any]]) -> list[list[Any]]:
    return [
        [float(f"{cell:.9g}") if isinstance(cell, float) else cell for cell in row]
        for row in rows
    ]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Three hundred thousand rows, of which a few columns repeat."""
    path = tmp_path_factory.mktemp("many") / "t.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT i + 1 AS __line, i % 7 AS n, 'v' || (i % 1000) AS name FROM range(300000) t(i)) "
            f"TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        )
    columns = (
        TypedColumn("n", ColumnType.INTEGER),
        TypedColumn("name", ColumnType.TEXT),
    )
    return table_at(path, columns, 300_000)


async def page(answers: RowPageReader, table: Any, address: str) -> Any:
    return await answers.read_page(table, read_query(address, table.columns))


async def test_the_last_page_of_a_sort_is_read_from_its_end(
    answers: RowPageReader, many: Any
) -> None:
    first = await page(answers, many, "n__sort=asc&page_size=3")
    last = await page(answers, many, "n__sort=asc&page_size=3&page=100000")
    beyond = await page(answers, many, "n__sort=asc&page_size=3&page=100001")

    assert [row[0] for row in first.rows] == [1, 8, 15]
    assert [row[0] for row in last.rows] == [299_985, 299_992, 299_999]
    assert (beyond.rows, beyond.total) == ([], 300_000)


async def test_the_middle_of_a_long_sort_is_refused_and_that_of_the_file_is_not(
    answers: RowPageReader, many: Any
) -> None:
    with pytest.raises(QueryTooHeavyError) as refused:
        await page(answers, many, "n__sort=asc&page=7000")
    plain = await page(answers, many, "page=7000")
    filtered = await page(answers, many, "n__exact=3&page=2000")

    assert "download" in refused.value.remedy
    assert plain.rows[0][0] == 139_981
    assert filtered.rows[0][0] == 4 + 7 * 1999 * 20


@pytest.mark.parametrize(
    ("stored", "kind"),
    [("'NaN'::DOUBLE", ColumnType.NUMBER), ("'-inf'::DOUBLE", ColumnType.LATITUDE)],
)
async def test_what_is_not_a_number_is_nothing(
    answers: RowPageReader, tmp_path: Path, stored: str, kind: ColumnType
) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 1 AS __line, {stored} AS x) TO '{tmp_path}/t.parquet' (FORMAT parquet)"
        )
    table = table_at(tmp_path / "t.parquet", (TypedColumn("x", kind),), 1)

    assert (await page(answers, table, "")).items == [{"__id": 1, "x": None}]
    assert (await page(answers, table, "x__sum&x__avg&x__max")).items == [
        {"x__sum": None, "x__avg": None, "x__max": None}
    ]


async def test_geometries_and_lines_are_left_out_and_large_numbers_stay_whole(
    answers: RowPageReader, tmp_path: Path
) -> None:
    sql = "SELECT 9 AS __line, 9007199254740993 AS n, '\\x01'::BLOB AS geometry FROM range(3)"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({sql}) TO '{tmp_path}/t.parquet' (FORMAT parquet)")
    table = table_at(tmp_path / "t.parquet", (TypedColumn("n", ColumnType.INTEGER),), 3)

    assert (await page(answers, table, "page_size=1")).items == [
        {"__id": 1, "n": 9007199254740993}
    ]
    assert (await page(answers, table, "n__sum")).items == [
        {"n__sum": 27021597764222979}
    ]


async def test_rows_are_grouped_and_sorted_by_their_number_too(
    answers: RowPageReader, many: Any
) -> None:
    grouped = await page(
        answers, many, "__id__groupby&n__sum&__id__sort=desc&page_size=2"
    )
    largest = await page(
        answers, many, "n__groupby&__id__max&__id__max__sort=asc&page_size=1"
    )

    assert grouped.rows == [[300_000, 299_999 % 7], [299_999, 299_998 % 7]]
    assert largest.items == [{"n": 299_993 % 7, "__id__max": 299_994}]


@pytest.mark.parametrize(
    ("words", "row_numbers"),
    [
        ("tilleul 12", [1, 2]),
        ("12 TILLEUL", [1, 2]),
        ("ete", [1, 2, 3]),
        ("12", [1, 2, 4]),
        ("n°", [1]),
        ("7 été", [2]),
        ("1.", []),
    ],
)
async def test_words_and_numbers_are_met_in_any_column_and_order(
    answers: RowPageReader, tmp_path: Path, words: str, row_numbers: list[int]
) -> None:
    columns = [("espece", ColumnType.TEXT), ("saison", ColumnType.TEXT)]
    rows: list[list[Any]] = [
        ["Tilleul n° 12", "Été"],
        ["tilleul 7", "ete 12"],
        ["Chêne", "ÉTÉ"],
        [None, "12"],
    ]
    table = write_table(tmp_path / "t.parquet", columns, rows)

    answer = await page(answers, table, f"q={words}")

    assert [item["__id"] for item in answer.items] == row_numbers
    assert answer.total == len(row_numbers)


async def test_a_column_named_as_the_rows_number_takes_its_place(
    answers: RowPageReader, tmp_path: Path
) -> None:
    table = write_table(
        tmp_path / "t.parquet", [("__id", ColumnType.TEXT)], [["a"], ["b"]]
    )

    assert (await page(answers, table, "__id__exact=b")).items == [{"__id": "b"}]


BOMBS = [
    "SELECT count(*) FROM t a, t b, t c, t d",
    "WITH RECURSIVE x(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM x) SELECT count(*) FROM x",
    "SELECT max(i) FROM (SELECT i FROM range(10000000000) t(i) ORDER BY hash(i) LIMIT 5 OFFSET 4000000000)",
    "SELECT repeat('x', 1000000000), repeat('y', 1000000000)",
    "SELECT list(c1 || i) FROM t, range(10000) x(i)",
    "SELECT string_agg(c1, c1) FROM t, range(10000) x(i)",
]


@pytest.mark.parametrize("bomb", only({BOMBS[0], BOMBS[3]}, BOMBS))
async def test_a_bomb_is_ended_and_the_next_question_answered(
    many: Any, bomb: str
) -> None:
    pool = QueryPool(PoolLimits(children=1, own_children=1, seconds=20, patience=120))
    try:
        async with pool.acquire_reader("mairie", many.path) as reader:
            await reader.fetch(Statement("SELECT 1"))
        reader_limits = pool.limits
        pool.limits = PoolLimits(children=1, own_children=1, seconds=2)
        with pytest.raises((QueryTooHeavyError, UnavailableError)):
            async with pool.acquire_reader("mairie", many.path) as reader:
                await reader.fetch(Statement(bomb))
        pool.limits = reader_limits
        async with pool.acquire_reader("mairie", many.path) as reader:
            assert await reader.fetch(Statement("SELECT count(*) FROM t")) == [
                [300_000]
            ]
    finally:
        await pool.close()


async def test_a_child_without_a_processor_is_not_the_questions_fault(
    many: Any,
) -> None:
    pool = QueryPool(PoolLimits(seconds=60, patience=60))
    async with pool.acquire_reader("mairie", many.path) as reader:
        await reader.fetch(Statement("SELECT 1"))
    psutil.Process(pool.pids[0]).suspend()
    pool.limits = PoolLimits(seconds=0.5)
    with pytest.raises(UnavailableError) as busy:
        async with pool.acquire_reader("mairie", many.path) as reader:
            await reader.fetch(Statement("SELECT 1"))
    assert busy.value.headers["Retry-After"]
    assert pool.pids == []


async def test_a_long_answer_is_refused(answers: RowPageReader, tmp_path: Path) -> None:
    table = write_table(
        tmp_path / "t.parquet", [("x", ColumnType.TEXT)], [["x" * 3_000_000]] * 12
    )

    with pytest.raises(QueryTooHeavyError) as refused:
        await page(answers, table, "page_size=12")
    assert "page_size" in refused.value.remedy
    assert len((await page(answers, table, "page_size=2")).rows) == 2


async def test_a_child_that_was_killed_is_replaced(many: Any) -> None:
    pool = QueryPool(PATIENT)
    answers = RowPageReader(pool)
    await page(answers, many, "page_size=1")
    (first,) = pool.pids
    [(child, *_)] = pool._idle
    psutil.Process(first).kill()
    async with asyncio.timeout(PATIENCE):
        while child.is_alive:  # noqa: ASYNC110 - a killed child says nothing
            await asyncio.sleep(0.02)

    assert len((await page(answers, many, "page_size=1")).rows) == 1
    assert pool.pids != [first]
    await answers.close()
    assert pool.pids == []


async def test_a_child_that_nobody_asks_lets_go_of_the_files_that_it_opened(
    many: Any,
) -> None:
    pool = QueryPool(PoolLimits(seconds=120, patience=120, idle=0.2))
    answers = RowPageReader(pool)
    await page(answers, many, "page_size=1")
    (first,) = pool.pids

    await asyncio.to_thread(psutil.wait_procs, [psutil.Process(first)], PATIENCE)

    assert pool.pids == []
    assert len((await page(answers, many, "page_size=1")).rows) == 1
    await answers.close()


async def test_a_slow_space_does_not_keep_another_waiting(many: Any) -> None:
    pool = QueryPool(PATIENT)
    slow = Statement(
        "SELECT count(*) FROM t a, range(100000) b WHERE a.n + b.range < 0"
    )

    async def drag(reader_of: str) -> None:
        async with pool.acquire_reader(reader_of, many.path) as reader:
            await reader.fetch(slow)

    flood = [asyncio.create_task(drag("flood")) for _ in range(8)]
    try:
        await asyncio.sleep(0)
        async with pool.acquire_reader("quiet", many.path) as reader:
            assert await reader.fetch(Statement("SELECT count(*) FROM t")) == [
                [300_000]
            ]
        assert not any(task.done() for task in flood)
    finally:
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
        await pool.close()
