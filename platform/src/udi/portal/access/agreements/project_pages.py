"""What a project may read, on a page of its own: its agreements, the credentials of its machines, its public key."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import InvalidError
from udi.portal.access.agreements.credentials import (
    DAYS,
    list_credentials,
    list_nodes,
    make_credential,
    renew_credential,
    revoke_credential,
)
from udi.portal.access.agreements.encryption import (
    FIELD,
    find_key,
    remove_key,
    save_key,
)
from udi.portal.access.agreements.queries import list_project_agreements
from udi.portal.projects.models import Project
from udi.portal.projects.queries import get_led_project
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.site import render

ACCESS = "/projects/{project_id:uuid}/access"
CREDENTIALS = f"{ACCESS}/credentials"
KEY = f"{ACCESS}/key"


@get(ACCESS)
async def show_access(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[str]:
    """The agreements of the project, the credentials of its machines, and its public key."""
    return await _render_access(
        request, session, await get_led_project(session, member, project_id)
    )


@post(CREDENTIALS, status_code=201, guards=[require_confirmation()])
async def add_credential(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[str]:
    """Make one and show its secret, this once."""
    project = await get_led_project(session, member, project_id, lock=True)
    form = {name: str(value or "") for name, value in (await request.form()).items()}
    days = next((choice for choice in DAYS if str(choice) == form.get("days")), 0)
    node = next(
        (
            project_node.id
            for project_node in await list_nodes(session, project)
            if str(project_node.id) == form.get("node")
        ),
        None,
    )
    try:
        _, secret = await make_credential(
            session, member, project, node=node, name=form.get("name", ""), days=days
        )
    except InvalidError as error:
        return await _render_access(
            request, session, project, status=422, error=error, form=form
        )
    return await _render_access(request, session, project, status=201, secret=secret)


@post(
    f"{CREDENTIALS}/{{credential_id:uuid}}/renew",
    status_code=201,
    guards=[require_confirmation()],
)
async def replace_credential(
    request: AnyRequest,
    session: Session,
    member: Member,
    project_id: FromPath[UUID],
    credential_id: FromPath[UUID],
) -> Response[str]:
    """A new secret in its place, shown this once."""
    project = await get_led_project(session, member, project_id, lock=True)
    _, secret = await renew_credential(session, member, project, credential_id)
    return await _render_access(request, session, project, status=201, secret=secret)


@post(f"{CREDENTIALS}/{{credential_id:uuid}}/revoke", status_code=303)
async def end_credential(
    session: Session,
    member: Member,
    project_id: FromPath[UUID],
    credential_id: FromPath[UUID],
) -> Redirect:
    """Refuse it from now on."""
    project = await get_led_project(session, member, project_id, lock=True)
    await revoke_credential(session, member, project, credential_id)
    return Redirect(f"/projects/{project.id}/access", status_code=303)


@post(KEY, status_code=303)
async def submit_key(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[Any]:
    """Keep a public key; what was pasted is not shown again where it is refused: it may be a private one."""
    project = await get_led_project(session, member, project_id, lock=True)
    pem_text = str((await request.form()).get(FIELD) or "")
    try:
        await save_key(session, member, project, pem_text)
    except InvalidError as error:
        return await _render_access(request, session, project, status=422, error=error)
    return Redirect(f"/projects/{project.id}/access", status_code=303)


@post(f"{KEY}/remove", status_code=303)
async def delete_key(
    session: Session, member: Member, project_id: FromPath[UUID]
) -> Redirect:
    """Forget it."""
    project = await get_led_project(session, member, project_id, lock=True)
    await remove_key(session, member, project)
    return Redirect(f"/projects/{project.id}/access", status_code=303)


async def _render_access(
    request: AnyRequest,
    session: AsyncSession,
    project: Project,
    *,
    status: int = 200,
    secret: str = "",
    error: InvalidError | None = None,
    form: dict[str, str] | None = None,
) -> Response[str]:
    nodes = await list_nodes(session, project)
    return render(
        request,
        "access/project-access.html",
        status=status,
        project=project,
        secret=secret,
        form=form or {},
        agreements=await list_project_agreements(session, project.id),
        credentials=await list_credentials(session, project),
        key=await find_key(session, project.id),
        nodes=nodes,
        names={node.id: node.name for node in nodes},
        days=DAYS,
        moment=now(),
        errors=form_errors(request, error),
    )


routes: Routes = [
    show_access,
    add_credential,
    replace_credential,
    end_credential,
    submit_key,
    delete_key,
]
