"""The same roles and databases as a script for `psql`, for whoever runs a PostgreSQL that we may not administer."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping

from udi.cli.local.cluster import (
    KEYCLOAK,
    create_database,
    grant_owner,
    list_roles,
    owns_database,
    quote_name,
    quote_text,
    restrict_database,
    restrict_schema,
)
from udi.settings import ProgramName

HEAD = """\
-- Roles and databases of the Urban Data Interface, for psql and PostgreSQL 15 or later; may be run again.
-- Run it as a role that may create roles and databases; it need be no superuser.
-- It holds no password: what stands for them lets the server verify one, and nobody log in. Keep it to yourselves even so.
\\set ON_ERROR_STOP on
"""
ITERATIONS = 4096
"""As PostgreSQL hashes a password itself."""
SALT_BYTES = 16


def write_script(
    databases: Mapping[ProgramName, str], passwords: Mapping[str, str]
) -> str:
    """The script; `passwords` is keyed by role name."""
    owned = {name: list_roles(program) for program, name in databases.items()}
    owned[KEYCLOAK] = [KEYCLOAK]
    lines = [HEAD]
    for role in [role for roles in owned.values() for role in roles]:
        lines += _write_role(role, passwords[role])
    for name, roles in owned.items():
        lines += _write_database(name, roles)
    return "\n".join(lines)


def _write_role(role: str, password: str) -> Iterator[str]:
    quoted = quote_name(role)
    absent = (
        f"WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {quote_text(role)})"
    )
    yield f"SELECT {quote_text(f'CREATE ROLE {quoted} LOGIN')} {absent} \\gexec"
    yield f"ALTER ROLE {quoted} LOGIN PASSWORD {quote_text(make_verifier(password))};"
    if owns_database(role):
        yield f"{grant_owner(role)};"


def _write_database(name: str, roles: list[str]) -> Iterator[str]:
    owner = roles[0]
    absent = (
        f"WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {quote_text(name)})"
    )
    yield ""
    yield f"SELECT {quote_text(create_database(name, owner))} {absent} \\gexec"
    yield from (f"{line};" for line in restrict_database(name, owner, roles))
    yield f"\\connect {quote_name(name)}"
    yield from (f"{line};" for line in restrict_schema(owner, roles))


def make_verifier(password: str) -> str:
    """What PostgreSQL keeps of a password (SCRAM-SHA-256, RFC 5803), which does not give it away; of one in ASCII."""
    salt = secrets.token_bytes(SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    keys = (
        hashlib.sha256(client_key).digest(),
        hmac.digest(salted, b"Server Key", "sha256"),
    )
    stored, server = (base64.b64encode(key).decode() for key in keys)
    encoded_salt = base64.b64encode(salt).decode()
    return f"SCRAM-SHA-256${ITERATIONS}:{encoded_salt}${stored}:{server}"
