"""Each column that can hold a person is declared beside its domain: a new one that nobody declared fails here.

What can hold a person is known by type: texts, documents and bytes, and identifiers that lead to a person or to nothing that
the database knows. What holds nobody by its name is below, with the reason; what holds nobody all the same is declared too.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ARRAY, Column, LargeBinary, MetaData, String, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, UUID

from tests.rules.test_translated import LANGUAGES, LOCALES
from udi.kit.personal_data import AtDeletion, PersonalRows
from udi.node.schema import NodeTable
from udi.portal.schema import PortalTable
from udi.settings import ProgramName
from udi.ui.domains import declare_tables, list_domains
from udi.ui.locale import list_messages, merge_catalogues
from udi.ui.personal_rows import PersonalRegister, read_register

SOURCE = Path(__file__).parents[2] / "platform/src/udi"
PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
NEUTRAL_NAMES = {
    "id": "drawn for the row itself",
    "tenant_id": "the territory",
    "state": "one of our own words",
    "kind": "one of our own words",
    "type": "one of our own words",
    "stage": "one of our own words",
    "method": "one of our own words",
    "level": "one of our own words",
    "rhythm": "one of our own words",
    "frequency": "one of our own words",
    "right": "one of our own words",
    "role": "one of our own words",
    "code": "one of our own words",
    "theme": "an entry of a vocabulary",
    "themes": "entries of a vocabulary",
    "licence": "an entry of a vocabulary",
    "language": "the code of a language",
    "locale": "the code of a language",
    "languages": "codes of languages",
    "country": "the code of a country",
    "slug": "the readable name of an organisation, a node or a territory",
    "format": "of a file",
    "formats": "of files",
    "media_type": "of a file",
    "version": "the number of a version",
    "sha256": "the digest of a content or of a secret",
    "hash_algorithm": "of a file",
    "hash_value": "the digest of a file",
    "etag": "as a server of data said it",
    "last_modified": "as a server of data said it",
    "sid": "the session of the identity service, which ends with it",
    "jti": "the identifier of a token that was used",
}
LONGEST_WHAT = 60
PERSON_WORDS = {
    "subject",
    "person",
    "email",
    "emails",
    "recipient",
    "author",
    "actor",
    "former",
}
"""Names in the payload of a task that may lead to a person."""


@cache
def register_of(program: ProgramName) -> PersonalRegister:
    declare_tables(program)
    return read_register(list_domains(program))


def metadata_of(program: ProgramName) -> MetaData:
    declare_tables(program)
    return {"portal": PortalTable, "node": NodeTable}[program].metadata


def leads_to(column: Column[Any]) -> set[str]:
    """The tables to which an identifier leads."""
    table = column.table
    assert isinstance(table, Table)
    return {
        constraint.referred_table.name
        for constraint in table.foreign_key_constraints
        if column in list(constraint.columns)
    }


def can_hold_person(column: Column[Any]) -> bool:
    """Whether the type and the name of a column let it hold somebody."""
    if column.name in NEUTRAL_NAMES:
        return False
    kind = column.type.item_type if isinstance(column.type, ARRAY) else column.type
    if isinstance(kind, Uuid | UUID):
        targets = leads_to(column)
        return not targets or "person" in targets
    impl = getattr(kind, "impl_instance", kind)
    return isinstance(impl, Text | String | LargeBinary | JSONB)


def list_undeclared(metadata: MetaData, register: PersonalRegister) -> list[str]:
    """Columns that can hold a person, and of which nothing is declared."""
    personal = {
        (rows.table.fullname, name) for rows in register.rows for name in rows.columns
    }
    neutral = {
        (columns.table.fullname, name)
        for columns in register.neutral
        for name in columns.columns
    }
    return sorted(
        f"{table.fullname}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if can_hold_person(column)
        and (table.fullname, column.name) not in personal | neutral
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_column_that_can_hold_a_person_is_declared(program: ProgramName) -> None:
    register = register_of(program)
    columns = {
        (rows.table.name, name) for rows in register.rows for name in rows.columns
    }
    tables = {table for table, _ in columns}
    print(  # noqa: T201 - figures to publish
        f"{program}: {len(columns)} columns of {len(tables)} tables hold people;"
        " each is shown to whom it names"
    )

    assert list_undeclared(metadata_of(program), register) == []


@pytest.mark.parametrize("kind", [Text(), JSONB(), LargeBinary(), Uuid(), ARRAY(Text)])
def test_a_new_column_that_nobody_declared_is_found(kind: Any) -> None:
    metadata = MetaData(schema="app")
    Table("planted", metadata, Column("tenant_id", Uuid), Column("whoever", kind))

    assert list_undeclared(metadata, register_of("portal")) == ["app.planted.whoever"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_leads_to_a_person_is_never_declared_to_hold_nobody(
    program: ProgramName,
) -> None:
    named = {
        (rows.table.fullname, rows.column)
        for rows in register_of(program).rows
        if rows.through is None
    }
    leading = {
        (table.fullname, column.name)
        for table in metadata_of(program).tables.values()
        for column in table.columns
        if column.name != "tenant_id" and "person" in leads_to(column)
    }

    assert len(leading) > 2
    assert leading - named == set()


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_declared_exists_once(program: ProgramName) -> None:
    register = register_of(program)
    tables = metadata_of(program).tables
    declared = [
        (columns.table.fullname, name)
        for columns in (*register.rows, *register.neutral)
        for name in columns.columns
    ]
    personal = {(rows.table.fullname, rows.column) for rows in register.rows}
    neutral = {
        (columns.table.fullname, name)
        for columns in register.neutral
        for name in columns.columns
    }

    assert [name for table, name in declared if name not in tables[table].columns] == []
    assert personal & neutral == set()
    assert len(personal) == len(register.rows)


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_declaration_says_what_why_and_until_when(program: ProgramName) -> None:
    register = register_of(program)

    assert [
        rows.table.name
        for rows in register.rows
        if not (
            0 < len(rows.what) < LONGEST_WHAT
            and rows.why.endswith(".")
            and rows.until.endswith(".")
        )
    ] == []
    assert [
        columns.table.name
        for columns in register.neutral
        if len(columns.reason.split()) < 4
    ] == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_only_what_is_kept_is_emptied(program: ProgramName) -> None:
    assert [
        rows.table.name
        for rows in register_of(program).rows
        if rows.emptied and rows.at_deletion is AtDeletion.ERASED
    ] == []


QUEUING = {"enqueue", "enqueue_each"}


def list_payload_names() -> Iterator[tuple[str, str]]:
    """(module, name) of each entry of a document in a function that queues a task; what fills words is left out."""
    for path in sorted(SOURCE.rglob("*.py")):
        module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        text = path.read_text()
        if not any(name in text for name in QUEUING):
            continue
        for function in ast.walk(ast.parse(text)):
            if not isinstance(function, ast.AsyncFunctionDef) or not _queues(function):
                continue
            words = {
                keyword.value
                for keyword in ast.walk(function)
                if isinstance(keyword, ast.keyword) and keyword.arg == "values"
            }
            for node in ast.walk(function):
                if isinstance(node, ast.Dict) and node not in words:
                    for key in node.keys:
                        if isinstance(key, ast.Constant):
                            yield module, str(key.value)


def _queues(function: ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(call, ast.Call)
        and getattr(call.func, "id", getattr(call.func, "attr", "")) in QUEUING
        for call in ast.walk(function)
    )


def test_every_person_in_the_payload_of_a_task_is_declared() -> None:
    declared = {
        (payload.module, payload.key)
        for program in PROGRAMS
        for payload in register_of(program).payloads
    }
    entries = {entry for entry in list_payload_names() if entry[1] in PERSON_WORDS}

    assert len(entries) > 2
    assert entries == declared


def test_a_declaration_counts_the_columns_that_it_names() -> None:
    rows: PersonalRows = next(
        rows for rows in register_of("portal").rows if rows.table.name == "api_token"
    )

    assert {"person_id", "name", "token_hash"} <= rows.columns


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_declared_is_said_in_every_language(
    program: ProgramName, language: str
) -> None:
    translated = list_messages(merge_catalogues(LOCALES[program])[language])
    texts = {
        text
        for rows in register_of(program).rows
        for text in (
            rows.subject.value,
            rows.what,
            rows.why,
            rows.until,
            *rows.labels.values(),
        )
    }

    assert len(texts) > 20
    assert {text for text in texts if text not in translated} == set()
