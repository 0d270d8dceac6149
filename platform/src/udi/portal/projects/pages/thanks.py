"""The producer of a dataset thanks a project that uses it, or takes the thanks back."""

from uuid import UUID

from litestar import post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import NotFoundError
from udi.portal.projects import listing, queries
from udi.portal.projects.actions.thanks import give_thanks, withdraw_thanks
from udi.portal.projects.pages.project import ONE
from udi.ui.dependencies import AnyRequest, Member, Session


@post(f"{ONE}/thanks", status_code=303)
async def thank(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Redirect:
    """Thank for the use of `dataset`; with `withdraw`, no more."""
    form = await request.form()
    dataset = str(form.get("dataset") or "")
    if not listing.is_identifier(dataset):
        raise NotFoundError("This project does not use this dataset.")
    project = await queries.get_project(session, member, project_id)
    if form.get("withdraw"):
        await withdraw_thanks(session, member, project, UUID(dataset))
    else:
        await give_thanks(session, member, project, UUID(dataset))
    return Redirect(f"{listing.PATH}/{project.id}#used", status_code=303)


routes = [thank]
