"""The question in a page of others: without our cookies, the same for everybody, and nothing is decided in it."""

from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath

from udi.kit.clock import now
from udi.kit.errors import UdiError
from udi.portal.access.agreements.creation import add_months
from udi.portal.catalogue.responses.cached_responses import open_public_session
from udi.portal.consents.models import NoticeState
from udi.portal.consents.queries import (
    find_open_notice,
    find_public_closing_state,
    get_public_notice,
    notice_of,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory
from udi.ui.embedding import language_of, on_embedded_error, render_embedded


@get("/consents/{notice_id:uuid}")
async def frame_question(
    request: AnyRequest, territory: CurrentTerritory, notice_id: FromPath[UUID]
) -> Response[str]:
    """The newest version of the question; Yes opens its page, No stays here and is kept nowhere."""
    async with open_public_session(request, territory) as session:
        version = await get_public_notice(session, notice_id)
        version = await find_open_notice(session, version.agreement_id) or version
        closing_state = await find_public_closing_state(session, version)
    notice = notice_of(version)
    return render_embedded(
        request,
        territory,
        "consents/framed-question.html",
        version=version,
        notice=notice,
        until=min(add_months(now(), notice.months), notice.agreement_ends_at),
        is_open=version.state == NoticeState.ACCEPTED and closing_state is None,
        closing_state=closing_state,
        is_left=request.query_params.get("answer") == "no",
        language=language_of(request),
    )


routes = [
    Router(
        "/embed",
        route_handlers=[frame_question],
        exception_handlers={UdiError: on_embedded_error},
    )
]
