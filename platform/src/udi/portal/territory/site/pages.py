"""The site's own page for the team: what waits to be published, and every version, with its differences and its undo."""

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.paging import page_number
from udi.portal.organisations.team.queries import require_team_member
from udi.portal.tenants import versions
from udi.portal.territory.site import actions
from udi.portal.territory.site.queries import (
    compare_draft,
    compare_version,
    find_names,
    read_state,
)
from udi.portal.territory.site.rendering import PATH, render_site
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.site import site_of

VERSION = f"{PATH}/versions/{{number:int}}"
PAGE_SIZE = 20


@get(PATH)
async def show_site(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """What the team may change, what is not published yet, and the versions."""
    await require_team_member(session, member)
    number = page_number(request.query_params.get("page"))
    state = await read_state(session)
    rows = await versions.list_versions(
        session, offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE
    )
    return await render_site(
        request,
        session,
        "site",
        state=state,
        versions=rows,
        names=await find_names(session, [row.author_id for row in rows]),
        page_number=number,
        has_more=bool(rows) and rows[-1].number > 1,
    )


@get(f"{PATH}/changes")
async def show_changes(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """What the draft changes, line by line, and what others published since it was begun."""
    await require_team_member(session, member)
    state = await read_state(session)
    changes, others = await compare_draft(session, state)
    return await render_site(
        request, session, "site-changes", state=state, changes=changes, others=others
    )


@post(f"{PATH}/publish", status_code=303, guards=[require_confirmation()])
async def publish(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Redirect:
    """Put the draft online; where somebody published meanwhile, show the differences."""
    await require_team_member(session, member)
    form = await request.form()
    note = str(form.get("note") or "")
    state = await read_state(session)
    if state.is_outdated:
        return Redirect(f"{PATH}/changes", status_code=303)
    settings = site_of(request).settings
    await actions.publish_draft(session, member, territory, settings, note)
    return Redirect(PATH, status_code=303)


@post(f"{PATH}/update", status_code=303)
async def update(session: Session, member: Member) -> Redirect:
    """Bring the draft up to date with what others published."""
    await require_team_member(session, member)
    await versions.update_draft(session, member.person_id)
    return Redirect(f"{PATH}/changes", status_code=303)


@post(f"{PATH}/discard", status_code=303)
async def discard(session: Session, member: Member) -> Redirect:
    """Give up what was not published."""
    await require_team_member(session, member)
    await versions.lock_versions(session)
    await versions.discard_draft(session)
    return Redirect(PATH, status_code=303)


@get(VERSION)
async def show_version(
    request: AnyRequest, session: Session, member: Member, number: FromPath[int]
) -> Response[str]:
    """What a version changed, and the way back to it."""
    await require_team_member(session, member)
    version = await versions.get_version(session, number)
    return await render_site(
        request,
        session,
        "site-version",
        version=version,
        names=await find_names(session, [version.author_id]),
        changes=await compare_version(session, version),
    )


@post(f"{VERSION}/restore", status_code=303, guards=[require_confirmation()])
async def restore(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    number: FromPath[int],
) -> Redirect:
    """Put a version online again."""
    await require_team_member(session, member)
    settings = site_of(request).settings
    await actions.restore_version(session, member, territory, settings, number)
    return Redirect(PATH, status_code=303)


routes: Routes = [
    show_site,
    show_changes,
    publish,
    update,
    discard,
    show_version,
    restore,
]
