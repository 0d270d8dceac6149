"""People's sessions, kept on the server: the browser holds a random cookie, the table its digest.

Columns to mix into each program's own tables, and what is done with them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import CursorResult, LargeBinary, Text, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.clock import now
from udi.kit.confirmation import is_confirmation_valid
from udi.kit.credentials import SecretKind
from udi.kit.db import Database, TenantKey
from udi.kit.erased_accounts import reject_erased
from udi.kit.identity import OPERATOR, Actor, read_memberships, without_factor
from udi.kit.oidc import (
    IdentityClient,
    IdentityRefusedError,
    IdentityService,
    Login,
    LogoutNotice,
)
from udi.kit.schedules import Schedule, run_sessions
from udi.kit.sealed_columns import SealedText
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import INSTALLATION_ID, INSTALLATION_SLUG, Territory
from udi.kit.territories import TerritoryRegistry
from udi.kit.tokens import (
    IdentityUnavailableError,
    InvalidTokenError,
    require_claim_values,
)

log = structlog.get_logger()
SESSION = SecretKind(name="session")
"""What the cookie of a browser holds."""
LIFETIME = timedelta(hours=10)
IDLE = timedelta(minutes=30)
TOUCH_EVERY = timedelta(minutes=1)
RETRY = timedelta(seconds=30)
JOINED = datetime(1970, 1, 1, tzinfo=UTC)
"""`access_expires_at` of a session whose person joined a first organisation: no refresh tells that one, a login does."""
REMEMBERED = timedelta(minutes=5)
"""For how long a token that was used is remembered after its end: clocks differ."""


class PersonColumns:
    """A person known to a program; keyed by (issuer, subject), never by e-mail."""

    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    email_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the identity service proved that the address is theirs, when it was asked last."""
    locale: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_login_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class WebSessionColumns:
    """One browser of one person; `sid` is the identity service's own session."""

    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[UUID]
    sid: Mapped[str] = mapped_column(Text)
    moderator: Mapped[bool]
    """Of the territory's team; in a session of the installation, one of its operators."""
    memberships: Mapped[dict[str, Any]]
    """Groups by organisation slug."""
    id_token: Mapped[str] = mapped_column(SealedText("web_session.id_token"))
    refresh_token: Mapped[str] = mapped_column(SealedText("web_session.refresh_token"))
    access_expires_at: Mapped[datetime]
    """When the memberships are to be asked again."""
    confirmed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    """When the identity service said them."""
    level: Mapped[int] = mapped_column(server_default=text("0"))
    """Of the login: 2 where a second factor was shown."""
    authenticated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    """When the person last proved who they are."""
    provider: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """Alias of the identity service of others that the login came through; empty: none."""
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class UsedTokenColumns:
    """A token that works once and was used, kept until it expires by itself."""

    tenant_id: Mapped[TenantKey]
    jti: Mapped[str] = mapped_column(Text, primary_key=True)
    expires_at: Mapped[datetime]


@dataclass(frozen=True)
class SessionTables:
    """A program's tables made of the columns above."""

    person: Any
    web_session: Any
    used_token: Any
    cleared_on_login: Mapping[str, None] = field(default_factory=dict)
    """What a login clears in the row of a person who had left."""
    erased_account: Any = None
    """Where the program keeps which accounts were deleted."""


OnMemberships = Callable[[AsyncSession, Actor], Awaitable[None]]
"""Called in the transaction that reads someone's memberships: at login, and when a refresh shows others."""


async def ignore_memberships(_session: AsyncSession, _actor: Actor) -> None:
    """For a program that keeps no list of memberships."""


OnProviderLogin = Callable[[AsyncSession, Territory, Login], Awaitable[None]]
"""Called in the transaction of a login that came through an identity service of others."""


async def ignore_provider(
    _session: AsyncSession, _territory: Territory, _login: Login
) -> None:
    """For a program that leaves to another what such a login gives."""


async def open_session(
    session: AsyncSession, tables: SessionTables, login: Login, territory: str
) -> tuple[str, Actor]:
    """Open a session for a login on a territory (its slug): the cookie's value, and who it is."""
    moment = now()
    person_id = await save_person(
        session, tables, login, last_login_at=moment, **tables.cleared_on_login
    )
    token = SESSION.generate()
    row = tables.web_session(
        token_hash=SESSION.digest(token),
        person_id=person_id,
        created_at=moment,
        last_seen_at=moment,
        expires_at=moment + LIFETIME,
        **_session_values(login, territory),
    )
    session.add(row)
    await session.flush()
    return token, _actor(row, login, territory)


def _session_values(login: Login, territory: str) -> dict[str, Any]:
    moderator, memberships = read_memberships(login.organisations, territory)
    if territory == INSTALLATION_SLUG:
        moderator = OPERATOR in login.realm_roles
    return {
        "sid": login.sid,
        "moderator": moderator,
        "memberships": {
            slug: sorted(groups) for slug, groups in sorted(memberships.items())
        },
        "id_token": login.id_token,
        "refresh_token": login.refresh_token,
        "access_expires_at": login.access_expires_at,
        "confirmed_at": now(),
        "level": login.level,
        "provider": login.provider,
        "authenticated_at": login.authenticated_at or now(),
    }


async def save_person(
    session: AsyncSession, tables: SessionTables, login: Login, **more: datetime | None
) -> UUID:
    """Keep what the identity service says of a person, and answer their id here.

    Raises:
        AccountErasedError: their account was deleted; asked after the row is written, which waits for a deletion that goes on.
    """
    values = {
        "name": login.name,
        "email": login.email,
        "email_verified": login.email_verified,
        "locale": login.locale,
        **more,
    }
    statement = (
        insert(tables.person)
        .values(issuer=login.issuer, subject=login.subject, **values)
        .on_conflict_do_update(
            index_elements=["tenant_id", "issuer", "subject"], set_=values
        )
        .returning(tables.person.id)
    )
    person_id: UUID = (await session.scalars(statement)).one()
    if tables.erased_account is not None:
        await reject_erased(session, tables.erased_account, login.subject)
    return person_id


def _actor(row: Any, person: Any, territory: str) -> Actor:
    """Who holds a session; `person` is their row, or the login that was just read."""
    memberships = {slug: frozenset(groups) for slug, groups in row.memberships.items()}
    return Actor(
        row.person_id,
        person.name,
        person.email,
        territory,
        moderator=row.moderator,
        memberships=memberships,
        email_verified=person.email_verified,
        confirmed_at=row.confirmed_at,
        level=row.level,
        authenticated_at=row.authenticated_at,
        provider=row.provider,
    )


async def find_session(
    session: AsyncSession,
    tables: SessionTables,
    token: str,
    *,
    is_refresh: bool = False,
) -> tuple[Any, Any] | None:
    """The open session (and its person) of a cookie, or None.

    Note that it was seen, unless a page only refreshed itself: nobody may be in front of it.
    """
    moment = now()
    web_session = tables.web_session
    person = tables.person
    query = (
        select(web_session, person)
        .join(
            person,
            (person.tenant_id == web_session.tenant_id)
            & (person.id == web_session.person_id),
        )
        .where(web_session.token_hash == SESSION.digest(token))
        .where(
            web_session.expires_at > moment, web_session.last_seen_at > moment - IDLE
        )
    )
    result = (await session.execute(query)).one_or_none()
    if result is None:
        return None
    row, someone = result
    if not is_refresh and moment - row.last_seen_at > TOUCH_EVERY:
        await _update_row(session, web_session, row.id, last_seen_at=moment)
    return row, someone


async def _update_row(
    session: AsyncSession, table: Any, row_id: UUID, **values: object
) -> None:
    """Without complaint when the row was deleted meanwhile (a logout)."""
    statement = update(table).where(table.id == row_id).values(**values)
    await session.execute(statement.execution_options(synchronize_session=False))


async def close_session(
    session: AsyncSession, tables: SessionTables, token: str
) -> str | None:
    """End the session of a cookie: the ID token it was opened with, or None if there is none."""
    table = tables.web_session
    statement = (
        delete(table)
        .where(table.token_hash == SESSION.digest(token))
        .returning(table.id_token)
    )
    return (await session.scalars(statement)).one_or_none()


async def consume_token(
    session: AsyncSession, used_token: Any, mark: str, expires_at: datetime
) -> bool:
    """Whether a token is used for the first time; its mark is kept until it would be refused as too old."""
    first = insert(used_token).values(jti=mark, expires_at=expires_at + REMEMBERED)
    return _row_count(await session.execute(first.on_conflict_do_nothing())) == 1


async def apply_backchannel_logout(
    session: AsyncSession, tables: SessionTables, notice: LogoutNotice
) -> int | None:
    """End the sessions that a logout token announces: their number, or None if the token was used before."""
    table = tables.web_session
    person = tables.person
    if not await consume_token(
        session, tables.used_token, notice.jti, notice.expires_at
    ):
        return None
    theirs = select(person.id).where(person.issuer == notice.issuer)
    if notice.subject:
        theirs = theirs.where(person.subject == notice.subject)
    statement = delete(table).where(table.person_id.in_(theirs))
    if notice.sid:
        statement = statement.where(table.sid == notice.sid)
    return _row_count(await session.execute(statement))


def _row_count(result: Any) -> int:
    if isinstance(result, CursorResult):
        return result.rowcount
    return 0


@dataclass(frozen=True)
class Sessions:
    """Sessions of one program, continued while the identity service agrees."""

    database: Database
    tables: SessionTables
    service: IdentityService
    client_of: Callable[[Territory], IdentityClient]
    on_memberships: OnMemberships = ignore_memberships
    second_factor: bool = False
    """Whether the installation has some rights wait for a second factor, in the territories that do not say otherwise."""
    on_provider_login: OnProviderLogin = ignore_provider
    newcomer_age: timedelta | None = None
    """How old the session of somebody without any right is when a login is due that may give some; None: never by age."""

    async def log_in(
        self, territory: Territory, login: Login, *, replaced: str = ""
    ) -> str:
        """Open a session in place of the one of the cookie `replaced`; the new cookie's value."""
        async with self.database.session(territory.id) as session:
            if replaced:
                await close_session(session, self.tables, replaced)
            token, actor = await open_session(
                session, self.tables, login, territory.slug
            )
            await self.on_memberships(session, actor)
            if login.provider:
                await self.on_provider_login(session, territory, login)
        return token

    async def log_out(self, territory: Territory, token: str) -> str | None:
        """End a session: the ID token that ends it at the identity service too, or None if there was none."""
        async with self.database.session(territory.id) as session:
            return await close_session(session, self.tables, token)

    async def find_actor(
        self, territory: Territory, token: str, *, is_refresh: bool = False
    ) -> Actor | None:
        """Who holds this cookie on this territory, with memberships at most five minutes old.

        While the identity service is away, sessions go on with what is known, for an hour. A page that only
        refreshes itself keeps no session open.
        """
        actor = await self._find_actor(territory, token, is_refresh=is_refresh)
        if actor and self.requires_second_factor(territory):
            return without_factor(actor)
        return actor

    def requires_second_factor(self, territory: Territory) -> bool:
        """Whether managers and the team of this territory show a second factor, and decide after a recent login."""
        return self.second_factor and territory.second_factor

    async def _find_actor(
        self, territory: Territory, token: str, *, is_refresh: bool
    ) -> Actor | None:
        async with self.database.session(territory.id) as session:
            result = await find_session(
                session, self.tables, token, is_refresh=is_refresh
            )
            if result is None:
                return None
            row, person = result
            has_joined = row.access_expires_at == JOINED
            due = (
                not has_joined
                and row.access_expires_at <= now()
                and await self._claim_refresh(session, row)
            )
        actor: Actor | None
        if due and row.refresh_token:
            actor = await self._refresh(territory, row, person)
        else:
            actor = _keep_if_confirmed(_actor(row, person, territory.slug))
        if actor is None or actor.moderator or actor.memberships:
            return actor
        return replace(actor, login_due=has_joined or self._is_newcomer(row))

    def _is_newcomer(self, row: Any) -> bool:
        """Whether a session of somebody without any right is old enough to ask anew."""
        age = self.newcomer_age
        return age is not None and row.created_at <= now() - age

    async def _refresh(
        self, territory: Territory, row: Any, person: Any
    ) -> Actor | None:
        """Who holds a session whose rights are due to be asked again."""
        actor = _actor(row, person, territory.slug)
        try:
            login = await self.service.refresh(
                self.client_of(territory), row.refresh_token
            )
            require_claim_values({"sub": login.subject}, sub=person.subject)
            continued = await self._continue_session(territory, row, login)
        except IdentityUnavailableError as error:
            if error.refresh_token:
                values = {"refresh_token": error.refresh_token}
                async with self.database.session(territory.id) as session:
                    await _update_row(session, type(row), row.id, **values)
            goes_on = _keep_if_confirmed(actor) is not None
            log.warning("identity service away", reason=str(error), goes_on=goes_on)
        except (IdentityRefusedError, InvalidTokenError) as error:
            return await self._end_if_refused(territory, row, actor, error)
        else:
            return continued
        return _keep_if_confirmed(actor)

    async def _claim_refresh(self, session: AsyncSession, row: Any) -> bool:
        """One of the requests that come together asks again; the others go on with what is known."""
        table = self.tables.web_session
        statement = (
            update(table)
            .where(table.id == row.id, table.access_expires_at == row.access_expires_at)
            .values(access_expires_at=now() + RETRY)
            .execution_options(synchronize_session=False)
        )
        return _row_count(await session.execute(statement)) == 1

    async def _continue_session(
        self, territory: Territory, row: Any, login: Login
    ) -> Actor:
        continued = _session_values(login, territory.slug)
        previous_rights = (row.moderator, row.memberships)
        row.moderator = continued["moderator"]
        row.memberships = continued["memberships"]
        row.confirmed_at = continued["confirmed_at"]
        row.level = continued["level"]
        actor = _actor(row, login, territory.slug)
        async with self.database.session(territory.id) as session:
            await save_person(session, self.tables, login)
            await _update_row(session, self.tables.web_session, row.id, **continued)
            if (row.moderator, row.memberships) != previous_rights:
                await self.on_memberships(session, actor)
        return actor

    async def _end_if_refused(
        self,
        territory: Territory,
        row: Any,
        actor: Actor,
        error: IdentityRefusedError | InvalidTokenError,
    ) -> Actor | None:
        if isinstance(error, IdentityRefusedError) and error.code != "invalid_grant":
            log.error("the identity service refuses this program", code=error.code)
            return actor
        table = self.tables.web_session
        async with self.database.session(territory.id) as session:
            await session.execute(delete(table).where(table.id == row.id))
        log.info("session ended by the identity service", reason=type(error).__name__)
        return None


SESSIONS = ServiceKey[Sessions]("sessions", "identity")


def _keep_if_confirmed(actor: Actor) -> Actor | None:
    """The same person, for as long as what is known of them counts."""
    if is_confirmation_valid(actor.confirmed_at):
        return actor
    return None


async def delete_expired_sessions(session: AsyncSession, tables: SessionTables) -> int:
    """Forget the sessions and logout tokens of the past; the number of both."""
    table = tables.web_session
    used = tables.used_token
    moment = now()
    past = (table.expires_at <= moment) | (table.last_seen_at <= moment - IDLE)
    done = [await session.execute(delete(table).where(past))]
    done.append(await session.execute(delete(used).where(used.expires_at <= moment)))
    return sum(map(_row_count, done))


def schedule_expiry(
    database: Database, registry: TerritoryRegistry, tables: SessionTables
) -> Schedule:
    """Forget the past of each territory and of the installation, every ten minutes."""

    async def delete_expired(session: AsyncSession, _: Territory) -> None:
        await delete_expired_sessions(session, tables)

    async def run() -> None:
        async with database.session(INSTALLATION_ID, role="worker") as session:
            await delete_expired_sessions(session, tables)
        await run_sessions(database, registry, delete_expired)()

    return Schedule("delete_expired_sessions", "3-59/10 * * * *", run)
