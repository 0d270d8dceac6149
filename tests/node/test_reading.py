"""A DuckDB that reads the files it is given and nothing else."""

from pathlib import Path

import duckdb
import pytest

from tests.node.texts import write_texts
from udi.tabular.sandbox.duckdb_sandbox import identifier
from udi.tabular.sandbox.parquet_views import open_parquet_views

FORBIDDEN = (
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_parquet('{other}')",
    "SELECT * FROM glob('/etc/*')",
    "ATTACH '{other}.db'",
    "COPY (SELECT 1) TO '{other}.csv'",
    "SET enable_external_access = true",
    "SET memory_limit = '64GB'",
    "INSTALL httpfs",
)


@pytest.mark.parametrize("with_scratch", [True, False])
def test_nothing_else_can_be_reached(tmp_path: Path, *, with_scratch: bool) -> None:
    table = write_texts(tmp_path / "it's.parquet", ["a"], [["x"], ["y"]])
    other = write_texts(tmp_path / "other.parquet", ["a"], [["secret"]])
    (tmp_path / "scratch").mkdir()

    with open_parquet_views(
        table, scratch=tmp_path / "scratch" if with_scratch else None
    ) as connection:
        assert connection.execute("SELECT count(*) FROM table0").fetchone() == (2,)
        for statement in FORBIDDEN:
            with pytest.raises(duckdb.Error):
                connection.execute(statement.format(other=other)).fetchall()


def test_what_exceeds_memory_goes_to_the_scratch_folder_or_fails_cleanly(
    tmp_path: Path,
) -> None:
    table = write_texts(tmp_path / "t.parquet", ["a"], [["x"]])
    heavy = "SELECT count(*) FROM (SELECT repeat('x', 100) || i AS x FROM range(600_000) r(i) GROUP BY x)"

    with (
        open_parquet_views(table, memory="40MB", threads=1) as connection,
        pytest.raises(duckdb.OutOfMemoryException),
    ):
        connection.execute(heavy).fetchone()
    with open_parquet_views(
        table, scratch=tmp_path, memory="40MB", threads=1
    ) as connection:
        assert connection.execute(heavy).fetchone() == (600_000,)


def test_a_name_is_quoted() -> None:
    assert identifier('a"b') == '"a""b"'
