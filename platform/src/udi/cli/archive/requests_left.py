"""Requests of people about their data, which no archive holds: whoever leaves an installation is told of them first."""

from uuid import UUID

from udi.kit.db import Database
from udi.kit.errors import ConflictError
from udi.node.subject_requests.archive import count_unfinished

FLAG = "--end-requests"


async def require_no_requests(node: Database, tenant: UUID, slug: str) -> None:
    """Refuse to close or delete a territory whose node holds requests that are not over.

    Raises:
        ConflictError: there are some.
    """
    async with node.session(tenant, role="worker") as session:
        number = await count_unfinished(session)
    if number:
        raise ConflictError(
            f"Requests of people about their data that go on, can still be read or are held at the node of «{slug}»: {number}.",
            remedy=f"No archive holds them. Have the producers answer them, or end them all: {FLAG}.",
        )
