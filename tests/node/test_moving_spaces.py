"""A space that leaves waits for what is on its way to the portal, and nothing of it is pushed once it is leaving."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.node.counterpart import PortalDouble
from tests.node.producer import SLUG, Producer
from tests.node.test_outbox import Push, push
from tests.node.test_parts import NOTICE, add, save
from udi.cli.own.space_rows import (
    MOVED_TABLES,
    delete_space_rows,
    import_rows,
    lines_of,
    lock_space,
    read_people,
)
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.exchange.push_locks import (
    SpaceMovingError,
    lock_dataset_push,
    may_push,
)
from udi.node.datasets.models import Delivery
from udi.node.datasets.queries import find_dataset
from udi.node.spaces.models import Space

__all__ = ["push"]
SOON = 0.5


async def test_it_waits_for_a_first_publication_that_is_on_its_way(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = UUID(await producer.publish())
    async with node_database.session(demo.id, role="worker") as pushing:
        await lock_dataset_push(pushing, dataset)
        assert await may_push(pushing, dataset)

        async def let_go() -> set[UUID]:
            async with node_database.session(demo.id, role="owner") as moving:
                contents = await lock_space(moving, SLUG)
                if contents:
                    return set(contents.datasets)
                return set()

        leaving = asyncio.create_task(let_go())
        _, pending = await asyncio.wait({leaving}, timeout=SOON)
        assert pending, "the space left while a dataset was being pushed"
        async with node_database.session(demo.id, role="worker") as answered:
            assert await asyncio.wait_for(
                find_dataset(answered, dataset, lock=True), 60
            )
    assert await asyncio.wait_for(leaving, 60) == {dataset}


async def test_nothing_is_pushed_once_it_is_leaving(
    producer: Producer,
    push: Push,
    portal: PortalDouble,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()

    async with node_database.session(demo.id, role="owner") as moving:
        contents = await lock_space(moving, SLUG)
        assert contents
        with pytest.raises(SpaceMovingError):
            await asyncio.wait_for(push(dataset), 60)
        last = asyncio.create_task(push(dataset, attempt=29, last=True))
        _, pending = await asyncio.wait({last}, timeout=SOON)
        assert pending
        await delete_space_rows(moving, contents)
    await asyncio.wait_for(last, 60)

    assert portal.pushed == []


async def test_a_move_that_stops_leaves_what_was_to_be_pushed(
    producer: Producer,
    push: Push,
    portal: PortalDouble,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    async with node_database.session(demo.id, role="owner") as moving:
        assert await lock_space(moving, SLUG)
        await moving.rollback()

    await push(dataset)

    assert [method for method, *_ in portal.pushed] == ["POST"]


async def test_a_file_beside_the_main_one_goes_along(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish()
    part = UUID(await add(producer, dataset, NOTICE))
    await save(producer, dataset, str(part))

    async with node_database.session(demo.id, role="owner") as moving:
        contents = await lock_space(moving, SLUG)
        assert contents
        delivery = (await moving.scalars(select(Delivery))).one()
        [listed] = delivery.listed_parts
        people = await read_people(moving, contents)
        lines = {
            carried.name: [
                line async for line in lines_of(moving, contents, carried, people)
            ]
            for carried in MOVED_TABLES
        }
        await delete_space_rows(moving, contents)
        moving.expunge_all()
        space = (await moving.scalars(select(Space))).one()
        await import_rows(moving, space, lines, {})
        moved = await find_dataset(moving, UUID(dataset))

    assert moved is not None
    assert moved.delivery is not None
    [moved_part] = moved.parts
    [version] = moved_part.versions
    assert (moved_part.id, moved_part.title, version.file_id) == (
        part,
        "Notice",
        listed,
    )
    assert moved.delivery.listed_parts == [listed]
