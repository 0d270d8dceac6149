"""What changed in data under an agreement, for its two sides; the project acknowledges with one click."""

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.portal.access.agreements.queries import get_signed_agreement
from udi.portal.access.models import AccessSide
from udi.portal.selfdata.recipients.actions import acknowledge_notice
from udi.portal.selfdata.recipients.queries import list_notices, notices_path
from udi.protocol.recipient_notices import DataChange
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.site import render

NOTICES = "/agreements/{agreement_id:uuid}/data-changes"
CHANGE_NAMES = {
    DataChange.CORRECTED: "Some data were corrected",
    DataChange.ERASED: "Some data were erased",
    DataChange.RESTRICTED: "Some data must not be used for now",
}
"""What happened, in English: messages of the catalogues."""


@get(NOTICES)
async def show_notices(
    request: AnyRequest, session: Session, member: Member, agreement_id: FromPath[UUID]
) -> Response[str]:
    """What changed, and what the project acknowledged."""
    agreement_case = await get_signed_agreement(session, member, agreement_id)
    return render(
        request,
        "selfdata/data-changes.html",
        signed_agreement=agreement_case.signed_agreement,
        agreement=agreement_case.agreement,
        notices=await list_notices(session, agreement_id),
        may_acknowledge=agreement_case.side is AccessSide.REQUESTER,
        change_names=CHANGE_NAMES,
    )


@post(f"{NOTICES}/{{notice_id:uuid}}/acknowledge", status_code=303)
async def acknowledge(
    session: Session,
    member: Member,
    agreement_id: FromPath[UUID],
    notice_id: FromPath[UUID],
) -> Redirect:
    """The project read the data again, and changed or erased what it had before."""
    await get_signed_agreement(session, member, agreement_id, side=AccessSide.REQUESTER)
    await acknowledge_notice(session, member, agreement_id, notice_id)
    return Redirect(notices_path(agreement_id), status_code=303)


routes: Routes = [show_notices, acknowledge]
