"""The page on which the team says which datasets are one: both side by side, one click each."""

from uuid import UUID

from litestar import Response, get, post
from litestar.response import Redirect

from udi.kit.errors import NotFoundError, field_error
from udi.portal.nodes.sources.matches.actions import decide_match
from udi.portal.nodes.sources.matches.queries import (
    count_matches,
    get_match,
    list_joined,
    list_matches,
    require_team,
)
from udi.portal.nodes.sources.matches.schemas import ANSWERS
from udi.portal.nodes.sources.matches.uses import BOUND_DATASETS
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.site import render, site_of

PATH = "/sources/matches"
MOST_SHOWN = 20


@get(PATH)
async def show_matches(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """Datasets that seem to be one."""
    pairs = await list_matches(session, member, limit=MOST_SHOWN)
    return render(
        request,
        "nodes/matches.html",
        pairs=pairs,
        total=await count_matches(session),
        joined=await list_joined(session, limit=MOST_SHOWN),
    )


@post(PATH, status_code=303)
async def answer_match(
    request: AnyRequest, session: Session, member: Member
) -> Redirect:
    """Say that two datasets are one, or that they are not."""
    require_team(member)
    form = await request.form()
    same = is_same(str(form.get("answer") or ""))
    match = await get_match(
        session,
        read_id(str(form.get("first") or "")),
        read_id(str(form.get("second") or "")),
    )
    await decide_match(
        session,
        member,
        match,
        same=same,
        say=site_of(request).pages.gettext,
        bound=site_of(request).services.contributions(BOUND_DATASETS),
    )
    return Redirect(PATH, status_code=303)


def is_same(answer: str) -> bool:
    """Whether an answer says that two datasets are one.

    Raises:
        InvalidError: it is none, and nothing is assumed.
    """
    if answer not in ANSWERS:
        raise field_error(
            "answer",
            "This answer does not exist.",
            "Send same or different.",
            "unknown-value",
        )
    return answer == "same"


def read_id(text: str) -> UUID:
    """The identifier of a dataset.

    Raises:
        NotFoundError: it is none.
    """
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFoundError("No dataset has this address here.") from error


routes: Routes = [show_matches, answer_match]
