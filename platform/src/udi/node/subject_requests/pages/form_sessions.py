"""The transaction of a producer's page: it begins once all of a form has come."""

from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession

from udi.node.subject_requests.forms import load_form
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member
from udi.ui.site import open_session


async def provide_form_session(
    request: AnyRequest, territory: CurrentTerritory, member: Member
) -> AsyncIterator[AsyncSession]:
    """The transaction of somebody who is logged in: whoever sends slowly holds no connection, and no lock."""
    if request.method != "GET":
        await load_form(request)
    async with open_session(request, territory, member) as session:
        yield session
