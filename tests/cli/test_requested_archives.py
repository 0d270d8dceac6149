"""Whole archives that operators request on a page: made apart, said on the page, deleted after a week."""

import asyncio
import errno
import os
import socket
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text

from tests.cli.archiving import (
    Life,
    bring,
    elsewhere,
    home,
    life,
    names,
    other_databases,
)
from tests.journeys.steps import wait_until
from udi.cli.archive import tar_file
from udi.cli.archive.tar_file import ArchiveWriter
from udi.cli.installation import archive_folder, archives
from udi.cli.installation.archive_folder import hold_folder
from udi.cli.installation.archives import (
    delete_expired_archives,
    describe_fault,
    estimate_size,
    make_archives,
    run_archiver,
    save_request,
)
from udi.cli.installation.gather import ProgramDatabases
from udi.cli.installation.work import forget_requests, perform_requests
from udi.cli.local.errors import LocalError
from udi.kit.clock import now
from udi.kit.tenancy import INSTALLATION_ID
from udi.portal.audit.models import AuditEvent
from udi.portal.installation.alerts import check_archiver
from udi.portal.installation.archives import ARCHIVE_RETENTION, find_archive
from udi.portal.installation.models import (
    InstallationHeartbeat,
    InstallationUnit,
    OperatorAct,
    OperatorRequest,
)
from udi.portal.installation.queries import find_heartbeat
from udi.settings import Settings

__all__ = ["elsewhere", "home", "life", "other_databases"]


@pytest.fixture(autouse=True)
def large_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reserve of a disk is of no account, whatever the disk of the tests."""
    monkeypatch.setattr(archive_folder, "RESERVE_SHARE", 0)
    monkeypatch.setattr(archive_folder, "LEAST_RESERVE", 0)


@pytest.fixture
async def databases(life: Life) -> AsyncIterator[ProgramDatabases]:
    """Those of the installation, in which nothing else is requested."""
    databases = ProgramDatabases.open(life.settings)
    async with databases.portal.session(INSTALLATION_ID, role="worker") as session:
        await session.execute(delete(OperatorRequest))
    yield databases
    await databases.close()


async def request_archive(
    databases: ProgramDatabases, territory: uuid.UUID
) -> OperatorRequest:
    request = OperatorRequest(
        id=uuid.uuid4(),
        territory_id=territory,
        act=OperatorAct.ARCHIVE,
        details={},
        requested_by=uuid.uuid4(),
    )
    async with databases.portal.session(INSTALLATION_ID) as session:
        session.add(request)
    return request


async def read_request(
    databases: ProgramDatabases, request: OperatorRequest
) -> OperatorRequest:
    async with databases.portal.session(INSTALLATION_ID, role="worker") as session:
        return await session.get_one(OperatorRequest, (INSTALLATION_ID, request.id))


def mode_and_size(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_mode & 0o777, facts.st_size


async def test_an_archive_is_made_of_a_territory_without_a_folder_and_arrives(
    life: Life, databases: ProgramDatabases, elsewhere: Settings, tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    folder = tmp_path / "archives"
    settings = life.settings.model_copy(update={"tenants": tmp_path / "none"})
    request = await request_archive(databases, life.id)
    with hold_folder(folder):
        left = await perform_requests(settings, databases)
        count = await make_archives(settings, databases, folder)

    done = await read_request(databases, request)
    archive = find_archive(done)
    assert (left, count, done.state, done.outcome) == (0, 1, "done", "")
    assert archive is not None
    path = Path(archive.path)
    assert path.parent == folder
    assert path.name.startswith(f"{life.slug}-")
    assert mode_and_size(path) == (0o600, archive.size)
    assert archive.files > 0
    assert done.finished_at is not None
    assert archive.expires_at == done.finished_at + ARCHIVE_RETENTION
    assert archive.deleted_at is None
    checked = await bring(
        elsewhere, path, check_only=True, fingerprint=archive.fingerprint
    )
    assert checked.territory == life.slug
    async with databases.portal.session(life.id, role="worker") as session:
        query = select(AuditEvent.name).where(AuditEvent.name == "territory.exported")
        assert (await session.scalars(query)).all() == ["territory.exported"]


async def test_a_disk_without_room_is_said_before_anything_is_written(
    life: Life,
    databases: ProgramDatabases,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archives, "SPARE", 10**18)
    request = await request_archive(databases, life.id)

    await make_archives(life.settings, databases, tmp_path)

    failed = await read_request(databases, request)
    assert failed.state == "failed"
    assert "1000000000" in failed.outcome
    assert "make room, then request it again" in failed.outcome
    assert names(tmp_path) == []


async def test_what_cannot_be_written_or_is_gone_fails_and_the_next_one_is_made(
    life: Life, databases: ProgramDatabases, tmp_path: Path
) -> None:
    gone = await request_archive(databases, uuid.uuid4())
    made = await request_archive(databases, life.id)

    count = await make_archives(life.settings, databases, tmp_path)

    failed = await read_request(databases, gone)
    assert count == 2
    assert (failed.state, failed.details) == ("failed", {})
    assert "The territory is not known any more." in failed.outcome
    assert (await read_request(databases, made)).state == "done"
    assert len(names(tmp_path)) == 1


async def test_an_archive_is_made_again_where_its_request_still_waits(
    life: Life, databases: ProgramDatabases, tmp_path: Path
) -> None:
    request = await request_archive(databases, life.id)
    partial = tmp_path / f".{life.slug}-2026-11-30-{request.id.hex[:8]}.tar.partial"
    partial.write_bytes(b"half of it")

    with hold_folder(tmp_path):
        before = names(tmp_path)
        await make_archives(life.settings, databases, tmp_path)

    assert partial.name not in before
    assert (await read_request(databases, request)).state == "done"


async def test_the_reserve_of_the_disk_is_kept_from_the_beginning(
    life: Life,
    databases: ProgramDatabases,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive_folder, "RESERVE_SHARE", 0.999)
    request = await request_archive(databases, life.id)

    await make_archives(life.settings, databases, tmp_path)

    failed = await read_request(databases, request)
    assert failed.state == "failed"
    assert "MB stay free for the databases" in failed.outcome
    assert names(tmp_path) == []


async def test_the_room_of_an_archive_counts_both_databases(
    life: Life, databases: ProgramDatabases
) -> None:
    sizes = []
    for database in (databases.portal, databases.node):
        async with database.platform_session(role="worker") as session:
            query = text("SELECT pg_database_size(current_database())")
            sizes.append(await session.scalar(query) or 0)

    estimated = await estimate_size(databases, life.id)

    assert min(sizes) > 1_000_000
    assert estimated > archives.SPARE + 0.9 * sum(sizes)


async def test_a_disk_that_fills_meanwhile_ends_the_archive_and_leaves_no_file(
    life: Life,
    databases: ProgramDatabases,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive_folder, "LEAST_RESERVE", 10**18)
    monkeypatch.setattr(archives, "SPARE", -(10**19))
    request = await request_archive(databases, life.id)

    await make_archives(life.settings, databases, tmp_path)

    failed = await read_request(databases, request)
    assert failed.state == "failed"
    assert "make room, then request the archive again" in failed.outcome
    assert names(tmp_path) == []


async def test_the_disk_is_looked_at_again_while_an_entry_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tar_file, "LOOK_AT_ROOM_EVERY", 1000)
    written = []

    async def iterate_pieces(writer: ArchiveWriter) -> AsyncIterator[bytes]:
        for number in range(100):
            if number == 10:
                writer._reserve = 10**18
            written.append(number)
            yield b"x" * 500

    with (
        pytest.raises(LocalError, match="stay free for the databases"),
        ArchiveWriter(tmp_path / "a.tar", reserve=1) as writer,
    ):
        await writer.add("a", iterate_pieces(writer))

    assert 10 <= len(written) <= 13
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "is_final"),
    [
        (errno.ENOSPC, True),
        (errno.EDQUOT, True),
        (errno.EACCES, True),
        (errno.EROFS, True),
        (errno.EIO, True),
        (errno.ECONNREFUSED, False),
        (errno.ECONNRESET, False),
        (errno.EHOSTUNREACH, False),
        (errno.ENOENT, False),
        (None, False),
    ],
)
def test_only_what_is_wrong_with_the_file_ends_a_request(
    number: int | None,
    *,
    is_final: bool,
) -> None:
    outcome = describe_fault(OSError(number, "Words of the system"))

    assert (outcome is not None) is is_final
    assert ("cannot be written (Words of the system)" in (outcome or "")) is is_final


async def test_a_database_that_does_not_answer_leaves_the_request_waiting(
    life: Life, databases: ProgramDatabases, tmp_path: Path
) -> None:
    request = await request_archive(databases, life.id)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = life.settings.model_copy(
            update={"database_port": closed.getsockname()[1]}
        )
        with pytest.raises(OSError, match=r"refused|failed"):
            await make_archives(nowhere, databases, tmp_path)
    waiting = await read_request(databases, request)
    await make_archives(life.settings, databases, tmp_path)

    assert (waiting.state, waiting.finished_at) == ("requested", None)
    assert (await read_request(databases, request)).state == "done"


async def test_what_makes_archives_notes_that_it_runs_though_nothing_is_requested(
    life: Life, databases: ProgramDatabases, tmp_path: Path
) -> None:
    async with databases.portal.session(INSTALLATION_ID, role="worker") as session:
        await session.execute(delete(InstallationHeartbeat))

    archiver = asyncio.create_task(run_archiver(life.settings, tmp_path))
    try:
        await wait_until(lambda: is_at_work(databases))
    finally:
        archiver.cancel()
        await asyncio.wait({archiver})

    assert await is_at_work(databases)


async def is_at_work(databases: ProgramDatabases) -> bool:
    async with databases.portal.session(INSTALLATION_ID, role="worker") as session:
        seen_at = await find_heartbeat(session, InstallationUnit.ARCHIVER)
    return check_archiver(seen_at, now()) == []


async def finish_archive(
    databases: ProgramDatabases, path: Path, age: timedelta
) -> OperatorRequest:
    """A request whose archive was made so long ago."""
    request = await request_archive(databases, uuid.uuid4())
    details = {"archive": str(path), "bytes": 1, "files": 0, "fingerprint": "kO7"}
    finished_at = now() - age
    await save_request(
        databases.portal,
        request.id,
        state="done",
        details=details,
        finished_at=finished_at,
    )
    return request


def write_old(path: Path) -> Path:
    """A file that was written a month ago."""
    path.touch()
    moment = (now() - timedelta(days=30)).timestamp()
    os.utime(path, (moment, moment))
    return path


OLD = ARCHIVE_RETENTION + timedelta(hours=1)
YOUNG = ARCHIVE_RETENTION - timedelta(hours=1)


async def test_archives_are_deleted_after_a_week_and_their_requests_say_so(
    databases: ProgramDatabases, tmp_path: Path
) -> None:
    old = await finish_archive(
        databases, write_old(tmp_path / "a-2026-11-01-0a1b2c3d.tar"), OLD
    )
    young = await finish_archive(
        databases, write_old(tmp_path / "b-2026-11-01-0a1b2c3d.tar"), YOUNG
    )
    gone = await finish_archive(databases, tmp_path / "c-2026-11-01-0a1b2c3d.tar", OLD)

    await delete_expired_archives(databases.portal, tmp_path)

    archives = [
        find_archive(await read_request(databases, row)) for row in (old, young, gone)
    ]
    assert names(tmp_path) == ["b-2026-11-01-0a1b2c3d.tar"]
    assert [
        archive is not None and archive.deleted_at is None for archive in archives
    ] == [
        False,
        True,
        False,
    ]


async def test_no_file_of_others_is_deleted(
    databases: ProgramDatabases, tmp_path: Path
) -> None:
    folder = tmp_path / "archives"
    folder.mkdir()
    others = [
        "backup.tar",
        "rade-2026-11-01.tar",
        "rade-2026-11-01-0a1b2c3d.tar",
        ".download.partial",
        ".rade-2026-11-01.tar.partial",
    ]
    for name in others:
        write_old(folder / name)
    (folder / ".a-2026-11-01-0a1b2c3d.tar.partial").mkdir()
    (folder / "a-2026-11-01-0a1b2c3d.tar").mkdir()
    elsewhere = write_old(tmp_path / "b-2026-11-01-0a1b2c3d.tar")
    link = folder / "c-2026-11-01-0a1b2c3d.tar"
    link.symlink_to(elsewhere)
    expected_names = sorted([*names(folder), ".lock"])
    rows = [
        await finish_archive(databases, path, OLD)
        for path in (
            folder / "a-2026-11-01-0a1b2c3d.tar",
            folder / "backup.tar",
            folder / "../b-2026-11-01-0a1b2c3d.tar",
            elsewhere,
            link,
        )
    ]

    with hold_folder(folder):
        await delete_expired_archives(databases.portal, folder)

    assert names(folder) == expected_names
    assert elsewhere.exists()
    for row in rows:
        assert "deleted_at" not in (await read_request(databases, row)).details


async def test_an_archive_that_cannot_be_deleted_ends_nothing_and_is_not_noted(
    databases: ProgramDatabases, tmp_path: Path
) -> None:
    no_folder = tmp_path / "file"
    no_folder.touch()
    row = await finish_archive(databases, no_folder / "a-2026-11-01-0a1b2c3d.tar", OLD)

    await delete_expired_archives(databases.portal, no_folder)

    assert "deleted_at" not in (await read_request(databases, row)).details


async def test_a_request_is_not_forgotten_before_its_archive_is_deleted(
    databases: ProgramDatabases, tmp_path: Path
) -> None:
    path = write_old(tmp_path / "a-2026-11-01-0a1b2c3d.tar")
    row = await finish_archive(databases, path, timedelta(days=60))

    await forget_requests(databases.portal)
    identifiers = await list_ids(databases)
    await delete_expired_archives(databases.portal, tmp_path)
    await forget_requests(databases.portal)

    assert identifiers == [row.id]
    assert await list_ids(databases) == []


async def list_ids(databases: ProgramDatabases) -> list[uuid.UUID]:
    async with databases.portal.session(INSTALLATION_ID, role="worker") as session:
        return list(await session.scalars(select(OperatorRequest.id)))


async def test_what_an_earlier_attempt_wrote_whole_does_not_stay(
    life: Life, databases: ProgramDatabases, tmp_path: Path
) -> None:
    request = await request_archive(databases, life.id)
    write_old(tmp_path / f"{life.slug}-2026-11-01-{request.id.hex[:8]}.tar")
    write_old(tmp_path / f"{life.slug}-2026-11-01-00000000.tar")

    await make_archives(life.settings, databases, tmp_path)

    archive = find_archive(await read_request(databases, request))
    assert archive is not None
    assert names(tmp_path) == sorted(
        [f"{life.slug}-2026-11-01-00000000.tar", Path(archive.path).name]
    )


def test_one_process_makes_archives_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "archives"
    with (
        hold_folder(folder),
        pytest.raises(LocalError, match="stop the other process first"),
        hold_folder(folder),
    ):
        pass
    with hold_folder(folder):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(LocalError, match="name another folder"),
        hold_folder(tmp_path / "file/archives"),
    ):
        pass
