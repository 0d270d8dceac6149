"""Asking for the deletion of one's account, and doing it in one territory."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.erased_accounts import digest_subject
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.identity.departures import (
    DepartureHandler,
    DepartureLock,
    end_account,
)
from udi.portal.identity.models import (
    ErasedAccount,
    Person,
    ProviderGrant,
    WatchedAccount,
    WebSession,
)
from udi.ui.person_erasure import erase_person
from udi.ui.personal_rows import PersonalRegister

DELETE_ACCOUNT = "delete_account"
SEND_CONFIRMATION = "send_deletion_confirmation"
UNUSED = "unused"
"""The `reason` of a deletion that nobody asked for."""
ARRIVED = "arrived"
"""That of one that somebody asked for where the territory lived before, of an account that was there."""
ELSEWHERE = "elsewhere"
"""That of a last mail after which the account stays."""
DIGEST_RETENTION = timedelta(days=400)
"""Longer than any backup: a node that was brought back from one erases the account again."""


async def request_deletion(
    session: AsyncSession, actor: Actor, *, language: str
) -> None:
    """Have the worker delete the account of who asks; their sessions here end at once."""
    query = select(Person).where(Person.id == actor.person_id).with_for_update()
    person = (await session.scalars(query)).one()
    await session.execute(delete(WebSession).where(WebSession.person_id == person.id))
    payload = {
        "issuer": person.issuer,
        "subject": person.subject,
        "language": language,
    }
    audit.record(session, actor, "person.deletion_requested", person.id)
    await jobs.enqueue(session, DELETE_ACCOUNT, payload)


async def requeue_deletions(session: AsyncSession) -> None:
    """Have the worker delete the accounts whose people asked for it where the session's territory lived before.

    Those that were erased there lead to nobody.
    """
    query = select(Person).where(
        Person.deletion_requested_at.is_not(None), Person.issuer != ""
    )
    for person in await session.scalars(query):
        payload = {
            "issuer": person.issuer,
            "subject": person.subject,
            "language": person.locale,
            "reason": ARRIVED,
        }
        await jobs.enqueue(session, DELETE_ACCOUNT, payload)


async def request_unused_deletion(
    session: AsyncSession, person: Person, *, language: str
) -> None:
    """Have the worker delete an account that nobody uses, in the territory whose language and look its owner's mails have."""
    payload = {
        "issuer": person.issuer,
        "subject": person.subject,
        "language": language,
        "reason": UNUSED,
    }
    await jobs.enqueue(session, DELETE_ACCOUNT, payload)


async def erase_account(
    session: AsyncSession,
    person: Person,
    register: PersonalRegister,
    ends: Sequence[DepartureHandler],
    locks: Sequence[DepartureLock],
    *,
    former_name: str,
) -> None:
    """End what somebody holds in the session's territory, then erase them there."""
    await end_account(session, person, ends, locks)
    await erase_person(session, register, person, former_name=former_name)
    person.deletion_requested_at = None
    person.node_used_on = None
    person.unused_warned_at = None
    person.unused_warned_again_at = None
    person.unused_warned_hash = ""
    person.unused_reported_at = None
    audit.record(session, None, "person.erased", person.id)


async def note_erasure(session: AsyncSession, subject: str) -> None:
    """Keep that an account was deleted, known in the session's territory or not: a node there may know it alone."""
    moment = now()
    row = {"digest": digest_subject(subject), "erased_at": moment}
    same = ["tenant_id", "digest"]
    await session.execute(
        insert(ErasedAccount).values(row).on_conflict_do_nothing(index_elements=same)
    )
    past = ErasedAccount.erased_at < moment - DIGEST_RETENTION
    await session.execute(delete(ErasedAccount).where(past))


async def list_returned(session: AsyncSession, issuer: str) -> set[str]:
    """The subjects of accounts deleted here that a row names all the same: it was written from what was said before."""
    queries = select_returned(issuer)
    return {subject for query in queries for subject in await session.scalars(query)}


def select_returned(issuer: str) -> tuple[Select[str], ...]:
    """What finds them, by table."""
    return (
        select(Person.subject).where(
            Person.issuer == issuer, _was_erased(Person.subject)
        ),
        select(WatchedAccount.subject).where(_was_erased(WatchedAccount.subject)),
        select(ProviderGrant.subject).where(_was_erased(ProviderGrant.subject)),
    )


def _was_erased(subject: Any) -> ColumnElement[bool]:
    """The condition under which a column holds the subject of an account deleted here; as `digest_subject` writes it."""
    digest = func.encode(func.sha256(func.convert_to(subject, "UTF8")), "hex")
    condition: ColumnElement[bool] = digest.in_(select(ErasedAccount.digest))
    return condition


async def list_erased(session: AsyncSession, subjects: Collection[str]) -> set[str]:
    """Those of some subjects whose account was deleted here."""
    digests = {digest_subject(subject): subject for subject in subjects}
    query = select(ErasedAccount.digest).where(ErasedAccount.digest.in_(digests))
    return {digests[digest] for digest in await session.scalars(query)}
