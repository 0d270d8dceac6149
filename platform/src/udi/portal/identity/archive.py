"""What an archive holds of the people whom the portal knows."""

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.portal.identity.deletion.actions import requeue_deletions
from udi.portal.identity.models import (
    AccountWatch,
    ApiToken,
    ErasedAccount,
    InboxClaim,
    Membership,
    Person,
    ProviderGrant,
    UsedToken,
    WatchedAccount,
    WebSession,
)
from udi.settings import Settings

CARRIED = (ArchivedTable(Person), ArchivedTable(Membership))
LEFT_OUT = (
    ExcludedTable(
        WebSession,
        "sessions and their tokens are secrets of this installation: everybody logs in again",
    ),
    ExcludedTable(
        ApiToken,
        "tokens are secrets of this installation: their owners make new ones where the territory lives",
    ),
    ExcludedTable(
        InboxClaim,
        "who is looking at something now says so anew where the territory lives",
    ),
    ExcludedTable(
        UsedToken,
        "logout tokens of this installation's identity service mean nothing elsewhere",
    ),
    ExcludedTable(
        ProviderGrant,
        "groups that providers gave are given anew at the next login where the territory lives",
    ),
    ExcludedTable(
        ErasedAccount,
        "accounts deleted here were of this installation's identity service, and their rows are without a name",
    ),
    ExcludedTable(
        AccountWatch,
        "how far the identity service of this installation was read says nothing of another's",
    ),
    ExcludedTable(
        WatchedAccount,
        "nodes ask anew, where the territory arrives, of whom they hold something",
    ),
)


async def resume_import(session: AsyncSession, _settings: Settings) -> None:
    """Queue again the deletion of accounts whose people asked for it."""
    await requeue_deletions(session)
