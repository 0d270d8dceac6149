"""Maps as typed tables with their places, and tables that say where their rows are with places beside them.

Loads GDAL: only a child may import it.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from udi.kit.disk_space import is_disk_full
from udi.tabular.columns.cell_list import CellListFolder
from udi.tabular.columns.column import BOX, GEOMETRY, LINE, TypedColumn
from udi.tabular.columns.errors import CellError, CellErrorReport
from udi.tabular.columns.type_inference import infer_types
from udi.tabular.formats.spreadsheets import Sheet
from udi.tabular.geo.geo_conversion import GeoConversion, convert_geo
from udi.tabular.geo.geo_crs import crs_name
from udi.tabular.geo.geo_source import NO_MAP
from udi.tabular.geo.places import (
    CROSSED,
    FLAT,
    MISSING,
    MOST_ERRORS,
    PlaceStatistics,
    Tell,
    geometry_kind,
)
from udi.tabular.geo.points import write_with_places
from udi.tabular.geo.recognition import PERHAPS, PlaceColumns
from udi.tabular.messages.notes import Note
from udi.tabular.messages.remarks import PlaceError, Remark, UnreadableGeoFileError
from udi.tabular.profiles.conversion import TableConversion, find_period
from udi.tabular.profiles.corrections import NONE, Corrections
from udi.tabular.profiles.profile import SHOWN_CHARACTERS, SHOWN_LINES, Profile
from udi.tabular.sandbox.duckdb_sandbox import connect, identifier, literal

NOTE_CODES = {
    MISSING.message: "no_place",
    FLAT.message: "flat_place",
    CROSSED.message: "crossed_place",
}
"""What is said of all such rows at once: their cell is as it was in the file."""
LONGEST_SYSTEM = 120


def convert_map(
    source: Path,
    profile: Profile,
    target: Path,
    *,
    file_name: str = "",
    corrections: Corrections = NONE,
    listing: CellListFolder | None = None,
) -> TableConversion | None:
    """Write the typed table of a map to `target`; None for a file that is none (`may_be_map`). Never raises on what the file holds.

    A layer that was chosen in an earlier file and is not in this one leaves the choice to us.
    """
    if listing is not None:
        listing.reset()
    try:
        with tempfile.TemporaryDirectory(
            dir=target.parent, prefix="mapping-"
        ) as folder:
            done = convert_geo(
                source,
                corrections.sheet,
                target,
                Path(folder),
                name=file_name,
                crs=corrections.crs,
                reserved_names=corrections.reserved_names,
                guess=_guess,
                tell=_error_recorder(listing),
            )
        return _build_result(profile, done, target)
    except UnreadableGeoFileError as error:
        target.unlink(missing_ok=True)
        if corrections.sheet:
            other = replace(corrections, sheet="")
            return convert_map(
                source,
                profile,
                target,
                file_name=file_name,
                corrections=other,
                listing=listing,
            )
        return _unreadable_map(profile, error)


def _error_recorder(listing: CellListFolder | None) -> Tell | None:
    """What takes wrong places to the listing: those that are lost."""
    if listing is None:
        return None
    places = listing.places

    def tell(line: int, column: str, remark: Remark) -> None:
        if remark.message not in NOTE_CODES:
            places.add(line, column, remark.message, "")

    return tell


def _unreadable_map(
    profile: Profile, error: UnreadableGeoFileError
) -> TableConversion | None:
    """A map that cannot be read, with the reason; what never was one stays what it was."""
    if (
        profile.is_table
        or profile.reads == "records"
        or (profile.reads != "geo" and error.remark.message in NO_MAP)
    ):
        return None
    if isinstance(error.__cause__, duckdb.OutOfMemoryException):
        failure = Note("too_heavy")
    else:
        failure = _note(error.remark)
    return TableConversion(replace(profile, failure=failure), failure=failure)


def _build_result(
    profile: Profile, done: GeoConversion, target: Path
) -> TableConversion:
    errors, notes = _split_errors(done.errors, done.counts)
    if profile.label not in PERHAPS:
        label = profile.label
    else:
        label = f"{done.format}, {profile.label}"
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
        crs=_crs_label(done.crs) if done.geometry else "",
        bbox=done.bbox,
    )
    if not read.is_table:
        target.unlink()
        failure = (
            *(Note(message) for _, message in errors.counts),
            *read.notes[::-1],
            Note("no_table"),
        )[0]
        return TableConversion(
            replace(read, notes=(), failure=failure), failure=failure
        )
    return TableConversion(_with_samples(read, target), errors)


def _crs_label(crs: str) -> str:
    name = crs_name(crs)[:LONGEST_SYSTEM]
    if crs.startswith("EPSG:"):
        return f"{name} ({crs})"
    return name


def _with_samples(profile: Profile, target: Path) -> Profile:
    """The same with its first lines, its days and how many rows have a place."""
    with connect(target) as connection:
        read = f"FROM read_parquet({literal(target)})"
        texts = [
            f"left({identifier(column.name)}::VARCHAR, {SHOWN_CHARACTERS})"
            for column in profile.columns
        ]
        listed = ", ".join([LINE, *texts])
        lines = connection.execute(
            f"SELECT {listed} {read} ORDER BY {LINE} LIMIT {SHOWN_LINES}"
        ).fetchall()
        if profile.geometry:
            counted = connection.execute(f"SELECT count({BOX[0]}) {read}").fetchone()
        else:
            counted = None
        first, last = find_period(connection, profile.columns, target)
    sample = tuple(tuple(cell or "" for cell in line[1:]) for line in lines)
    return replace(
        profile,
        sample=sample,
        first_day=first,
        last_day=last,
        places=counted[0] if counted else 0,
    )


def _guess(name: str, values: Sequence[str]) -> TypedColumn:
    (column,), _ = infer_types([name], [values])
    return column


def add_places(
    target: Path, converted: TableConversion, placing: PlaceColumns
) -> TableConversion:
    """The same table with the places of its rows, which these columns say; nothing changes when they have none."""
    profile = converted.profile
    listing = converted.errors.listing
    try:
        with tempfile.TemporaryDirectory(
            dir=target.parent, prefix="placing-"
        ) as folder:
            placed = Path(folder) / "placed.parquet"
            gathered = write_with_places(
                target,
                profile.columns,
                placing,
                placed,
                Path(folder),
                _error_recorder(listing),
            )
            if gathered.bbox is not None:
                placed.replace(target)
                return _merge_places(converted, gathered)
    except (duckdb.Error, RuntimeError, MemoryError) as error:
        if is_disk_full(error):
            raise
    if listing is not None:
        listing.places.discard()
    return converted


def _merge_places(
    converted: TableConversion, gathered: PlaceStatistics
) -> TableConversion:
    profile = converted.profile
    errors, notes = _split_errors(gathered.errors, gathered.counts)
    converted.errors.merge_errors(errors.listed, errors.counts)
    without = sum(gathered.counts.values()) - sum(
        gathered.counts[remark.message] for remark in (FLAT, CROSSED)
    )
    read = replace(
        profile,
        notes=(*profile.notes, *notes),
        geometry=geometry_kind(gathered.kinds),
        bbox=gathered.bbox,
        places=max(0, (profile.rows or 0) - without),
    )
    return replace(converted, profile=read)


def _split_errors(
    listed: Sequence[PlaceError], counts: dict[str, int]
) -> tuple[CellErrorReport, tuple[Note, ...]]:
    """Places that are lost one by one, and the others together."""
    lost = [
        CellError(place_error.line, place_error.column, place_error.remark.message, "")
        for place_error in listed
        if place_error.remark.message not in NOTE_CODES
    ]
    errors = CellErrorReport(sorted(lost, key=lambda error: error.line)[:MOST_ERRORS])
    column = listed[0].column if listed else GEOMETRY
    errors.counts.update(
        {
            (column, message): count
            for message, count in counts.items()
            if message not in NOTE_CODES
        }
    )
    return errors, tuple(_summary_notes(listed, counts))


def _summary_notes(
    listed: Sequence[PlaceError], counts: dict[str, int]
) -> Iterator[Note]:
    for message, code in NOTE_CODES.items():
        lines = [
            place_error.line
            for place_error in listed
            if place_error.remark.message == message
        ]
        if lines:
            yield Note(
                code, values={"count": f"{counts[message]}", "line": f"{min(lines)}"}
            )


def _note(remark: Remark) -> Note:
    return Note(
        remark.message,
        values={name: str(value) for name, value in remark.values.items()},
    )
