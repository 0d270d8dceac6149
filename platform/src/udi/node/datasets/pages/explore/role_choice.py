"""The producer's word on what a column is for, said on the page of the column."""

from uuid import UUID

from litestar import post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import field_error
from udi.node.datasets.actions.column_roles import set_column_role
from udi.node.datasets.pages.explore.explore_query import COLUMN, join_query
from udi.node.datasets.pages.explore.view_choice import find_own_table
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.queries import get_dataset
from udi.ui.dependencies import Member, Routes, Session


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
    table = await find_own_table(request, session, member, dataset_id, number)
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


routes: Routes = [save_role]
