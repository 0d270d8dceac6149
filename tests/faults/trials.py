"""Trials of queued and scheduled tasks: a worker is killed at a step, another one goes on; what is true then, and who heard of it.

The rows of a territory are saved once, with those of the installation itself and the tasks that wait, and put back before
each run. So a run that is killed can be compared with one that nobody interrupts: row by row, mail by mail, call by call.
"""

import asyncio
import json
import re
import shutil
import signal
import time
from collections import Counter
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Sequence,
)
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

import asyncpg

from tests.faults.interruptions import EACH_SECOND, FAILED, LOOK, RARELY, VARIABLE
from tests.faults.outside import Outside
from tests.faults.power import LATER
from tests.faults.running import RunningNode
from udi.kit.fair_queue import EVENT
from udi.kit.jobs import SCHEMA
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.settings import ProgramName, Settings

PATIENCE = 120
MOST_ROUNDS = 8
"""How often time passes until nothing waits: a task may queue another for later, which may do the same."""


Sweep = Callable[[], Awaitable[object]]
"""Removes what a dead worker left among the objects, as the worker of a node does after a day."""


class Accounts(Protocol):
    """What an identity service knows of people, where that is part of a trial."""

    def put_back(self) -> None:
        """Have it be as at the beginning."""

    def read(self) -> Counter[str]:
        """How it is now."""


TOKEN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(?:\+\d\d:\d\d|Z)?"
    r"|eyJ[\w.-]{20,}|[0-9a-f]{32,}|[\w-]{43,}"
)
"""What differs from run to run: identifiers, moments, signed documents, hashes, sealed texts."""
MAIL_TOKEN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|[0-9a-f]{32}|(?<=-)\d{8}(?:\d\d)?(?=\.)"
)
"""The same in the identifier of a mail: a row that a scheduled task makes, its hash, the day or the second in which that is."""
FREE = re.compile(
    r'"(?:tries|attempts|etag|last_modified|job_seconds)": (?:"(?:[^"\\]|\\.)*"|[\d.]+|null)'
)
"""What a kill may change: how often something was tried and how long it took, and what an address said of its file, which is
then fetched once more and found to be the same.
"""
LEASES: dict[ProgramName, tuple[tuple[str, str], ...]] = {
    "portal": (
        ("dataspace_message", "leased_until"),
        ("catalogue_source", "leased_until"),
    ),
    "node": (("upload", "locked_until"),),
}
"""What a worker holds for some seconds or minutes, by table and column: its successor waits until that is over."""
SHARED_LEASES: dict[ProgramName, str] = {
    "portal": "DELETE FROM ops.link_turn",
    "node": "SELECT 1",
}
"""The same where it is no territory's: whose turn it is to ask a machine."""
OWN = "convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = $1"
WAITING = "status IN ('queued', 'picked')"
DUE_SCHEDULES = f"entrypoint <> '{LOOK}' AND (status = 'picked' OR next_run <= now())"
LEFT = (
    f"SELECT entrypoint FROM queue.pgqueuer WHERE {WAITING}"
    f" UNION ALL SELECT entrypoint FROM queue.pgqueuer_schedules WHERE {DUE_SCHEDULES}"
    " ORDER BY 1"
)
FORGET_SCHEDULES = f"DELETE FROM queue.pgqueuer_schedules; DELETE FROM ops.scheduled_run WHERE name = '{LOOK}'"


class Effect(Enum):
    """What a task does beyond its own row; a trial that sees none of it proves nothing."""

    MAIL = "a mail leaves, always with the same Message-ID"
    CALL = "another program is called, always with the same words"
    ROWS = "rows are written once"
    OBJECTS = "objects are stored or deleted, with their rows"


@dataclass(frozen=True)
class Outcome:
    """What is true once nothing waits any more."""

    rows: dict[str, Counter[str]]
    """By table; what is new in each run reads alike."""
    held: list[str]
    """Tasks that failed for good."""
    left: list[str]
    """Tasks that still wait, or that a worker holds; scheduled ones too."""
    mails: Counter[str]
    mail_ids: Counter[str]
    """Of mails that read alike, how many identifiers they have."""
    calls: Counter[str]
    objects: Counter[str]
    steps: list[tuple[str, str]]
    """Kind and name of each step that was passed, in all lives together."""


@dataclass
class WholeRun:
    """What each kind did where nobody was killed."""

    outcome: Outcome
    steps: dict[str, list[str]]
    """The names of the steps of each kind, from the time when it was queued until nothing waited."""
    effects: dict[str, set[Effect]]


class Trials:
    """The worker of a program, before one territory whose state is put back before each run."""

    def __init__(
        self, settings: Settings, program: ProgramName, territory: Territory,
        outside: Outside, folder: Path, database: asyncpg.Connection, sweep: Sweep,
        accounts: Accounts | None = None, schedules: Collection[str] = (),
    ) -> None:  # fmt: skip
        self._program = program
        self._territory = territory
        self._outside = outside
        self._database = database
        self._sweep = sweep
        self._accounts = accounts
        self._schedules = set(schedules)
        self._journal = folder / "steps"
        self._tables: list[tuple[str, str]] = []
        self._known: set[str] = set()
        self._tenants = f"tenant_id IN ('{territory.id}', '{INSTALLATION_ID}')"
        self._objects = Path(settings.object_store_url) / str(territory.id)
        self._saved_objects = folder / "objects"
        self.worker = RunningNode(
            settings,
            folder,
            {
                "UDI_SMTP_HOST": "127.0.0.1",
                "UDI_SMTP_PORT": str(outside.smtp_port),
                "TMPDIR": str(folder),
                "UDI_LINK_LOOKS_PER_HOUR": "60",
                "UDI_IDENTITY_URL": settings.keycloak_url,
                "UDI_IDENTITY_REALM": settings.identity_realm,
            },
            program=program,
        )

    async def save(self) -> None:
        """Keep the territory as it is now, the installation's own rows, and the tasks that wait."""
        tenant = str(self._territory.id)
        await self._database.execute(
            "DROP SCHEMA IF EXISTS saved CASCADE; CREATE SCHEMA saved"
        )
        names = await self._database.fetch(
            "SELECT table_name AS name, string_agg(format('%I', column_name), ', ') AS columns"
            " FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = 'app' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'"
            " GROUP BY 1 HAVING bool_or(column_name = 'tenant_id') ORDER BY 1"
        )
        self._tables = [(row["name"], row["columns"]) for row in names]
        statements = [
            f"CREATE TABLE saved.{name} AS SELECT {columns} FROM app.{name} WHERE {self._tenants}"
            for name, columns in self._tables
        ]
        condition = OWN.replace("$1", f"'{tenant}'")
        statements.append(
            f"CREATE TABLE saved.pgqueuer AS SELECT * FROM queue.pgqueuer WHERE {condition}"
        )
        await self._database.execute(";".join(statements))
        texts = [text for rows in (await self._read_rows()).values() for text in rows]
        self._known = {token for text in texts for token in TOKEN.findall(text)}
        shutil.rmtree(self._saved_objects, ignore_errors=True)
        if self._objects.exists():
            shutil.copytree(self._objects, self._saved_objects)

    async def list_waiting(self) -> set[str]:
        """The kinds of the queued tasks that were saved."""
        rows = await self._database.fetch(
            "SELECT DISTINCT entrypoint FROM saved.pgqueuer"
        )
        return {row["entrypoint"] for row in rows}

    async def restore(self) -> None:
        """Put the territory back, and the installation's own rows, without any task."""
        statements = ["SET session_replication_role = replica"]
        for name, columns in self._tables:
            statements.append(f"DELETE FROM app.{name} WHERE {self._tenants}")
            statements.append(
                f"INSERT INTO app.{name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM saved.{name}"
            )
        statements.append("DELETE FROM queue.pgqueuer")
        statements.append(SHARED_LEASES[self._program])
        statements += self._plan_schedules()
        statements.append("SET session_replication_role = DEFAULT")
        await self._database.execute(";".join(statements))
        shutil.rmtree(self._objects, ignore_errors=True)
        if self._saved_objects.exists():
            shutil.copytree(self._saved_objects, self._objects)
        if self._accounts is not None:
            await asyncio.to_thread(self._accounts.put_back)

    def _plan_schedules(self) -> list[str]:
        """No scheduled task is due until it is its turn."""
        named = [(name, RARELY) for name in sorted(self._schedules)]
        rows = [*named, (LOOK, EACH_SECOND)] if named else []
        return [FORGET_SCHEDULES] + [
            "INSERT INTO queue.pgqueuer_schedules (entrypoint, expression, next_run)"
            f" VALUES ('{entrypoint}', '{cron}', now() + interval '1 day')"
            for entrypoint, cron in rows
        ]

    async def put_back(self) -> None:
        """Have everything be as when it was saved, and keep nothing."""
        await self.restore()
        for kind in await self.list_waiting():
            await self._queue(kind)
        await self._database.execute(f"{FORGET_SCHEDULES}; DROP SCHEMA saved CASCADE")

    async def run(self, plan: Sequence[tuple[str, int]]) -> Outcome:
        """Queue one kind after the other, and kill the worker at the step that is given; its successor goes on.

        The last one has as much time as it needs: a scheduled task has its next time besides, at which it makes up for rows
        that another task held.
        """
        await self._begin()
        try:
            for kind, step in plan:
                await self._let_time_pass()
                await self._queue(kind)
                self._start(kind, step)
                await self.wait_for_death()
            await self._let_time_pass()
            self._start("", 0)
            await self._drain()
            for kind in sorted(self._schedules & {kind for kind, _ in plan}):
                await self._queue(kind)
                await self._drain()
            await self._sweep()
            return await self.describe()
        finally:
            self.worker.stop("work")

    async def run_whole(self, kinds: Sequence[str]) -> WholeRun:
        """Do the same without a kill; nothing fails, and what each kind does is seen."""
        whole = WholeRun(await self._begin(), {}, {})
        try:
            self._start("", 0)
            for kind in kinds:
                await self._queue(kind)
                await self._drain()
                before, whole.outcome = whole.outcome, await self.describe()
                steps = whole.outcome.steps[len(before.steps) :]
                whole.steps[kind] = [name for other, name in steps if other == kind]
                whole.effects[kind] = _find_effects(before, whole.outcome)
            await self._sweep()
            whole.outcome = await self.describe()
        finally:
            self.worker.stop("work")
        return whole

    async def _begin(self) -> Outcome:
        await self.restore()
        self._outside.forget()
        self._journal.unlink(missing_ok=True)
        return await self.describe()

    def _start(self, kind: str, step: int) -> None:
        self.worker.stop("work")
        self.worker.environment[VARIABLE] = json.dumps(
            {
                "journal": str(self._journal),
                "kind": kind,
                "step": step,
                "schedules": sorted(self._schedules),
                "tenant": str(self._territory.id),
            }
        )
        self.worker.start("work")

    async def _queue(self, kind: str) -> None:
        columns = await self._database.fetchval(
            "SELECT string_agg(format('%I', column_name), ', ') FROM information_schema.columns"
            " WHERE table_schema = 'saved' AND table_name = 'pgqueuer'"
        )
        await self._database.execute(
            f"INSERT INTO queue.pgqueuer ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM saved.pgqueuer"
            f" WHERE entrypoint = '{kind}'"
        )
        await self._database.execute(
            "UPDATE queue.pgqueuer_schedules SET next_run = now() WHERE entrypoint = $1",
            kind,
        )

    async def _let_time_pass(self) -> None:
        """The next hours: what a dead worker held is taken again, what was for later is due, and who works is told."""
        await self._database.execute(str(LATER))
        await self._database.execute(SHARED_LEASES[self._program])
        await self._database.execute(
            "UPDATE queue.pgqueuer_schedules SET heartbeat = now() - interval '1 minute' WHERE status = 'picked'"
        )
        for table, column in LEASES[self._program]:
            await self._database.execute(
                f"UPDATE app.{table} SET {column} = now() - interval '1 second'"
                f" WHERE tenant_id = '{self._territory.id}' AND {column} > now()"
            )
        channel = str(SCHEMA.channel)
        await self._database.execute(
            "SELECT pg_notify($1, $2)", channel, EVENT % channel
        )

    async def wait_for_death(self) -> None:
        """Wait until the worker is killed; one that ends by itself would be compared with another that did all."""
        deadline = time.monotonic() + PATIENCE
        process = self.worker.processes["work"]
        while process.poll() is None:
            assert time.monotonic() < deadline, "the step was not reached"
            if not await self._has_work():
                await self._let_time_pass()
            await asyncio.sleep(0.02)
        status = process.poll()
        assert status == -signal.SIGKILL, (status, self.worker.log("work")[-4000:])
        self.worker.stop("work")

    async def _drain(self) -> None:
        """Wait until the worker has nothing to do, however much time passes."""
        for _ in range(MOST_ROUNDS):
            deadline = time.monotonic() + PATIENCE
            while await self._has_work():
                assert self.worker.processes["work"].poll() is None
                assert time.monotonic() < deadline, self.worker.log("work")[-4000:]
                await asyncio.sleep(0.02)
            if not await self._count(f"FROM queue.pgqueuer WHERE {WAITING}"):
                return
            await self._let_time_pass()
        rest = await self._database.fetch(
            f"SELECT entrypoint, attempts FROM queue.pgqueuer WHERE {WAITING}"
        )
        raise AssertionError(
            f"tasks never end: {[tuple(row) for row in rest]} {self.worker.log('work')[-6000:]}"
        )

    async def _has_work(self) -> bool:
        due = f"{WAITING} AND (status = 'picked' OR execute_after <= now())"
        return bool(
            await self._count(f"FROM queue.pgqueuer WHERE {due}")
            or await self._count(f"FROM queue.pgqueuer_schedules WHERE {DUE_SCHEDULES}")
        )

    async def _count(self, of: str) -> int:
        return int(await self._database.fetchval(f"SELECT count(*) {of}"))

    async def describe(self) -> Outcome:
        """What is true now."""
        rows = await self._read_rows()
        mails = self._outside.list_mails()
        accounts = Counter[str]()
        if self._accounts is not None:
            accounts = await asyncio.to_thread(self._accounts.read)
        held = await self._database.fetch(
            "SELECT entrypoint FROM queue.pgqueuer WHERE status = 'failed'"
        )
        lines = self._journal.read_text().splitlines() if self._journal.exists() else []
        steps = [
            (kind, name) for kind, _, name in (line.partition("\t") for line in lines)
        ]
        return Outcome(
            rows={
                "account of the identity service": accounts,
                **{
                    table: Counter(map(self._mask, texts))
                    for table, texts in rows.items()
                },
            },
            held=[row["entrypoint"] for row in held],
            left=[row["entrypoint"] for row in await self._database.fetch(LEFT)],
            mails=Counter(map(self._mask_mail, mails)),
            mail_ids=Counter(map(self._mask_mail, set(mails))),
            calls=Counter(map(self._mask, self._outside.calls)),
            objects=Counter(
                self._mask(f"{path.relative_to(self._objects)}")
                for path in self._objects.rglob("*")
                if path.is_file()
            ),
            steps=steps,
        )

    async def _read_rows(self) -> dict[str, list[str]]:
        union = " UNION ALL ".join(
            f"SELECT '{name}' AS name, to_jsonb(r)::text AS text FROM app.{name} r WHERE {self._tenants}"
            for name, _ in self._tables
        )
        rows: dict[str, list[str]] = {}
        for row in await self._database.fetch(union):
            rows.setdefault(row["name"], []).append(row["text"])
        return rows

    def _mask(self, text: str) -> str:
        return TOKEN.sub(self._hide, FREE.sub("", text))

    def _mask_mail(self, text: str) -> str:
        return MAIL_TOKEN.sub(self._hide, text)

    def _hide(self, match: re.Match[str]) -> str:
        """What was there from the beginning is the same in each run."""
        return match[0] if match[0] in self._known else "…"


def _find_effects(before: Outcome, after: Outcome) -> set[Effect]:
    pairs = {
        Effect.MAIL: (before.mails, after.mails),
        Effect.CALL: (before.calls, after.calls),
        Effect.ROWS: (before.rows, after.rows),
        Effect.OBJECTS: (before.objects, after.objects),
    }
    return {effect for effect, (first, second) in pairs.items() if first != second}


def list_failures(outcome: Outcome) -> list[tuple[str, str]]:
    """Steps that say that an attempt failed."""
    return [step for step in outcome.steps if step[1] == FAILED]
