"""The indexes follow the database: what is committed is found within a second, and nothing is missed."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select, text, update

from tests.portal.catalogue.corpus import TABLE, Catalogue
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import search_datasets
from udi.portal.catalogue.search import feed as search_feed
from udi.portal.catalogue.search.build import REBUILD_REQUEST
from udi.portal.catalogue.search.criteria import Criteria
from udi.portal.catalogue.search.feed import SearchFeed, request_rebuild
from udi.portal.catalogue.search.index import (
    CURRENT,
    CURSOR,
    FINGERPRINT,
    SearchIndexes,
)
from udi.portal.catalogue.search.joint_index import JOINT
from udi.portal.organisations.models import Organisation
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

PATIENCE = 60
"""Seconds after which what never happens is a failure of the test."""
SHORT = 5
"""Seconds after which a feed that was told to stop has not: it ends in one."""
TitlesOf = Callable[..., Awaitable[list[str]]]


@pytest.fixture
def feed_settings(settings: Settings, tmp_path: Path) -> Settings:
    """The same, with a folder of indexes for this test alone."""
    return settings.model_copy(update={"search_index": tmp_path / "search"})


@pytest.fixture
def folder(feed_settings: Settings) -> Path:
    return feed_settings.index_folder / FINGERPRINT


@pytest.fixture
def feed(
    portal_database: Database, registry: TerritoryRegistry, feed_settings: Settings
) -> SearchFeed:
    return SearchFeed(portal_database, registry, feed_settings)


@pytest.fixture
def indexes(feed_settings: Settings) -> SearchIndexes:
    return SearchIndexes(feed_settings.index_folder)


@pytest.fixture
def titles_of(portal_database: Database, indexes: SearchIndexes) -> TitlesOf:
    async def titles(
        catalogue: Catalogue, words: str = "", **criteria: Any
    ) -> list[str]:
        tenant = catalogue.territory.id
        async with portal_database.session(tenant, role="public") as session:
            page = await search_datasets(
                session, indexes, tenant, Criteria(words, **{"size": 100} | criteria)
            )
        assert page.prepared
        assert page.total == len(page.lines)
        return [line.title for line in page.lines]

    return titles


@asynccontextmanager
async def running(feed: SearchFeed) -> AsyncIterator[None]:
    task = asyncio.create_task(feed.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class TellingFeed(SearchFeed):
    """A feed that says by which event it is told of a change."""

    noticed = asyncio.Event()

    @asynccontextmanager
    async def _listen(self) -> AsyncIterator[tuple[asyncio.Event, asyncio.Event]]:
        async with super()._listen() as (noticed, lost):
            self.noticed = noticed
            yield noticed, lost


async def eventually(check: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await check():  # noqa: ASYNC110 - another process says nothing to wait for
            await asyncio.sleep(0.01)


async def test_a_new_territory_gets_an_empty_index(
    armor: Catalogue, feed: SearchFeed, titles_of: TitlesOf
) -> None:
    await feed.run_once()

    assert await titles_of(armor) == []


async def test_what_is_there_before_the_first_run_is_found(
    armor: Catalogue, feed: SearchFeed, titles_of: TitlesOf
) -> None:
    await armor.add_all()

    await feed.run_once()

    assert len(await titles_of(armor)) == len(TABLE)


async def test_a_territory_that_is_only_read_is_searched(
    armor: Catalogue,
    feed: SearchFeed,
    titles_of: TitlesOf,
    portal_database: Database,
) -> None:
    await armor.add(0)
    async with portal_database.platform_session(role="owner") as session:
        this_one = update(Tenant).where(Tenant.id == armor.territory.id)
        await session.execute(this_one.values(state="read_only"))

    await feed.run_once()

    assert await titles_of(armor) == [TABLE[0][0]]


async def test_a_change_a_withdrawal_and_a_return_are_followed(
    armor: Catalogue, feed: SearchFeed, titles_of: TitlesOf
) -> None:
    await feed.run_once()
    record = await armor.add(0)
    await feed.run_once()
    assert await titles_of(armor, "ozone") == [TABLE[0][0]]

    await armor.add(0, global_id=str(record.id), resource_title="Qualité de l'eau")
    await feed.run_once()
    assert await titles_of(armor) == ["Qualité de l'eau"]

    await armor.withdraw(record)
    await feed.run_once()
    assert await titles_of(armor) == []

    await armor.add(0, global_id=str(record.id))
    await feed.run_once()
    assert await titles_of(armor) == [TABLE[0][0]]


@pytest.mark.thorough
async def test_many_updates_leave_each_dataset_once(
    armor: Catalogue, feed: SearchFeed, indexes: SearchIndexes, titles_of: TitlesOf
) -> None:
    records = await armor.add_all()
    for number in range(6):
        await armor.add(
            0, global_id=str(records[0].id), resource_title=f"Version {number}"
        )
        await feed.run_once()

    reader = indexes.find(armor.territory.id)

    assert reader is not None
    assert reader.searcher.num_docs == len(TABLE)
    assert await titles_of(armor, "version") == ["Version 5"]


async def test_nothing_is_looked_at_twice(armor: Catalogue, feed: SearchFeed) -> None:
    await feed.run_once()
    await armor.add(0)

    assert await feed.run_once() == 1
    assert await feed.run_once() == 0


async def test_a_transaction_that_commits_late_is_not_missed(
    armor: Catalogue, feed: SearchFeed, portal_database: Database, titles_of: TitlesOf
) -> None:
    await feed.run_once()
    async with portal_database.session(armor.territory.id) as late:
        await armor.add_in(late, 0)
        await armor.add(1)
        await feed.run_once()
        assert await titles_of(armor) == [TABLE[1][0]]

    await feed.run_once()

    assert sorted(await titles_of(armor)) == sorted([TABLE[0][0], TABLE[1][0]])


async def test_what_is_rolled_back_is_never_found(
    armor: Catalogue, feed: SearchFeed, portal_database: Database, titles_of: TitlesOf
) -> None:
    await feed.run_once()
    async with portal_database.session(armor.territory.id) as session:
        await armor.add_in(session, 0)
        await session.rollback()

    await feed.run_once()

    assert await titles_of(armor) == []


async def test_the_new_name_of_a_producer_finds_its_datasets(
    armor: Catalogue, feed: SearchFeed, portal_database: Database, titles_of: TitlesOf
) -> None:
    await armor.add(6)
    await feed.run_once()
    async with portal_database.session(armor.territory.id) as session:
        await session.execute(
            update(Organisation)
            .where(Organisation.id == armor.organisations["goeland"])
            .values(name="Réseau Sterne")
        )

    await feed.run_once()

    assert await titles_of(armor, "sterne") == [TABLE[6][0]]


async def test_territories_do_not_find_each_other(
    armor: Catalogue, elsewhere: Catalogue, feed: SearchFeed, titles_of: TitlesOf
) -> None:
    await armor.add(0)
    await elsewhere.add(1)

    await feed.run_once()

    assert await titles_of(armor) == [TABLE[0][0]]
    assert await titles_of(elsewhere) == [TABLE[1][0]]


@pytest.mark.thorough
async def test_a_commit_is_found_by_its_notice_and_not_by_looking_again(
    armor: Catalogue,
    feed: SearchFeed,
    titles_of: TitlesOf,
    indexes: SearchIndexes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search_feed, "POLL", 3600.0)

    async def ready() -> bool:
        return indexes.find(armor.territory.id) is not None

    async def is_indexed() -> bool:
        return await titles_of(armor) == [TABLE[0][0]]

    async with running(feed):
        await eventually(ready)
        await armor.add(0)

        await eventually(is_indexed)

    assert await titles_of(armor) == [TABLE[0][0]]


async def test_the_feed_goes_on_when_its_connections_are_cut(
    armor: Catalogue,
    feed: SearchFeed,
    titles_of: TitlesOf,
    indexes: SearchIndexes,
    postgres: str,
    feed_settings: Settings,
) -> None:
    async def ready() -> bool:
        return indexes.find(armor.territory.id) is not None

    async def is_indexed() -> bool:
        return await titles_of(armor) == [TABLE[0][0]]

    async with running(feed):
        await eventually(ready)
        superuser = await asyncpg.connect(postgres)
        terminated_backends = await superuser.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'udi_portal_public' AND datname = $1",
            feed_settings.database_names["portal"],
        )
        await superuser.close()
        await armor.add(0)

        assert terminated_backends
        await eventually(is_indexed)


@pytest.mark.thorough
async def test_a_deleted_index_is_made_again(
    armor: Catalogue, feed: SearchFeed, folder: Path, titles_of: TitlesOf
) -> None:
    await armor.add(0)
    await feed.run_once()
    shutil.rmtree(folder / str(armor.territory.id))

    await feed.run_once()

    assert await titles_of(armor) == [TABLE[0][0]]


async def test_an_index_is_looked_at_when_something_changed_and_now_and_then(
    armor: Catalogue,
    feed: SearchFeed,
    folder: Path,
    titles_of: TitlesOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To look at each index twice a second takes a quarter of a core where there are a thousand territories."""
    monkeypatch.setattr(search_feed, "CHECK_EVERY", 3600.0)
    await armor.add(0)
    await feed.update_indexes()
    shutil.rmtree(folder / str(armor.territory.id))

    await feed.update_indexes()

    assert not (folder / str(armor.territory.id)).exists()

    monkeypatch.setattr(search_feed, "CHECK_EVERY", 0.0)
    await feed.update_indexes()

    assert await titles_of(armor) == [TABLE[0][0]]


async def test_a_rebuild_that_is_asked_for_is_seen_at_once(
    armor: Catalogue,
    feed: SearchFeed,
    folder: Path,
    feed_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search_feed, "CHECK_EVERY", 3600.0)
    await armor.add(0)
    await feed.update_indexes()
    current = folder / str(armor.territory.id) / CURRENT
    former = current.resolve()
    request_rebuild(feed_settings, armor.territory.slug)

    await feed.update_indexes()

    assert current.resolve() != former


@pytest.mark.thorough
async def test_a_damaged_index_is_made_again(
    armor: Catalogue, feed: SearchFeed, folder: Path, titles_of: TitlesOf
) -> None:
    await armor.add(0)
    await feed.run_once()
    (folder / str(armor.territory.id) / CURRENT / "meta.json").write_text("{")
    await armor.add(1)

    await feed.run_once()
    await feed.run_once()

    assert len(await titles_of(armor)) == 2


@pytest.mark.thorough
async def test_a_restarted_worker_goes_on_where_the_other_stopped(
    armor: Catalogue, feed: SearchFeed, portal_database: Database, registry: TerritoryRegistry, feed_settings: Settings,
    folder: Path, titles_of: TitlesOf,
) -> None:  # fmt: skip
    await feed.run_once()
    generation = (folder / str(armor.territory.id) / CURRENT).readlink()
    await armor.add(0)

    async def is_indexed() -> bool:
        return await titles_of(armor) == [TABLE[0][0]]

    async with running(SearchFeed(portal_database, registry, feed_settings)):
        await eventually(is_indexed)

    assert (folder / str(armor.territory.id) / CURRENT).readlink() == generation


@pytest.mark.parametrize(
    "spoil",
    [
        {"origin": "another database"},
        {"snapshot": "99999999999:99999999999:"},
        {"at": 0.0},
        {"unknown": 1},
    ],
    ids=[
        "another database",
        "a database gone back in time",
        "too long ago",
        "not a cursor",
    ],
)
async def test_a_cursor_that_does_not_hold_means_a_rebuild(
    armor: Catalogue, feed: SearchFeed, portal_database: Database, registry: TerritoryRegistry, feed_settings: Settings,
    folder: Path, indexes: SearchIndexes, spoil: dict[str, Any],
) -> None:  # fmt: skip
    await feed.run_once()
    current = folder / str(armor.territory.id) / CURRENT
    generation = current.readlink()
    cursor = folder / "cursor.json"
    cursor.write_text(json.dumps(json.loads(cursor.read_text()) | spoil))

    async def rebuilt() -> bool:
        return current.readlink() != generation

    async with running(SearchFeed(portal_database, registry, feed_settings)):
        await eventually(rebuilt)

    assert indexes.find(armor.territory.id) is not None


async def test_a_territory_suspended_during_a_rebuild_is_right_when_it_returns(
    armor: Catalogue, feed: SearchFeed, portal_database: Database, registry: TerritoryRegistry, feed_settings: Settings,
    folder: Path, titles_of: TitlesOf,
) -> None:  # fmt: skip
    await feed.run_once()
    await _suspend(portal_database, armor.territory, "suspended")
    await armor.add(0)
    (folder / "cursor.json").unlink()
    new_feed = SearchFeed(portal_database, registry, feed_settings)
    await new_feed.run_once()
    assert not (folder / str(armor.territory.id)).exists()

    await _suspend(portal_database, armor.territory, "active")
    await new_feed.run_once()

    assert await titles_of(armor) == [TABLE[0][0]]


async def _suspend(database: Database, territory: Territory, state: str) -> None:
    async with database.platform_session(role="owner") as session:
        await session.execute(
            update(Tenant).where(Tenant.id == territory.id).values(state=state)
        )


@pytest.mark.thorough
async def test_an_index_is_forgotten_by_the_name_of_its_territory(
    armor: Catalogue,
    elsewhere: Catalogue,
    feed: SearchFeed,
    folder: Path,
    feed_settings: Settings,
    titles_of: TitlesOf,
) -> None:
    await armor.add(0)
    await feed.run_once()
    currents = [
        folder / str(catalogue.territory.id) / CURRENT
        for catalogue in (armor, elsewhere)
    ]
    before = [current.readlink() for current in currents]

    assert request_rebuild(feed_settings, armor.territory.slug) == 1
    assert await titles_of(armor) == [TABLE[0][0]]
    await feed.run_once()

    assert [
        current.readlink() == link
        for current, link in zip(currents, before, strict=True)
    ] == [False, True]
    assert await titles_of(armor) == [TABLE[0][0]]
    assert request_rebuild(feed_settings, "nobody") == 0


async def test_a_mark_that_another_account_left_is_replaced(
    armor: Catalogue,
    feed: SearchFeed,
    feed_settings: Settings,
    folder: Path,
    tmp_path: Path,
) -> None:
    await feed.run_once()
    index_folder = folder / str(armor.territory.id)
    old_mark = tmp_path / "mark"
    old_mark.touch()
    for parent in (index_folder, folder):
        (parent / REBUILD_REQUEST).unlink(missing_ok=True)
        (parent / REBUILD_REQUEST).hardlink_to(old_mark)

    assert request_rebuild(feed_settings, armor.territory.slug) == 1

    assert old_mark.stat().st_nlink == 1
    assert (index_folder / REBUILD_REQUEST).exists()
    assert (folder / REBUILD_REQUEST).exists()


async def test_every_index_is_forgotten_when_none_is_named(
    armor: Catalogue, elsewhere: Catalogue, feed: SearchFeed, feed_settings: Settings
) -> None:
    await feed.run_once()

    assert request_rebuild(feed_settings) >= 2


@pytest.mark.thorough
async def test_who_stops_following_leaves_the_index_to_the_next(
    armor: Catalogue, feed: SearchFeed, portal_database: Database, registry: TerritoryRegistry, feed_settings: Settings,
    folder: Path, titles_of: TitlesOf,
) -> None:  # fmt: skip
    await feed.run_once()
    generation = (folder / str(armor.territory.id) / CURRENT).readlink()
    for number, follower in enumerate(
        (feed, SearchFeed(portal_database, registry, feed_settings))
    ):
        async with running(follower):
            await armor.add(number)

            async def is_indexed(expected: int = number + 1) -> bool:
                return len(await titles_of(armor)) == expected

            await eventually(is_indexed)

    assert (folder / str(armor.territory.id) / CURRENT).readlink() == generation


@pytest.mark.parametrize("turns", range(5))
async def test_a_feed_that_is_stopped_as_a_change_is_told_stops(
    portal_database: Database, registry: TerritoryRegistry, feed_settings: Settings, turns: int
) -> None:  # fmt: skip
    """`asyncio.wait_for` of Python 3.11 forgets a cancellation that comes some turns of the loop after the event."""
    feed = TellingFeed(portal_database, registry, feed_settings)
    task = asyncio.create_task(feed.run())

    async def is_waiting() -> bool:
        return bool(feed.noticed._waiters)

    await eventually(is_waiting)
    feed.noticed.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=SHORT)
    is_stopped = task.cancelled()
    task.cancel()
    await asyncio.wait([task])

    assert is_stopped


@pytest.mark.thorough
async def test_other_work_waits_until_what_changed_is_found(
    armor: Catalogue, feed: SearchFeed, titles_of: TitlesOf
) -> None:
    await feed.run_once()
    await feed.wait_until_settled()
    await armor.add_all()
    stepping = asyncio.create_task(feed.run_once())
    async with asyncio.timeout(PATIENCE):
        while feed._settled.is_set():  # noqa: ASYNC110 - it begins after some readings of the database
            await asyncio.sleep(0)
        await feed.wait_until_settled()

    assert len(await titles_of(armor)) == len(TABLE)
    await stepping


async def test_one_process_of_a_machine_writes_and_another_waits(
    armor: Catalogue, portal_database: Database, registry: TerritoryRegistry, feed_settings: Settings, feed: SearchFeed,
    titles_of: TitlesOf, indexes: SearchIndexes,
) -> None:  # fmt: skip
    second = SearchFeed(portal_database, registry, feed_settings)

    async def one_wrote() -> bool:
        noted = (
            feed._cursor_file.cursor is not None
            or second._cursor_file.cursor is not None
        )
        return noted and indexes.find(armor.territory.id) is not None

    async def is_indexed() -> bool:
        return await titles_of(armor) == [TABLE[0][0]]

    async with running(second):
        async with running(feed):
            await eventually(one_wrote)
            assert (feed._cursor_file.cursor is None) != (
                second._cursor_file.cursor is None
            )
        await armor.add(0)
        await eventually(is_indexed)


async def test_nothing_else_waits_for_the_joint_index(
    armor: Catalogue, feed: SearchFeed, folder: Path, titles_of: TitlesOf
) -> None:
    await feed.run_once()
    (folder / CURSOR).unlink()
    joint = folder / str(JOINT)
    shutil.rmtree(joint)
    joint.write_text("no folder")
    await armor.add(0)

    async def is_noted() -> bool:
        return (folder / CURSOR).exists()

    async def is_made_again() -> bool:
        return (joint / CURRENT / "meta.json").exists()

    async with running(feed):
        await eventually(is_noted)
        joint.unlink()
        await eventually(is_made_again)

    assert await titles_of(armor) == [TABLE[0][0]]


@pytest.mark.thorough
async def test_what_the_joint_index_missed_is_made_up_for_by_the_next_worker(
    armor: Catalogue, elsewhere: Catalogue, feed: SearchFeed, portal_database: Database, registry: TerritoryRegistry,
    feed_settings: Settings, folder: Path, indexes: SearchIndexes,
) -> None:  # fmt: skip
    async with portal_database.platform_session(role="owner") as session:
        await session.execute(
            update(Tenant)
            .where(Tenant.id == armor.territory.id)
            .values(search={"shared": True})
        )
    await feed.run_once()
    await armor.add(0)
    await feed.update_indexes()
    joint = folder / str(JOINT)
    generation = (joint / CURRENT).readlink()

    async def is_found() -> bool:
        reader = indexes.find(JOINT)
        return reader is not None and reader.searcher.num_docs == 1

    async with running(SearchFeed(portal_database, registry, feed_settings)):
        await eventually(is_found)

    assert (joint / CURRENT).readlink() == generation, "and it is not made anew"


async def test_indexes_of_another_version_are_removed_once_there_are_new_ones(
    armor: Catalogue, feed: SearchFeed, feed_settings: Settings, indexes: SearchIndexes
) -> None:
    old = feed_settings.index_folder / "0123456789abcdef"
    foreign = feed_settings.index_folder / "notes"
    for folder in (old, foreign):
        folder.mkdir(parents=True)

    async def removed() -> bool:
        return not old.exists()

    async with running(feed):
        await eventually(removed)

    assert indexes.find(armor.territory.id) is not None
    assert foreign.exists()


async def test_the_application_may_note_changes_and_not_read_or_unwrite_them(
    armor: Catalogue, portal_database: Database
) -> None:
    await armor.add(0)
    for statement in (
        "SELECT count(*) FROM ops.search_change",
        "DELETE FROM ops.search_change",
    ):
        with pytest.raises(Exception, match="permission denied"):
            async with portal_database.session(armor.territory.id) as session:
                await session.execute(text(statement))


async def test_old_notes_are_pruned_and_recent_ones_kept(
    armor: Catalogue, feed: SearchFeed, portal_database: Database
) -> None:
    await armor.add(0)
    async with portal_database.platform_session(role="owner") as session:
        await session.execute(
            text(
                "INSERT INTO ops.search_change (tenant_id, dataset_id, at) VALUES (:t, :t, now() - interval '8 days')"
            ),
            {"t": armor.territory.id},
        )

    await feed._prune_changes()

    async with portal_database.platform_session(role="public") as session:
        noted = await session.scalars(
            text("SELECT dataset_id FROM ops.search_change WHERE tenant_id = :t"),
            {"t": armor.territory.id},
        )
        left = set(noted)
    async with portal_database.session(armor.territory.id, role="public") as session:
        assert left == {await session.scalar(select(Dataset.id))}
