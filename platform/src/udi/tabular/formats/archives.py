"""What an archive holds, from its directory; nothing is written to a disk, and nothing large is unpacked."""

import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from udi.tabular.formats.file_kind import (
    DOCX,
    GTFS,
    KMZ,
    ODP,
    ODS,
    ODT,
    PPTX,
    SHAPEFILE,
    XLSB,
    XLSM,
    XLSX,
    ZIP,
    FileKind,
)
from udi.tabular.formats.source import PIECE, SourceFile
from udi.tabular.messages.notes import UnreadableTableError

MOST_FILES = 10_000
MOST_UNPACKED = 10 * 1024**3
MOST_RATIO = 100
RATIO_FROM = 1024 * 1024
LOCAL_HEADER = 30
MARKS = {
    "xl/vbaProject.bin": XLSM,
    "xl/workbook.bin": XLSB,
    "xl/workbook.xml": XLSX,
    "word/document.xml": DOCX,
    "ppt/presentation.xml": PPTX,
    "doc.kml": KMZ,
    "stops.txt": GTFS,
}
OPEN_DOCUMENT = {kind.media_type: kind for kind in (ODS, ODT, ODP)}
TABLE_SUFFIXES = {".csv", ".tsv", ".txt", ".tab"}


def identify_archive(path: Path) -> tuple[FileKind, str]:
    """The kind of an archive, and the name of its only table when it holds nothing else.

    Raises:
        UnreadableError: it is cut, damaged, protected, or made to harm whoever opens it.
    """
    with open_archive(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        kind = _kind(archive, {_plain(entry.filename) for entry in entries})
        only_entry = entries[0] if len(entries) == 1 else None
        if (
            kind is ZIP
            and only_entry
            and PurePosixPath(only_entry.filename.lower()).suffix in TABLE_SUFFIXES
        ):
            return kind, only_entry.filename
        return kind, ""


def _kind(archive: zipfile.ZipFile, names: set[str]) -> FileKind:
    for mark, kind in MARKS.items():
        if mark in names:
            return kind
    if "content.xml" in names and "mimetype" in names:
        with archive.open("mimetype") as file:
            return OPEN_DOCUMENT.get(
                file.read(100).decode("ascii", "replace").strip(), ZIP
            )
    if any(name.lower().endswith(".shp") for name in names):
        return SHAPEFILE
    within = {PurePosixPath(name).name for name in names}
    if {"stops.txt", "routes.txt"} <= within:
        return GTFS
    return ZIP


def open_archive(path: Path) -> zipfile.ZipFile:
    """An archive whose directory was checked: number of files, sizes, paths, links, passwords.

    Raises:
        UnreadableError: something of that is wrong.
    """
    try:
        archive = zipfile.ZipFile(path)
        for entry in _check_entries(archive.infolist()):
            archive.getinfo(entry.filename)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        OSError,
        ValueError,
        KeyError,
        RuntimeError,
    ) as error:
        code = "damaged"
        raise UnreadableTableError(code) from error
    return archive


def _check_entries(entries: list[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
    if len(entries) > MOST_FILES:
        raise UnreadableTableError("too_many_files", most=f"{MOST_FILES:,}")
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise UnreadableTableError("bomb")
    for entry in entries:
        if entry.file_size > RATIO_FROM and entry.file_size > MOST_RATIO * max(
            1, entry.compress_size
        ):
            raise UnreadableTableError("bomb")
        name = _plain(entry.orig_filename)
        if (
            name.startswith("/")
            or name[1:2] == ":"
            or ".." in PurePosixPath(name).parts
        ):
            raise UnreadableTableError("unsafe_path")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UnreadableTableError("link")
        if entry.flag_bits & 1:
            raise UnreadableTableError("password")
        yield entry


def _plain(name: str) -> str:
    return name.replace("\\", "/")


def member_source(source: SourceFile, name: str) -> SourceFile:
    """One file of an archive as a source of its own."""

    def read() -> Iterator[bytes]:
        with source.on_disk() as path, open_archive(path) as archive:
            try:
                with archive.open(name) as file:
                    while piece := file.read(PIECE):
                        yield piece
            except (
                zipfile.BadZipFile,
                zlib.error,
                EOFError,
                OSError,
                NotImplementedError,
                RuntimeError,
            ) as error:
                code = "damaged"
                raise UnreadableTableError(code) from error

    return SourceFile(PurePosixPath(name).name, source.size, read)


def gzip_source(source: SourceFile) -> SourceFile:
    """What a gzip file holds, as a source of its own."""

    def read() -> Iterator[bytes]:
        unpacked_size = 0
        unpacker = zlib.decompressobj(wbits=31)
        try:
            for piece in source.read():
                waiting = piece
                while waiting:
                    unpacked = unpacker.decompress(waiting, PIECE)
                    unpacked_size += len(unpacked)
                    if unpacked_size > MOST_UNPACKED or (
                        unpacked_size > RATIO_FROM
                        and unpacked_size > MOST_RATIO * source.size
                    ):
                        raise UnreadableTableError("bomb")
                    yield unpacked
                    waiting = unpacker.unconsumed_tail
                    if unpacker.eof:
                        waiting = unpacker.unused_data
                        unpacker = zlib.decompressobj(wbits=31)
        except zlib.error as error:
            code = "damaged"
            raise UnreadableTableError(code) from error

    return SourceFile(source.name.removesuffix(".gz"), source.size, read)


def are_inflatable(entries: Iterable[zipfile.ZipInfo]) -> bool:
    """Whether files are stored or deflated, which alone unpack piece by piece within bounds."""
    return all(
        entry.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
        for entry in entries
    )


def check_inflation(path: Path, most: int) -> None:
    """Unpack every file of an archive into nothing, since its directory may lie about sizes.

    Raises:
        UnreadableError: together they are larger than `most`, or than the directory says, or one is neither stored
            nor deflated.
    """
    with open_archive(path) as archive, path.open("rb") as raw:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > most:
            raise UnreadableTableError("too_large_sheet")
        if not are_inflatable(entries):
            raise UnreadableTableError("damaged")
        for entry in entries:
            if (
                entry.compress_type == zipfile.ZIP_DEFLATED
                and _inflated_size(raw, entry) > entry.file_size
            ):
                raise UnreadableTableError("bomb")


def _inflated_size(raw: BinaryIO, entry: zipfile.ZipInfo) -> int:
    raw.seek(entry.header_offset)
    header = raw.read(LOCAL_HEADER)
    raw.seek(
        int.from_bytes(header[26:28], "little")
        + int.from_bytes(header[28:30], "little"),
        1,
    )
    unpacker = zlib.decompressobj(wbits=-15)
    unpacked_size = 0
    left = entry.compress_size
    try:
        while (
            (left > 0 or unpacker.unconsumed_tail)
            and unpacked_size <= entry.file_size
            and not unpacker.eof
        ):
            piece = unpacker.unconsumed_tail or raw.read(min(PIECE, left))
            left -= 0 if unpacker.unconsumed_tail else len(piece)
            if not piece:
                break
            unpacked_size += len(unpacker.decompress(piece, PIECE))
    except zlib.error as error:
        raise UnreadableTableError("damaged") from error
    return unpacked_size
