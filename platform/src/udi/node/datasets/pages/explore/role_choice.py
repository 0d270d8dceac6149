"""The producer's word on what a column is for, said on the page of the column."""

from uuid import UUID

from litestar import post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import field_error
from udi.kit.identity import Actor
from udi.node.datasets.actions.column_roles import set_column_role
from udi.node.datasets.pages.explore.explore_query import COLUMN, join_query
from udi.node.datasets.pages.explore.versions import find_own_version
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.queries import get_dataset
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.tabular.queries.table import DatasetTable
from udi.ui.dependencies import Member, Routes, Session
from udi.ui.site import site_of


@post("/datasets/{dataset_id:uuid}/columns")
async def save_role(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Redirect:
    """Take a column for what the form says, from now on.

    Raises:
        InvalidError: the table has no such column, or it cannot be that.
    """
    form = await request.form()
    number = str(form.get("version") or "") or None
    name = str(form.get("column") or "")
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    table = await _find_table(request, session, member, dataset_id, number)
    column = next((column for column in table.columns if column.name == name), None)
    if column is None:
        raise field_error("column", "There is no such column.")
    set_column_role(member, dataset, column, str(form.get("role") or ""))
    settings = [("version", number)] if number else []
    return Redirect(
        join_query(
            f"/datasets/{dataset_id}/data",
            [("view", COLUMN), (COLUMN, name), *settings],
        ),
        status_code=303,
    )


async def _find_table(
    request: PageRequest,
    session: AsyncSession,
    member: Actor,
    dataset_id: UUID,
    number: str | None,
) -> DatasetTable:
    """The table that the producer looks at: that of a version, else the published one.

    Raises:
        NotFoundError: there is none.
    """
    tables = site_of(request).services[DATASET_TABLES]
    own_version = await find_own_version(session, member, dataset_id, number)
    if own_version is None:
        return await tables(session, member, dataset_id)
    return await tables.of_version(own_version)


routes: Routes = [save_role]
