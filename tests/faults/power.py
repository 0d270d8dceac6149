"""After a power cut: what the next half minute would bring, without waiting for it; and files to be cut short."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import text, update

from tests.node.producer import TABLE
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.files.models import Upload

LATER = text(
    "UPDATE queue.pgqueuer SET heartbeat = now() - interval '1 minute', execute_after = now(),"
    " headers = CASE WHEN headers ? 'due' THEN headers - 'due' ELSE headers END"
)

OF_TERRITORY = "convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant"
AGAIN = text(
    "UPDATE queue.pgqueuer SET execute_after = now()"
    f" WHERE status = 'queued' AND execute_after > now() AND {OF_TERRITORY}"
)
DELETE_OTHERS = text(f"DELETE FROM queue.pgqueuer WHERE NOT ({OF_TERRITORY})")


def content(size: int) -> bytes:
    """A table of this size, the same at each run."""
    line = b"%06d;Kerl\xe9van;01/01/2001\n"
    drawn = random.Random(size)  # noqa: S311 - the same at each run
    head = TABLE[: TABLE.index(b"\n") + 1]
    lines = [line % drawn.randrange(10**6) for _ in range(size // 20 + 1)]
    return (head + b"".join(lines))[:size]


async def let_time_pass(database: Database, territory: Territory) -> None:
    """What the next half minute would do: a turn lapses, a job whose worker died is taken again."""
    async with database.session(territory.id, role="worker") as session:
        await session.execute(
            update(Upload).values(locked_until=now() - timedelta(seconds=1))
        )
    async with database.platform_session(role="worker") as session:
        await session.execute(LATER)


async def let_pause_pass(database: Database, territory: Territory) -> None:
    """Have what failed tried again now, not after its pause; what runs is left alone."""
    async with database.platform_session(role="worker") as session:
        await session.execute(AGAIN, {"tenant": str(territory.id)})


async def delete_other_jobs(database: Database, territory: Territory) -> None:
    """Leave a worker no jobs of territories of tests before: it would try them all, again and again."""
    async with database.platform_session(role="worker") as session:
        await session.execute(DELETE_OTHERS, {"tenant": str(territory.id)})


async def until(
    happened: Callable[[], bool], revive: Callable[[], Awaitable[None]]
) -> None:
    """Revive what died until something happened."""
    for _ in range(900):  # three minutes: a crowded machine looks slowly
        if happened():
            return
        await revive()
    raise AssertionError
