"""Maps as typed tables with their places, and tables that say where their rows are with places beside them.

Loads GDAL: only a child may import it.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from udi.kit.disk_space import is_full
from udi.node.tables.column import BOX, GEOMETRY, LINE, TypedColumn
from udi.node.tables.corrections import NONE, Corrections
from udi.node.tables.errors import CellError, Errors
from udi.node.tables.geo_convert import GeoConverted, convert_geo
from udi.node.tables.geo_crs import system_name
from udi.node.tables.geo_source import NO_MAP
from udi.node.tables.geoparquet import geo_metadata
from udi.node.tables.listing import Listing
from udi.node.tables.locked import connect, literal, quoted
from udi.node.tables.notes import Note
from udi.node.tables.places import CROSSED, FLAT, MISSING, MOST_ERRORS, Gathered, Tell, shown_kind
from udi.node.tables.points import points_of, with_places
from udi.node.tables.profile import SHOWN_CHARACTERS, SHOWN_LINES, Profile
from udi.node.tables.remarks import PlaceError, Remark, UnreadableError
from udi.node.tables.sheets import Sheet
from udi.node.tables.typed import Converted, period
from udi.node.tables.types import column_types

PERHAPS = {"ZIP", "Gzip", "XML", "JSON"}
"""Kinds of files that may hold a map."""
SHAPED = {"geometry", "geometry.coordinates"}
"""Columns that a list of features has when it is read as a list of objects."""
KEPT = {MISSING.message: "no_place", FLAT.message: "flat_place", CROSSED.message: "crossed_place"}
"""What is said of all such rows at once: their cell is as it was in the file."""
LONGEST_SYSTEM = 120


def convert_map(
    source: Path,
    profile: Profile,
    target: Path,
    *,
    file_name: str = "",
    corrections: Corrections = NONE,
    listing: Listing | None = None,
) -> Converted | None:
    """Write the typed table of a map to `target`; None for a file that is none. Never raises on what the file holds.

    A layer that was chosen in an earlier file and is not in this one leaves the choice to us.
    """
    if not _may_be_map(source, profile):
        return None
    if listing is not None:
        listing.begin()
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="mapping-") as folder:
            done = convert_geo(
                source,
                corrections.sheet,
                target,
                Path(folder),
                name=file_name,
                crs=corrections.crs,
                guess=_guess,
                tell=_teller(listing),
            )
        return _converted(profile, done, target)
    except UnreadableError as error:
        target.unlink(missing_ok=True)
        if corrections.sheet:
            other = replace(corrections, sheet="")
            return convert_map(source, profile, target, file_name=file_name, corrections=other, listing=listing)
        return _refused(profile, error)


def _teller(listing: Listing | None) -> Tell | None:
    """What takes wrong places to the listing: those that are lost."""
    if listing is None:
        return None
    told = listing.places

    def tell(line: int, column: str, remark: Remark) -> None:
        if remark.message not in KEPT:
            told.add(line, column, remark.message, "")

    return tell


def _may_be_map(source: Path, profile: Profile) -> bool:
    if profile.reads == "geo":
        return True
    if profile.reads == "parquet":
        return geo_metadata(source) is not None
    if profile.is_table:
        return profile.reads == "records" and bool(SHAPED & {column.name for column in profile.columns})
    return profile.label in PERHAPS


def _refused(profile: Profile, error: UnreadableError) -> Converted | None:
    """A map that cannot be read, with the reason; what never was one stays what it was."""
    if profile.is_table or profile.reads == "records" or (profile.reads != "geo" and error.remark.message in NO_MAP):
        return None
    failure = Note("too_heavy") if isinstance(error.__cause__, duckdb.OutOfMemoryException) else _note(error.remark)
    return Converted(replace(profile, failure=failure), failure=failure)


def _converted(profile: Profile, done: GeoConverted, target: Path) -> Converted:
    errors, notes = _told(done.errors, done.counts)
    label = profile.label if profile.label not in PERHAPS else f"{done.format}, {profile.label}"
    several = done.layers if len(done.layers) > 1 else ()
    read = replace(
        profile,
        label=done.format if profile.label in {"JSON", "XML", "Parquet"} else label,
        reads="geo",
        encoding="",
        columns=done.columns,
        rows=done.rows,
        exact=True,
        sheet=done.layer if several else "",
        sheets=tuple(Sheet(layer) for layer in several),
        notes=(*map(_note, done.remarks), *notes),
        failure=None,
        geometry=done.geometry,
        crs=_called(done.crs) if done.geometry else "",
        bbox=done.bbox,
    )
    if not read.is_table:
        target.unlink()
        failure = (*(Note(said) for _, said in errors.counts), *read.notes[::-1], Note("no_table"))[0]
        return Converted(replace(read, notes=(), failure=failure), failure=failure)
    return Converted(_with_samples(read, target), errors)


def _called(crs: str) -> str:
    name = system_name(crs)[:LONGEST_SYSTEM]
    return f"{name} ({crs})" if crs.startswith("EPSG:") else name


def _with_samples(profile: Profile, target: Path) -> Profile:
    """The same with its first lines, its days and how many rows have a place."""
    with connect(target) as connection:
        read = f"FROM read_parquet({literal(target)})"
        texts = [f"left({quoted(column.name)}::VARCHAR, {SHOWN_CHARACTERS})" for column in profile.columns]
        listed = ", ".join([LINE, *texts])
        lines = connection.execute(f"SELECT {listed} {read} ORDER BY {LINE} LIMIT {SHOWN_LINES}").fetchall()
        counted = connection.execute(f"SELECT count({BOX[0]}) {read}").fetchone() if profile.geometry else None
        first, last = period(connection, profile.columns, target)
    sample = tuple(tuple(cell or "" for cell in line[1:]) for line in lines)
    return replace(profile, sample=sample, first_day=first, last_day=last, places=counted[0] if counted else 0)


def _guess(name: str, values: Sequence[str]) -> TypedColumn:
    (column,), _ = column_types([name], [values])
    return column


def add_places(target: Path, converted: Converted) -> Converted:
    """The same table with the places of its rows, where its columns say them; nothing changes when they do not."""
    profile, listing = converted.profile, converted.errors.listing
    if converted.failure:
        return converted
    try:
        placing = points_of(target, profile.columns)
        if placing is None:
            return converted
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="placing-") as folder:
            placed = Path(folder) / "placed.parquet"
            gathered = with_places(target, profile.columns, placing, placed, Path(folder), _teller(listing))
            if gathered.bbox is not None:
                placed.replace(target)
                return _placed(converted, gathered)
    except (duckdb.Error, RuntimeError, MemoryError) as error:
        if is_full(error):
            raise
    if listing is not None:
        listing.places.forget()
    return converted


def _placed(converted: Converted, gathered: Gathered) -> Converted:
    profile = converted.profile
    errors, notes = _told(gathered.errors, gathered.counts)
    converted.errors.join(errors.listed, errors.counts)
    without = sum(gathered.counts.values()) - sum(gathered.counts[each.message] for each in (FLAT, CROSSED))
    read = replace(
        profile,
        notes=(*profile.notes, *notes),
        geometry=shown_kind(gathered.kinds),
        bbox=gathered.bbox,
        places=max(0, (profile.rows or 0) - without),
    )
    return replace(converted, profile=read)


def _told(listed: Sequence[PlaceError], counts: dict[str, int]) -> tuple[Errors, tuple[Note, ...]]:
    """Places that are lost one by one, and the others together."""
    lost = [
        CellError(each.line, each.column, each.remark.message, "") for each in listed if each.remark.message not in KEPT
    ]
    errors = Errors(sorted(lost, key=lambda error: error.line)[:MOST_ERRORS])
    column = listed[0].column if listed else GEOMETRY
    errors.counts.update({(column, said): count for said, count in counts.items() if said not in KEPT})
    return errors, tuple(_kept(listed, counts))


def _kept(listed: Sequence[PlaceError], counts: dict[str, int]) -> Iterator[Note]:
    for said, code in KEPT.items():
        lines = [each.line for each in listed if each.remark.message == said]
        if lines:
            yield Note(code, values={"count": f"{counts[said]}", "line": f"{min(lines)}"})


def _note(remark: Remark) -> Note:
    return Note(remark.message, values={name: str(value) for name, value in remark.values.items()})
