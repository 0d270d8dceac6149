"""Tokens of people for their programs (RFC 6750): made, shown once, kept as a digest, revoked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import any_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.credentials import SecretKind
from udi.kit.errors import ConflictError, NotFoundError, Refusals, UnauthenticatedError
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.identity.models import AccountWatch, ApiToken, Membership, Person
from udi.portal.identity.queries import read_actor

API_TOKEN = SecretKind(name="token of a person", prefix="udi_me_")
SCOPES = (
    "profile",
    "following",
    "sources",
    "projects",
    "calls",
    "access",
    "reading",
)
"""What a token may be given. Each reads what is open, counted as its owner's; `profile` says who its owner is, `following`
reads and changes what its owner follows, `sources` does what its owner may do with catalogues that are read, `projects` the
same with projects, `calls` with calls for projects and their juries, `access` with requests for data that are restricted,
or that nobody publishes, with policies and agreements, and with what an organisation says of the personal data that it
holds; `reading` gives what opens restricted data to a project: keys, and credentials of its machines.
"""
FOR_AGENTS = frozenset(SCOPES) - {"calls"}
"""What a program that reasons may ask for its person: the rights that its tools need; nobody judges by one."""
FOR_ORGANISATIONS = ("sources", "projects", "calls", "access")
"""With which it acts for its owner’s organisations."""
DAYS = (30, 90, 365)
"""How long a token may live; the last is the longest."""
MOST = 20
"""Tokens of one person that live at once."""
LONGEST_NAME = 80
USE_NOTED = timedelta(minutes=1)
REMEMBERED = timedelta(days=90)
"""How long a token that ended is still listed."""
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="udi", error="invalid_token"'}


class UnknownTokenError(UnauthenticatedError):
    """The token is nobody's, or was revoked."""

    def __init__(self) -> None:
        super().__init__(
            "This token is not known here, or was revoked.",
            remedy="Create a new one on «my space»; open data need no token.",
            headers=CHALLENGE,
        )


@dataclass(frozen=True)
class Bearer:
    """Who shows a token, and what it may do."""

    actor: Actor
    """Without memberships: a token gives no right over an organisation, unless its scope says so."""
    member: Actor
    """The same with what they may do as Keycloak said last: for scopes that act for organisations."""
    name: str
    scopes: frozenset[str]
    expires_at: datetime
    confirmed_at: datetime | None
    """When accounts were compared with the identity service last: what its owner may do is known as of then."""


async def make_token(
    session: AsyncSession,
    actor: Actor,
    *,
    name: str,
    scopes: Collection[str],
    days: int,
) -> tuple[ApiToken, str]:
    """A new token and its text, which nobody can read again.

    Raises:
        InvalidError: it has no name, or is asked for a right or a time that there is not.
        ConflictError: this person has enough of them.
    """
    refusals = Refusals()
    if not name:
        refusals.refuse("name", "Give it a name that says which program uses it.")
    if days not in DAYS:
        refusals.refuse("days", "Choose a period of validity.")
    if not set(scopes) <= set(SCOPES):
        refusals.refuse("scope", "There is no such right.")
    refusals.check()
    moment = now()
    condition = ApiToken.person_id == actor.person_id
    over = or_(
        ApiToken.expires_at < moment - REMEMBERED,
        ApiToken.revoked_at < moment - REMEMBERED,
    )
    await session.execute(delete(ApiToken).where(condition, over))
    living = select(func.count()).where(
        condition, ApiToken.revoked_at.is_(None), ApiToken.expires_at > moment
    )
    if (await session.scalar(living) or 0) >= MOST:
        raise ConflictError(
            "You have twenty tokens already.",
            remedy="Revoke one that no program uses any more.",
        )
    text = API_TOKEN.generate()
    token = ApiToken(
        person_id=actor.person_id,
        name=name[:LONGEST_NAME],
        token_hash=API_TOKEN.digest(text),
        scopes=sorted(scopes),
        expires_at=moment + timedelta(days=days),
    )
    session.add(token)
    await session.flush()
    audit.record(
        session, actor, "api_token.made", token.id, scopes=token.scopes, days=days
    )
    return token, text


async def list_tokens_for(
    session: AsyncSession, organisation: str
) -> dict[UUID, list[ApiToken]]:
    """The living tokens that act for an organisation (its slug), by whose they are: for its administrators."""
    same = (Membership.tenant_id == ApiToken.tenant_id) & (
        Membership.person_id == ApiToken.person_id
    )
    acts = or_(*(any_(ApiToken.scopes) == scope for scope in FOR_ORGANISATIONS))
    living = (ApiToken.revoked_at.is_(None), ApiToken.expires_at > now(), acts)
    query = (
        select(ApiToken)
        .join(Membership, same)
        .where(Membership.organisation_slug == organisation, *living)
    )
    tokens_by_person: dict[UUID, list[ApiToken]] = {}
    for token in await session.scalars(
        query.order_by(ApiToken.created_at, ApiToken.id)
    ):
        tokens_by_person.setdefault(token.person_id, []).append(token)
    return tokens_by_person


async def list_tokens(session: AsyncSession, actor: Actor) -> Sequence[ApiToken]:
    """A person's tokens, newest first; those that ended lately too."""
    query = (
        select(ApiToken)
        .where(ApiToken.person_id == actor.person_id)
        .order_by(ApiToken.created_at.desc())
    )
    return (await session.scalars(query)).all()


async def revoke_token(session: AsyncSession, actor: Actor, token_id: UUID) -> None:
    """Refuse a token from now on.

    Raises:
        NotFoundError: the person has no such token.
    """
    query = (
        select(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.person_id == actor.person_id)
        .with_for_update()
    )
    token = await session.scalar(query)
    if token is None:
        raise NotFoundError
    if token.revoked_at is None:
        token.revoked_at = now()
        audit.record(session, actor, "api_token.revoked", token.id)


async def authenticate_bearer(
    session: AsyncSession, text: str, territory: str
) -> Bearer:
    """Who made a token, of a territory (its slug); notes that it was used.

    Raises:
        UnauthenticatedError: nobody did, or it was revoked, or its time is over.
    """
    moment = now()
    same = (Person.tenant_id == ApiToken.tenant_id) & (Person.id == ApiToken.person_id)
    query = (
        select(ApiToken, Person, AccountWatch.confirmed_at)
        .join(Person, same)
        .outerjoin(AccountWatch, AccountWatch.tenant_id == ApiToken.tenant_id)
        .where(ApiToken.token_hash == API_TOKEN.digest(text))
    )
    row = (await session.execute(query)).first()
    if row is None or row[0].revoked_at is not None:
        raise UnknownTokenError
    token, person, confirmed_at = row
    if token.expires_at <= moment:
        raise UnauthenticatedError(
            "This token has expired.",
            remedy="Create a new one on «my space»; open data need no token.",
            headers=CHALLENGE,
        )
    if token.last_used_at is None or token.last_used_at + USE_NOTED < moment:
        token.last_used_at = moment
    member = await read_actor(session, person, territory)
    actor = Actor(
        person.id,
        person.name,
        person.email,
        territory,
        email_verified=person.email_verified,
    )
    return Bearer(
        actor,
        member,
        token.name,
        frozenset(token.scopes),
        token.expires_at,
        confirmed_at,
    )
