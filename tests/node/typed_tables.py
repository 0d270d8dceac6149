"""Typed tables for tests: columns of text written as the Parquet that a conversion gives."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cursors import open_cursor
from udi.tabular.columns.column import LINE, ColumnType, TypedColumn
from udi.tabular.sandbox.duckdb_sandbox import identifier


@dataclass(frozen=True)
class TextColumn:
    """A column with its values as text; an empty one is none."""

    name: str
    values: Sequence[str]
    type: ColumnType = ColumnType.TEXT


def write_table(
    folder: Path, text_columns: Sequence[TextColumn], *, name: str = "table"
) -> tuple[Path, list[TypedColumn]]:
    """The Parquet of these columns and what they are; lines count from 2, as below a header."""
    columns = [TypedColumn(column.name, column.type) for column in text_columns]
    text = folder / f"{name}.csv"
    parquet = folder / f"{name}.parquet"
    with text.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for line, record in enumerate(
            zip(*(column.values for column in text_columns), strict=True), start=2
        ):
            writer.writerow(
                [line, *(cell.replace("\x00", "").replace("\r", "") for cell in record)]
            )
    read = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(text_columns)))
    typed_values = ", ".join(
        f"try_cast(nullif(c{index}, '') AS {column.sql_type}) AS {identifier(column.name)}"
        for index, column in enumerate(columns)
    )
    with open_cursor() as connection:
        connection.execute(
            f"COPY (SELECT l AS {LINE}, {typed_values} FROM read_csv('{text}', header = false, delim = ',', quote = '\"', "
            f"escape = '\"', auto_detect = false, parallel = false, strict_mode = true, max_line_size = 20000000, "
            f"columns = {{'l': 'BIGINT', {read}}})) TO '{parquet}' (FORMAT parquet, COMPRESSION zstd)"
        )
    text.unlink()
    return parquet, columns
