"""A fair choice among those who share a worker: nobody's thousand jobs keep anybody's one waiting.

Each job of a share gets a place in line when it is queued (start-time fair queueing): one after the share's own last,
and never before those that are being done. A share with one job is therefore served next, whatever others have queued.
Of each share only some jobs may be picked at once. The others are put off; one comes forward when one ends, and a look
every few seconds brings forward what a worker that died left behind. A job for later has no place until its moment
comes: it then joins the line as one queued at that moment. All of it is counted in PostgreSQL, without locks.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

SHARE = "share"
AT_ONCE = "at_once"
DUE = "due"
PUT_OFF = timedelta(days=3650)
CHECK_INTERVAL = 5.0
"""Seconds between two looks at what is put off for no reason, or whose moment came."""

PLACE = text("""
SELECT greatest(coalesce(max(place) FILTER (WHERE mine), 0) + 1,
    coalesce(min(place) FILTER (WHERE status = 'picked'), min(place), 0)) AS place,
  count(*) FILTER (WHERE mine AND (status = 'picked' OR execute_after <= now())) AS active
FROM (SELECT -priority AS place, headers ->> 'share' = :share AS mine, status, execute_after FROM queue.pgqueuer
  WHERE headers ? 'share' AND NOT headers ? 'due' AND status IN ('queued', 'picked')) AS line""")
JOIN = text("""
WITH line AS (
  SELECT headers ->> 'share' AS share, status, -priority AS place FROM queue.pgqueuer
  WHERE headers ? 'share' AND NOT headers ? 'due' AND status IN ('queued', 'picked')),
own AS (SELECT share, max(place) AS place FROM line GROUP BY share),
first AS (SELECT coalesce(min(place) FILTER (WHERE status = 'picked'), min(place), 0) AS place FROM line),
ripe AS (
  SELECT id, headers ->> 'share' AS share,
    row_number() OVER (PARTITION BY headers ->> 'share' ORDER BY (headers ->> 'due')::timestamptz, id) AS rank
  FROM queue.pgqueuer WHERE status = 'queued' AND (headers ->> 'due')::timestamptz <= now())
UPDATE queue.pgqueuer AS job SET headers = job.headers - 'due',
  priority = -greatest(coalesce(own.place, 0) + ripe.rank, first.place + ripe.rank - 1)
FROM ripe LEFT JOIN own USING (share) CROSS JOIN first
WHERE job.id = ripe.id AND job.status = 'queued' AND job.headers ? 'due'""")
NEXT = text("""
UPDATE queue.pgqueuer SET execute_after = now() WHERE id = (
  SELECT id FROM queue.pgqueuer
  WHERE status = 'queued' AND headers ->> 'share' = :share AND NOT headers ? 'due'
    AND execute_after > now() + interval '1 year'
  ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED)""")
PROMOTE_WAITING = text("""
WITH line AS (
  SELECT id, status, headers ->> 'share' AS share, (headers ->> 'at_once')::int AS at_once,
    execute_after > now() + interval '1 year' AS put_off, execute_after <= now() OR status = 'picked' AS active,
    row_number() OVER (PARTITION BY headers ->> 'share', execute_after > now() + interval '1 year'
      ORDER BY priority DESC, id) AS rank
  FROM queue.pgqueuer WHERE headers ? 'share' AND NOT headers ? 'due' AND status IN ('queued', 'picked')),
room AS (SELECT share, max(at_once) - count(*) FILTER (WHERE active) AS left FROM line GROUP BY share),
forward AS (
  UPDATE queue.pgqueuer SET execute_after = now()
  WHERE id IN (SELECT line.id FROM line JOIN room USING (share)
    WHERE line.put_off AND line.status = 'queued' AND line.rank <= room.left)
  RETURNING id)
SELECT count(*), pg_notify(:channel, :event) FROM forward HAVING count(*) > 0""")
POSTPONE = text("""
WITH own AS (
  SELECT id, entrypoint, status = 'picked' OR coalesce((headers ->> 'due')::timestamptz, execute_after) <= now()
    OR coalesce(headers ? 'share' AND NOT headers ? 'due' AND execute_after > now() + interval '1 year', false) AS is_due
  FROM queue.pgqueuer WHERE status IN ('queued', 'picked') AND NOT coalesce(headers ? 'postponed_from', false)
    AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant),
later AS (
  UPDATE queue.pgqueuer SET execute_after = now() + :delay,
    headers = CASE WHEN jsonb_typeof(headers) = 'object' THEN headers ELSE '{}' END || jsonb_build_object('due', now() + :delay) || jsonb_strip_nulls(
      jsonb_build_object('postponed_from', execute_after, 'postponed_due', headers ->> 'due'))
  WHERE status = 'queued' AND id IN (SELECT id FROM own)
    AND (CAST(:with_due AS boolean) OR NOT EXISTS (SELECT FROM own WHERE is_due)))
SELECT entrypoint, is_due FROM own""")
POSTPONED = text("""
SELECT entrypoint, count(*) AS number FROM queue.pgqueuer
WHERE status = 'queued' AND headers ? 'postponed_from' AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant
GROUP BY 1 ORDER BY 1""")
FORGET_POSTPONED = text("""
DELETE FROM queue.pgqueuer
WHERE status = 'queued' AND headers ? 'postponed_from' AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant""")
RELEASE_POSTPONED = text("""
UPDATE queue.pgqueuer AS job SET execute_after = greatest((job.headers ->> 'postponed_from')::timestamptz, now()),
  headers = job.headers - '{due,postponed_from,postponed_due}'::text[] || jsonb_strip_nulls(
    jsonb_build_object('due', job.headers ->> 'postponed_due'))
FROM platform.territory
WHERE job.status = 'queued' AND job.headers ? 'postponed_from' AND territory.state = 'active'
  AND convert_from(job.payload, 'UTF8')::jsonb ->> 'tenant' = territory.id::text""")
KEEP_UNTIL_OPEN = text("""
INSERT INTO queue.pgqueuer (priority, entrypoint, payload, status, execute_after, headers)
SELECT priority, entrypoint, payload, 'queued', now() + :delay,
  CASE WHEN jsonb_typeof(headers) = 'object' THEN headers ELSE '{}' END
    || CASE WHEN headers ? 'share'
      THEN jsonb_build_object('due', now() + :delay, 'postponed_from', now() + :delay, 'postponed_due', now())
      ELSE jsonb_build_object('due', now() + :delay, 'postponed_from', now()) END
FROM queue.pgqueuer AS job
WHERE job.id = :id AND EXISTS (
  SELECT FROM platform.territory WHERE territory.id::text = convert_from(job.payload, 'UTF8')::jsonb ->> 'tenant')
RETURNING id""")
EVENT = (
    '{"channel": "%s", "operation": "update", "sent_at": "2026-01-01T00:00:00+00:00",'
    ' "table": "pgqueuer", "type": "table_changed_event"}'
)


@dataclass(frozen=True)
class QueuePosition:
    """Where a new job stands: its priority, whether it is put off, and what it says of its share."""

    priority: int
    delay: timedelta | None
    headers: dict[str, str]


async def reserve_position(
    session: AsyncSession, share: UUID, at_once: int, delay: timedelta | None
) -> QueuePosition:
    """The place of a new job in line; one for later joins the line when its moment came."""
    headers = {SHARE: str(share), AT_ONCE: str(at_once)}
    if delay is not None:
        due = (await session.scalars(select(func.now() + delay))).one()
        return QueuePosition(0, PUT_OFF, {**headers, DUE: due.isoformat()})
    place, active = (await session.execute(PLACE, {"share": str(share)})).one()
    return QueuePosition(-int(place), PUT_OFF if active >= at_once else None, headers)


async def promote_next_job(session: AsyncSession, share: UUID) -> None:
    """One job of the share ended: the next one comes forward, as the worker's role."""
    await session.execute(NEXT, {"share": str(share)})


async def promote_waiting_jobs(session: AsyncSession, channel: str) -> int:
    """Bring forward what nothing holds up any more, of every share, jobs whose moment came included; how many."""
    await session.execute(JOIN)
    row = (
        await session.execute(
            PROMOTE_WAITING, {"channel": channel, "event": EVENT % channel}
        )
    ).one_or_none()
    if row:
        return int(row[0])
    return 0


async def postpone_jobs(session: AsyncSession, tenant: UUID) -> list[tuple[str, bool]]:
    """Put off the jobs of a territory until it is active, if none is being done or due; as the worker's role.

    What was not put off before, by name, and whether it is being done or due: a job behind another of its share is. Only
    where nothing was left is nothing going on: what was for later may have begun at the moment in which it was put off.
    """
    values = {"tenant": str(tenant), "delay": PUT_OFF, "with_due": False}
    rows = await session.execute(POSTPONE, values)
    return [(row.entrypoint, row.is_due) for row in rows]


async def hold_jobs(session: AsyncSession, tenant: UUID) -> None:
    """Put off all queued jobs of a territory until it is active, those that are due too."""
    values = {"tenant": str(tenant), "delay": PUT_OFF, "with_due": True}
    await session.execute(POSTPONE, values)


async def keep_until_open(session: AsyncSession, job: int) -> bool:
    """Queue a job again that is being done, to wait until its territory is active; False when that is gone.

    A heavy one then joins the line of its share anew: a thousand of them come forward no more at once than others.
    """
    row = await session.execute(KEEP_UNTIL_OPEN, {"id": job, "delay": PUT_OFF})
    return row.one_or_none() is not None


async def forget_postponed_jobs(session: AsyncSession, tenant: UUID) -> None:
    """Forget the jobs of a territory that are put off until it is active: those of rows that others replaced."""
    await session.execute(FORGET_POSTPONED, {"tenant": str(tenant)})


async def count_postponed_jobs(session: AsyncSession, tenant: UUID) -> dict[str, int]:
    """How many jobs of a territory are put off until it is active, by name."""
    rows = await session.execute(POSTPONED, {"tenant": str(tenant)})
    return {row.entrypoint: row.number for row in rows}


async def release_postponed_jobs(session: AsyncSession) -> None:
    """Give the jobs of active territories that were put off their moment again, now where that is past."""
    await session.execute(RELEASE_POSTPONED)
