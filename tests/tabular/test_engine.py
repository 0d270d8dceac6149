"""The connections that a child keeps open on the tables it is asked about."""

import json
import os
from pathlib import Path

import pytest

from tests.node.made_tables import write_table
from udi.tabular.columns.column import ColumnType
from udi.tabular.sandbox import engine
from udi.tabular.sandbox.duckdb_sandbox import Connection

COLUMNS = [("name", ColumnType.TEXT)]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that the engine opened, in order."""
    paths: list[Path] = []
    open_parquet = engine.open_parquet

    def note(path: Path) -> Connection:
        paths.append(path)
        return open_parquet(path)

    monkeypatch.setattr(engine, "open_parquet", note)
    return paths


def names(path: Path) -> list[str]:
    rows = json.loads(engine.fetch(path, "SELECT c0 FROM t", ()))
    return [name for [name] in rows]


def test_fetch_reuses_the_connection_of_a_file_whose_time_was_set(
    tmp_path: Path, opened: list[Path]
) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, COLUMNS, [["Rue A"]])

    assert names(path) == ["Rue A"]
    os.utime(path, (1, 1))  # as each request does
    assert names(path) == ["Rue A"]

    assert opened == [path]


def test_fetch_reads_a_file_that_took_the_place_of_another(
    tmp_path: Path, opened: list[Path]
) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, COLUMNS, [["Rue A"]])
    assert names(path) == ["Rue A"]

    arriving = tmp_path / "arriving.parquet"
    write_table(arriving, COLUMNS, [["Rue B"]])
    arriving.replace(path)

    assert names(path) == ["Rue B"]
    assert opened == [path, path]
