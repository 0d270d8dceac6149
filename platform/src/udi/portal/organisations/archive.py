"""What an archive holds of the organisations, of those who ask to publish, and of who comes into an organisation."""

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.rows import ArchivedTable
from udi.portal.organisations.joining import archive as joining
from udi.portal.organisations.models import FormerSlug, Organisation
from udi.settings import Settings

CARRIED = (
    ArchivedTable(Organisation),
    ArchivedTable(FormerSlug),
    *joining.CARRIED,
)
LEFT_OUT = ()


async def resume_import(session: AsyncSession, _settings: Settings) -> None:
    """Queue the changes of members and the spaces that were on their way."""
    await joining.requeue_joining(session)
