"""Keeping the indexes true: follow what changed in the database, from where the last commit left off.

The cursor is a snapshot of PostgreSQL: unlike a number or a time, it misses no transaction that committed late. It is
written after the index, so that a crash between the two repeats work and loses none.
"""

import asyncio
import fcntl
import json
import re
import shutil
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal.catalogue.search.build import (
    REBUILD_REQUEST,
    IndexWriterCache,
    TenantIndex,
)
from udi.portal.catalogue.search.index import CURSOR, FINGERPRINT
from udi.portal.catalogue.search.joint_build import MEMBERS, JointIndex
from udi.portal.catalogue.search.joint_index import JOINT
from udi.portal.catalogue.search.sharing import list_sharing
from udi.settings import Settings
from udi.ui.locale import in_languages, spoken_languages

log = structlog.get_logger()
CHANNEL = "search_change"
POLL = 0.5
JOINT_POLL = 1.0
GATHER = 0.05
RETRY = 2.0
PRUNE_EVERY = 3600.0
HEARTBEAT = 30.0
CHECK_EVERY = 60.0
"""Seconds after which each index is looked at, though nothing changed."""
KEPT_DAYS = 7
QUIET = 10.0
"""Seconds without a change after which the writer of an index is put away, with the memory that it takes."""
LONGEST_WAIT = 1.0
"""Seconds for which other work of the process waits for what changed to be found: both share one interpreter."""

AWAY = (DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

ORIGIN = text("""
SELECT concat_ws('/', system_identifier, timeline_id, (SELECT oid FROM pg_database WHERE datname = current_database()),
  'app.dataset'::regclass::oid)
FROM pg_control_system(), pg_control_checkpoint()""")
"""Differs after a restore, and after a standby took over (which may have lost the last transactions)."""
POSITION = text("SELECT pg_current_wal_insert_lsn()::text")
"""Not up to where the log is written: a transaction that commits without waiting for the disk is seen before that."""
NOW = text("SELECT pg_current_snapshot()::text")
AHEAD = text(
    "SELECT pg_snapshot_xmax(cast(cast(:cursor AS text) AS pg_snapshot)) > pg_snapshot_xmax(pg_current_snapshot())"
)
CHANGES = text("""
WITH changed AS (
  SELECT DISTINCT tenant_id, dataset_id FROM ops.search_change
  WHERE xid >= pg_snapshot_xmin(cast(cast(:cursor AS text) AS pg_snapshot))
  AND NOT pg_visible_in_snapshot(xid, cast(cast(:cursor AS text) AS pg_snapshot)))
SELECT pg_current_snapshot()::text, tenant_id, dataset_id FROM (SELECT) once LEFT JOIN changed ON true""")
PRUNE = text(
    "DELETE FROM ops.search_change WHERE at < now() - make_interval(days => :days)"
)


@dataclass(frozen=True)
class FeedCursor:
    """Up to where the indexes are true: which database, which snapshot of it, and when that was (seconds)."""

    origin: str
    snapshot: str
    at: float


Changes = dict[UUID, set[UUID]]
"""Datasets to look at again, by territory."""


@dataclass(frozen=True)
class FeedRound:
    """What an index is to be brought up to: the territories, what changed in them, and how far the database was."""

    territories: Mapping[UUID, Territory]
    changes: Changes
    cursor: FeedCursor
    position: str
    is_continued: bool
    """False where the cursor of before is not of this database: all is to be read."""


class CursorFile:
    """Up to where some indexes are true, kept in a file from one process to the next."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.cursor: FeedCursor | None = None
        self._written_at = 0.0

    def read(self) -> None:
        """Go on from where the process before left off."""
        try:
            self.cursor = FeedCursor(**json.loads(self._path.read_text()))
        except (OSError, ValueError, TypeError):
            self.cursor = None

    def store(self, update: FeedRound) -> None:
        """Note that the indexes are true up to here; written when something changed, else now and then."""
        cursor = update.cursor
        self.cursor = cursor
        is_new = bool(update.changes) or not update.is_continued
        if is_new or cursor.at - self._written_at > HEARTBEAT:
            temporary_file = self._path.with_suffix(".new")
            temporary_file.write_text(json.dumps(asdict(cursor)))
            temporary_file.replace(self._path)
            self._written_at = cursor.at


class SearchFeed:
    """What the one process of a machine that writes its indexes runs."""

    def __init__(
        self, database: Database, registry: TerritoryRegistry, settings: Settings
    ) -> None:
        self._database = database
        self._registry = registry
        self._folder = settings.index_folder / FINGERPRINT
        self._cursor_file = CursorFile(self._folder / CURSOR)
        self._pen = IndexWriterCache()
        self._joint = JointIndex(self._folder / str(JOINT))
        self._joint_cursor_file = CursorFile(self._joint.folder / CURSOR)
        self._checked: dict[UUID, tuple[str, ...]] = {}
        """The languages of each territory whose index was found whole."""
        self._checked_at = -CHECK_EVERY
        self._request: int | None = None
        """When a rebuild of one of the indexes was last asked for, as the file system has it."""
        self._wrote_at = 0.0
        self._settled = asyncio.Event()
        self._settled.set()

    async def run(self) -> None:
        """Follow the database for ever; waits while it is away, or while another process of the machine does this."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "feed.lock").open("w") as lock:
            await _acquire_lock(lock.fileno())
            self._cursor_file.read()
            self._joint_cursor_file.read()
            while True:
                try:
                    await self._follow_database()
                except AWAY as error:
                    log.warning("search feed interrupted", error=type(error).__name__)
                    await asyncio.sleep(RETRY)

    async def wait_until_settled(self) -> None:
        """Wait while what changed is brought into an index, for `LONGEST_WAIT` at most."""
        if not self._settled.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_WAIT):
                    await self._settled.wait()

    async def run_once(self) -> int:
        """Bring every index up to date once; how many datasets were looked at again."""
        self._checked.clear()
        try:
            count = await self.update_indexes()
            await self._update_joint_index()
        finally:
            await asyncio.to_thread(self._pen.close_writer)
            await asyncio.to_thread(self._joint.pen.close_writer)
        return count

    async def _start_round(self, former: FeedCursor | None) -> FeedRound:
        territories = {
            territory.id: territory for territory in await self._registry.list_served()
        }
        async with self._database.platform_session(role="public") as session:
            origin = str(await session.scalar(ORIGIN))
            is_continued = former is not None and await self._is_valid_cursor(
                session, former, origin
            )
            snapshot, changes = await _read_changes(
                session, former if is_continued else None
            )
            position = str(await session.scalar(POSITION))
        cursor = FeedCursor(origin, snapshot, now().timestamp())
        return FeedRound(territories, changes, cursor, position, is_continued)

    async def update_indexes(self) -> int:
        """Bring what changed into the indexes, and make those that are missing or asked for; how many datasets."""
        self._folder.mkdir(parents=True, exist_ok=True)
        update = await self._start_round(self._cursor_file.cursor)
        if not update.is_continued:
            self._delete_orphaned_indexes(update.territories)
        self._forget_checks(update)
        for tenant in self._list_unchecked(update) | update.changes.keys():
            territory = update.territories.get(tenant)
            languages = territory.languages if territory else ()
            with in_languages(languages):
                await self._update_index(
                    tenant,
                    territory.slug if territory else None,
                    update.changes.get(tenant, ()),
                    update.position,
                    force_rebuild=not update.is_continued,
                )
            self._checked[tenant] = languages
        self._cursor_file.store(update)
        return sum(map(len, update.changes.values()))

    def _forget_checks(self, update: FeedRound) -> None:
        """Look at every index again: at the start, where a rebuild is asked for, and now and then, in case one was deleted.

        To look at those of a thousand territories twice a second would take a quarter of a core.
        """
        request = _read_request_time(self._folder)
        is_old = time.monotonic() - self._checked_at > CHECK_EVERY
        if is_old or request != self._request or not update.is_continued:
            self._checked.clear()
            self._checked_at = time.monotonic()
            self._request = request

    def _list_unchecked(self, update: FeedRound) -> set[UUID]:
        """Territories that are new, or speak other languages, since their index was looked at."""
        return {
            tenant
            for tenant, territory in update.territories.items()
            if self._checked.get(tenant) != territory.languages
        }

    async def _update_joint_index(self) -> bool:
        """Bring the joint index up to date once; whether something had changed."""
        update = await self._start_round(self._joint_cursor_file.cursor)
        sharing = {
            other.id: other for other in list_sharing(update.territories.values())
        }
        await self._joint.follow(
            self._database,
            sharing,
            update.changes,
            update.position,
            force_rebuild=not update.is_continued,
        )
        self._joint_cursor_file.store(update)
        _delete_other_joint_indexes(self._joint.folder)
        return bool(update.changes)

    async def _follow_database(self) -> None:
        clock = asyncio.get_running_loop().time
        prune_at = clock()
        try:
            async with self._listen() as (noticed, lost), self._following_together():
                while not lost.is_set():
                    await self.update_indexes()
                    _drop_old_versions(self._folder)
                    if time.monotonic() - self._wrote_at > QUIET:
                        await asyncio.to_thread(self._pen.close_writer)
                    if clock() >= prune_at:
                        await self._prune_changes()
                        prune_at = clock() + PRUNE_EVERY
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL):
                            await noticed.wait()
                        await asyncio.sleep(GATHER)
                    noticed.clear()
        finally:
            self._pen.discard_writer()

    @asynccontextmanager
    async def _following_together(self) -> AsyncIterator[None]:
        """Follow the database with the joint index meanwhile: the index of no territory waits for it."""
        task = asyncio.create_task(self._follow_with_joint_index())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _follow_with_joint_index(self) -> None:
        wrote_at = time.monotonic()
        try:
            while True:
                pause = JOINT_POLL
                try:
                    if await self._update_joint_index():
                        wrote_at = time.monotonic()
                    elif time.monotonic() - wrote_at > QUIET:
                        await asyncio.to_thread(self._joint.pen.close_writer)
                except Exception as error:  # noqa: BLE001 - tried again in a moment; the indexes of territories go on
                    log.warning("joint search feed interrupted", error=repr(error))
                    pause = RETRY
                await asyncio.sleep(pause)
        finally:
            self._joint.pen.discard_writer()

    @asynccontextmanager
    async def _listen(self) -> AsyncIterator[tuple[asyncio.Event, asyncio.Event]]:
        """The events «something changed» and «the connection that would tell is lost»."""
        noticed = asyncio.Event()
        lost = asyncio.Event()

        def notice(*_: object) -> None:
            noticed.set()

        def lose(*_: object) -> None:
            lost.set()

        async with self._database.engine("public").connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None  # noqa: S101 - a checked-out connection has its driver's
            driver.add_termination_listener(lose)
            await driver.add_listener(CHANNEL, notice)
            try:
                yield noticed, lost
            finally:
                with suppress(*AWAY):
                    driver.remove_termination_listener(lose)
                    await driver.remove_listener(CHANNEL, notice)

    async def _update_index(
        self,
        tenant: UUID,
        slug: str | None,
        changed: Collection[UUID],
        position: str,
        *,
        force_rebuild: bool,
    ) -> None:
        index = TenantIndex(self._folder / str(tenant))
        needs_rebuild = (
            index.consume_rebuild_request()
            or force_rebuild
            or not index.exists()
            or (slug is not None and not index.has_languages(spoken_languages()))
        )
        if (needs_rebuild and slug is not None) or (
            index.exists() and (changed or not index.has_position())
        ):
            index.write_position(position)
        if needs_rebuild and slug is not None:
            await asyncio.to_thread(self._pen.close_writer)
            try:
                await index.build(self._database, tenant, slug)
            except BaseException:
                index.request_rebuild()
                raise
        elif changed and index.exists():
            self._settled.clear()
            try:
                await index.update(self._database, tenant, changed, self._pen)
            finally:
                self._wrote_at = time.monotonic()
                self._settled.set()

    def _delete_orphaned_indexes(self, slugs: Collection[UUID]) -> None:
        """Where all is made anew, an index that cannot be (its territory is suspended or gone) would stay wrong."""
        for folder in self._folder.glob("*/slug"):
            if UUID(folder.parent.name) not in {*slugs, JOINT}:
                shutil.rmtree(folder.parent, ignore_errors=True)

    async def _is_valid_cursor(
        self, session: AsyncSession, cursor: FeedCursor, origin: str
    ) -> bool:
        recent = now().timestamp() - cursor.at < KEPT_DAYS * 24 * 3600
        if cursor.origin != origin or not recent:
            return False
        return not await session.scalar(AHEAD, {"cursor": cursor.snapshot})

    async def _prune_changes(self) -> None:
        async with self._database.platform_session(role="worker") as session:
            await session.execute(PRUNE, {"days": KEPT_DAYS})


async def _read_changes(
    session: AsyncSession, cursor: FeedCursor | None
) -> tuple[str, Changes]:
    """The present snapshot, and what changed since the cursor (nothing without one: all is to be read)."""
    changes: Changes = defaultdict(set)
    if cursor is None:
        return str(await session.scalar(NOW)), changes
    snapshot = ""
    for now_at, tenant, dataset in await session.execute(
        CHANGES, {"cursor": cursor.snapshot}
    ):
        snapshot = now_at
        if tenant is not None:
            changes[tenant].add(dataset)
    return snapshot, changes


def _read_request_time(folder: Path) -> int | None:
    try:
        return (folder / REBUILD_REQUEST).stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _delete_other_joint_indexes(joint: Path) -> None:
    """Joint indexes that another version of the code made: nobody keeps them true any more."""
    for members in joint.parent.parent.glob(f"*/*/{MEMBERS}"):
        if members.parent != joint:
            shutil.rmtree(members.parent, ignore_errors=True)


def _drop_old_versions(folder: Path) -> None:
    """Indexes that another version of the code made, once this one's are there."""
    for other in folder.parent.iterdir():
        if other.name != folder.name and re.fullmatch("[0-9a-f]{16}", other.name):
            shutil.rmtree(other, ignore_errors=True)


async def _acquire_lock(lock: int) -> None:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(RETRY)
        else:
            return


def cursor_age(settings: Settings) -> float | None:
    """Seconds since the worker last said that the indexes are true; None when it never did."""
    try:
        cursor = json.loads((settings.index_folder / FINGERPRINT / CURSOR).read_text())
        return max(now().timestamp() - float(cursor["at"]), 0.0)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def request_rebuild(settings: Settings, territory: str | None = None) -> int:
    """Have the index of a territory (its slug), or all of them, made again by the worker; how many there are.

    The present ones serve until the new ones are ready.
    """
    count = 0
    if territory is None:
        request_joint_rebuild(settings)
    for slug in (settings.index_folder / FINGERPRINT).glob("*/slug"):
        if territory in {None, slug.read_text()}:
            TenantIndex(slug.parent).request_rebuild()
            count += 1
    return count


def request_joint_rebuild(settings: Settings) -> None:
    """Have the index of all that share made again: nothing of a territory that is erased stays in a file of it."""
    joint = TenantIndex(settings.index_folder / FINGERPRINT / str(JOINT))
    _delete_other_joint_indexes(joint.folder)
    if joint.exists():
        joint.request_rebuild()
