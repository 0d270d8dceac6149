"""`/subjects/consents`: what somebody lends at this node, and one click that stops it, also while the portal is away."""

from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.identity import Actor
from udi.kit.oidc import SUBJECTS_PATH
from udi.node.files.restricted import PRIVATE
from udi.node.subject_requests.identity import (
    Subject,
    SubjectLoginDueError,
    provide_subject,
    provide_subject_session,
)
from udi.node.subject_requests.lending import list_lent_rows, stop_lending
from udi.node.subject_requests.pages.unsent_words import lead_to_login
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.site import render

CONSENTS_PATH = f"{SUBJECTS_PATH}/consents"
UNSTOPPED = "unstopped"


async def provide_lender(request: AnyRequest, territory: CurrentTerritory) -> Actor:
    """Who lends; whoever pressed «Stop» without a login comes back to a page that says that nothing was stopped.

    Raises:
        SubjectLoginDueError: nobody is logged in here.
    """
    try:
        return await provide_subject(request, territory)
    except SubjectLoginDueError as error:
        if request.method == "GET":
            raise
        raise SubjectLoginDueError(f"{CONSENTS_PATH}?{UNSTOPPED}=1") from error


@get(CONSENTS_PATH)
async def list_lent(
    request: AnyRequest,
    territory: CurrentTerritory,
    own_session: Session,
    subject: Subject,
) -> Response[str]:
    """What this person lends here, and what they stopped."""
    lent = await list_lent_rows(own_session, subject)
    page = render(
        request,
        "subject_requests/consents.html",
        current=[rows for rows in lent if rows.is_live],
        ended=[rows for rows in lent if not rows.is_live],
        portal=territory.links["portal"],
        is_unstopped=UNSTOPPED in request.query_params,
    )
    page.headers.update(PRIVATE)
    return page


@post(f"{CONSENTS_PATH}/{{consent_id:uuid}}/stop", status_code=303)
async def stop_lent(
    own_session: Session, subject: Subject, consent_id: FromPath[UUID]
) -> Redirect:
    """Stop at once: no reason, no second question, and no portal."""
    await stop_lending(own_session, subject, consent_id)
    return Redirect(CONSENTS_PATH, status_code=303)


routes: Routes = [
    Router(
        "/",
        route_handlers=[list_lent, stop_lent],
        dependencies={
            "subject": Provide(provide_lender),
            "own_session": Provide(provide_subject_session),
        },
        exception_handlers={SubjectLoginDueError: lead_to_login},
    ),
]
