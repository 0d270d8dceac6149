"""What a database lacks of the revisions of a program and of its domains; asked without Alembic, by web workers too."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import revisions
from udi.settings import ProgramName
from udi.ui.domains import Domain


async def find_pending(
    session: AsyncSession, program: ProgramName, domains: Sequence[Domain]
) -> list[str]:
    """Return those of the program, then «domain:revision» of those with a chain of their own, oldest first."""
    pending = await revisions.find_pending(session, program)
    for domain in domains:
        if domain.migrations:
            folder = domain.folder / "migrations"
            pending += [
                f"{domain.name}:{revision}"
                for revision in await revisions.find_pending_of_package(
                    session, domain.name, folder
                )
            ]
    return pending
