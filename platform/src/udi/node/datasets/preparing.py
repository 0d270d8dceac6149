"""What is found out about a file once, in a process of its own: its table, cells that do not fit, people, dangers."""

import importlib
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from udi.node.tables.corrections import Corrections
from udi.node.tables.findings import inspect_table
from udi.node.tables.kind import HEAD, recognise
from udi.node.tables.listing import Listing
from udi.node.tables.metadata import cover
from udi.node.tables.personal.look import look_for_personal_data
from udi.node.tables.personal.rest import Rest, search_rest
from udi.node.tables.profile import Profile, profile_path
from udi.node.tables.room import left_out
from udi.node.tables.safety.inspect import inspect_file
from udi.node.tables.schemas.check import check
from udi.node.tables.schemas.declared import Declared, propose, shelf_of
from udi.node.tables.schemas.folder import Shelf
from udi.node.tables.source import Source
from udi.node.tables.typed import Converted, convert

Json = dict[str, Any]
CELLS = "cells.jsonl.gz"
"""Every cell to look at, beside the table; `udi.node.tables.listing` says what a line holds."""
LISTING = "listing"
"""Folder of its parts; deleted with the folder of the preparation, as this is:"""
TEXTS = "texts.parquet"
"""The cells as the file writes them, for the check against a schema; deleted with the folder of the preparation."""
MAPPED = "udi.node.tables.mapped"
"""Loaded in the child alone, since GDAL comes with it: the process that runs this imports its name."""


@dataclass(frozen=True)
class Prepared:
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


def warm() -> None:
    """Nothing: a child that was asked for it has done its imports."""


def prepare(source: Path, name: str, corrections: Json, target: Path, schemas: Path | None = None) -> Prepared:
    """Understand a local file, and write its typed table to `target` when it is one, `CELLS` beside it.

    Never raises on what it holds, only on a full disk.

    `schemas` is the folder of those that tables may follow.
    """
    corrected = Corrections.from_json(corrections)
    profile = profile_path(source, name, corrected)
    kind = recognise(Source.at(source, name).head(HEAD), name)
    safety = [finding.as_json() for finding in inspect_file(source, name, kind)]
    listing = Listing(target.parent / LISTING)
    converted = _converted(source, name, profile, corrected, target, listing)
    table = converted if converted is not None and not converted.failure else None
    rest = _search_rest(source, name, (converted or Converted(profile)).profile, target.parent)
    elsewhere = [one.as_json() for one in rest.findings]
    if table is None:
        told = (converted or Converted(profile)).profile.as_json()
        return Prepared(told, safety=safety, personal=elsewhere, unsearched=rest.unsearched)
    counts = [
        {"column": column, "code": code, "count": count} for (column, code), count in table.errors.counts.most_common()
    ]
    people = look_for_personal_data(target, table.profile.columns, table.other_headers)
    prepared = Prepared(
        table.profile.as_json(),
        table=True,
        errors=[error.as_json() for error in table.errors.listed],
        counts=counts,
        personal=[*(one.as_json() for one in people.findings), *elsewhere],
        safety=safety,
        unsearched=rest.unsearched,
    )
    advised = _advised(prepared, target, table.profile, corrected.schema, shelf_of(schemas), listing)
    return replace(advised, listed=listing.write(target.parent / CELLS))


def _search_rest(source: Path, name: str, profile: Profile, folder: Path) -> Rest:
    """What the file says of people besides its table."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="rest-") as made:
        return search_rest(source, name, profile, Path(made), _converted)


def _converted(
    source: Path, name: str, profile: Profile, corrected: Corrections, target: Path, listing: Listing | None = None
) -> Converted | None:
    """The typed table, with places where the file says them; None for what is no table. Here only GDAL is loaded."""
    mapped = importlib.import_module(MAPPED)
    told: dict[str, Any] = {"file_name": name, "corrections": corrected, "listing": listing}
    done: Converted | None = mapped.convert_map(source, profile, target, **told)
    if done is None and profile.is_table:
        texts = target.parent / TEXTS if corrected.schema else None
        done = convert(source, profile, target, texts=texts, **told)
        done = mapped.add_places(target, done)
    return done


def _advised(
    prepared: Prepared, table: Path, profile: Profile, declared: Declared | None, shelf: Shelf, listing: Listing
) -> Prepared:
    """With what advice needs; what DuckDB cannot do in its memory is left out."""
    names, texts = [column.name for column in profile.columns], table.parent / TEXTS
    with left_out():
        facts, covered = inspect_table(table, profile.columns, scratch=table.parent), cover(table, profile.columns)
        prepared = replace(prepared, facts=facts.as_json(), coverage=covered.as_json())
    prepared = replace(prepared, looks_like=[one.as_json() for one in propose(names, shelf)])
    schema = declared.find(shelf, names) if declared else None
    if schema is not None and texts.exists():
        with left_out():
            report = check(texts, names, schema, scratch=table.parent, every=listing.asked)
            if report.wrong_cells and not listing.asked.exists():
                listing.give_up()
            prepared = replace(prepared, schema={**report.as_json(), "address": schema.address})
    return prepared
