"""Knowing an archive before anything of it is written: whole, signed, of a known format, and each line readable."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from udi.cli.archive import contents, seal
from udi.cli.archive.tape import MANIFEST, SIGNATURE, Reader, RefusedArchiveError
from udi.cli.local.errors import LocalError
from udi.kit.rows import Moves, parse_rows
from udi.portal.tenants.files import TenantFaultsError, TenantFolder, read_folder
from udi.settings import Settings


@dataclass(frozen=True)
class Archive:
    """An archive that was found right."""

    reader: Reader
    about: dict[str, Any]
    seal: seal.Seal
    folder: TenantFolder
    """The territory's files, as they were there."""

    @property
    def slug(self) -> str:
        return self.folder.slug

    @property
    def tenant_id(self) -> UUID:
        return self.folder.tenant_id

    @property
    def with_files(self) -> bool:
        return bool(self.about["with_files"])

    def tenant_files(self) -> dict[str, bytes]:
        """The territory's files by name."""
        return _tenant_files(self.reader)


@contextmanager
def opened(settings: Settings, path: Path, *, fingerprint: str = "") -> Iterator[Archive]:
    """An archive, verified whole.

    Raises:
        RefusedArchiveError: what is wrong with it.
    """
    reader = Reader(path)
    try:
        yield _verify(settings, reader, fingerprint)
    finally:
        reader.close()


def _verify(settings: Settings, reader: Reader, fingerprint: str) -> Archive:
    reader.scan()
    _require_manifest(reader)
    about = reader.json(contents.DESCRIPTION)
    _require_description(settings, about)
    slug = about["territory"]["slug"]
    signed = seal.check(reader.json(SIGNATURE), reader.entries[MANIFEST].sha256, slug)
    if fingerprint and fingerprint != signed.fingerprint:
        cause = f"it is signed by the key {signed.fingerprint}, not by {fingerprint}"
        raise RefusedArchiveError(cause)
    folder = _read_tenant(reader, slug)
    if str(folder.tenant_id) != about["territory"]["id"]:
        raise RefusedArchiveError("its territory is not the one of its files")
    _require_rows(reader)
    if about["with_files"]:
        _require_files(reader)
    return Archive(reader, about, signed, folder)


def _require_manifest(reader: Reader) -> None:
    """The manifest names exactly the entries that are there, which are exactly those that an archive has."""
    found = list(reader.entries.values())
    if [entry.path for entry in found[-2:]] != [MANIFEST, SIGNATURE]:
        raise RefusedArchiveError("it does not end with its manifest and signature")
    manifest = reader.json(MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("format") != contents.FORMAT:
        raise RefusedArchiveError("its manifest is of a format that this release does not know")
    listed, present = manifest.get("entries"), [entry.listed() for entry in found[:-2]]
    if listed != present:
        raise RefusedArchiveError(_first_difference(listed, present))
    for entry in found[:-2]:
        if not contents.is_entry(entry.path):
            raise RefusedArchiveError(f"{entry.path} has no place in an archive")
        if contents.FILE.fullmatch(entry.path) and entry.path != f"files/{entry.sha256}":
            raise RefusedArchiveError(f"{entry.path} holds something else")


def _first_difference(listed: Any, present: list[dict[str, Any]]) -> str:
    if not isinstance(listed, list) or not all(isinstance(each, dict) and "path" in each for each in listed):
        return "its manifest is no manifest"
    wanted, found = {each["path"]: each for each in listed}, {each["path"]: each for each in present}
    if missing := sorted(wanted.keys() - found.keys()):
        return f"{missing[0]} is missing"
    if surplus := sorted(found.keys() - wanted.keys()):
        return f"{surplus[0]} is not in its manifest"
    changed = sorted(path for path in wanted if wanted[path] != found[path])
    return f"{changed[0]} was changed" if changed else "its entries are not in their order"


def _require_description(settings: Settings, about: Any) -> None:
    try:
        revisions = {program: about["revisions"][program] for program in contents.PROGRAMS}
        right = about["format"] == contents.FORMAT and isinstance(about["with_files"], bool)
        right = right and isinstance(about["origins"]["portal"], str) and isinstance(about["origins"]["node"], str)
        right = right and isinstance(about["territory"]["slug"], str) and isinstance(about["issuer"], str)
    except (TypeError, KeyError) as error:
        raise RefusedArchiveError(f"{contents.DESCRIPTION} does not describe it") from error
    if not right:
        raise RefusedArchiveError(f"{contents.DESCRIPTION} does not describe it")
    for program, revision in revisions.items():
        if revision not in contents.revisions(settings, program):
            cause = (
                f"The archive was made by the release {about.get('release')}, whose {program} is newer than this one"
            )
            raise LocalError(cause, "upgrade this installation first")


def _tenant_files(reader: Reader) -> dict[str, bytes]:
    return {
        path.removeprefix("tenant/"): b"".join(reader.pieces(path))
        for path in reader.entries
        if path.startswith("tenant/")
    }


def _read_tenant(reader: Reader, slug: str) -> TenantFolder:
    with TemporaryDirectory() as beside:
        folder = Path(beside) / "tenant"
        folder.mkdir()
        for name, content in _tenant_files(reader).items():
            (folder / name).write_bytes(content)
        named = folder.with_name(slug) if contents.TENANT_FILE.fullmatch(f"tenant/{slug}") else folder
        folder.rename(named)
        try:
            return read_folder(named)
        except TenantFaultsError as error:
            raise RefusedArchiveError(f"the territory's files are wrong ({error.faults[0]})") from error


def _require_rows(reader: Reader) -> None:
    for program in contents.PROGRAMS:
        for carried in contents.CARRIED[program]:
            entry = contents.entry_of(program, carried)
            try:
                for _ in parse_rows(carried, reader.lines(entry), Moves()):
                    pass
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise RefusedArchiveError(f"{entry} holds what is no row") from error


def _require_files(reader: Reader) -> None:
    carried = next(each for each in contents.CARRIED["node"] if each.name == "stored_file")
    wanted = set[str]()
    for row in parse_rows(carried, reader.lines(contents.entry_of("node", carried)), Moves()):
        entry = reader.entries.get(f"files/{row['sha256']}")
        if entry is None or entry.size != row["size"]:
            raise RefusedArchiveError(f"the file {row['id']} is missing, or has another size")
        wanted.add(entry.path)
    if surplus := sorted(path for path in reader.entries if path.startswith("files/") and path not in wanted):
        raise RefusedArchiveError(f"{surplus[0]} is nobody's")
