"""What a node asks of accounts: whether those who hold something there still may."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Response, post
from msgspec import Meta, MsgspecError, Struct, json
from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import field_error
from udi.kit.sessions import SESSIONS
from udi.portal.identity.deletion.actions import list_erased
from udi.portal.identity.deletion.node_uses import note_node_use
from udi.portal.identity.models import (
    TEAM,
    AccountWatch,
    Membership,
    Person,
    WatchedAccount,
)
from udi.portal.nodes.api import as_json, identify_client, node_session, read_json_body
from udi.portal.nodes.models import Node
from udi.portal.nodes.queries import list_linked_producers
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.site import site_of

MOST = 1000
LARGEST = 64 * 1024
MOST_WATCHED = 20_000
"""Accounts of a territory of which nodes ask and which nobody knows here: no more are looked at."""


Subjects = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=MOST)
]


class AccountQuery(Struct, frozen=True):
    """Subjects of the identity service: those that hold something at the node, and all that it knows besides.

    `used` are those of the first that somebody uses there; a node of an earlier release does not say it of any.
    """

    subjects: Subjects
    known: Subjects = []
    used: Subjects | None = None

    @property
    def in_use(self) -> Sequence[str]:
        """The accounts that are used at the node; all that hold something there, where it does not say."""
        return self.subjects if self.used is None else self.used


def read_query(body: bytes) -> AccountQuery:
    """The subjects that are asked about.

    Raises:
        InvalidError: it is something else.
    """
    try:
        return json.decode(body, type=AccountQuery)
    except (MsgspecError, ValueError, RecursionError) as error:
        raise field_error(
            "subjects",
            "This is no list of accounts.",
            "Send the subjects as texts, 1000 at most.",
        ) from error


@post("/kalim/v1/accounts", status_code=200)
async def report_accounts(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Of each account that is known: whether it is gone, and its groups in the organisations of the node that asks.

    One that is not known yet is looked at within a minute, and told then. Of accounts that were deleted here, their subject:
    the node erases them too.
    """
    client_id = await identify_client(request, territory)
    query = read_query(await read_json_body(request, largest=LARGEST))
    issuer = site_of(request).services[SESSIONS].service.issuer
    async with node_session(request, territory, client_id) as (session, node):
        compared = await session.get(AccountWatch, territory.id)
        erased = await list_erased(session, [*query.subjects, *query.known])
        subjects = [subject for subject in query.subjects if subject not in erased]
        accounts = await _describe(session, node, issuer, subjects)
        await _note_uses(session, query.in_use)
    confirmed_at = compared.confirmed_at.isoformat() if compared else None
    answer = {
        "confirmed_at": confirmed_at,
        "accounts": accounts,
        "erased": sorted(erased),
    }
    return as_json(answer)


async def _describe(
    session: AsyncSession, node: Node, issuer: str, subjects: Sequence[str]
) -> list[dict[str, Any]]:
    if node.hosted:
        joined_slugs = None
    else:
        joined_slugs = {
            organisation.slug
            for organisation in await list_linked_producers(session, node)
        }
    query = select(Person).where(Person.issuer == issuer, Person.subject.in_(subjects))
    people = {person.subject: person for person in await session.scalars(query)}
    ids = [person.id for person in people.values()]
    groups: dict[Any, dict[str, list[str]]] = {}
    for row in await session.scalars(
        select(Membership).where(Membership.person_id.in_(ids))
    ):
        groups.setdefault(row.person_id, {})[row.organisation_slug] = sorted(row.groups)
    accounts_by_subject = {
        subject: (person.left_at is not None, groups.get(person.id, {}))
        for subject, person in people.items()
    }
    for watched in await _watch(
        session, [subject for subject in subjects if subject not in people]
    ):
        if watched.checked_at is not None:
            accounts_by_subject[watched.subject] = (watched.gone, watched.memberships)
    return [
        {
            "subject": subject,
            "gone": gone,
            "memberships": {
                slug: group_names
                for slug, group_names in theirs.items()
                if slug != TEAM and (joined_slugs is None or slug in joined_slugs)
            },
        }
        for subject, (gone, theirs) in sorted(accounts_by_subject.items())
    ]


async def _watch(
    session: AsyncSession, subjects: Sequence[str]
) -> Sequence[WatchedAccount]:
    """Those of whom the portal knows nothing else, noted as asked about."""
    total = await session.scalar(select(func.count()).select_from(WatchedAccount)) or 0
    if not subjects or total > MOST_WATCHED:
        return []
    rows = [
        {"subject": subject, "requested_at": now()} for subject in sorted(set(subjects))
    ]
    first = insert(WatchedAccount).values(rows)
    await session.execute(
        first.on_conflict_do_update(
            index_elements=["tenant_id", "subject"], set_={"requested_at": now()}
        )
    )
    query = select(WatchedAccount).where(WatchedAccount.subject.in_(subjects))
    return (await session.scalars(query)).all()


async def _note_uses(session: AsyncSession, subjects: Sequence[str]) -> None:
    """Keep the day, once: an account that is used at a node alone is none that nobody uses."""
    day = now().date()
    await note_node_use(session, subjects, day)
    earlier = or_(
        WatchedAccount.node_used_on.is_(None), WatchedAccount.node_used_on < day
    )
    statement = update(WatchedAccount).where(
        WatchedAccount.subject.in_(subjects), earlier
    )
    await session.execute(
        statement.values(node_used_on=day).execution_options(synchronize_session=False)
    )


routes: Routes = [report_accounts]
