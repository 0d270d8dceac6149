"""Hostile requests over HTTP, ten thousand of them in a run of everything: each refused in words or answered within its limits, and the node goes on."""

import asyncio
import json
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from litestar import Litestar
from sqlalchemy import update

from tests.depth import examples
from tests.node.hostile_requests import Answer, Attacker, Hostile, send
from tests.node.made_tables import write_table
from tests.node.producer import SLUG, Producer
from tests.node.test_geo import feature, geojson
from tests.service_overrides import ServiceOverrides
from udi.kit.child import ChildError, ChildProcess
from udi.kit.db import Database
from udi.kit.rates import RateLimiter
from udi.kit.sandbox import ProcessLimits
from udi.kit.tenancy import Territory
from udi.node.spaces.models import Space
from udi.node.tables.requests import RATES
from udi.tabular.columns.column import ColumnType
from udi.tabular.queries.ogc import MOST
from udi.tabular.queries.pool import POOL, PoolLimits
from udi.tabular.queries.query import LARGEST_PAGE

HOW_MANY = examples(500, 10_000)
"""The first of ten thousand, which take some minutes."""
TOGETHER = 4
SEED = 20261125
FETCH = "udi.tabular.sandbox.engine:fetch"
LONGEST_ANSWER = 17 * 1024**2
"""Bytes: what one answer holds at most, and what is written around it."""
LIMITS = PoolLimits()
MEMORY = LIMITS.children * LIMITS.memory_mb * 1024**2
REFUSED = {400, 404, 416, 422}
"""What a hostile request may be told; 503 says in its words that its turn did not come."""


def places(count: int = 400) -> bytes:
    """A map whose columns are named to mislead."""
    return geojson(*(
        feature({"type": "Point", "coordinates": [-3 + number / 100, 47 + number / 200]}, **{
            "name": f"v{number % 9}", "a__b": "x" * (number % 5), '"; DROP TABLE t; --': "'", "n": number * 10**9,
            "x.y": number / 7, "since": f"2024-05-{1 + number % 28:02}", "seen": f"2024-05-01T10:00:{number % 60:02}",
            "ok": number % 2 == 0, "été": 1990 + number % 30, "limit": number,
        })
        for number in range(count)
    ))  # fmt: skip


def fault(hostile: Hostile, answer: Answer) -> str:
    """What is wrong with an answer, in a word; nothing if all is as it must be."""
    if len(answer.content) > LONGEST_ANSWER:
        return "too long"
    if answer.status in {200, 206}:
        return _too_many_rows(hostile, answer)
    if answer.status in {304, 416}:
        if hostile.headers:
            return ""
        return "for no reason"
    return _fault_of_refusal(answer)


def _fault_of_refusal(answer: Answer) -> str:
    if answer.headers["content-type"] != "application/problem+json":
        return "no problem document"
    problem: dict[str, Any] = json.loads(answer.content)
    if answer.status == 503:
        if problem["remedy"] and answer.headers["retry-after"]:
            return ""
        return "no remedy"
    if answer.status not in REFUSED:
        return "status"
    sound = problem["title"] and (answer.status == 404 or names_what_is_wrong(problem))
    if sound:
        return ""
    return "says not what is wrong"


def names_what_is_wrong(problem: dict[str, Any]) -> bool:
    """Whether a refusal says which parameter, or that the whole question is the matter, and what to do."""
    if problem["type"] == "/problems/too-heavy":
        return bool(problem["detail"] and problem["remedy"])
    whole = {"too-long", "unreadable"}
    errors = problem.get("errors", [])
    return bool(errors) and all(
        error["reason"] and (error.get("field") or error["code"] in whole)
        for error in errors
    )


def _too_many_rows(hostile: Hostile, answer: Answer) -> str:
    most = {"data": ("data", LARGEST_PAGE), "places": ("features", MOST)}
    if hostile.door not in most or "json" not in answer.headers["content-type"]:
        return ""
    name, count = most[hostile.door]
    if len(json.loads(answer.content)[name]) > count:
        return "too many rows"
    return ""


async def test_hostile_requests_are_refused_in_words_or_answered_within_the_limits(
    node_app: Litestar, producer: Producer, passer_by: httpx.AsyncClient, services: ServiceOverrides,
    node_database: Database, demo: Territory,
) -> None:  # fmt: skip
    dataset = await producer.publish(await producer.draft(places(), "lieux.geojson"))
    async with node_database.session(demo.id, role="owner") as session:
        await session.execute(
            update(Space).where(Space.slug == SLUG).values(requests_per_minute=10**8)
        )
    services[RATES] = RateLimiter("tables", limit=10**8)
    host = passer_by.base_url.netloc.decode()
    attacker = Attacker(dataset, SEED)
    waiting = iter(range(HOW_MANY))
    outcomes = Counter[tuple[str, int]]()
    faults = list[str]()
    slowest = 0.0

    async def attack() -> None:
        nonlocal slowest
        for _ in waiting:
            hostile = attacker.request()
            started = time.perf_counter()
            answer = await send(node_app, host, hostile)
            slowest = max(slowest, time.perf_counter() - started)
            outcomes[hostile.door, answer.status] += 1
            if message := fault(hostile, answer):
                faults.append(
                    f"{message}: {answer.status} {hostile} {answer.content[:300]!r}"
                )

    await asyncio.gather(*(attack() for _ in range(TOGETHER)))

    print(dict(outcomes), f"slowest {slowest:.1f} s")  # noqa: T201 - figures
    assert faults[:20] == []
    assert outcomes.total() == HOW_MANY
    for door in ("data", "places", "place", "export", "elsewhere"):
        assert outcomes[door, 200] > 0
    assert slowest < LIMITS.patience + LIMITS.seconds
    assert (
        sum(psutil.Process(pid).memory_info().rss for pid in services[POOL].pids)
        < MEMORY
    )
    assert (await passer_by.get(f"/api/resources/{dataset}/data/")).json()["meta"][
        "total"
    ] == 400


FORBIDDEN = [
    "SELECT * FROM read_csv('{secret}')", "SELECT * FROM read_text('{secret}')", "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_json('{secret}')", "SELECT * FROM read_json_objects('{secret}')",
    "SELECT * FROM read_ndjson('{secret}')", "SELECT * FROM read_parquet('{other}')", "SELECT * FROM '{secret}'",
    "SELECT * FROM '{other}'", "SELECT * FROM '/etc/passwd'", "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM sniff_csv('{secret}')", "SELECT * FROM parquet_metadata('{other}')",
    "SELECT * FROM parquet_schema('{other}')", "SELECT * FROM read_csv('http://127.0.0.1:9/x')",
    "SELECT * FROM read_parquet('s3://bucket/x')", "SELECT * FROM read_text('{file}/../secret.csv')",
    "ATTACH '{folder}/new.db'", "ATTACH '{secret}' AS x (READ_ONLY)", "COPY (SELECT 1) TO '{folder}/new.csv'",
    "COPY (SELECT 1) TO '{file}'", "COPY t TO '{folder}/new.parquet' (FORMAT parquet)",
    "CREATE TABLE m(x VARCHAR); COPY m FROM '{secret}'", "EXPORT DATABASE '{folder}/new'", "IMPORT DATABASE '{folder}'",
    "INSTALL httpfs", "LOAD httpfs", "LOAD '{secret}'", "UPDATE EXTENSIONS", "SET enable_external_access = true",
    "SET allowed_paths = ['/']", "SET memory_limit = '10GB'", "SET threads = 16", "SET temp_directory = '{folder}'",
    "RESET memory_limit", "PRAGMA enable_profiling", "SET lock_configuration = false",
    "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')", "SELECT getenv('HOME')", "CALL enable_logging(storage = 'file')",
]  # fmt: skip
HARMLESS = [
    "SELECT count(*) FROM t", "ATTACH ':memory:' AS m1", "CREATE TABLE made(x INTEGER)", "DROP TABLE IF EXISTS made",
    "SELECT * FROM duckdb_secrets()", "SELECT count(*) FROM duckdb_settings()", "SELECT current_setting('threads')",
    "EXPLAIN SELECT 1", "SELECT write_log('x')", "PRAGMA database_list", "PRAGMA version",
]  # fmt: skip


@pytest.mark.programs
async def test_hostile_statements_touch_nothing_even_if_somebody_could_send_them(
    tmp_path: Path,
) -> None:
    table = write_table(tmp_path / "t.parquet", [("name", ColumnType.TEXT)], [["a"]])
    write_table(tmp_path / "other.parquet", [("name", ColumnType.TEXT)], [["SESAME"]])
    (tmp_path / "secret.csv").write_text("SESAME,1\nSESAME,2\n")
    places = {
        "secret": tmp_path / "secret.csv",
        "other": tmp_path / "other.parquet",
        "folder": tmp_path,
        "file": table.path,
    }
    before = contents(tmp_path)
    assert len(FORBIDDEN) + len(HARMLESS) == 51

    async with ChildProcess(ProcessLimits(1024)) as child:
        for statement in FORBIDDEN:
            with pytest.raises(ChildError):
                await _run(child, table.path, statement.format(**places))
        for statement in HARMLESS:
            with suppress(ChildError):
                assert b"SESAME" not in await _run(child, table.path, statement)
        assert await _run(child, table.path, "SELECT c0 FROM t") == b'[["a"]]'

    assert contents(tmp_path) == before


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def _run(child: ChildProcess, path: Path, statement: str) -> Any:
    return await child.call_by_name(
        FETCH, bytes, ((path, statement, ()), {}), seconds=60
    )
