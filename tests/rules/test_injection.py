"""What somebody can do who gets a piece of SQL into a statement of the programs: what stops them, and what does not.

The statement is one that a careless programmer could have written; no program here builds one so.
"""

from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.audit import record

MINE = "trial.mine"
THEIRS = "trial.theirs"
CARELESS = "SELECT name FROM app.audit_event WHERE name = '{}'"


@pytest.fixture(autouse=True)
async def rows(portal_database: Database, demo: Territory, other: Territory) -> None:
    """An event in each of two territories."""
    for territory, name in ((demo, MINE), (other, THEIRS)):
        async with portal_database.session(territory.id) as session:
            record(session, None, name, None)


async def inject(database: Database, territory: Territory, sql: str) -> Sequence[str]:
    """What the careless statement answers in a transaction of a territory, with this piece in it."""
    async with database.session(territory.id) as session:
        return (
            await session.scalars(text(CARELESS.format(sql).replace(":", "\\:")))
        ).all()


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        (
            "'; SET LOCAL app.tenant = '{other}'; SELECT name FROM app.audit_event --",
            "multiple commands",
        ),
        (
            "'; SET ROLE udi_portal_owner; SELECT name FROM app.audit_event --",
            "multiple commands",
        ),
        (
            "' UNION SELECT query_to_xml('SET LOCAL app.tenant = ''{other}''', true, true, '')::text --",
            "not allowed in a non-volatile function",
        ),
        (
            "' UNION SELECT set_config('role', 'udi_portal_owner', true) --",
            "permission denied",
        ),
        (
            "' UNION SELECT set_config('session_authorization', 'postgres', true) --",
            "permission denied",
        ),
        (
            "' UNION SELECT name FROM (SELECT set_config('row_security', 'off', true) OFFSET 0) s, LATERAL"
            " (SELECT query_to_xml('SELECT name FROM app.audit_event', true, true, '')::text AS name) e --",
            "row-level security",
        ),
        ("' UNION SELECT pg_read_file('/etc/passwd') --", "permission denied"),
        ("' UNION SELECT lo_import('/etc/passwd')::text --", "permission denied"),
        ("' UNION SELECT passwd FROM pg_shadow --", "permission denied"),
    ],
)
async def test_an_injected_piece_chooses_no_role_and_runs_no_second_statement(
    portal_database: Database, demo: Territory, other: Territory, piece: str, words: str
) -> None:
    with pytest.raises(DBAPIError, match=words):
        await inject(portal_database, demo, piece.format(other=other.id))


async def test_an_injected_piece_reads_its_own_territory_however_it_asks(
    portal_database: Database, demo: Territory, other: Territory
) -> None:
    every = await inject(portal_database, demo, "' OR true OR name = '")
    named = await inject(
        portal_database,
        demo,
        f"' UNION SELECT name FROM app.audit_event WHERE tenant_id = '{other.id}' --",
    )
    piece = "' UNION SELECT query_to_xml('SELECT name FROM app.audit_event', true, true, '')::text --"
    [xml] = await inject(portal_database, demo, piece)

    assert MINE in every
    assert THEIRS not in every
    assert named == []
    assert MINE in xml
    assert THEIRS not in xml


async def test_an_injected_set_config_chooses_a_territory_as_decision_1_says(
    portal_database: Database, demo: Territory, other: Territory
) -> None:
    """The one way that is open, which a signed territory would close: when it is closed, correct decision 1."""
    piece = (
        f"' UNION ALL SELECT name FROM (SELECT set_config('app.tenant', '{other.id}', true) AS done OFFSET 0) s,"
        " LATERAL (SELECT name FROM app.audit_event WHERE done IS NOT NULL) e --"
    )

    names = await inject(portal_database, demo, piece)
    afterwards = await inject(portal_database, demo, "' OR true OR name = '")

    assert THEIRS in names
    assert THEIRS not in afterwards
