"""Knowing an archive before anything of it is written: whole, signed, of a known format, and each line readable."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from udi.cli.archive import contents, signature
from udi.cli.archive.tar_file import (
    MANIFEST,
    SIGNATURE,
    ArchiveReader,
    InvalidArchiveError,
)
from udi.cli.local.errors import LocalError
from udi.kit.rows import ArchivedTable, ImportMapping, Row, parse_rows
from udi.portal.identity.provision.organisations import find_territory
from udi.portal.tenants.files import TenantFaultsError, TenantFolder, read_files
from udi.settings import Settings


@dataclass(frozen=True)
class TerritoryArchive:
    """An archive that was found right."""

    reader: ArchiveReader
    description: dict[str, Any]
    signature: signature.ArchiveSignature
    folder: TenantFolder
    """The territory's files, as they were there."""

    @property
    def slug(self) -> str:
        return self.folder.slug

    @property
    def tenant_id(self) -> UUID:
        return self.folder.tenant_id

    @property
    def follows(self) -> str:
        """The archive that it is the difference to, by its manifest's sha256; empty: it is whole."""
        return str(self.description.get("follows", ""))

    @property
    def with_files(self) -> bool:
        return bool(self.description["with_files"])

    def tenant_files(self) -> dict[str, bytes]:
        """The territory's files by name."""
        return _read_tenant_files(self.reader)


@contextmanager
def open_archive(
    settings: Settings, path: Path, *, fingerprint: str = ""
) -> Iterator[TerritoryArchive]:
    """An archive, verified whole.

    Raises:
        InvalidArchiveError: what is wrong with it.
    """
    reader = ArchiveReader(path)
    try:
        yield _verify(settings, reader, fingerprint)
    finally:
        reader.close()


def _verify(
    settings: Settings, reader: ArchiveReader, fingerprint: str
) -> TerritoryArchive:
    reader.scan()
    about = reader.read_json(contents.DESCRIPTION)
    follows = isinstance(about, dict) and "follows" in about
    _require_manifest(reader, follows=follows)
    _require_description(settings, about)
    slug = about["territory"]["slug"]
    signed = signature.verify_signature(
        reader.read_json(SIGNATURE), reader.entries[MANIFEST].sha256, slug
    )
    if fingerprint and fingerprint != signed.fingerprint:
        cause = f"it is signed by the key {signed.fingerprint}, not by {fingerprint}"
        raise InvalidArchiveError(cause)
    folder = _read_tenant(reader, slug)
    if str(folder.tenant_id) != about["territory"]["id"]:
        raise InvalidArchiveError("its territory is not the one of its files")
    _require_rows(reader)
    _require_identity(reader, slug)
    if follows:
        _require_difference(reader)
    if about["with_files"]:
        _require_files(reader)
    return TerritoryArchive(reader, about, signed, folder)


def _require_manifest(reader: ArchiveReader, *, follows: bool) -> None:
    """The manifest names exactly the entries that are there, which are exactly those that an archive has."""
    entries = list(reader.entries.values())
    if [entry.path for entry in entries[-2:]] != [MANIFEST, SIGNATURE]:
        raise InvalidArchiveError("it does not end with its manifest and signature")
    manifest = reader.read_json(MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("format") != contents.FORMAT:
        raise InvalidArchiveError(
            "its manifest is of a format that this release does not know"
        )
    listed = manifest.get("entries")
    present = [entry.manifest_entry() for entry in entries[:-2]]
    if listed != present:
        raise InvalidArchiveError(_first_difference(listed, present))
    for entry in entries[:-2]:
        if not contents.is_entry(entry.path, follows=follows):
            raise InvalidArchiveError(f"{entry.path} has no place in an archive")
        if (
            contents.FILE.fullmatch(entry.path)
            and entry.path != f"files/{entry.sha256}"
        ):
            raise InvalidArchiveError(f"{entry.path} holds something else")


def _first_difference(listed: Any, present: list[dict[str, Any]]) -> str:
    if not isinstance(listed, list) or not all(
        isinstance(entry, dict) and "path" in entry for entry in listed
    ):
        return "its manifest is no manifest"
    listed_by_path = {entry["path"]: entry for entry in listed}
    present_by_path = {entry["path"]: entry for entry in present}
    if missing := sorted(listed_by_path.keys() - present_by_path.keys()):
        return f"{missing[0]} is missing"
    if surplus := sorted(present_by_path.keys() - listed_by_path.keys()):
        return f"{surplus[0]} is not in its manifest"
    changed = sorted(
        path for path in listed_by_path if listed_by_path[path] != present_by_path[path]
    )
    if changed:
        return f"{changed[0]} was changed"
    return "its entries are not in their order"


def _require_description(settings: Settings, about: Any) -> None:
    try:
        revisions = {
            program: about["revisions"][program] for program in contents.PROGRAMS
        }
        right = about["format"] == contents.FORMAT and isinstance(
            about["with_files"], bool
        )
        right = (
            right
            and isinstance(about["origins"]["portal"], str)
            and isinstance(about["origins"]["node"], str)
        )
        right = (
            right
            and isinstance(about["territory"]["slug"], str)
            and isinstance(about["issuer"], str)
            and isinstance(about.get("follows", ""), str)
        )
    except (TypeError, KeyError) as error:
        raise InvalidArchiveError(
            f"{contents.DESCRIPTION} does not describe it"
        ) from error
    if not right:
        raise InvalidArchiveError(f"{contents.DESCRIPTION} does not describe it")
    for program, revision in revisions.items():
        if revision not in contents.revisions(settings, program):
            cause = f"The archive was made by the release {about.get('release')}, whose {program} is newer than this one"
            raise LocalError(cause, "upgrade this installation first")


def _read_tenant_files(reader: ArchiveReader) -> dict[str, bytes]:
    return {
        path.removeprefix("tenant/"): b"".join(reader.read_pieces(path))
        for path in reader.entries
        if path.startswith("tenant/")
    }


def _read_tenant(reader: ArchiveReader, slug: str) -> TenantFolder:
    try:
        return read_files(_read_tenant_files(reader), slug)
    except TenantFaultsError as error:
        raise InvalidArchiveError(
            f"the territory's files are wrong ({error.faults[0]})"
        ) from error


def _require_rows(reader: ArchiveReader) -> None:
    for program in contents.PROGRAMS:
        for carried in contents.CARRIED[program]:
            entry = contents.entry_of(program, carried)
            try:
                for _ in parse_rows(carried, reader.read_lines(entry), ImportMapping()):
                    pass
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise InvalidArchiveError(f"{entry} holds what is no row") from error


def _require_identity(reader: ArchiveReader, slug: str) -> None:
    """Organisations are the territory's own, and accounts are members of these alone: else they would get rights over others."""
    readers: dict[str, tuple[str, Callable[[Any], list[str]]]] = {
        contents.ORGANISATIONS: ("organisation", _list_own_alias),
        contents.ACCOUNTS: ("account", _list_joined_aliases),
    }
    for entry, (kind, list_aliases) in readers.items():
        for line in reader.read_lines(entry):
            try:
                aliases = list_aliases(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise InvalidArchiveError(f"{entry} holds what is no {kind}") from error
            if any(find_territory(alias) != slug for alias in aliases):
                raise InvalidArchiveError(
                    f"{entry} names an organisation of another territory"
                )


def _list_own_alias(organisation: Any) -> list[str]:
    if not isinstance(organisation["alias"], str):
        raise TypeError
    return [organisation["alias"]]


def _list_joined_aliases(account: Any) -> list[str]:
    if not isinstance(account["id"], str):
        raise TypeError
    for groups in account["memberships"].values():
        if not isinstance(groups, list) or not all(
            isinstance(group, str) for group in groups
        ):
            raise TypeError
    return [*account["memberships"]]


def _require_difference(reader: ArchiveReader) -> None:
    """Keys that went are keys, and every table has its summary."""
    comparison = reader.read_json(contents.COMPARISON)
    for program in contents.PROGRAMS:
        for carried in contents.CARRIED[program]:
            entry = contents.removed_of(program, carried)
            try:
                for line in reader.read_lines(entry):
                    parse_key(carried, line)
            except (ValueError, TypeError, AttributeError) as error:
                raise InvalidArchiveError(f"{entry} holds what is no key") from error
            try:
                summary = comparison[contents.entry_of(program, carried)]
                right = isinstance(summary["rows"], int)
                right = right and isinstance(summary["sha256"], str)
            except (TypeError, KeyError):
                right = False
            if not right:
                raise InvalidArchiveError(
                    f"{contents.COMPARISON} does not sum up {carried.name}"
                )


def parse_key(carried: ArchivedTable, line: bytes) -> Row:
    """The key of a row that went, by column.

    Raises:
        ValueError: it is none of this table.
    """
    names = contents.list_key_columns(carried)
    values = json.loads(line)
    if not isinstance(values, list) or len(values) != len(names):
        raise ValueError(f"A line is not a key of {carried.name}.")
    row = json.dumps(dict(zip(names, values, strict=True))).encode()
    return next(iter(parse_rows(carried, [row], ImportMapping())))


def _require_files(reader: ArchiveReader) -> None:
    carried = next(
        carried_table
        for carried_table in contents.CARRIED["node"]
        if carried_table.name == "stored_file"
    )
    expected_paths = set[str]()
    for row in parse_rows(
        carried, reader.read_lines(contents.entry_of("node", carried)), ImportMapping()
    ):
        entry = reader.entries.get(f"files/{row['sha256']}")
        if entry is None or entry.size != row["size"]:
            raise InvalidArchiveError(
                f"the file {row['id']} is missing, or has another size"
            )
        expected_paths.add(entry.path)
    if surplus := sorted(
        path
        for path in reader.entries
        if path.startswith("files/") and path not in expected_paths
    ):
        raise InvalidArchiveError(f"{surplus[0]} is nobody's")
