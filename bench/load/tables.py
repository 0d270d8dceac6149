"""A large spreadsheet and what becomes of it: profile, conversion, and questions against plain DuckDB."""

import asyncio
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import psutil

from udi.kit.child import run
from udi.node.datasets.versions.preparation import prepare
from udi.tabular.profiles.conversion import convert_table
from udi.tabular.profiles.profile import Profile, profile_path
from udi.tabular.queries.pool import PoolLimits, QueryPool
from udi.tabular.queries.query_string import read_query
from udi.tabular.queries.row_pages import RowPageReader
from udi.tabular.queries.table import DatasetTable

Tell = Callable[[str], None]
BYTES_A_ROW = 149
MEGABYTE = 1000**2
PIECE = 1024 * 1024
MEMORY_MB = 2_048
PATIENCE = 3_600.0
ROWS = """
SELECT i + 2 AS __line,
  lpad(CAST(hash(i) % 100000000000000 AS VARCHAR), 14, '0') AS siret,
  'Établissement «' || CAST(hash(i + 1) % 1000000 AS VARCHAR) || '»' AS nom,
  lpad(CAST(1000 + hash(i + 2) % 95000 AS VARCHAR), 5, '0') AS code_postal,
  'Commune ' || CAST(hash(i + 3) % 3000 AS VARCHAR) AS commune,
  DATE '2000-01-01' + CAST(hash(i + 4) % 9000 AS INTEGER) AS date,
  CAST(hash(i + 5) % 10000000 AS DOUBLE) / 100 AS montant,
  hash(i + 6) % 3 = 0 AS actif,
  41 + CAST(hash(i + 7) % 1000000 AS DOUBLE) / 100000 AS latitude,
  CAST(hash(i + 8) % 1400000 AS DOUBLE) / 100000 - 5 AS longitude,
  CAST(1990 + hash(i + 9) % 36 AS INTEGER) AS annee,
  CAST(hash(i + 10) % 5000 AS BIGINT) AS effectif,
  'Catégorie ' || CAST(hash(i + 11) % 40 AS VARCHAR) AS categorie,
  CASE hash(i + 12) % 50 WHEN 0 THEN 'dit "le grand"; voir' || chr(10) || 'plus bas' WHEN 1 THEN NULL
    ELSE 'Remarque ' || CAST(hash(i + 12) % 90 AS VARCHAR) END AS remarque
FROM range({rows}) t(i)
"""
AS_PRODUCERS_WRITE = """
SELECT siret, nom, code_postal, commune, strftime(date, '%d/%m/%Y') AS date,
  replace(CAST(montant AS VARCHAR), '.', ',') AS montant, CASE WHEN actif THEN 'oui' ELSE 'non' END AS actif,
  replace(CAST(latitude AS VARCHAR), '.', ',') AS latitude, replace(CAST(longitude AS VARCHAR), '.', ',') AS longitude,
  annee, effectif, categorie, remarque FROM ({rows})
"""


@dataclass(frozen=True)
class Question:
    """The same asked twice: of our API, and of DuckDB as one who knows it would."""

    name: str
    address: str
    plain: tuple[str, ...]


QUESTIONS = (
    Question("page 1", "", ("SELECT * FROM t LIMIT 20", "SELECT count(*) FROM t")),
    Question(
        "last page",
        "page={last}",
        ("SELECT * FROM t LIMIT 20 OFFSET {before}", "SELECT count(*) FROM t"),
    ),
    Question(
        "filter",
        "commune__exact=Commune 12&montant__greater=500",
        tuple(
            f"SELECT {what} FROM t WHERE commune = 'Commune 12' AND montant >= 500{end}"
            for what, end in (("*", " LIMIT 20"), ("count(*)", ""))
        ),
    ),
    Question(
        "text",
        "remarque__contains=LE GRAND",
        tuple(
            f"SELECT {what} FROM t WHERE remarque ILIKE '%LE GRAND%'{end}"
            for what, end in (("*", " LIMIT 20"), ("count(*)", ""))
        ),
    ),
    Question(
        "group",
        "categorie__groupby&montant__avg&montant__sum&effectif__max",
        (
            "SELECT categorie, avg(montant), sum(montant), max(effectif) FROM t GROUP BY 1 ORDER BY 1 LIMIT 20",
            "SELECT count(DISTINCT categorie) FROM t",
        ),
    ),
    Question(
        "sort",
        "montant__sort=desc",
        ("SELECT * FROM t ORDER BY montant DESC LIMIT 20", "SELECT count(*) FROM t"),
    ),
)


@dataclass(frozen=True)
class Done:
    """What a step took in its child, and what it answered."""

    seconds: float
    memory_bytes: int
    result: Any


def write_file(folder: Path, megabytes: int) -> Path:
    """A CSV of this size, as a producer's spreadsheet writes it."""
    source = folder / "bench.csv"
    rows = megabytes * MEGABYTE // BYTES_A_ROW
    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as connection:
        query = AS_PRODUCERS_WRITE.format(rows=ROWS.format(rows=rows))
        connection.execute(
            f"COPY ({query}) TO '{source}' (FORMAT csv, DELIMITER ';', HEADER)"
        )
    return source


def read_profile(path: Path) -> int:
    """Profile a file, as at its arrival; how many columns were found."""
    return len(profile_path(path).columns)


def convert_source(source: Path, target: Path) -> dict[str, Any]:
    """Profile a file and write its typed table; its profile."""
    return convert_table(source, profile_path(source), target).profile.as_json()


def make_ready(source: Path, target: Path) -> bool:
    """All that the node does before its producer may publish: table, cells that do not fit, people, dangers."""
    return prepare(source, source.name, {}, target).table


def as_table(path: Path, profile: dict[str, Any]) -> DatasetTable:
    """The converted file, as the API reads it."""
    parsed_profile = Profile.from_json(profile)
    return DatasetTable(
        path, parsed_profile.columns, parsed_profile.rows or 0, "bench", "bench", "bench", "Bench", datetime.now(UTC),
        geometry=parsed_profile.geometry, bbox=parsed_profile.bbox,
    )  # fmt: skip


def step(function: Callable[..., object], *arguments: object) -> Done:
    """Do a step in a child."""
    return Done(
        *asyncio.run(
            run(
                measured,
                function,
                arguments,
                memory_mb=MEMORY_MB,
                seconds=PATIENCE,
                file_bytes=64 * 1024**3,
            )
        )
    )


def measured(
    function: Callable[..., object], arguments: tuple[object, ...]
) -> tuple[float, int, Any]:
    """Do it here; seconds, bytes at most, and the answer."""
    started = time.perf_counter()
    result = function(*arguments)
    return (
        time.perf_counter() - started,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        result,
    )


async def ask(
    table: DatasetTable, repeats: int, tell: Tell
) -> tuple[list[dict[str, Any]], int]:
    """Each question asked of both in turn; figures, and the most memory that a child has at the end."""
    pool = QueryPool(PoolLimits(children=1, own_children=1, seconds=PATIENCE))
    figures = []
    try:
        with duckdb.connect(config={"threads": 1}) as plain:
            plain.execute(
                f"CREATE VIEW t AS SELECT * EXCLUDE (__line) FROM read_parquet('{table.path}')"
            )
            for question in QUESTIONS:
                figures.append(await _compare(pool, plain, table, question, repeats))
                tell(
                    "{name}: {ours_ms} ms, plain DuckDB {plain_ms} ms, ratio {ratio}".format(
                        **figures[-1]
                    )
                )
        memory = max(psutil.Process(pid).memory_info().rss for pid in pool.pids)
    finally:
        await pool.close()
    return figures, memory


async def _compare(
    pool: QueryPool,
    plain: duckdb.DuckDBPyConnection,
    table: DatasetTable,
    question: Question,
    repeats: int,
) -> dict[str, Any]:
    last = -(-table.rows // 20)
    places = {"last": last, "before": (last - 1) * 20}
    query = read_query(question.address.format(**places), table.columns)
    ours = []
    theirs = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        await RowPageReader(pool).read_page(table, query)
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        for sql in question.plain:
            plain.execute(sql.format(**places)).fetchall()
        theirs.append(time.perf_counter() - started)
    spent = median(ours[1:])
    reference = median(theirs[1:])
    return {
        "name": question.name,
        "ours_ms": round(spent * 1000, 1),
        "plain_ms": round(reference * 1000, 1),
        "ratio": round(spent / reference, 2),
    }
