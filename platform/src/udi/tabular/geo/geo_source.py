"""What a geographic file is, from its contents, and a private copy that GDAL may open: names of strangers never reach it."""

import gzip
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from udi.tabular.messages.remarks import Remark, UnreadableGeoFileError

HEAD = 64 * 1024
MOST_ENTRIES = 10_000
MOST_UNPACKED = 10 * 1000**3
LARGEST_RATIO = 200
SMALL = 10 * 1000**2
COPIED = 1024 * 1024
GPKG_IDS = (b"GPKG", b"GP10", b"GP11")
ROOT = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)[\s/>]")
FEATURE_LINE = re.compile(rb'\s*\{.*"type"\s*:\s*"Feature".*\}\s*\r?\n\s*\{', re.DOTALL)
SUFFIXES = {
    "GeoJSON": ".geojson",
    "GeoJSON by lines": ".geojsonl",
    "TopoJSON": ".topojson",
    "KML": ".kml",
    "GPX": ".gpx",
    "GML": ".gml",
    "GeoPackage": ".gpkg",
    "FlatGeobuf": ".fgb",
    "GeoParquet": ".parquet",
}
"""Formats that are one file, and the name that GDAL sees."""
NO_MAP = (
    Remark("No map was found in this file. People will get it as it is.").message,
    Remark("No map was found in this archive. People will get it as it is.").message,
    Remark(
        "This XML file is not a map that we can read (KML, GPX or GML). People will get it as it is."
    ).message,
)
XML_ROOTS = {"kml": "KML", "gpx": "GPX", "featurecollection": "GML"}
SHAPEFILE = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
FAMILIES = {
    "Shapefile": (".shp", SHAPEFILE),
    "MapInfo": (".tab", {".tab", ".dat", ".map", ".id", ".ind"}),
    "MapInfo exchange": (".mif", {".mif", ".mid"}),
}
"""Formats of several files: the one that is opened, and its company."""


@dataclass(frozen=True)
class GdalInput:
    """One file (or folder) for GDAL, in the private folder; `title` is what its producer calls it."""

    path: Path
    format: str
    title: str


def prepare_gdal_inputs(source: Path, name: str, workdir: Path) -> list[GdalInput]:
    """Copy or unpack into `workdir` what GDAL may open.

    Raises:
        UnreadableError: this is not geographic, or an archive that is not safe to open.
    """
    head = _head(source)
    title = PurePosixPath(name).stem
    if head.startswith(b"\x1f\x8b"):
        return [_unpack_gzip(source, title, workdir)]
    if head.startswith(b"PK\x03\x04"):
        return _unpack_zip(source, workdir)
    if head.startswith(b"PK\x05\x06"):
        raise UnreadableGeoFileError(
            "This archive is empty. Put the files of the map in it and drop it again."
        )
    return [_single(source, head, title, workdir)]


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _single(source: Path, head: bytes, title: str, workdir: Path) -> GdalInput:
    format_ = recognise_geo(head)
    target = workdir / f"source{SUFFIXES[format_]}"
    if source != target:
        shutil.copyfile(source, target)
    if format_ in {"KML", "GPX", "GML"}:
        _refuse_entities(target)
    return GdalInput(target, format_, title)


def recognise_geo(head: bytes) -> str:
    """The format of one file from its first bytes.

    Raises:
        UnreadableError: it is none that is read as a map.
    """
    if head.startswith(b"SQLite format 3\x00"):
        return _sqlite(head)
    if head.startswith(b"fgb\x03"):
        return "FlatGeobuf"
    if head.startswith(b"PAR1"):
        return "GeoParquet"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"\x1e", b"{")):
        return _json(text)
    if text.startswith(b"["):
        raise UnreadableGeoFileError(
            "This JSON is a list, not a map. People will get it as it is; to show it on a map, export it as GeoJSON."
        )
    if text.startswith(b"<"):
        return _xml(text)
    raise UnreadableGeoFileError(NO_MAP[0])


def _sqlite(head: bytes) -> str:
    if head[68:72] not in GPKG_IDS and b"gpkg_contents" not in head:
        raise UnreadableGeoFileError(
            "This is a database, but not a GeoPackage. Export its tables as GeoPackage or CSV and drop them again."
        )
    return "GeoPackage"


def _json(text: bytes) -> str:
    if text.startswith(b"\x1e") or FEATURE_LINE.match(
        text.split(b"\n{", 1)[0] + b"\n{" if b"\n{" in text else b""
    ):
        return "GeoJSON by lines"
    if re.search(rb'"type"\s*:\s*"Topology"', text):
        return "TopoJSON"
    return "GeoJSON"


def _xml(text: bytes) -> str:
    body = re.sub(
        rb"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*>", b"", text, flags=re.DOTALL
    )
    match = ROOT.search(body)
    root = match[1].decode().lower() if match else ""
    if root in XML_ROOTS:
        return XML_ROOTS[root]
    if root == "trainingcenterdatabase":
        raise UnreadableGeoFileError(
            "This is a training file (TCX). People will get it as it is; to show it on a map, export it as GPX."
        )
    if root.startswith(("ogrvrt", "vrt")):
        raise UnreadableGeoFileError(
            "This file holds no data, it only points at others. Drop the data themselves."
        )
    raise UnreadableGeoFileError(NO_MAP[2])


def _refuse_entities(path: Path) -> None:
    tail = b""
    for chunk in _chunks(path):
        if b"<!ENTITY" in tail + chunk:
            raise UnreadableGeoFileError(
                "This file defines abbreviations of its own (XML entities), which can hide other contents. "
                "Export it again without them."
            )
        tail = chunk[-8:]


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(COPIED):
            yield chunk


def _unpack_gzip(source: Path, title: str, workdir: Path) -> GdalInput:
    target = workdir / "unzipped"
    try:
        with gzip.open(source) as packed:
            _copy_bounded(packed, target, MOST_UNPACKED, source.stat().st_size)
    except (OSError, EOFError) as error:
        raise UnreadableGeoFileError(
            "This compressed file is damaged. Compress it again and drop it again."
        ) from error
    part = _single(target, _head(target), title, workdir)
    target.unlink()
    return part


def _copy_bounded(
    packed: IO[bytes] | gzip.GzipFile, target: Path, byte_limit: int, size: int
) -> int:
    """Bytes written; stops as soon as more comes out than a real file would give."""
    limit = min(byte_limit, max(SMALL, size * LARGEST_RATIO))
    byte_count = 0
    with target.open("wb") as file:
        while chunk := packed.read(COPIED):
            byte_count += len(chunk)
            if byte_count > limit:
                raise UnreadableGeoFileError(
                    "This archive unpacks to much more than any map. Drop its files one by one."
                )
            file.write(chunk)
    return byte_count


def _unpack_zip(source: Path, workdir: Path) -> list[GdalInput]:
    try:
        with zipfile.ZipFile(source) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MOST_ENTRIES:
                raise UnreadableGeoFileError(
                    "This archive holds more than ten thousand files. Drop its maps one by one."
                )
            return list(_parts(archive, entries, workdir))
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        OSError,
        EOFError,
        ValueError,
    ) as error:
        raise UnreadableGeoFileError(
            "This archive is damaged or has a password. Make it again and drop it again."
        ) from error


def _parts(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], workdir: Path
) -> Iterator[GdalInput]:
    unpacker = _Unpacker(archive, workdir)
    by_stem: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if not any(
            part.startswith("__MACOSX") or re.match(r"\.[^.]", part)
            for part in path.parts
        ):
            by_stem.setdefault(str(path.with_suffix("")).lower(), {})[
                path.suffix.lower()
            ] = entry
    parts = [*_geodatabases(unpacker, entries), *_families(unpacker, by_stem)]
    if not parts:
        parts = list(_singles(unpacker, by_stem))
    if not parts:
        raise UnreadableGeoFileError(NO_MAP[1])
    yield from parts


class _Unpacker:
    """Entries under names of ours, counted together."""

    def __init__(self, archive: zipfile.ZipFile, workdir: Path) -> None:
        self.archive = archive
        self.workdir = workdir
        self.bytes_left = MOST_UNPACKED
        self.made = 0

    def extract(self, entry: zipfile.ZipInfo, target: Path) -> Path:
        if entry.flag_bits & 1:
            raise UnreadableGeoFileError(
                "This archive has a password. Make it again without one."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.archive.open(entry) as packed:
            self.bytes_left -= _copy_bounded(
                packed, target, self.bytes_left, entry.compress_size
            )
        return target

    def next_stem(self) -> Path:
        self.made += 1
        return self.workdir / f"part{self.made}"


def _families(
    unpacker: _Unpacker, by_stem: dict[str, dict[str, zipfile.ZipInfo]]
) -> Iterator[GdalInput]:
    for files in by_stem.values():
        for format_, (opened, company) in FAMILIES.items():
            if opened not in files:
                continue
            if format_ == "Shapefile" and not {".shx", ".dbf"} <= files.keys():
                raise UnreadableGeoFileError(
                    "A Shapefile is several files of the same name: .shp, .shx and .dbf are needed, .prj says where it "
                    "is. Put them all in one zip and drop it again."
                )
            stem = unpacker.next_stem()
            for suffix in company & files.keys():
                unpacker.extract(files[suffix], stem.with_suffix(suffix))
            yield GdalInput(
                stem.with_suffix(opened),
                format_,
                PurePosixPath(files[opened].filename).stem,
            )


def _geodatabases(
    unpacker: _Unpacker, entries: list[zipfile.ZipInfo]
) -> Iterator[GdalInput]:
    folders: dict[str, list[zipfile.ZipInfo]] = {}
    for entry in entries:
        folder = PurePosixPath(entry.filename).parent
        if folder.suffix.lower() == ".gdb" and re.fullmatch(
            r"[\w.-]+", PurePosixPath(entry.filename).name
        ):
            folders.setdefault(str(folder), []).append(entry)
    for name, files in folders.items():
        target = unpacker.next_stem().with_suffix(".gdb")
        for entry in files:
            unpacker.extract(entry, target / PurePosixPath(entry.filename).name)
        yield GdalInput(target, "File Geodatabase", PurePosixPath(name).stem)


def _singles(
    unpacker: _Unpacker, by_stem: dict[str, dict[str, zipfile.ZipInfo]]
) -> Iterator[GdalInput]:
    for files in by_stem.values():
        for suffix, entry in files.items():
            if suffix in {*SUFFIXES.values(), ".json"}:
                folder = unpacker.next_stem()
                packed = unpacker.extract(entry, folder / "packed")
                yield _single(
                    packed, _head(packed), PurePosixPath(entry.filename).stem, folder
                )
                packed.unlink()
