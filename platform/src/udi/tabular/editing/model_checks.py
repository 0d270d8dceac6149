"""Some rows against the model of their table, as a whole file is checked."""

import csv
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from udi.tabular.columns.column import LINE
from udi.tabular.sandbox.duckdb_sandbox import connect, literal
from udi.tabular.schemas.declarations import DeclaredSchema, load_schema_folder
from udi.tabular.schemas.report import SchemaCellError
from udi.tabular.schemas.validation import validate_table


def check_rows(
    rows: Mapping[int, Sequence[str]],
    names: Sequence[str],
    declared: DeclaredSchema | None,
    schemas: Path | None,
    folder: Path,
) -> list[SchemaCellError]:
    """What the model refuses in these cells, with the number of their row as the line; nothing without a model.

    Whether a value is unique is known of these rows alone: the check of the whole file says the rest.
    """
    if declared is None or not rows:
        return []
    schema = declared.find_schema(load_schema_folder(schemas), list(names))
    if schema is None:
        return []
    with tempfile.TemporaryDirectory(dir=folder, prefix="checking-") as scratch:
        texts = Path(scratch) / "texts.parquet"
        _write_texts(rows, names, texts)
        report = validate_table(texts, names, schema, scratch=Path(scratch))
    return list(report.errors)


def _write_texts(
    rows: Mapping[int, Sequence[str]], names: Sequence[str], target: Path
) -> None:
    plain = target.with_suffix(".csv")
    with plain.open("w", encoding="utf-8", errors="replace", newline="") as file:
        write = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow
        for number, cells in rows.items():
            write([number, *cells])
    columns = ", ".join(
        f"{literal(name)}: '{kind}'"
        for name, kind in [(LINE, "bigint"), *((name, "varchar") for name in names)]
    )
    connection = connect(target.parent)
    try:
        connection.execute(
            f"copy (select * from read_csv({literal(plain)}, columns = {{{columns}}}, auto_detect = false, header = false,"
            f" delim = ',', quote = '\"', escape = '\"', strict_mode = true)) to {literal(target)} (format parquet)"
        )
    finally:
        connection.close()
