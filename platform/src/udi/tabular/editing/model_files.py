"""A table filled on a page by its model: a plain CSV with the model's columns, which is read as it was filled.

Runs in a child process.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from udi.tabular.editing.editable_files import open_table
from udi.tabular.editing.model_checks import check_rows
from udi.tabular.editing.table_changes import UneditableTableError
from udi.tabular.formats.source import SourceFile
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.profile import Profile, profile_source
from udi.tabular.schemas.declarations import DeclaredSchema, load_schema_folder
from udi.tabular.schemas.report import SchemaCellError


@dataclass(frozen=True)
class ModelRows:
    """Rows of a model, by its name; unless `is_checked`, cells that it refuses are written all the same."""

    model: str
    rows: tuple[tuple[str, ...], ...]
    is_checked: bool = True


@dataclass(frozen=True)
class FilledFile:
    """What was written: its profile and how it is read, as JSON; or the cells that the model refuses, or why it is not."""

    profile: dict[str, Any] | None = None
    corrections: dict[str, Any] | None = None
    faults: tuple[SchemaCellError, ...] = ()
    refusal: str = ""


def write_model_file(
    target: Path, name: str, filled: ModelRows, schemas: Path | None = None
) -> FilledFile:
    """Write rows to `target`, in the order of the model's columns, under the file's `name`."""
    schema = load_schema_folder(schemas).find_schema(filled.model)
    if schema is None:
        return FilledFile(refusal="model")
    names = [field.name for field in schema.fields]
    declared = DeclaredSchema(filled.model)
    if filled.is_checked:
        rows = dict(enumerate(filled.rows))
        faults = check_rows(rows, names, declared, schemas, target.parent)
        if faults:
            return FilledFile(faults=tuple(faults))
    with target.open("w", encoding="utf-8", errors="strict", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(filled.rows)
    corrections = Corrections(header_line=1, schema=declared)
    for reading in (
        corrections,
        replace(corrections, encoding="UTF-8", delimiter=","),
    ):
        if _is_read_as_filled(target, name, reading, names, filled.rows):
            source = replace(SourceFile.at(target), name=name)
            profile: Profile = profile_source(source, reading)
            return FilledFile(profile.as_json(), reading.as_json())
    return FilledFile(refusal="other_reading")


def _is_read_as_filled(
    path: Path,
    name: str,
    corrections: Corrections,
    names: Sequence[str],
    rows: Sequence[tuple[str, ...]],
) -> bool:
    try:
        table = open_table(path, name, corrections)
    except UneditableTableError:
        return False
    return table.names == tuple(names) and table.rows == tuple(rows)
