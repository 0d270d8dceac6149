"""Trials of queued tasks: a worker is killed at a step, another one goes on; what is true then, and who heard of it.

The rows of a territory are saved once, with the tasks that wait, and put back before each run. So a run that is killed can
be compared with one that nobody interrupts: row by row, mail by mail, call by call.
"""

import asyncio
import json
import re
import shutil
import signal
import time
from collections import Counter
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import asyncpg
from aiosmtpd.smtp import SMTP

from tests.faults.interruptions import FAILED, VARIABLE
from tests.faults.power import LATER
from tests.faults.running import RunningNode
from tests.portal.notifications.conftest import Relay
from udi.kit.tenancy import Territory
from udi.settings import ProgramName, Settings

PATIENCE = 120
MOST_ROUNDS = 8
"""How often time passes until nothing waits: a task may queue another for later, which may do the same."""
REVISION = 10**6
"""What a node that is told of an agreement says it holds."""


Sweep = Callable[[], Awaitable[object]]
"""Removes what a dead worker left among the objects, as the worker of a node does after a day."""
TOKEN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(?:\+\d\d:\d\d|Z)?"
    r"|eyJ[\w.-]{20,}|[0-9a-f]{32,}|[\w-]{43,}"
)
"""What differs from run to run: identifiers, moments, signed documents, hashes, sealed texts."""
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
OWN = "convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = $1"
WAITING = "status IN ('queued', 'picked')"


class Effect(Enum):
    """What a task does beyond its own row; a trial that sees none of it proves nothing."""

    MAIL = "a mail leaves, always with the same Message-ID"
    CALL = "another program is called, always with the same words"
    ROWS = "rows are written once"
    OBJECTS = "objects are stored or deleted, with their rows"


@dataclass
class Outside:
    """A mail relay, and whoever is called: each keeps what it gets and agrees."""

    relay: Relay = field(default_factory=Relay)
    calls: list[str] = field(default_factory=list)
    smtp_port: int = 0
    origin: str = ""

    def forget(self) -> None:
        self.relay.raw.clear()
        self.calls.clear()

    def list_mails(self) -> list[str]:
        """By Message-ID and address: two that are alike are one mail, sent twice."""
        return [f"{mail['Message-ID']} {mail['To']}" for mail in self.relay.mails]


@contextmanager
def _listen(outside: Outside) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            outside.calls.append(f"{self.command} {self.path} {body.decode()}")
            answer = json.dumps({"revision": REVISION, "providerPid": "urn:uuid:7"})
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - names of the standard library

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    outside.origin = f"http://whoever.localhost:{server.server_port}"
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@asynccontextmanager
async def open_outside() -> AsyncIterator[Outside]:
    """Both, on loopback."""
    outside = Outside()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(outside.relay, hostname="relay"), "127.0.0.1", 0
    )
    outside.smtp_port = server.sockets[0].getsockname()[1]
    try:
        with _listen(outside):
            yield outside
    finally:
        server.close()
        await server.wait_closed()


@dataclass(frozen=True)
class Outcome:
    """What is true once nothing waits any more."""

    rows: dict[str, Counter[str]]
    """By table; what is new in each run reads alike."""
    held: list[str]
    """Tasks that failed for good."""
    mails: Counter[str]
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
    ) -> None:  # fmt: skip
        self._program = program
        self._territory = territory
        self._outside = outside
        self._database = database
        self._sweep = sweep
        self._journal = folder / "steps"
        self._tables: list[tuple[str, str]] = []
        self._known: set[str] = set()
        self._objects = Path(settings.object_store_url) / str(territory.id)
        self._saved_objects = folder / "objects"
        self.worker = RunningNode(
            settings,
            folder,
            {
                "UDI_SMTP_HOST": "127.0.0.1",
                "UDI_SMTP_PORT": str(outside.smtp_port),
                "TMPDIR": str(folder),
            },
            program=program,
        )

    async def save(self) -> None:
        """Keep the territory as it is now, and the tasks that wait."""
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
            f"CREATE TABLE saved.{name} AS SELECT {columns} FROM app.{name} WHERE tenant_id = '{tenant}'"
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
        """The kinds of the tasks that were saved."""
        rows = await self._database.fetch(
            "SELECT DISTINCT entrypoint FROM saved.pgqueuer"
        )
        return {row["entrypoint"] for row in rows}

    async def restore(self) -> None:
        """Put the territory back, without any task."""
        tenant = self._territory.id
        statements = ["SET session_replication_role = replica"]
        for name, columns in self._tables:
            statements.append(f"DELETE FROM app.{name} WHERE tenant_id = '{tenant}'")
            statements.append(
                f"INSERT INTO app.{name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM saved.{name}"
            )
        statements.append("DELETE FROM queue.pgqueuer")
        statements.append("SET session_replication_role = DEFAULT")
        await self._database.execute(";".join(statements))
        shutil.rmtree(self._objects, ignore_errors=True)
        if self._saved_objects.exists():
            shutil.copytree(self._saved_objects, self._objects)

    async def put_back(self) -> None:
        """Have everything be as when it was saved, and keep nothing."""
        await self.restore()
        for kind in await self.list_waiting():
            await self._queue(kind)
        await self._database.execute("DROP SCHEMA saved CASCADE")

    async def run(self, plan: Sequence[tuple[str, int]]) -> Outcome:
        """Queue one kind after the other, and kill the worker at the step that is given; its successor goes on.

        The last one has as much time as it needs.
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
            await self._sweep()
            return await self._describe()
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
                before, whole.outcome = whole.outcome, await self._describe()
                steps = whole.outcome.steps[len(before.steps) :]
                whole.steps[kind] = [name for other, name in steps if other == kind]
                whole.effects[kind] = _find_effects(before, whole.outcome)
            await self._sweep()
            whole.outcome = await self._describe()
        finally:
            self.worker.stop("work")
        return whole

    async def _begin(self) -> Outcome:
        await self.restore()
        self._outside.forget()
        self._journal.unlink(missing_ok=True)
        return await self._describe()

    def _start(self, kind: str, step: int) -> None:
        self.worker.stop("work")
        self.worker.environment[VARIABLE] = json.dumps(
            {
                "journal": str(self._journal),
                "kind": kind,
                "step": step,
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

    async def _let_time_pass(self) -> None:
        """The next hours: what a dead worker held is taken again, what was for later is due."""
        await self._database.execute(str(LATER))
        for table, column in LEASES[self._program]:
            await self._database.execute(
                f"UPDATE app.{table} SET {column} = now() - interval '1 second'"
                f" WHERE tenant_id = '{self._territory.id}' AND {column} > now()"
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
        return bool(await self._count(f"FROM queue.pgqueuer WHERE {due}"))

    async def _count(self, of: str) -> int:
        return int(await self._database.fetchval(f"SELECT count(*) {of}"))

    async def _describe(self) -> Outcome:
        rows = await self._read_rows()
        held = await self._database.fetch(
            "SELECT entrypoint FROM queue.pgqueuer WHERE status = 'failed'"
        )
        lines = self._journal.read_text().splitlines() if self._journal.exists() else []
        steps = [
            (kind, name) for kind, _, name in (line.partition("\t") for line in lines)
        ]
        return Outcome(
            rows={
                table: Counter(map(self._mask, texts)) for table, texts in rows.items()
            },
            held=[row["entrypoint"] for row in held],
            mails=Counter(self._outside.list_mails()),
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
            f"SELECT '{name}' AS name, to_jsonb(r)::text AS text FROM app.{name} r WHERE tenant_id = '{self._territory.id}'"
            for name, _ in self._tables
        )
        rows: dict[str, list[str]] = {}
        for row in await self._database.fetch(union):
            rows.setdefault(row["name"], []).append(row["text"])
        return rows

    def _mask(self, text: str) -> str:
        common_text = FREE.sub("", text)
        return TOKEN.sub(
            lambda match: match[0] if match[0] in self._known else "…", common_text
        )


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
