"""Accounts that were deleted, known by the digest of their subject alone: nobody comes back under one."""

import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.oidc import IdentityRefusedError


class AccountErasedError(IdentityRefusedError):
    """The account was deleted: what the identity service said of it before counts no more."""

    def __init__(self) -> None:
        super().__init__("invalid_grant", "the account was deleted")


def digest_subject(subject: str) -> str:
    """What is kept of an account that was deleted: subjects are drawn at random, so nobody finds one from it."""
    return hashlib.sha256(subject.encode()).hexdigest()


async def reject_erased(session: AsyncSession, table: Any, subject: str) -> None:
    """Refuse the subject of an account that was deleted in the session's territory, as a program's table says.

    Raises:
        AccountErasedError: it was.
    """
    query = select(table.digest).where(table.digest == digest_subject(subject))
    if await session.scalar(query) is not None:
        raise AccountErasedError
