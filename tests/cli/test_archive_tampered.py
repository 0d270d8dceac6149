"""An archive that is not whole and untouched is refused, says why, and leaves no trace."""

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from tests.cli.archiving import (
    Life,
    bring,
    elsewhere,
    export_to,
    forget,
    home,
    life,
    other_databases,
    quiet,
    rows_everywhere,
)
from tests.cli.following import change_catalogue, difference_to
from udi.cli.archive import signature
from udi.cli.archive.comparison import DifferentCopyError
from udi.cli.archive.contents import ACCOUNTS, ORGANISATIONS, revisions
from udi.cli.archive.difference import export_difference
from udi.cli.archive.tar_file import (
    MANIFEST,
    SIGNATURE,
    ArchiveEntry,
    ArchiveReader,
    InvalidArchiveError,
)
from udi.cli.local.errors import LocalError
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import ConflictError
from udi.node.spaces.models import Space, UseCount
from udi.settings import Settings

__all__ = ["elsewhere", "home", "life", "other_databases"]
Entries = dict[str, bytes]
FOLLOW = {"follow": True}


def further(*values: Any) -> list[Any]:
    """Values of the same kind, which only a run of everything tries."""
    return [pytest.param(value, marks=pytest.mark.thorough) for value in values]


@pytest.fixture(scope="module")
async def archive(life: Life, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archives") / "right.tar"
    await export_to(life, path)
    return path


def archive_entries(path: Path) -> dict[str, ArchiveEntry]:
    reader = ArchiveReader(path)
    reader.scan()
    reader.close()
    return reader.entries


def contents(path: Path) -> Entries:
    reader = ArchiveReader(path)
    reader.scan()
    entries = {name: b"".join(reader.read_pieces(name)) for name in reader.entries}
    reader.close()
    return entries


def written(path: Path, entries: Entries) -> Path:
    """A tar of these entries, whatever their names."""
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def signed_again(settings: Settings, slug: str, entries: Entries) -> Entries:
    """The same entries with a manifest and a signature that agree, by whoever has these settings."""
    body = {
        name: content
        for name, content in entries.items()
        if name not in {MANIFEST, SIGNATURE}
    }
    listed = [
        ArchiveEntry(name, len(content), digest(content)).manifest_entry()
        for name, content in body.items()
    ]
    manifest = json.dumps({"format": 1, "entries": listed}).encode()
    document, _ = signature.sign_manifest(settings, digest(manifest), slug)
    return {**body, MANIFEST: manifest, SIGNATURE: json.dumps(document).encode()}


def flip(path: Path, place: int) -> None:
    """Change one bit."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def bytes_of(path: Path) -> bytes:
    return path.read_bytes()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def assert_refused(
    settings: Settings,
    path: Path,
    match: str,
    error: type[Exception] = InvalidArchiveError,
    **options: Any,
) -> None:
    before = await rows_everywhere(settings)
    files = sorted(str(state_path) for state_path in settings.state.rglob("*"))

    with pytest.raises(error, match=match):
        await bring(settings, path, **options)

    assert await rows_everywhere(settings) == before
    assert sorted(str(state_path) for state_path in settings.state.rglob("*")) == files


async def test_it_is_right_as_it_is(archive: Path, elsewhere: Settings) -> None:
    assert (await bring(elsewhere, archive, check_only=True)).outcome == "checked"


@pytest.mark.parametrize(
    "part",
    [
        *("files/", SIGNATURE, "portal/dataset.jsonl"),
        *further(MANIFEST, "tenant/tenant.toml"),
    ],
)
async def test_one_bit_of_any_part(
    archive: Path, elsewhere: Settings, tmp_path: Path, part: str
) -> None:
    target = Path(shutil.copy(archive, tmp_path / "changed.tar"))
    entry = next(
        candidate
        for name, candidate in archive_entries(archive).items()
        if name.startswith(part)
    )
    flip(target, entry.offset + entry.size // 2)

    await assert_refused(
        elsewhere,
        target,
        "holds something else|was changed|signature|manifest|is missing",
    )


@pytest.mark.parametrize(
    "part",
    ["files/", "archive.json", SIGNATURE, *further("node/dataset.jsonl", MANIFEST)],
)
async def test_a_part_that_is_missing(
    archive: Path, elsewhere: Settings, tmp_path: Path, part: str
) -> None:
    entries = {
        name: content
        for name, content in contents(archive).items()
        if not name.startswith(part)
    }

    await assert_refused(
        elsewhere,
        written(tmp_path / "partial.tar", entries),
        "missing|does not end with",
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("files/" + "0" * 64, "not in its manifest"),
        ("../../etc/cron.d/udi", "not the name of an entry"),
        ("/etc/passwd", "not the name of an entry"),
        ("tenant/../../x", "not the name of an entry"),
    ],
)
async def test_a_part_too_many(
    archive: Path, elsewhere: Settings, tmp_path: Path, name: str, reason: str
) -> None:
    entries = {name: b"surplus", **contents(archive)}

    await assert_refused(elsewhere, written(tmp_path / "more.tar", entries), reason)


@pytest.mark.parametrize("share", [0, 0.5, *further(0.01, 0.9, 0.999)])
async def test_a_cut_file(
    archive: Path, elsewhere: Settings, tmp_path: Path, share: float
) -> None:
    target = tmp_path / "cut.tar"
    content = bytes_of(archive)
    target.write_bytes(content[: int(len(content) * share)])

    await assert_refused(elsewhere, target, "cut|no entry at byte")


@pytest.mark.parametrize(
    "kind",
    [
        *(tarfile.SYMTYPE, tarfile.DIRTYPE, b"L"),
        *further(tarfile.LNKTYPE, tarfile.FIFOTYPE, b"S", b"x"),
    ],
)
async def test_an_entry_that_is_no_plain_file(
    archive: Path, elsewhere: Settings, tmp_path: Path, kind: bytes
) -> None:
    entry = tarfile.TarInfo("files/" + "0" * 64)
    entry.type = kind
    if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE}:
        entry.linkname = "/etc/passwd"
    else:
        entry.linkname = ""
    target = tmp_path / "link.tar"
    target.write_bytes(entry.tobuf(tarfile.GNU_FORMAT)[-512:] + bytes_of(archive))

    await assert_refused(elsewhere, target, "not a plain file")


@pytest.mark.parametrize("size", [2**62, -1, *further(10**5, 8 * 1024**4)])
async def test_a_size_that_lies(
    archive: Path, elsewhere: Settings, tmp_path: Path, size: int
) -> None:
    entry = tarfile.TarInfo("files/" + "0" * 64)
    entry.size = max(size, 0)
    header = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    if size < 0:
        header[124:136] = b"\xff" * 12
        header[148:156] = b" " * 8
        header[148:156] = f"{sum(header):06o}\0 ".encode()
    target = tmp_path / "lies.tar"
    target.write_bytes(bytes(header))

    await assert_refused(elsewhere, target, "lies about the size|has no size|cut")


async def test_something_hidden_between_or_after_the_parts(
    archive: Path, elsewhere: Settings, tmp_path: Path
) -> None:
    content = bytes_of(archive)
    first = archive_entries(archive)["archive.json"]
    padding = first.offset + first.size
    between = tmp_path / "between.tar"
    after = tmp_path / "after.tar"
    between.write_bytes(content[:padding] + b"x" + content[padding + 1 :])
    after.write_bytes(content + b"x" * 512)

    await assert_refused(elsewhere, between, "hidden after")
    await assert_refused(elsewhere, after, "follows its end")


async def test_a_part_that_is_there_twice(
    archive: Path, elsewhere: Settings, tmp_path: Path
) -> None:
    content = bytes_of(archive)
    first = archive_entries(archive)["archive.json"]
    end = first.offset + first.size + -first.size % 512
    target = tmp_path / "twice.tar"
    target.write_bytes(content[:end] + content)

    await assert_refused(elsewhere, target, "there twice")


async def test_a_part_whose_size_no_such_part_has(
    archive: Path, elsewhere: Settings, tmp_path: Path
) -> None:
    entries = {**contents(archive), "tenant/logo.svg": b"x" * (2 * 1024 * 1024)}

    await assert_refused(
        elsewhere, written(tmp_path / "large.tar", entries), "larger than it may be"
    )


async def test_the_key_of_somebody_else_where_one_is_insisted_on(
    archive: Path, elsewhere: Settings, life: Life, tmp_path: Path
) -> None:
    forged = written(
        tmp_path / "forged.tar", signed_again(elsewhere, life.slug, contents(archive))
    )
    right = json.loads(contents(archive)[SIGNATURE])["key"]["kid"]

    assert (
        await bring(elsewhere, archive, check_only=True, fingerprint=right)
    ).fingerprint == right
    with pytest.raises(InvalidArchiveError, match="not by"):
        await bring(elsewhere, forged, check_only=True, fingerprint=right)


def _without_a_file(entries: Entries) -> Entries:
    return {
        name: content
        for name, content in entries.items()
        if not name.startswith("files/")
    }


def _other_bytes(entries: Entries) -> Entries:
    return {
        name: b"others" if name.startswith("files/") else content
        for name, content in entries.items()
    }


def _with(name: str, content: bytes) -> Callable[[Entries], Entries]:
    return lambda entries: {
        name: content,
        **{
            other_name: other_content
            for other_name, other_content in entries.items()
            if other_name != name
        },
    }


def _account(**changes: Any) -> bytes:
    """The line of an account, as one line of JSON."""
    account = {"id": "of-the-origin", "memberships": {}, **changes}
    return json.dumps(account).encode() + b"\n"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_without_a_file, "is missing"),
        (_other_bytes, "holds something else"),
        (_with("files/" + digest(b"nobody"), b"nobody"), "nobody's"),
        (_with("elsewhere.json", b"{}"), "no place in an archive"),
        (_with("portal/dataset.jsonl", b"{}]\n"), "no row"),
        (_with("portal/dataset.jsonl", b'{"tenant_id":"x"}\n'), "no row"),
        (_with("portal/dataset.jsonl", b'{"id":"x"}'), "middle of a line"),
        (_with("node/stored_file.jsonl", b""), "nobody's"),
        (_with("tenant/tenant.toml", b"[territory]"), "files are wrong"),
        (_with("archive.json", b"{}"), "does not describe it"),
        (_with(ACCOUNTS, b"[]\n"), "no account"),
        (_with(ACCOUNTS, _account(memberships=["managers"])), "no account"),
        (_with(ACCOUNTS, _account(memberships={"other": "moderators"})), "no account"),
        (
            _with(ACCOUNTS, _account(memberships={"other": ["moderators"]})),
            "of another territory",
        ),
        (
            _with(ACCOUNTS, _account(memberships={"other--hall": ["managers"]})),
            "of another territory",
        ),
        (_with(ORGANISATIONS, b'{"alias":7}\n'), "no organisation"),
    ],
)
async def test_nonsense_is_refused_even_signed(
    archive: Path,
    elsewhere: Settings,
    life: Life,
    tmp_path: Path,
    change: Callable[[Entries], Entries],
    reason: str,
) -> None:
    entries = signed_again(elsewhere, life.slug, change(contents(archive)))

    await assert_refused(elsewhere, written(tmp_path / "nonsense.tar", entries), reason)


async def test_a_newer_release_is_named_as_the_reason(
    archive: Path, elsewhere: Settings, life: Life, tmp_path: Path
) -> None:
    entries = contents(archive)
    about = json.loads(entries["archive.json"])
    about["revisions"]["node"] = "of_tomorrow"
    entries["archive.json"] = json.dumps(about).encode()
    target = written(
        tmp_path / "newer.tar", signed_again(elsewhere, life.slug, entries)
    )

    await assert_refused(
        elsewhere, target, "upgrade this installation first", LocalError
    )


async def use_dataset(life: Life) -> None:
    """A dataset of the node at home was read once: a row that no earlier archive has."""
    database = Database(life.settings, "node", pool_size=1)
    async with database.session(life.id, role="owner") as session:
        space = await session.scalar(select(Space.id).limit(1))
        names = {"kind": "file", "client": "browser", "count": 1, "bytes": 1}
        day = now().date()
        session.add(UseCount(space_id=space, dataset_id=uuid4(), day=day, **names))
    await database.close()


@pytest.mark.thorough
async def test_a_difference_that_does_not_fit_the_copy_is_refused(
    archive: Path, elsewhere: Settings, life: Life, tmp_path: Path
) -> None:
    second = tmp_path / "second.tar"
    third = tmp_path / "third.tar"
    await change_catalogue(life, "Arbres du deuxième")
    await difference_to(life, second, archive)
    await assert_refused(elsewhere, second, "No copy of", ConflictError, follow=True)
    await change_catalogue(life, "Arbres du troisième")
    await use_dataset(life)
    await difference_to(life, third, second)
    other_version = json.loads(contents(third)["archive.json"])
    other_version["revisions"]["node"] = revisions(elsewhere, "node")[0]
    entries = {**contents(third), "archive.json": json.dumps(other_version).encode()}
    earlier = written(
        tmp_path / "earlier.tar", signed_again(elsewhere, life.slug, entries)
    )
    unwaited = json.loads(contents(third)["archive.json"])
    unwaited["territory"]["state"] = "read_only"
    entries = {**contents(third), "archive.json": json.dumps(unwaited).encode()}
    early = written(tmp_path / "early.tar", signed_again(elsewhere, life.slug, entries))
    unkeyed = {**contents(third), "removed/portal/report.jsonl": b"[1,2]\n"}
    nonsense = written(
        tmp_path / "nonsense.tar", signed_again(elsewhere, life.slug, unkeyed)
    )
    changed = Path(shutil.copy(third, tmp_path / "changed.tar"))
    flip(changed, archive_entries(third)["index/portal/dataset.jsonl"].offset)
    elsewhere_named: Any = {"hosts": {"portal": "new.localhost"}, "follow": True}
    await bring(elsewhere, archive, follow=True)

    for path, reason, error, options in (
        (third, "would not be as it was at the origin", DifferentCopyError, FOLLOW),
        (second, "could be changed at the origin", LocalError, {}),
        (early, "could be changed at the origin", LocalError, {}),
        (earlier, "of another version than at the origin", LocalError, FOLLOW),
        (nonsense, "holds what is no key", InvalidArchiveError, FOLLOW),
        (changed, "was changed", InvalidArchiveError, FOLLOW),
        (second, "same --as-host as before", LocalError, elsewhere_named),
    ):
        await assert_refused(elsewhere, path, reason, error, **options)
    with pytest.raises(LocalError, match="is the archive of"):
        await export_difference(
            life.settings, "nowhere", third, since=second, tell=quiet
        )
    with pytest.raises(LocalError, match="of another version of the databases"):
        await difference_to(life, third, earlier)
    await forget(elsewhere, life.slug)


@pytest.mark.thorough
async def test_an_older_revision_is_read(
    archive: Path, elsewhere: Settings, life: Life, tmp_path: Path
) -> None:
    """A column that came later is absent from the rows, a table that came later from the archive."""
    entries = contents(archive)
    rows = [json.loads(line) for line in entries["node/stored_file.jsonl"].splitlines()]
    older = [
        {name: value for name, value in row.items() if name != "charset"}
        for row in rows
    ]
    entries["node/stored_file.jsonl"] = b"".join(
        json.dumps(row).encode() + b"\n" for row in older
    )
    del entries["node/dataset_event.jsonl"]
    target = written(
        tmp_path / "older.tar", signed_again(elsewhere, life.slug, entries)
    )

    assert (await bring(elsewhere, target)).rows["node.stored_file"] == len(rows)
