"""Keys for scripts: made, shown once, kept as a digest, revoked."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.confirmation import is_confirmation_fresh, is_confirmation_valid
from udi.kit.credentials import SecretKind
from udi.kit.errors import (
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    field_error,
)
from udi.kit.identity import Actor
from udi.node.audit import record_audit_event
from udi.node.identity.models import AccountWatch
from udi.node.spaces.models import ScriptKey, Space

SPACE_KEY = SecretKind(name="key of a space", prefix="udi_")
LONGEST_NAME = 80
USE_NOTED = timedelta(minutes=1)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="node"'}


def require_key_manager(actor: Actor, space: Space) -> None:
    """Refuse whoever may not manage the keys of a space where they publish.

    Raises:
        ForbiddenError: they do not manage its organisation.
    """
    if not actor.may_manage(space.slug):
        raise ForbiddenError(
            "Keys are made and revoked by those who manage %(name)s.",
            remedy="Ask one of them: %(email)s.",
            values={"name": space.name, "email": space.email},
        )


async def make_key(
    session: AsyncSession,
    actor: Actor,
    space: Space,
    *,
    name: str,
    datasets: list[UUID] | None,
    expires_at: datetime | None,
) -> tuple[ScriptKey, str]:
    """A new key and its token, which nobody can read again.

    Raises:
        InvalidError: it has no name, or its last day is over.
    """
    if not name:
        raise field_error("name", "Give it a name that says which script uses it.")
    if expires_at is not None and expires_at <= now():
        raise field_error("expires", "This day is in the past.", "Choose a later one.")
    token = SPACE_KEY.generate()
    key = ScriptKey(
        space_id=space.id,
        person_id=actor.person_id,
        name=name[:LONGEST_NAME],
        token_hash=SPACE_KEY.hexdigest(token),
        datasets=datasets,
        expires_at=expires_at,
    )
    session.add(key)
    await session.flush()
    record_audit_event(session, actor, "key.made", key.id, space=str(space.id))
    return key, token


async def list_keys(session: AsyncSession, space: Space) -> list[ScriptKey]:
    """The keys of a space, newest first; revoked ones too."""
    query = (
        select(ScriptKey)
        .where(ScriptKey.space_id == space.id)
        .order_by(ScriptKey.created_at.desc())
    )
    return list((await session.scalars(query)).all())


async def revoke_key(
    session: AsyncSession, actor: Actor, space: Space, key_id: UUID
) -> None:
    """Refuse a key from now on.

    Raises:
        NotFoundError: the space has no such key.
    """
    key = await session.get(ScriptKey, (space.tenant_id, key_id), with_for_update=True)
    if key is None or key.space_id != space.id:
        raise NotFoundError
    if key.revoked_at is None:
        key.revoked_at = now()
        key.revoked_by = actor.person_id
        record_audit_event(session, actor, "key.revoked", key.id, space=str(space.id))


async def get_key_by_token(session: AsyncSession, token: str) -> ScriptKey:
    """The key that a token belongs to; notes that it was used.

    Raises:
        UnauthenticatedError: there is none, or it was revoked, or its time is over.
    """
    key = _require_valid(
        await session.scalar(
            select(ScriptKey).where(ScriptKey.token_hash == SPACE_KEY.hexdigest(token))
        )
    )
    await _require_recent_accounts(session)
    return key


async def get_key(session: AsyncSession, key_id: UUID) -> ScriptKey:
    """The key behind a token that was made from it; notes that it was used.

    Raises:
        UnauthenticatedError: as `find_key`.
    """
    key = _require_valid(
        await session.scalar(select(ScriptKey).where(ScriptKey.id == key_id))
    )
    await _require_recent_accounts(session)
    return key


async def _require_recent_accounts(session: AsyncSession) -> None:
    """Whoever made a key may have left: for an hour nobody could say so.

    Raises:
        UnavailableError: what is known of accounts is older than that.
    """
    if not is_confirmation_valid(
        await session.scalar(select(AccountWatch.confirmed_at))
    ):
        raise UnavailableError(
            "The identity service has not answered for an hour: it is not known whether this key is still valid.",
            remedy="Send the same request again in a minute; nothing was changed.",
            headers={"Retry-After": "60"},
        )


async def require_fresh_accounts(session: AsyncSession) -> None:
    """What cannot be undone wants to know better who left.

    Raises:
        UnavailableError: what is known of accounts is older than ten minutes.
    """
    if not is_confirmation_fresh(
        await session.scalar(select(AccountWatch.confirmed_at))
    ):
        raise UnavailableError(
            "The identity service does not answer: what cannot be undone waits until it does.",
            remedy="Send the same request again in a minute; nothing was changed.",
            headers={"Retry-After": "60"},
        )


def _require_valid(key: ScriptKey | None) -> ScriptKey:
    moment = now()
    if key is None or key.revoked_at is not None:
        raise UnauthenticatedError(
            "This key is not known here, or was revoked.", headers=CHALLENGE
        )
    if key.expires_at is not None and key.expires_at <= moment:
        raise UnauthenticatedError(
            "This key has expired.",
            remedy="Create a new one on the page of the space.",
            headers=CHALLENGE,
        )
    if key.last_used_at is None or key.last_used_at + USE_NOTED < moment:
        key.last_used_at = moment
    return key


def require_key_scope(key: ScriptKey, space: Space, dataset_id: UUID | None) -> None:
    """Refuse a key what it was not made for; no dataset: a new one.

    Raises:
        NotFoundError: it is another space's.
        ForbiddenError: it was made for other datasets of this space.
    """
    if key.space_id != space.id:
        raise NotFoundError
    if key.datasets is not None and dataset_id not in key.datasets:
        raise ForbiddenError(
            "This key was made for other datasets.",
            remedy="Create one for this dataset.",
        )
