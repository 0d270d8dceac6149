"""What this domain keeps of people."""

from udi.kit.personal_data import (
    WHILE_ACCOUNT,
    AtDeletion,
    NeutralColumns,
    PersonalRows,
    PersonalSubject,
)
from udi.node.identity.models import Membership, Person, WebSession

PERSONAL = (
    PersonalRows(
        Person,
        "id",
        PersonalSubject.ACCOUNT,
        "Account",
        why="To recognise you, and to write to you.",
        until=WHILE_ACCOUNT,
        at_deletion=AtDeletion.ERASED,
        labels={
            "name": "Name",
            "email": "E-mail",
            "locale": "Language",
            "subject": "Identifier at the login service",
            "created_at": "Created",
            "last_login_at": "Last login",
            "portal_waiting": "Items to do on the portal",
        },
        withheld=frozenset({"issuer"}),
    ),
    PersonalRows(
        WebSession,
        "person_id",
        PersonalSubject.ACCOUNT,
        "Open sessions",
        why="So that you stay logged in.",
        until="Until you log out, ten hours at most.",
        at_deletion=AtDeletion.ERASED,
        labels={
            "created_at": "Created",
            "last_seen_at": "Last seen",
            "expires_at": "Expires",
            "provider": "Logged in through",
        },
        withheld=frozenset({"token_hash", "memberships", "id_token", "refresh_token"}),
    ),
    PersonalRows(
        Membership,
        "person_id",
        PersonalSubject.ORGANISATIONS,
        "Roles in organisations",
        why="So that you can do what your organisation lets you do.",
        until="Until you leave the organisation.",
        at_deletion=AtDeletion.ERASED,
        labels={"organisation_slug": "Organisation", "groups": "Roles"},
    ),
)
NEUTRAL: tuple[NeutralColumns, ...] = ()
