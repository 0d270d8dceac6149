"""PostgreSQL as each role of each program: reachable, recent, migrated, with its queue going on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.checks.finding import HOUR, MINUTE, Finding, duration, fault, ok, warning
from udi.kit import jobs, revisions
from udi.kit.clock import now
from udi.kit.db import Database
from udi.portal.nodes.models import Delivery, Report
from udi.portal.tenants.queries import list_tenants
from udi.settings import MissingSecretError, ProgramName, Role, Settings

PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
ROLES: tuple[Role, ...] = ("owner", "app", "public", "worker")
OLDEST_POSTGRESQL = 15
SKEW_NOTED, SKEW_REFUSED = 2.0, 30.0
"""Tokens are accepted with 30 s of difference between clocks."""
OVERDUE_NOTED, OVERDUE_REFUSED = MINUTE, 15 * MINUTE


async def check_databases(settings: Settings) -> list[Finding]:
    """Each role of each program, then what the databases hold."""
    return [finding for program in PROGRAMS for finding in await check_database(settings, program)]


async def check_database(settings: Settings, program: ProgramName) -> list[Finding]:
    """The same of one program."""
    database = Database(settings, program, pool_size=1)
    try:
        found = [await _reach(settings, database, role) for role in ROLES]
        if all(finding.severity == "ok" for finding in found):
            found += await _content(database)
    finally:
        await database.close()
    return found


async def _reach(settings: Settings, database: Database, role: Role) -> Finding:
    name = f"udi_{database.program}_{role}"
    where = f"{settings.database_host}:{settings.database_port or settings.port(4)}"
    try:
        async with database.platform_session(role=role) as session:
            await session.execute(text("SELECT 1"))
    except MissingSecretError:
        remedy = "Run `udi up`, or provide the files: see «secrets»."
        return fault("postgresql", name, "Its password is absent.", remedy)
    except OSError:
        remedy = "Start PostgreSQL (`udi up`), or set UDI_DATABASE_HOST and UDI_DATABASE_PORT."
        return fault("postgresql", name, f"Nothing answers at {where}.", remedy)
    except Exception as error:  # noqa: BLE001 - the driver's reasons are many, the remedy is one
        said = str(getattr(error, "orig", error)).partition("\n")[0].rpartition(">: ")[2]
        remedy = f"Check the secret «{database.program}_{role}_password» and the role {name} in PostgreSQL."
        return fault("postgresql", name, f"Refused at {where}: {said}.", remedy)
    return ok("postgresql", name, f"Connects at {where}.")


async def _content(database: Database) -> list[Finding]:
    program = database.program
    async with database.platform_session(role="owner") as session:
        found = [await _pending(session, program)]
        if program == "portal":
            found += [await _version(session), await _clock(session)]
    if found[0].severity == "ok":
        async with database.platform_session(role="worker") as session:
            found.append(_queue(program, await jobs.list_queues(session)))
        if program == "portal":
            found += await _reports(database)
    return found


async def _pending(session: AsyncSession, program: ProgramName) -> Finding:
    exists = await session.scalar(text("SELECT to_regclass('public.alembic_version') IS NOT NULL"))
    missing = await revisions.find_pending(session, program) if exists else ["all"]
    if missing:
        said = f"The database lacks {len(missing)} migration(s): {', '.join(missing)}."
        return fault("migrations", program, said, "Run `udi up`, or the play of the deployment, with this version.")
    return ok("migrations", program, "None is pending.")


async def _version(session: AsyncSession) -> Finding:
    shown = str(await session.scalar(text("SHOW server_version")))
    if int(shown.partition(".")[0]) < OLDEST_POSTGRESQL:
        return fault("postgresql", "version", f"PostgreSQL {shown}.", f"Upgrade to {OLDEST_POSTGRESQL} or later.")
    return ok("postgresql", "version", f"PostgreSQL {shown}.")


async def _clock(session: AsyncSession) -> Finding:
    before = now()
    theirs: datetime = (await session.scalars(text("SELECT clock_timestamp()"))).one()
    middle = before + (now() - before) / 2
    return skew("postgresql", (theirs - middle).total_seconds())


def skew(name: str, seconds: float) -> Finding:
    """The difference of another clock with this machine's."""
    said = f"{abs(seconds):.1f} s of difference with this machine."
    remedy = "Have the same time service on both machines (`timedatectl set-ntp true`)."
    if abs(seconds) >= SKEW_REFUSED:
        return fault("clock", name, said, remedy)
    return warning("clock", name, said, remedy) if abs(seconds) >= SKEW_NOTED else ok("clock", name, said)


def _queue(program: ProgramName, queues: list[jobs.QueueState]) -> Finding:
    waiting, held = sum(q.waiting for q in queues), sum(q.held for q in queues)
    age, overdue = max((q.age for q in queues), default=0.0), max((q.overdue for q in queues), default=0.0)
    said = f"{waiting} waiting, {held} held" + (f", the oldest for {duration(age)}." if waiting else ".")
    if overdue > OVERDUE_NOTED:
        remedy = f"See that `udi work {program}` runs, and what it says: `udi logs {program}-worker`."
        late = f"{said} One should have begun {duration(overdue)} ago."
        kind = fault if overdue > OVERDUE_REFUSED else warning
        return kind("queue", program, late, remedy)
    if held:
        remedy = "They failed every attempt: docs/how-to/see-what-failed.md says how to send again."
        return warning("queue", program, said, remedy)
    return ok("queue", program, said)


async def _reports(database: Database) -> list[Finding]:
    async with database.platform_session() as session:
        tenants = await list_tenants(session)
    found = []
    for tenant in tenants:
        failed, old = await _undelivered(database, tenant.id)
        said = f"{failed} could not be delivered, {old} under way for more than an hour."
        if failed or old:
            remedy = f"Look at {tenant.links['portal']}/nodes, or run `udi node check {tenant.slug} <node>`."
            found.append(warning("reports", tenant.slug, said, remedy))
        else:
            found.append(ok("reports", tenant.slug, "All are delivered."))
    return found


async def _undelivered(database: Database, tenant: UUID) -> tuple[int, int]:
    old = func.extract("epoch", func.now() - Report.submitted_at) > HOUR
    query = select(
        func.count().filter(Report.delivery == Delivery.FAILED),
        func.count().filter(Report.delivery == Delivery.PENDING, old),
    )
    async with database.session(tenant, role="worker") as session:
        failed, late = (await session.execute(query)).one()
    return failed, late
