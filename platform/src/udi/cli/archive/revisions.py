"""The revision of a database, by which its columns are known."""

from sqlalchemy import text

from udi.kit.db import Database


async def read_revision(database: Database) -> str:
    """The revision that the program's migrations brought a database to."""
    async with database.platform_session() as session:
        return str(
            await session.scalar(text("SELECT version_num FROM public.alembic_version"))
        )
