"""What is found out about a file once, in a process of its own: its table, cells that do not fit, people, dangers."""

import importlib
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from udi.tabular.columns.cell_list import CellListFolder
from udi.tabular.formats.file_kind import HEAD, recognise_kind
from udi.tabular.formats.source import SourceFile
from udi.tabular.geo.recognition import find_place_columns, may_be_map
from udi.tabular.messages.optional_work import allow_failure
from udi.tabular.personal.detection import detect_personal_data
from udi.tabular.profiles.conversion import TableConversion, convert_table
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.coverage import compute_coverage
from udi.tabular.profiles.named_tables import NamedTableFolder
from udi.tabular.profiles.profile import Profile, profile_path
from udi.tabular.profiles.remainder import search_remainder
from udi.tabular.profiles.table_facts import inspect_table
from udi.tabular.safety.inspection import inspect_file
from udi.tabular.sandbox.parquet_views import open_parquet_views
from udi.tabular.schemas.declarations import (
    DeclaredSchema,
    load_models,
    load_schema_folder,
    suggest_schemas,
)
from udi.tabular.schemas.folder import SchemaFolder
from udi.tabular.schemas.validation import validate_table

Json = dict[str, Any]
CELLS = "cells.jsonl.gz"
"""Every cell to look at, beside the table; `udi.tabular.columns.cell_list` says what a line holds."""
LISTING = "listing"
"""Folder of its parts; deleted with the folder of the preparation, as this is:"""
TEXTS = "texts.parquet"
"""The cells as the file writes them, for the check against a schema; deleted with the folder of the preparation."""
TABLES = "tables"
"""Folder of the tables beside the main one, in the folder of the preparation (`NamedTableFolder`)."""
MAPPED = "udi.tabular.geo.map_conversion"
"""Loaded in the child alone, since GDAL comes with it: the process that runs this imports its name."""


@dataclass(frozen=True)
class FileAnalysis:
    """What the child answers, as plain JSON; `table` is whether it wrote the typed table, `listed` how many cells its list has.

    `facts` are `Findings`, `looks_like` the schemas that it seems to follow, `schema` the report on the one it is said to,
    `unsearched` the parts of the file in which nobody can look for people.
    """

    profile: Json
    table: bool = False
    errors: list[Json] = field(default_factory=list)
    counts: list[Json] = field(default_factory=list)
    personal: list[Json] = field(default_factory=list)
    safety: list[Json] = field(default_factory=list)
    facts: Json = field(default_factory=dict)
    coverage: Json = field(default_factory=dict)
    looks_like: list[Json] = field(default_factory=list)
    schema: Json = field(default_factory=dict)
    listed: int = 0
    unsearched: list[str] = field(default_factory=list)
    tables: list[Json] = field(default_factory=list)
    """The tables beside the main one (`NamedTable`), in the order of the files of `TABLES`."""
    tables_left: list[str] = field(default_factory=list)
    """The titles of those that are not read."""
    tables_dropped: list[str] = field(default_factory=list)
    """The titles of those that their producer leaves out."""
    repairs: list[Json] = field(default_factory=list)
    """What differs from the file, where a mended copy or zeros put back were asked for."""


def preload_imports() -> None:
    """Read the models of tables once: a child that was asked for it has also done its imports."""
    load_models()


def prepare(
    source: Path,
    name: str,
    corrections: Json,
    target: Path,
    schemas: Path | None = None,
) -> FileAnalysis:
    """Understand a local file, and write its typed table to `target` when it is one, `CELLS` beside it.

    Never raises on what it holds, only on a full disk.

    `schemas` is the folder of those that tables may follow.
    """
    corrected = Corrections.from_json(corrections)
    profile = profile_path(source, name, corrected)
    kind = recognise_kind(SourceFile.at(source, name).head(HEAD), name)
    safety = [finding.as_json() for finding in inspect_file(source, name, kind)]
    listing = CellListFolder(target.parent / LISTING)
    converted = _convert_table(source, name, profile, corrected, target, listing)
    if converted is not None and not converted.failure:
        table = converted
    else:
        table = None
    tables = NamedTableFolder(target.parent / TABLES, frozenset(corrected.left_out))
    rest = _inspect_rest(
        source, name, converted or TableConversion(profile), target, tables
    )
    rest = replace(rest, safety=safety)
    if table is None:
        return rest
    counts = [
        {"column": column, "code": code, "count": count}
        for (column, code), count in table.errors.counts.most_common()
    ]
    people = detect_personal_data(target, table.profile.columns, table.other_headers)
    prepared = replace(
        rest,
        table=True,
        errors=[error.as_json() for error in table.errors.listed],
        counts=counts,
        personal=[
            *(personal_finding.as_json() for personal_finding in people.findings),
            *rest.personal,
        ],
        repairs=[repair.as_json() for repair in table.repairs],
    )
    advised = _add_table_findings(
        prepared,
        target,
        table.profile,
        corrected.schema,
        load_schema_folder(schemas),
        listing,
    )
    return replace(advised, listed=listing.write(target.parent / CELLS))


def _inspect_rest(
    source: Path,
    name: str,
    converted: TableConversion,
    target: Path,
    tables: NamedTableFolder,
) -> FileAnalysis:
    """What the file says of people besides its table, and the tables that it has besides."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="rest-") as folder:
        rest = search_remainder(
            source, name, converted.profile, Path(folder), _convert_table, tables
        )
    return FileAnalysis(
        converted.profile.as_json(),
        personal=[finding.as_json() for finding in rest.findings],
        unsearched=rest.unsearched,
        tables=[named_table.as_json() for named_table in tables.tables],
        tables_left=tables.left,
        tables_dropped=tables.dropped,
    )


def _convert_table(
    source: Path,
    name: str,
    profile: Profile,
    corrected: Corrections,
    target: Path,
    listing: CellListFolder | None = None,
) -> TableConversion | None:
    """The typed table, with places where the file says them; None for what is no table. Here only GDAL is loaded, for these."""
    done: TableConversion | None = None
    options: dict[str, Any] = {
        "file_name": name,
        "corrections": corrected,
        "listing": listing,
    }
    if may_be_map(source, profile):
        mapped = importlib.import_module(MAPPED)
        done = mapped.convert_map(source, profile, target, **options)
    if done is None and profile.is_table:
        texts = target.parent / TEXTS if corrected.schema else None
        done = convert_table(source, profile, target, texts=texts, **options)
        done = _add_places(target, done)
    return done


def _add_places(target: Path, converted: TableConversion) -> TableConversion:
    """The same table with the places of its rows, where its columns say them."""
    placing = None
    if not converted.failure:
        with allow_failure():
            placing = find_place_columns(target, converted.profile.columns)
    if placing is None:
        return converted
    mapped = importlib.import_module(MAPPED)
    placed: TableConversion = mapped.add_places(target, converted, placing)
    return placed


def _add_table_findings(
    prepared: FileAnalysis,
    table: Path,
    profile: Profile,
    declared: DeclaredSchema | None,
    schema_folder: SchemaFolder,
    listing: CellListFolder,
) -> FileAnalysis:
    """With what advice needs; what DuckDB cannot do in its memory is left out."""
    names = [column.name for column in profile.columns]
    texts = table.parent / TEXTS
    with (
        allow_failure(),
        open_parquet_views(table, scratch=table.parent) as connection,
    ):
        facts = inspect_table(connection, profile.columns)
        covered = compute_coverage(connection, profile.columns)
        prepared = replace(prepared, facts=facts.as_json(), coverage=covered.as_json())
    prepared = replace(
        prepared,
        looks_like=[
            proposal.as_json() for proposal in suggest_schemas(names, schema_folder)
        ],
    )
    schema = declared.find_schema(schema_folder, names) if declared else None
    if schema is not None and texts.exists():
        with allow_failure():
            report = validate_table(
                texts, names, schema, scratch=table.parent, every=listing.schema_errors
            )
            if report.wrong_cells and not listing.schema_errors.exists():
                listing.mark_incomplete()
            prepared = replace(
                prepared, schema={**report.as_json(), "address": schema.address}
            )
    return prepared
