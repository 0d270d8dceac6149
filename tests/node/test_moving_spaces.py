"""A space that leaves waits for what is on its way to the portal, and nothing of it is pushed once it is leaving."""

import asyncio
from uuid import UUID

import pytest

from tests.node.counterpart import PortalDouble
from tests.node.producer import SLUG, Producer
from tests.node.test_outbox import Push, push
from udi.cli.own.space_rows import delete_space_rows, lock_space
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.exchange.push_locks import (
    SpaceMovingError,
    lock_dataset_push,
    may_push,
)
from udi.node.datasets.queries import find_dataset

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
        _, waits = await asyncio.wait({leaving}, timeout=SOON)
        assert waits, "the space left while a dataset was being pushed"
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
        _, waits = await asyncio.wait({last}, timeout=SOON)
        assert waits
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
