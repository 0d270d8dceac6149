"""The nodes, for the territory's team: who was seen when, who is invited, and which reports could not be delivered."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import InvalidError
from udi.portal.nodes import queries
from udi.portal.nodes.actions import reports
from udi.portal.nodes.actions.invite import cancel_invitation, renew_invitation
from udi.portal.nodes.actions.moderate import (
    allow_republication,
    get_dataset_for_team,
    withdraw_dataset_for_team,
)
from udi.portal.nodes.api import clean_reason
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.site import render


@get("/nodes")
async def show_nodes(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """Every node, those that are invited, and the reports that wait for a person."""
    lines = await queries.list_node_summaries(session, member)
    failed = await queries.list_failed_reports(session, member)
    invited = await queries.list_pending_invitations_for_team(session, member)
    return render(
        request, "nodes/nodes.html", lines=lines, failed=failed, invited=invited
    )


@post(
    "/nodes/invitations/{invitation_id:uuid}/renew",
    status_code=303,
    guards=[require_confirmation()],
)
async def renew_node_invitation(
    session: Session, member: Member, invitation_id: FromPath[UUID]
) -> Redirect:
    """Give the link of an invitation its days again."""
    invitation = await queries.get_invitation_for_team(session, member, invitation_id)
    await renew_invitation(session, member, invitation)
    return Redirect("/nodes", status_code=303)


@post("/nodes/invitations/{invitation_id:uuid}/cancel", status_code=303)
async def cancel_node_invitation(
    session: Session, member: Member, invitation_id: FromPath[UUID]
) -> Redirect:
    """Take an invitation back."""
    invitation = await queries.get_invitation_for_team(session, member, invitation_id)
    await cancel_invitation(session, member, invitation)
    return Redirect("/nodes", status_code=303)


@post("/nodes/{slug:str}/resend", status_code=303)
async def resend_node_reports(
    session: Session, member: Member, slug: FromPath[str]
) -> Redirect:
    """Send every failed report of a node again."""
    node = await queries.get_node_for_team(session, member, slug)
    await reports.resend_failed_reports(session, member, node)
    return Redirect("/nodes", status_code=303)


@post("/nodes/reports/{report_id:uuid}/resend", status_code=303)
async def resend_failed_report(
    session: Session, member: Member, report_id: FromPath[UUID]
) -> Redirect:
    """Send one failed report again."""
    report = await queries.get_report_for_team(session, member, report_id)
    await reports.resend_report(session, member, report)
    return Redirect("/nodes", status_code=303)


@get("/data/{dataset_id:uuid}/withdraw")
async def show_withdrawal_form(
    request: AnyRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[str]:
    """The form by which the team takes a dataset off the portal."""
    dataset = await get_dataset_for_team(session, member, dataset_id)
    return render(request, "nodes/withdraw.html", dataset=dataset, reason="", errors={})


@post(
    "/data/{dataset_id:uuid}/withdraw", status_code=303, guards=[require_confirmation()]
)
async def withdraw_dataset(
    request: AnyRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[Any]:
    """Take it off."""
    dataset = await get_dataset_for_team(session, member, dataset_id)
    reason = clean_reason(str((await request.form()).get("reason") or ""))
    try:
        await withdraw_dataset_for_team(session, member, dataset, reason=reason)
    except InvalidError as error:
        errors = form_errors(request, error)
        return render(
            request,
            "nodes/withdraw.html",
            status=422,
            dataset=dataset,
            reason=reason,
            errors=errors,
        )
    return Redirect(f"/data/{dataset_id}", status_code=303)


@post("/data/{dataset_id:uuid}/allow", status_code=303)
async def allow_dataset(
    session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Redirect:
    """Let its node publish it again."""
    await allow_republication(
        session, member, await get_dataset_for_team(session, member, dataset_id)
    )
    return Redirect(f"/data/{dataset_id}", status_code=303)


routes: Routes = [
    show_nodes,
    renew_node_invitation,
    cancel_node_invitation,
    resend_node_reports,
    resend_failed_report,
    show_withdrawal_form,
    withdraw_dataset,
    allow_dataset,
]
