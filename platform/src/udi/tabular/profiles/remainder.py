"""What a file holds besides its table: other sheets and layers, members of archives, texts. Each is searched, or reported.

Runs in a child process. What is unpacked goes to a folder of the caller, one member at a time, within a budget.
"""

import csv
import math
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import duckdb

from udi.tabular.formats.archives import gzip_source, open_archive
from udi.tabular.formats.dialect import has_values
from udi.tabular.formats.file_kind import (
    DOCX,
    FODS,
    HEAD,
    HTML,
    JSON_LD,
    ODP,
    ODS,
    ODT,
    PPTX,
    XML,
    FileKind,
    recognise_kind,
)
from udi.tabular.formats.markup import (
    LARGEST_JSON,
    MarkupError,
    Pairs,
    json_pairs,
    line_pairs,
    page_pairs,
    xml_pairs,
)
from udi.tabular.formats.source import PIECE, SourceFile
from udi.tabular.formats.spreadsheets import MOST_SHEETS, Sheet, list_sheets
from udi.tabular.formats.table_end import MOST_NOTES
from udi.tabular.formats.text_encoding import decode, detect_encoding
from udi.tabular.messages.notes import UnreadableTableError
from udi.tabular.personal.detection import detect_personal_data, search_fields
from udi.tabular.personal.fields import as_text_columns, gather_fields
from udi.tabular.personal.report import PersonalDataFinding
from udi.tabular.profiles.conversion import TableConversion
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.left_out_lines import is_left_out, leaves_lines
from udi.tabular.profiles.map_members import belongs_to_map
from udi.tabular.profiles.named_tables import WITHIN, NamedTableFolder
from udi.tabular.profiles.opened_files import identify_file, open_source_file
from udi.tabular.profiles.profile import Profile, profile_path
from udi.tabular.profiles.remainder_report import RemainderReport, SearchBudget

DEEPEST = 3
"""Archives inside one another that are opened."""
LARGEST_TEXT = 64 * 1024**2
NOTHING_THERE = frozenset({"empty", "no_table", "no_filled_sheet"})
"""Why a sheet has no table, when that leaves nothing to search."""
TEXTS = {
    DOCX.label: "word/",
    PPTX.label: "ppt/",
    ODT.label: "content.xml",
    ODP.label: "content.xml",
}
"""Where the text of a document is, by its label."""
COMMENTS = ("xl/comments", "xl/threadedComments")
PICTURES = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".pdf"}
)
MEDIA = ("word/media/", "ppt/media/", "xl/media/", "Pictures/")
MARKED_UP = frozenset({"SVG", "KML", "GPX", "GML", "XML"})
PACKED = b"PK"
WITH_SHEETS = frozenset({"sheet", "cells"})
"""How files are read of which each sheet is looked at by itself."""
Convert = Callable[[Path, str, Profile, Corrections, Path], TableConversion | None]
"""Write the typed table of a file, of one of its sheets or of its layers."""


def search_remainder(
    source: Path,
    name: str,
    profile: Profile,
    folder: Path,
    convert: Convert,
    tables: NamedTableFolder | None = None,
) -> RemainderReport:
    """Search all that a file holds besides the table that `profile` describes; `folder` is the caller's to remove.

    `tables` takes the tables that were searched, but those below another one and those of hidden sheets.
    """
    search = _RemainderSearch(folder, convert, tables)
    search.search_file(source, name, "", searched_profile=profile)
    return search.rest


class _RemainderSearch:
    """One search of a file: what was found so far, and what may still be read."""

    def __init__(
        self, folder: Path, convert: Convert, tables: NamedTableFolder | None
    ) -> None:
        self.rest = RemainderReport()
        self._budget = SearchBudget()
        self._tables = tables
        self._folder = folder
        self._convert = convert
        self._made = 0

    def search_file(
        self,
        path: Path,
        name: str,
        place: str,
        *,
        searched_profile: Profile | None = None,
        depth: int = 0,
        is_listed: bool = True,
    ) -> None:
        """A file or a member; `searched_profile` is of its table when that was searched; `is_listed`: its tables are named tables."""
        profile = searched_profile or profile_path(path, name)
        kind = recognise_kind(SourceFile.at(path, name).head(HEAD), name)
        called = place or profile.label or name
        if searched_profile is None and profile.is_table:
            is_hidden = any(
                sheet.hidden for sheet in profile.sheets if sheet.name == profile.sheet
            )
            self._search_table(
                path,
                name,
                profile,
                Corrections(),
                place,
                depth,
                is_listed=is_listed and not is_hidden,
            )
            if is_hidden and self._tables is not None:
                self._tables.leave(_within(place, profile.sheet))
        elif profile.is_table and leaves_lines(profile):
            self._search_around(path, name, profile, place, depth)
        if profile.reads == "sheet" or profile.sheets:
            self._search_others(path, name, profile, place, depth)
        if self._is_packed(path):
            self._search_archive(path, name, profile, place, depth)
        elif profile.reads == "gzip" or (kind.reads == "gzip" and not profile.is_table):
            self._search_gzip(path, name, place, depth)
        elif not self._search_text(path, kind, profile, place) and not profile.is_table:
            self.rest.add_unsearched(called)

    def _search_table(
        self,
        path: Path,
        name: str,
        profile: Profile,
        corrections: Corrections,
        place: str,
        depth: int,
        *,
        is_listed: bool,
    ) -> None:
        """A table, and what stands below it."""
        target = self._new_path("typed.parquet")
        try:
            done = self._convert(path, name, profile, corrections, target)
            if done is None or done.failure:
                if not _is_empty(done):
                    self.rest.add_unsearched(place or profile.label)
                return
            self._add(
                detect_personal_data(
                    target, done.profile.columns, done.other_headers
                ).findings,
                place,
            )
            if leaves_lines(done.profile):
                self._search_around(path, name, done.profile, place, depth)
            if is_listed and self._tables is not None:
                self._tables.add(place, done, target)
        except (duckdb.Error, UnreadableTableError, MemoryError):
            self.rest.add_unsearched(place)
        finally:
            target.unlink(missing_ok=True)

    def _search_around(
        self, path: Path, name: str, profile: Profile, place: str, depth: int
    ) -> None:
        """The notes, or the other table, below the last row of a table, and the lines that its producer left out."""
        corrections = Corrections(
            encoding=profile.encoding,
            delimiter=profile.delimiter,
            sheet=profile.sheet,
        )
        target = self._new_path("below.csv")
        first = profile.last_line + 1 if profile.last_line else 1
        where = _within(place, f"{first}…")
        try:
            with (
                open_source_file(
                    SourceFile.at(path, name), corrections, scanned=math.inf
                ) as table,
                target.open("w", encoding="utf-8", newline="") as file,
            ):
                if isinstance(table, FileKind):
                    self.rest.add_unsearched(where)
                    return
                write = csv.writer(file).writerow
                below = (
                    cells
                    for line, cells in table.rows()
                    if has_values(cells) and is_left_out(profile, line, cells)
                )
                count = sum(1 for _ in map(write, below))
            self._search_pairs(line_pairs(_text(target)), where)
            if count <= MOST_NOTES:
                return
            if depth < DEEPEST and self._budget.spend(target.stat().st_size):
                self.search_file(
                    target, "below.csv", where, depth=depth + 1, is_listed=False
                )
            else:
                self.rest.add_unsearched(where)
        except UnreadableTableError:
            self.rest.add_unsearched(where)
        finally:
            target.unlink(missing_ok=True)

    def _search_others(
        self, path: Path, name: str, profile: Profile, place: str, depth: int
    ) -> None:
        """Sheets, shown or hidden, and layers that are not the one of the table."""
        sheets = profile.sheets
        if profile.reads == "sheet" and not sheets:
            sheets = self._list_sheets(path, place or profile.label)
        if len(sheets) >= MOST_SHEETS:
            self.rest.add_unsearched(_within(place, "…"))
        for sheet in sheets:
            other = sheet.name
            if other == profile.sheet and profile.is_table:
                continue
            where = _within(place, other)
            if not self._budget.spend(0):
                self.rest.add_unsearched(where)
                continue
            corrections = Corrections(sheet=other)
            self._search_other(
                path,
                name,
                profile,
                corrections,
                where,
                depth,
                is_listed=not sheet.hidden,
            )

    def _search_other(
        self,
        path: Path,
        name: str,
        profile: Profile,
        corrections: Corrections,
        place: str,
        depth: int,
        *,
        is_listed: bool,
    ) -> None:
        """One sheet or one layer; an empty sheet has nothing to search, and a hidden one makes no table."""
        sheet = profile
        if profile.reads in WITH_SHEETS:
            sheet = profile_path(path, name, corrections)
        if profile.reads not in WITH_SHEETS or sheet.is_table:
            self._search_table(
                path, name, sheet, corrections, place, depth, is_listed=is_listed
            )
            if not is_listed and self._tables is not None:
                self._tables.leave(place)
        elif sheet.failure is None or sheet.failure.code not in NOTHING_THERE:
            self.rest.add_unsearched(place)

    def _list_sheets(self, path: Path, called: str) -> tuple[Sheet, ...]:
        try:
            return list_sheets(path)
        except UnreadableTableError:
            self.rest.add_unsearched(called)
            return ()

    @staticmethod
    def _is_packed(path: Path) -> bool:
        with path.open("rb") as file:
            return file.read(2) == PACKED

    def _search_archive(
        self, path: Path, name: str, profile: Profile, place: str, depth: int
    ) -> None:
        called = place or profile.label or name
        try:
            with open_archive(path) as archive:
                members = [
                    entry
                    for entry in archive.infolist()
                    if not entry.is_dir() and entry.file_size
                ]
                if (
                    profile.label in TEXTS
                    or profile.reads == "sheet"
                    or profile.label == ODS.label
                ):
                    self._search_document(archive, members, profile, place)
                elif depth >= DEEPEST:
                    self.rest.add_unsearched(called)
                else:
                    self._search_members(
                        path, name, archive, members, profile, place, depth
                    )
        except (
            UnreadableTableError,
            zipfile.BadZipFile,
            OSError,
            RuntimeError,
            NotImplementedError,
            EOFError,
        ):
            self.rest.add_unsearched(called)

    def _search_members(
        self,
        path: Path,
        name: str,
        archive: zipfile.ZipFile,
        members: Sequence[zipfile.ZipInfo],
        profile: Profile,
        place: str,
        depth: int,
    ) -> None:
        """Each member of an archive, but those that made its table."""
        table = self._table_of(path, name) if profile.is_table else ""
        for entry in members:
            where = _within(place, entry.filename)
            if PurePosixPath(entry.filename).name == table or belongs_to_map(
                entry.filename, profile
            ):
                continue
            if not self._budget.spend(entry.file_size):
                self.rest.add_unsearched(where)
                continue
            target = self._new_path(PurePosixPath(entry.filename).name)
            self._unpack(archive, entry, target)
            self.search_file(
                target, PurePosixPath(entry.filename).name, where, depth=depth + 1
            )
            target.unlink(missing_ok=True)

    @staticmethod
    def _table_of(path: Path, name: str) -> str:
        """The one member that made the table of an archive; empty where a whole map did."""
        kind, inside = identify_file(SourceFile.at(path, name))
        if kind.reads == "text":
            return inside.name
        return ""

    def _search_document(
        self,
        archive: zipfile.ZipFile,
        members: Sequence[zipfile.ZipInfo],
        profile: Profile,
        place: str,
    ) -> None:
        """The texts of a document and the comments of a workbook; pictures in them are reported."""
        text_prefix = TEXTS.get(profile.label, "")
        for entry in members:
            where = _within(place, entry.filename)
            suffix = PurePosixPath(entry.filename.lower()).suffix
            if entry.filename.startswith(MEDIA) and suffix in PICTURES:
                self.rest.add_unsearched(where)
            searched = suffix == ".xml" and (
                (text_prefix and entry.filename.startswith(text_prefix))
                or entry.filename.startswith(COMMENTS)
            )
            if searched and self._budget.spend(entry.file_size):
                with archive.open(entry) as file:
                    self._search_pairs(xml_pairs(_pieces(file.read)), where)
            elif searched:
                self.rest.add_unsearched(where)

    def _search_gzip(self, path: Path, name: str, place: str, depth: int) -> None:
        inner = gzip_source(SourceFile.at(path, name))
        called = place or name
        target = self._new_path(PurePosixPath(inner.name).name)
        try:
            size = 0
            with target.open("wb") as file:
                for piece in inner.read():
                    size += len(piece)
                    file.write(piece)
            if depth >= DEEPEST or not self._budget.spend(size):
                self.rest.add_unsearched(called)
            else:
                self.search_file(target, inner.name, called, depth=depth + 1)
        except UnreadableTableError:
            self.rest.add_unsearched(called)
        finally:
            target.unlink(missing_ok=True)

    def _search_text(
        self, path: Path, kind: FileKind, profile: Profile, place: str
    ) -> bool:
        """What is written in a file that is no table, or beside the list that is one; False for what is no text."""
        if profile.is_table and profile.reads != "records" and kind != FODS:
            return True
        if kind.label in MARKED_UP or kind in (XML, FODS):
            with path.open("rb") as file:
                self._search_pairs(xml_pairs(_pieces(file.read)), place, path)
            return True
        if kind.reads in {"records", "geo"} or kind is JSON_LD:
            return self._search_json(path, profile, place)
        if kind.media_type.startswith("text/") or kind is HTML:
            text = _text(path)
            self._search_pairs(
                page_pairs(text) if kind is HTML else line_pairs(text), place
            )
            if path.stat().st_size > LARGEST_TEXT:
                self.rest.add_unsearched(place or profile.label)
            return True
        return False

    def _search_json(self, path: Path, profile: Profile, place: str) -> bool:
        """What a JSON document holds besides the list of objects that made its table."""
        with path.open("rb") as file:
            first = file.read(HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if profile.is_table and first == b"[":
            return True
        if path.stat().st_size > LARGEST_JSON:
            return profile.is_table
        self._search_pairs(
            json_pairs(_text(path)), place, None if profile.is_table else path
        )
        return True

    def _search_pairs(self, pairs: Pairs, place: str, path: Path | None = None) -> None:
        """Search texts by their names; what is not well formed is searched line by line, from `path`."""
        try:
            cells = gather_fields(pairs)
        except MarkupError:
            if path is None:
                return
            cells = gather_fields(line_pairs(_text(path)))
        findings = search_fields(as_text_columns(cells))
        self._add([replace(finding, lines=()) for finding in findings], place)

    def _add(self, findings: Sequence[PersonalDataFinding], place: str) -> None:
        self.rest.findings += [replace(finding, place=place) for finding in findings]

    def _unpack(
        self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path
    ) -> None:
        with archive.open(entry) as file, target.open("wb") as copy:
            for piece in _pieces(file.read):
                copy.write(piece)

    def _new_path(self, name: str) -> Path:
        self._made += 1
        return self._folder / f"{self._made}-{name[-100:]}"


def _is_empty(done: TableConversion | None) -> bool:
    """Whether what has no table has no cell either: an empty sheet, a layer of places without columns."""
    if done is None or done.failure is None:
        return False
    places = (
        done.profile.reads == "geo"
        and done.profile.rows is not None
        and not done.profile.columns
    )
    return places or done.failure.code in NOTHING_THERE


def _pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while piece := read(PIECE):
        yield piece


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(LARGEST_TEXT)
    return decode(content, detect_encoding([content], len(content)).encoding)


def _within(place: str, name: str) -> str:
    if place:
        return f"{place}{WITHIN}{name}"
    return name
