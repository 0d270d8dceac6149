"""What the queue and the scheduled tasks hold of the future, once the clock of the database was set back.

A row says when it was written, by that clock. One that was written in the future would wait for as long as the clock was
ahead; it is given its moment of the present.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

MOVE = text("""
WITH jobs AS (
  UPDATE queue.pgqueuer SET execute_after = execute_after - greatest(updated - now(), interval '0'),
    created = least(created, now()), updated = least(updated, now()), heartbeat = least(heartbeat, now())
  WHERE greatest(updated, heartbeat) > now() + interval '5 seconds' RETURNING 1),
schedules AS (
  UPDATE queue.pgqueuer_schedules SET next_run = next_run - greatest(updated - now(), interval '0'),
    updated = least(updated, now()), heartbeat = least(heartbeat, now())
  WHERE greatest(updated, heartbeat) > now() + interval '5 seconds' RETURNING 1)
SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM schedules)""")


async def move_to_present(session: AsyncSession) -> int:
    """Give jobs and scheduled tasks that were written in the future their moment again; how many there were."""
    return int((await session.scalars(MOVE)).one())
