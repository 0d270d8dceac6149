"""Rows and accounts of an archive that follows another: what changed among what is there."""

import asyncio
import json
import secrets
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Text, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests import visitors
from tests.portal.identity.deletions import list_queued
from udi.cli.archive.comparison import CopyTable
from udi.cli.archive.identity import import_accounts
from udi.cli.archive.writers import wait_for_jobs
from udi.cli.local.errors import LocalError
from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.rows import ArchivedTable, ImportMapping, Row, add_rows, read_rows
from udi.kit.sessions import save_person
from udi.kit.tenancy import Territory
from udi.node.files.models import Upload, UploadState
from udi.node.spaces.models import Space
from udi.portal.identity.archive import resume_import
from udi.portal.identity.deletion.actions import ARRIVED, DELETE_ACCOUNT
from udi.portal.identity.models import TABLES, Person
from udi.portal.identity.provision import admin
from udi.portal.organisations.models import Organisation
from udi.settings import Settings

FIRST = UUID(int=1)
LAST = UUID(int=2)
WORDS = ["B", "a-b", "aa", "ab", "é"]


def _organisation(id_: UUID, slug: str) -> Row:
    empty = dict.fromkeys(("email", "url", "address"), "")
    return {
        "id": id_, "slug": slug, "name": slug, "summary": {}, "producer": False, "created_at": now(), **empty,
    }  # fmt: skip


async def test_a_name_that_was_given_up_is_taken_by_a_new_row_before_it(
    demo: Territory, portal_database: Database
) -> None:
    async with portal_database.session(demo.id, role="owner") as session:
        table = CopyTable(
            session, ArchivedTable(Organisation), demo.id, ImportMapping()
        )
        await table.put(lambda: [_organisation(LAST, "same")])

        count = await table.put(
            lambda: [_organisation(FIRST, "same"), _organisation(LAST, "other")]
        )

        rows = await session.execute(
            select(Organisation.id, Organisation.slug).where(
                Organisation.id.in_([FIRST, LAST])
            )
        )
        assert count == 2
        assert {row.id: row.slug for row in rows} == {FIRST: "same", LAST: "other"}


class Words(DeclarativeBase):
    """Tables of a test."""

    __abstract__ = True


class Word(Words):
    """Words that the database sorts as people do."""

    __tablename__ = "word"
    __table_args__ = {"prefixes": ["TEMPORARY"]}  # noqa: RUF012 - as the library reads it

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(Text(collation="und-x-icu"), primary_key=True)


async def test_rows_are_in_the_order_of_bytes_however_the_database_sorts_words(
    demo: Territory, portal_database: Database
) -> None:
    carried = ArchivedTable(Word)
    async with portal_database.session(demo.id, role="owner") as session:
        connection = await session.connection()
        await connection.run_sync(Words.metadata.create_all)
        await add_rows(session, carried, [{"word": word} for word in WORDS], demo.id)
        sorted_words = await session.scalars(select(Word.word).order_by(Word.word))
        lines = [line async for line in read_rows(session, carried, demo.id)]
        await session.rollback()

    assert list(sorted_words) != WORDS
    assert [json.loads(line)["word"] for line in lines] == WORDS


async def test_deletions_that_people_asked_for_are_queued_where_they_arrive(
    demo: Territory, settings: Settings, portal_database: Database
) -> None:
    """Nobody is deleted again who was erased there, though an archive of an earlier release has the moment of the request."""
    logins = [visitors.make_person(demo) for _ in range(3)]
    async with portal_database.session(demo.id, role="worker") as session:
        ids = [await save_person(session, TABLES, login) for login in logins]
        people = [await session.get_one(Person, (demo.id, id_)) for id_ in ids]
        for person in people[:2]:
            person.deletion_requested_at = now()
        people[1].issuer = ""
        await session.flush()
        await resume_import(session, settings)

    [task] = await list_queued(portal_database, demo, DELETE_ACCOUNT)
    assert (task["subject"], task["reason"]) == (logins[0].subject, ARRIVED)


async def test_an_address_that_changed_at_the_origin_changes_nobody_here(
    keycloak: Settings, demo: Territory
) -> None:
    connection = admin.connect(keycloak)
    document = {
        "id": "of-the-origin",
        "email": f"{secrets.token_hex(4)}@people.example",
        "emailVerified": True,
        "enabled": True,
        "memberships": {},
    }
    document["username"] = document["email"]
    first = await asyncio.to_thread(import_accounts, connection, [document], {})
    moved = {**document, "email": f"{secrets.token_hex(4)}@people.example"}

    then = await asyncio.to_thread(import_accounts, connection, [moved], first.ids)
    gone = await asyncio.to_thread(import_accounts, connection, [], then.ids)

    assert first.outcomes == {"created": 1}
    assert then.outcomes == {"known here": 1}
    assert then.ids == first.ids == gone.ids
    assert len(first.ids) == 1


async def test_of_many_people_only_those_are_changed_whose_account_was_not_known(
    demo: Territory, portal_database: Database
) -> None:
    people = {
        ("https://old.example", f"old-{number}"): (
            "https://new.example",
            f"new-{number}",
        )
        for number in range(50)
    }
    login = replace(
        visitors.make_person(demo), issuer="https://old.example", subject="old-7"
    )
    statements: list[str] = []
    async with portal_database.session(demo.id, role="owner") as session:
        await save_person(session, TABLES, login)
        await session.flush()
        connection = (await session.connection()).sync_connection
        event.listen(
            connection,
            "before_cursor_execute",
            lambda *call: statements.append(call[2]),
        )
        moves = ImportMapping(people=people)
        table = CopyTable(session, ArchivedTable(Person), demo.id, moves)

        await table.recognise()

        assert len(statements) == 2
        [person] = await session.execute(select(Person.issuer, Person.subject))
        assert tuple(person) == ("https://new.example", "new-7")


async def test_tasks_and_uploads_that_are_not_done_are_named(
    demo: Territory, portal_database: Database, node_database: Database
) -> None:
    async def wait() -> None:
        await wait_for_jobs(
            portal_database, node_database, demo.id, demo.slug, patience=0
        )

    await wait()
    async with portal_database.session(demo.id, role="worker") as session:
        await jobs.enqueue(session, "write_mail", {})
    async with node_database.session(demo.id, role="owner") as session:
        space = Space(
            organisation_id=uuid4(), slug="s", name="S", email="", quota_bytes=1
        )
        session.add(space)
        await session.flush()
        for state in (UploadState.STORED, UploadState.RECEIVING):
            upload = Upload(
                space_id=space.id, dataset_id=uuid4(), file_id=uuid4(), replaces=False, name="t.csv", state=state
            )  # fmt: skip
            session.add(upload)

    with pytest.raises(LocalError) as refused:
        await wait()

    words = str(refused.value)
    assert "write_mail (portal), files that arrived and are no version yet: 1:" in words
    assert f"udi tenant resume {demo.slug}" in words
