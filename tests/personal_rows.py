"""Rows of every kind that the register declares, for one person, with canaries in what must not outlive the account."""

import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from udi.kit.personal_data import AtDeletion, PersonalRows, PersonLink
from udi.kit.tenancy import Territory
from udi.settings import ProgramName, Settings
from udi.ui.personal_rows import PersonalRegister, PersonKeys

NAME = "zqname"
ELSEWHERE = {"operator_request"}
"""Tables of the installation itself: none of its rows are in a territory, and nothing of them is erased."""
MOMENT = datetime(2026, 11, 30, 12, tzinfo=UTC)
SEARCH = """
SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
WHERE table_schema IN ('app', 'queue', 'platform', 'ops') AND table_type = 'BASE TABLE'"""


@dataclass(frozen=True)
class Fixture:
    """A person with a row of every kind, and the words that may be found nowhere once they are erased."""

    keys: PersonKeys
    name: str
    pseudonym: uuid.UUID = field(default_factory=uuid.uuid4)
    """By which the rows name them that no account leads to."""
    canaries: dict[str, str] = field(default_factory=dict)
    """By the kind of row in which each was put."""

    @property
    def words(self) -> set[str]:
        """All that must be gone."""
        return {
            self.name,
            self.keys.email,
            self.keys.subject,
            *self.canaries.values(),
        }

    def canaries_of(self, rows: PersonalRows) -> set[str]:
        """Those that were put in a row of one kind; none where it has no text that must be gone."""
        start = f"{kind_of(rows)} "
        return {word for name, word in self.canaries.items() if name.startswith(start)}


def new_fixture() -> Fixture:
    """Somebody whose name and address are like no other."""
    mark = secrets.token_hex(6)
    keys = PersonKeys(uuid.uuid4(), f"zq{mark}@people.example", str(uuid.uuid4()))
    return Fixture(keys, f"{NAME}{mark}")


async def connect(dsn: str, settings: Settings, program: ProgramName) -> Any:
    """A connection as the superuser: rows are put without what they refer to, and everything is read."""
    database = settings.dsn(program, "owner").rpartition("/")[2]
    return await asyncpg.connect(f"{dsn.rpartition('/')[0]}/{database}")


async def fill(
    connection: Any, register: PersonalRegister, territory: Territory, fixture: Fixture
) -> None:
    """Put one row of each kind that is declared."""
    await connection.execute("SET session_replication_role = replica")
    parents: dict[str, uuid.UUID] = {}
    kinds = [rows for rows in register.rows if rows.table.name not in ELSEWHERE]
    for rows in sorted(kinds, key=lambda kind: kind.through is not None):
        values = _row(rows, territory, fixture, parents)
        parents.setdefault(
            f"{rows.table.name}.{rows.column}", values.get("id", uuid.uuid4())
        )
        names = ", ".join(f'"{name}"' for name in values)
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        await connection.execute(
            f"INSERT INTO app.{rows.table.name} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING",
            *values.values(),
        )
    await connection.execute("SET session_replication_role = origin")


def kind_of(rows: PersonalRows) -> str:
    """A name of a kind of rows."""
    return f"{rows.table.name}.{rows.column}"


def is_erased_with_account(rows: PersonalRows) -> bool:
    """Whether nothing of such rows may be found once the account is erased; it leads to none of a pairwise pseudonym."""
    return (
        rows.at_deletion is AtDeletion.ERASED and rows.link is not PersonLink.PAIRWISE
    )


def _row(
    rows: PersonalRows,
    territory: Territory,
    fixture: Fixture,
    parents: dict[str, uuid.UUID],
) -> dict[str, Any]:
    is_erased = is_erased_with_account(rows)
    gone = {name for name in rows.columns if is_erased or name in rows.emptied}
    values: dict[str, Any] = {}
    for column in rows.table.columns:
        if column.name == "tenant_id":
            values["tenant_id"] = territory.id
        elif column.name == rows.column:
            values[column.name] = _naming(rows, column, fixture, parents)
        elif column.name == "id" and rows.table.name == "person":
            values["id"] = fixture.keys.id
        elif column.name in gone and _is_text(column):
            canary = f"zq{secrets.token_hex(6)}"
            fixture.canaries[f"{kind_of(rows)} {column.name}"] = canary
            values[column.name] = canary
        elif not column.nullable:
            values[column.name] = _filler(column)
    if rows.table.name == "person":
        values |= {
            "subject": fixture.keys.subject,
            "name": fixture.name,
            "email": fixture.keys.email,
            "email_verified": True,
            "issuer": "http://identity.test",
        }
        for name in [name for name in fixture.canaries if name.startswith("person.")]:
            del fixture.canaries[name]
    return values


def _naming(
    rows: PersonalRows,
    column: Column[Any],
    fixture: Fixture,
    parents: dict[str, uuid.UUID],
) -> Any:
    if rows.through is not None:
        model, name = rows.through
        return parents[f"{model.__table__.name}.{name}"]
    value = fixture.keys.value_of(rows.link)
    if rows.link is PersonLink.PAIRWISE:
        value = fixture.pseudonym
    if rows.key:
        return json.dumps({rows.key: str(value)})
    return value if isinstance(column.type, Uuid) else str(value)


def _is_text(column: Column[Any]) -> bool:
    return isinstance(_filler(column), str) and not isinstance(column.type, JSONB)


FILLERS: tuple[tuple[Any, Callable[[], Any]], ...] = (
    (Uuid, uuid.uuid4),
    (ARRAY, list),
    (JSONB, lambda: "{}"),
    (DateTime, lambda: MOMENT),
    (Date, MOMENT.date),
    (Boolean, bool),
    (Integer, lambda: secrets.randbelow(10**6)),
    (Float, float),
    (LargeBinary, lambda: secrets.token_bytes(8)),
)


def _filler(column: Column[Any]) -> Any:
    """Something of the type of a column; a text where it is none of these."""
    kind = getattr(column.type, "impl_instance", column.type)
    for type_, fill_in in FILLERS:
        if isinstance(kind, type_):
            return fill_in()
    return secrets.token_hex(4)


async def find_moment(connection: Any) -> int:
    """The oldest transaction that goes on: whatever is written from now on has its number, or a later one."""
    number: int = await connection.fetchval(
        "SELECT txid_snapshot_xmin(txid_current_snapshot())"
    )
    return number


async def search(
    connection: Any, words: set[str], since: int = 0
) -> dict[str, set[str]]:
    """Where any of some words stands, in any column of any table, by table.

    Rows written before the transaction `since` are not looked through: those of all tests before it, where the words
    were drawn later.
    """
    lines: dict[str, list[str]] = {}
    for row in await connection.fetch(await _write_search(connection), since):
        lines.setdefault(row["name"], []).append(row["line"])
    hits_by_name: dict[str, set[str]] = {}
    for name, rows in lines.items():
        text = "\n".join(rows).lower()
        hits = {
            word
            for word in words
            if word.lower() in text or word.lower().encode().hex() in text
        }
        if hits:
            hits_by_name[name] = hits
    return hits_by_name


async def _write_search(connection: Any) -> str:
    """One statement over every table: one for each took as many round trips as there are tables."""
    return " UNION ALL ".join(
        f"SELECT '{record['name']}' AS name, t::text AS line FROM {record['name']} t WHERE xmin::text::bigint >= $1"
        for record in await connection.fetch(SEARCH)
    )
