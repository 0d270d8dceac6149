"""Somebody signs in by one round trip, as thousands of tests do; `Sessions.log_in` of a program takes seven.

The rows are those that it writes: `tests/portal/identity/test_sign_in.py` compares both.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import asyncpg

from udi.kit import sessions as kit
from udi.kit.db import Database
from udi.kit.erased_accounts import digest_subject
from udi.kit.identity import MODERATORS
from udi.kit.oidc import Login
from udi.kit.sessions import SESSION, Sessions
from udi.kit.tenancy import Territory
from udi.kit.transaction_context import SET_CONTEXT
from udi.node.identity.actions import replace_memberships
from udi.portal.identity.actions import store_memberships
from udi.portal.identity.models import TEAM

KNOWN = (store_memberships, replace_memberships)
"""What the programs do with the memberships of a login; whatever does more is called."""


async def sign_in(sessions: Sessions, territory: Territory, login: Login) -> str:
    """Open a session for a login: the cookie's value."""
    if (
        sessions.on_memberships not in KNOWN
        or login.provider
        or login.id_token
        or login.refresh_token
    ):
        return await sessions.log_in(territory, login)
    token = SESSION.generate()
    script = _write_script(sessions, territory, login, token)
    try:
        await _ask_driver(sessions.database, script)
    except asyncpg.DivisionByZeroError:
        return await sessions.log_in(territory, login)
    return token


async def _ask_driver(database: Database, script: str) -> None:
    async with database.engine("app").connect() as connection:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.execute(script)


def _write_script(
    sessions: Sessions, territory: Territory, login: Login, token: str
) -> str:
    """What a login writes, in the order in which it does; an account that was deleted divides by nothing."""
    moment = kit.now()
    tables = sessions.tables
    values = kit._session_values(login, territory.slug)
    memberships = dict(values["memberships"])
    if sessions.on_memberships is store_memberships and values["moderator"]:
        memberships[TEAM] = [MODERATORS]
    person = {
        "name": login.name,
        "email": login.email,
        "email_verified": login.email_verified,
        "locale": login.locale,
        "last_login_at": moment,
        **tables.cleared_on_login,
    }
    key = {"issuer": login.issuer, "subject": login.subject}
    new = {"id": uuid.uuid4(), **key, **person}
    session = {
        "id": uuid.uuid4(),
        "token_hash": SESSION.digest(token),
        "created_at": moment,
        "last_seen_at": moment,
        "expires_at": moment + kit.LIFETIME,
        **values,
    }
    by_key = (
        "FROM app.person WHERE tenant_id = app.current_tenant() AND "
        + " AND ".join(f"{name} = {_quote(value)}" for name, value in key.items())
    )
    statements = [
        SET_CONTEXT.format(_quote(territory.id), "''", "''").rstrip(";"),
        f"INSERT INTO app.person ({', '.join(new)}) VALUES ({_list(new.values())}) "
        f"ON CONFLICT (tenant_id, issuer, subject) DO UPDATE SET {_assign(person)}",
    ]
    if tables.erased_account is not None:
        statements.append(
            "SELECT 1 / (1 - count(*)) FROM app.erased_account "
            f"WHERE digest = {_quote(digest_subject(login.subject))}"
        )
    statements += [
        f"INSERT INTO app.web_session (person_id, {', '.join(session)}) "
        f"SELECT id, {_list(session.values())} {by_key}",
        f"DELETE FROM app.membership WHERE person_id = (SELECT id {by_key})",
    ]
    statements += [
        "INSERT INTO app.membership (person_id, organisation_slug, groups) "
        f"SELECT id, {_quote(slug)}, {_quote(groups)} {by_key}"
        for slug, groups in memberships.items()
    ]
    return "; ".join(statements)


def _list(values: Iterable[object]) -> str:
    return ", ".join(map(_quote, values))


def _assign(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {_quote(value)}" for name, value in values.items())


def _quote(value: object) -> str:
    """A value as PostgreSQL reads it in a statement."""
    match value:
        case None:
            return "NULL"
        case bool() | int():
            return str(value)
        case bytes():
            return f"'\\x{value.hex()}'"
        case dict():
            return f"{_quote(json.dumps(value))}::jsonb"
        case list():
            return f"ARRAY[{_list(value)}]::text[]"
        case datetime():
            return f"'{value.isoformat()}'::timestamptz"
    doubled = str(value).replace("'", "''")
    return f"'{doubled}'"
