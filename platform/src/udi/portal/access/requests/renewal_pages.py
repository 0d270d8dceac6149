"""The form of an agreement's page that asks for its renewal: what comes of it is a request."""

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import InvalidError
from udi.portal.access.agreements.pages import ONE, render_agreement
from udi.portal.access.agreements.queries import get_signed_agreement
from udi.portal.access.models import AccessSide
from udi.portal.access.policies.queries import get_policy, get_restricted_dataset
from udi.portal.access.requests.renewals import renew_agreement
from udi.portal.projects.queries import get_led_project
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session


@post(f"{ONE}/renew", status_code=303)
async def request_renewal(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    agreement_id: FromPath[UUID],
) -> Response[Any]:
    """Ask that it go on after its end."""
    agreement_case = await get_signed_agreement(
        session, member, agreement_id, side=AccessSide.REQUESTER, lock=True
    )
    dataset = await get_restricted_dataset(session, agreement_case.agreement.dataset_id)
    project = await get_led_project(
        session, member, agreement_case.agreement.project_id
    )
    words = str((await request.form()).get("words") or "").strip()
    try:
        async with session.begin_nested():
            access_request = await renew_agreement(
                session,
                member,
                agreement_case.agreement,
                dataset,
                project,
                words,
                policy=await get_policy(session, dataset),
                territory=territory,
                language=request.scope["state"]["locale"],
            )
    except InvalidError as error:
        return await render_agreement(
            request, session, agreement_case, error=error, form={"words": words}
        )
    return Redirect(f"/access-requests/{access_request.id}", status_code=303)


routes: Routes = [request_renewal]
