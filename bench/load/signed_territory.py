"""What it would cost to have each territory that a transaction names signed, and each policy check the signature.

`python -m bench.load.signed_territory postgresql://postgres@127.0.0.1:5432/postgres`: makes a database of its own on a
server whose superuser this is, measures processor time of the server's process for transactions of three statements, and
drops the database. The signature is an HMAC-SHA256 (RFC 2104) of territory and server process, by functions of
PostgreSQL alone; its key is in a table that only the owner of the checking function reads. Decision 1 has the figures.
"""

import asyncio
import hmac
import os
import statistics
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

NAME = "udi_signed_territory"
ROLE = "udi_signed_territory_app"
BLOCK = 64
INNER = 0x36
OUTER = 0x5C
ROUNDS = 7
STATEMENTS = 3
SMALL = 1000
LARGE = 50_000
TERRITORIES = 100
"""Rows of a usual territory, and of the first."""
VARIANTS = {
    "as it is": "tenant_id = app.said_territory()",
    "signed, in the policy": "tenant_id = app.signed_territory()",
    "signed, once a statement": "tenant_id = (SELECT app.signed_territory())",
}
"""The policy of each; the first is the product's own."""
FOUNDATION = """
CREATE SCHEMA app; CREATE SCHEMA guard; GRANT USAGE ON SCHEMA app TO {role};
CREATE TABLE guard.key (inner_pad bytea, outer_pad bytea);
CREATE FUNCTION app.said_territory() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.tenant', true), '')::uuid $$;
CREATE FUNCTION app.signed_territory() RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE said text := current_setting('app.tenant', true); body bytea; pads guard.key;
BEGIN
  IF coalesce(said, '') = '' THEN RETURN NULL; END IF;
  SELECT * INTO pads FROM guard.key;
  body := convert_to(split_part(said, '.', 1) || '.' || pg_backend_pid(), 'UTF8');
  IF sha256(pads.outer_pad || sha256(pads.inner_pad || body)) <> decode(split_part(said, '.', 2), 'hex') THEN
    RETURN NULL;
  END IF;
  RETURN split_part(said, '.', 1)::uuid;
END $$;
CREATE TABLE guard.territory AS SELECT gen_random_uuid() AS id, n FROM generate_series(1, {territories}) n;
"""
TABLE = """
CREATE TABLE app.t{n} (tenant_id uuid, id uuid, kind int, title text, at timestamptz, PRIMARY KEY (tenant_id, id));
INSERT INTO app.t{n} SELECT t.id, gen_random_uuid(), g % 7, md5(g::text), now() - g * interval '1 minute'
  FROM guard.territory t, generate_series(1, CASE WHEN t.n = 1 THEN {large} ELSE {small} END) g;
CREATE INDEX ON app.t{n} (tenant_id, at);
ALTER TABLE app.t{n} ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.t{n} TO {role} USING ({policy}) WITH CHECK ({policy});
GRANT SELECT, INSERT ON app.t{n} TO {role};
ANALYZE app.t{n};
"""
Work = Callable[[asyncpg.Connection, int, UUID], Awaitable[Any]]


async def read_row(connection: asyncpg.Connection, table: int, territory: UUID) -> None:
    """A row looked for by its key, which is not there."""
    await connection.fetch(f"SELECT * FROM app.t{table} WHERE id = $1", territory)


async def read_page(
    connection: asyncpg.Connection, table: int, _territory: UUID
) -> None:
    """The twenty newest rows."""
    await connection.fetch(f"SELECT * FROM app.t{table} ORDER BY at DESC LIMIT 20")


async def count_rows(
    connection: asyncpg.Connection, table: int, _territory: UUID
) -> None:
    """All rows of the territory, by kind."""
    await connection.fetch(f"SELECT kind, count(*) FROM app.t{table} GROUP BY kind")


async def add_row(connection: asyncpg.Connection, table: int, territory: UUID) -> None:
    """One more row."""
    statement = (
        f"INSERT INTO app.t{table} VALUES ($1, gen_random_uuid(), 1, 'x', now())"
    )
    await connection.execute(statement, territory)


LOADS: dict[str, tuple[Work, int, bool]] = {
    "look for a row": (read_row, 400, False),
    "read a page of 20": (read_page, 300, False),
    f"count {SMALL} rows": (count_rows, 100, False),
    f"count {LARGE} rows": (count_rows, 6, True),
    "add a row": (add_row, 200, False),
}
"""What is done, in how many transactions a round, and whether by the large territory."""


class Measure:
    """One connection as the low role, and what each kind of transaction costs its server process."""

    def __init__(
        self, connection: asyncpg.Connection, key: bytes, territories: list[UUID]
    ) -> None:
        self._connection = connection
        self._key = key
        self._territories = territories
        self._pid: int = connection.get_server_pid()

    async def run(self, table: int, work: Work, times: int, *, large: bool) -> float:
        """Microseconds of processor for a transaction."""
        await self._transact(table, work, self._territories[0])
        before = _processor_seconds(self._pid)
        for number in range(times):
            territory = self._territories[
                0 if large else 1 + number % (TERRITORIES - 1)
            ]
            await self._transact(table, work, territory)
        return (_processor_seconds(self._pid) - before) / times * 1e6

    async def _transact(self, table: int, work: Work, territory: UUID) -> None:
        transaction = self._connection.transaction()
        await transaction.start()
        setting = str(territory) if table == 0 else self.sign(territory)
        await self._connection.execute(
            "SELECT set_config('app.tenant', $1, true)", setting
        )
        for _ in range(STATEMENTS):
            await work(self._connection, table, territory)
        await transaction.rollback()

    def sign(self, territory: UUID) -> str:
        """A territory as a transaction on this connection would say it."""
        body = f"{territory}.{self._pid}".encode()
        return f"{territory}.{hmac.digest(self._key, body, 'sha256').hex()}"


def _processor_seconds(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _pad(key: bytes, value: int) -> bytes:
    return bytes(byte ^ value for byte in key.ljust(BLOCK, b"\0"))


async def _fill(connection: asyncpg.Connection, key: bytes) -> list[UUID]:
    await connection.execute(FOUNDATION.format(role=ROLE, territories=TERRITORIES))
    await connection.execute(
        "INSERT INTO guard.key VALUES ($1, $2)", _pad(key, INNER), _pad(key, OUTER)
    )
    for number, policy in enumerate(VARIANTS.values()):
        await connection.execute(
            TABLE.format(n=number, small=SMALL, large=LARGE, role=ROLE, policy=policy)
        )
    return [
        row["id"]
        for row in await connection.fetch("SELECT id FROM guard.territory ORDER BY n")
    ]


async def _compare(measure: Measure) -> None:
    for name, (work, times, large) in LOADS.items():
        variant_costs: list[list[float]] = [[] for _ in VARIANTS]
        for _ in range(ROUNDS):
            for table, costs in enumerate(variant_costs):
                costs.append(await measure.run(table, work, times, large=large))
        usual, *signed = map(statistics.median, variant_costs)
        differences = ", ".join(
            f"{cost:.0f} µs ({cost / usual - 1:+.0%})" for cost in signed
        )
        print(f"{name}: {usual:.0f} µs; {differences}", flush=True)


async def main(address: str) -> None:
    """Make the database, measure, drop it."""
    key = os.urandom(32)
    server = await asyncpg.connect(address)
    await server.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{key.hex()}'")
    await server.execute(f"CREATE DATABASE {NAME}")
    try:
        owner = await asyncpg.connect(address, database=NAME)
        territories = await _fill(owner, key)
        await owner.close()
        parts = urlsplit(address)
        low = await asyncpg.connect(
            host=parts.hostname, port=parts.port, user=ROLE, password=key.hex(), database=NAME
        )  # fmt: skip
        print("; ".join(VARIANTS), flush=True)
        await _compare(Measure(low, key, territories))
        await low.close()
    finally:
        await server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        await server.execute(f"DROP ROLE {ROLE}")
        await server.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
