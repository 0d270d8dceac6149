"""PostgreSQL as each role of each program: reachable, recent, migrated, with its queue going on."""

import ssl
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.finding import HOUR, MINUTE, Finding, fault, format_duration, ok, warning
from udi.cli.remedies import WORKERS, restart
from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.postgresql import find_port, is_external
from udi.kit.schedules import ScheduleState, list_schedule_states
from udi.portal.nodes.models import Report, ReportDeliveryState
from udi.portal.tenants.queries import list_tenants
from udi.settings import MissingSecretError, ProgramName, Role, Settings
from udi.ui.domains import list_domains
from udi.ui.pending_revisions import find_pending

PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
ROLES: tuple[Role, ...] = ("owner", "app", "public", "worker")
OLDEST_POSTGRESQL = 15
RIGHTS = """
SELECT rolsuper OR rolbypassrls AS passes, pg_has_role(datdba, 'MEMBER') AS owns,
  datdba::regrole::text AS owner
FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()
"""
OTHER_CERTIFICATE = "Set UDI_DATABASE_HOST to the name that its certificate has, and UDI_DATABASE_CA to the file of its authority."
VERIFY = "Set UDI_DATABASE_SSLMODE to verify-full, and UDI_DATABASE_CA to the file of its authority."
SKEW_WARNING = 2.0
SKEW_FAULT = 30.0
"""Tokens are accepted with 30 s of difference between clocks."""
OVERDUE_WARNING = MINUTE
OVERDUE_FAULT = 15 * MINUTE


async def check_databases(settings: Settings) -> list[Finding]:
    """Each role of each program, then what the databases hold."""
    findings = check_encryption(settings)
    for program in PROGRAMS:
        findings += await check_database(settings, program)
    return findings


async def check_database(settings: Settings, program: ProgramName) -> list[Finding]:
    """The same of one program."""
    database = Database(settings, program, pool_size=1)
    try:
        findings = [await _check_role(settings, database, role) for role in ROLES]
        if all(finding.severity == "ok" for finding in findings):
            findings += await _check_content(settings, database)
    finally:
        await database.close()
    return findings


async def _check_role(settings: Settings, database: Database, role: Role) -> Finding:
    name = f"udi_{database.program}_{role}"
    where = f"{settings.database_host}:{find_port(settings)}"
    try:
        async with database.platform_session(role=role) as session:
            rights = (await session.execute(text(RIGHTS))).one()
    except MissingSecretError:
        remedy = "Provide the files: see «secrets»."
        return fault("postgresql", name, "Its password is absent.", remedy)
    except ssl.SSLError as error:
        message = f"The certificate of PostgreSQL at {where} is refused ({error})."
        return fault("postgresql", name, message, OTHER_CERTIFICATE)
    except OSError as error:
        reason = f" ({error})" if is_external(settings) else ""
        message = f"Nothing answers at {where}{reason}."
        return fault("postgresql", name, message, restart(settings, "postgres"))
    except Exception as error:  # noqa: BLE001 - the driver's reasons are many, the remedy is one
        message = (
            str(getattr(error, "orig", error)).partition("\n")[0].rpartition(">: ")[2]
        )
        remedy = f"Check the secret «{database.program}_{role}_password» and the role {name} in PostgreSQL."
        return fault("postgresql", name, f"Refused at {where}: {message}.", remedy)
    if rights.passes or (rights.owns and role != "owner"):
        message = "It may pass over row-level security, which keeps territories apart."
        remedy = f"As an administrator of PostgreSQL: `ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS; REVOKE {rights.owner} FROM {name}`."
        return fault("postgresql", name, message, remedy)
    return ok("postgresql", name, f"Connects at {where}.")


def check_encryption(settings: Settings) -> list[Finding]:
    """Of a PostgreSQL that others run: whether it proves who it is."""
    if not is_external(settings):
        return []
    host = settings.database_host
    if settings.database_sslmode == "prefer":
        message = f"Nothing proves that {host} is the PostgreSQL of this installation."
        return [warning("postgresql", "encryption", message, VERIFY)]
    message = f"Every connection is encrypted, to a certificate of {host}."
    return [ok("postgresql", "encryption", message)]


async def _check_content(settings: Settings, database: Database) -> list[Finding]:
    program = database.program
    async with database.platform_session(role="owner") as session:
        findings = [await _check_migrations(session, program)]
        if program == "portal":
            findings += [await _check_version(session), await _check_clock(session)]
    if findings[0].severity == "ok":
        async with database.platform_session(role="worker") as session:
            findings.append(
                _check_queue(settings, program, await jobs.list_queues(session))
            )
            states = await list_schedule_states(session)
            findings.append(_check_schedules(settings, program, states))
        if program == "portal":
            findings += await _check_reports(database)
    return findings


async def _check_migrations(session: AsyncSession, program: ProgramName) -> Finding:
    exists = await session.scalar(
        text("SELECT to_regclass('public.alembic_version') IS NOT NULL")
    )
    if exists:
        missing = await find_pending(session, program, list_domains(program))
    else:
        missing = ["all"]
    if missing:
        message = (
            f"The database lacks {len(missing)} migration(s): {', '.join(missing)}."
        )
        return fault(
            "migrations",
            program,
            message,
            "Run `udi database migrate` with this version.",
        )
    return ok("migrations", program, "None is pending.")


async def _check_version(session: AsyncSession) -> Finding:
    server_version = str(await session.scalar(text("SHOW server_version")))
    if int(server_version.partition(".")[0]) < OLDEST_POSTGRESQL:
        return fault(
            "postgresql",
            "version",
            f"PostgreSQL {server_version}.",
            f"Upgrade to {OLDEST_POSTGRESQL} or later.",
        )
    return ok("postgresql", "version", f"PostgreSQL {server_version}.")


async def _check_clock(session: AsyncSession) -> Finding:
    before = now()
    theirs: datetime = (await session.scalars(text("SELECT clock_timestamp()"))).one()
    middle = before + (now() - before) / 2
    return check_skew("postgresql", (theirs - middle).total_seconds())


def check_skew(name: str, seconds: float) -> Finding:
    """The difference of another clock with this machine's."""
    message = f"{abs(seconds):.1f} s of difference with this machine."
    remedy = "Have the same time service on both machines (`timedatectl set-ntp true`)."
    if abs(seconds) >= SKEW_FAULT:
        return fault("clock", name, message, remedy)
    if abs(seconds) >= SKEW_WARNING:
        return warning("clock", name, message, remedy)
    return ok("clock", name, message)


def _check_queue(
    settings: Settings, program: ProgramName, queues: list[jobs.QueueState]
) -> Finding:
    waiting = sum(q.waiting for q in queues)
    failed_jobs = sum(q.held for q in queues)
    age = max((q.age for q in queues), default=0.0)
    overdue = max((q.overdue for q in queues), default=0.0)
    message = f"{waiting} waiting, {failed_jobs} held" + (
        f", the oldest for {format_duration(age)}." if waiting else "."
    )
    if overdue > OVERDUE_WARNING:
        remedy = restart(settings, WORKERS[program])
        late = f"{message} One should have begun {format_duration(overdue)} ago."
        kind = fault if overdue > OVERDUE_FAULT else warning
        return kind("queue", program, late, remedy)
    if failed_jobs:
        remedy = "They failed every attempt: docs/how-to/see-what-failed.md says how to send again."
        return warning("queue", program, message, remedy)
    return ok("queue", program, message)


def _check_schedules(
    settings: Settings, program: ProgramName, states: list[ScheduleState]
) -> Finding:
    failing = sorted({state.name for state in states if state.failed_in_a_row})
    if failing:
        message = f"Failed the last time: {', '.join(failing)}."
        remedy = f"Each is tried again at its time (docs/reference/schedules.md). If none is: {restart(settings, WORKERS[program])}"
        return warning("schedules", program, message, remedy)
    return ok("schedules", program, f"{len(states)} tasks, none failed the last time.")


async def _check_reports(database: Database) -> list[Finding]:
    async with database.platform_session() as session:
        tenants = await list_tenants(session)
    findings = []
    for tenant in tenants:
        failed, old = await _count_undelivered(database, tenant.id)
        message = (
            f"{failed} could not be delivered, {old} under way for more than an hour."
        )
        if failed or old:
            remedy = f"Look at {tenant.links['portal']}/nodes, or run `udi node check {tenant.slug} <node>`."
            findings.append(warning("reports", tenant.slug, message, remedy))
        else:
            findings.append(ok("reports", tenant.slug, "All are delivered."))
    return findings


async def _count_undelivered(database: Database, tenant: UUID) -> tuple[int, int]:
    old = func.extract("epoch", func.now() - Report.submitted_at) > HOUR
    query = select(
        func.count().filter(Report.delivery == ReportDeliveryState.FAILED),
        func.count().filter(Report.delivery == ReportDeliveryState.PENDING, old),
    )
    async with database.session(tenant, role="worker") as session:
        failed, late = (await session.execute(query)).one()
    return failed, late
