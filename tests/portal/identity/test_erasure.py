"""A person with a row of every kind is erased: canaries are looked for in every table, and found when one erasure is cut out."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.personal_rows import (
    Fixture,
    connect,
    fill,
    find_moment,
    is_erased_with_account,
    kind_of,
    new_fixture,
    search,
)
from udi.kit.db import Database
from udi.kit.personal_data import PersonalRows, PersonLink
from udi.kit.tenancy import Territory
from udi.node.identity.models import Person as NodePerson
from udi.portal.identity.models import Person as PortalPerson
from udi.settings import ProgramName, Settings
from udi.ui.domains import declare_tables, list_domains
from udi.ui.person_erasure import erase_person
from udi.ui.personal_rows import PersonalRegister, names_person, read_register

FORMER = "Ancien membre"
PEOPLE: dict[str, Any] = {"portal": PortalPerson, "node": NodePerson}


def read_program(program: ProgramName) -> PersonalRegister:
    declare_tables(program)
    return read_register(list_domains(program))


def list_erasures() -> list[tuple[ProgramName, str]]:
    """Each kind of row that is erased or emptied, so that a person is found if that is left out."""
    programs: tuple[ProgramName, ...] = ("portal", "node")
    return [
        (program, kind_of(rows))
        for program in programs
        for rows in read_program(program).rows
        if rows.table.name != "person"
        and (rows.emptied or is_erased_with_account(rows))
    ]


@dataclass(frozen=True)
class Stage:
    """Somebody in one program, with a row of every kind."""

    program: ProgramName
    database: Database
    territory: Territory
    register: PersonalRegister
    fixture: Fixture
    connection: Any
    since: int
    """The transaction before which nothing was written of them."""

    async def erase(self, register: PersonalRegister | None = None) -> None:
        person = PEOPLE[self.program]
        async with self.database.session(self.territory.id, role="worker") as session:
            row = await session.scalar(
                select(person).where(person.subject == self.fixture.keys.subject)
            )
            await erase_person(
                session, register or self.register, row, former_name=FORMER
            )

    async def count(self, rows: PersonalRows) -> int:
        """The rows of one kind that name the person."""
        query = select(func.count()).where(names_person(rows, self.fixture.keys))
        async with self.database.session(self.territory.id, role="worker") as session:
            return await session.scalar(query.select_from(rows.table)) or 0

    async def find(self) -> dict[str, set[str]]:
        return await search(self.connection, self.fixture.words, self.since)


@pytest.fixture
async def stages(
    request: pytest.FixtureRequest,
    postgres: str,
    settings: Settings,
    demo: Territory,
    portal_database: Database,
    node_database: Database,
) -> AsyncIterator[dict[str, Stage]]:
    """Somebody in the program that a test names among its parameters, else in both."""
    stages: dict[str, Stage] = {}
    parameters = (
        request.node.callspec.params if hasattr(request.node, "callspec") else {}
    )
    for database in (portal_database, node_database):
        program = database.program
        if parameters.get("program", program) != program:
            continue
        connection = await connect(postgres, settings, program)
        register = read_program(program)
        since = await find_moment(connection)
        fixture = new_fixture()
        await fill(connection, register, demo, fixture)
        stages[program] = Stage(
            program, database, demo, register, fixture, connection, since
        )
    yield stages
    for stage in stages.values():
        await stage.connection.close()


@pytest.mark.parametrize("program", ["portal", "node"])
async def test_nothing_of_a_person_is_found_once_they_are_erased(
    stages: dict[str, Stage], program: str
) -> None:
    stage = stages[program]
    before = await stage.find()

    await stage.erase()

    assert before["app.person"] >= {stage.fixture.name, stage.fixture.keys.email}
    assert len(stage.fixture.canaries) > 2
    assert {word for words in before.values() for word in words} == stage.fixture.words
    assert await stage.find() == {}


@pytest.mark.parametrize(("program", "kind"), list_erasures())
async def test_a_person_is_found_when_one_erasure_is_cut_out(
    stages: dict[str, Stage], program: str, kind: str
) -> None:
    stage = stages[program]
    left = [rows for rows in stage.register.rows if kind_of(rows) != kind]
    [omitted] = [rows for rows in stage.register.rows if kind_of(rows) == kind]
    table = f"app.{omitted.table.name}"

    await stage.erase(replace(stage.register, rows=left))

    remaining = await stage.find()
    assert await stage.count(omitted) == 1, "the person's own row"
    assert remaining.get(table, set()) >= stage.fixture.canaries_of(omitted)
    assert remaining.keys() <= {table}


async def test_requests_about_own_data_go_on_under_their_pseudonym(
    stages: dict[str, Stage], demo: Territory
) -> None:
    stage = stages["node"]
    connection = stage.connection
    rows = [row for row in stage.register.rows if row.link is PersonLink.PAIRWISE]
    tables = [f"app.{row.table.name}" for row in rows]
    requests = "SELECT id FROM app.subject_request WHERE subject_id = $1 ORDER BY id"
    same_id = stage.fixture.keys.id
    fixture = replace(stage.fixture, pseudonym=same_id)
    for _ in range(2):
        await fill(connection, replace(stage.register, rows=rows), demo, fixture)
    held_row, open_row = await connection.fetch(requests, same_id)
    await connection.execute(
        "UPDATE app.subject_request SET legal_hold = id = $1 WHERE id = ANY($2)",
        held_row["id"],
        [held_row["id"], open_row["id"]],
    )
    before = await read_tables(connection, tables)

    await stage.erase()

    assert set(tables) == {
        "app.subject_person",
        "app.subject_session",
        "app.subject_request",
        "app.subject_request_entry",
        "app.subject_file",
        "app.lender",
        "app.recipient_notice",
    }
    assert await connection.fetch(requests, same_id) == [
        held_row,
        open_row,
    ]
    assert await read_tables(connection, tables) == before


async def read_tables(connection: Any, tables: list[str]) -> dict[str, list[Any]]:
    """All rows of some tables."""
    return {
        table: await connection.fetch(f"SELECT * FROM {table} ORDER BY id")
        for table in tables
    }


@pytest.mark.parametrize("program", ["portal", "node"])
async def test_what_others_rely_on_stays_under_one_pseudonym(
    stages: dict[str, Stage], program: str
) -> None:
    stage = stages[program]
    person_id = stage.fixture.keys.id

    await stage.erase()

    connection = stage.connection
    row = await connection.fetchrow("SELECT * FROM app.person WHERE id = $1", person_id)
    actors = "SELECT count(*) FROM app.audit_event WHERE actor_id = $1"
    assert (row["name"], row["email"], row["issuer"]) == (FORMER, "", "")
    assert row["subject"] == str(person_id)
    assert await connection.fetchval(actors, person_id) == 1


async def test_tasks_that_name_the_person_are_forgotten(
    stages: dict[str, Stage],
) -> None:
    stage = stages["portal"]
    payload = {
        "tenant": str(stage.territory.id),
        "subject": stage.fixture.keys.subject,
        "provider": "x",
    }
    await stage.connection.execute(
        "INSERT INTO queue.pgqueuer (priority, entrypoint, payload, status, created, updated)"
        " VALUES (0, 'review_provider_groups', $1, 'queued', now(), now())",
        json.dumps(payload).encode(),
    )
    before = await stage.find()

    await stage.erase()

    assert stage.fixture.keys.subject in before["queue.pgqueuer"]
    assert await stage.find() == {}


async def test_another_person_keeps_everything(
    stages: dict[str, Stage], demo: Territory
) -> None:
    stage = stages["portal"]
    other = new_fixture()
    await fill(stage.connection, stage.register, demo, other)
    before = await search(stage.connection, other.words, stage.since)

    await stage.erase()

    assert await search(stage.connection, other.words, stage.since) == before
    assert before["app.person"] >= {other.name, other.keys.email}
