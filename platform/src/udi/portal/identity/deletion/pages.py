"""«Delete my account», in two steps: what becomes of everything, then, after a recent login, the deletion."""

from collections.abc import Sequence
from datetime import timedelta

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, LoginTooOldError, field_error
from udi.kit.identity import Actor
from udi.kit.personal_data import AtDeletion
from udi.portal.identity.deletion.actions import request_deletion
from udi.portal.identity.deletion.places import (
    KnownPlace,
    list_known_places,
    note_departure,
)
from udi.portal.identity.models import Person
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.own_data_pages import DELETION, OTHER_PLACES, OtherPlace
from udi.ui.site import render, site_of

PATH = DELETION
CONFIRM = f"{PATH}/confirm"
DONE = "/account-deleted"
RECENT = timedelta(minutes=5)
LOGIN = f"/login?fresh=true&back={CONFIRM}"


@get(PATH)
async def show_deletion(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """Step 1: what is erased, what is kept without the name, what must be handed over first; nothing is erased yet."""
    places = await _list_places(request, session, member)
    return render(
        request,
        "identity/account-delete.html",
        fates=_sum_up(places),
        places=places,
        handovers=[
            (place.territory, handover)
            for place in places
            for handover in place.handovers
        ],
        confirm=CONFIRM,
        backup_days=site_of(request).settings.backup_days,
    )


@get(CONFIRM)
async def show_confirmation(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[str] | Redirect:
    """Step 2, after a login no older than five minutes; without one, it leads there."""
    if not _is_recent(member):
        return Redirect(LOGIN, status_code=303)
    places = await _list_places(request, session, member)
    if any(place.handovers for place in places):
        return Redirect(PATH, status_code=303)
    nodes = await _list_nodes(request, session, territory)
    return _confirmation_page(request, places, nodes)


@post(CONFIRM, status_code=303, guards=[require_confirmation()])
async def delete_account(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[str] | Redirect:
    """Have the account deleted everywhere.

    Raises:
        LoginTooOldError: the login is older than five minutes.
        ConflictError: something must be handed over first, or another territory that knows them is only read.
    """
    if not _is_recent(member):
        error = LoginTooOldError("You logged in more than five minutes ago.")
        error.page = LOGIN
        raise error
    form = await request.form()
    if form.get("understood") != "yes":
        error_of_tick = field_error(
            "understood",
            "Nothing was deleted yet.",
            "Tick the box to confirm that you want to delete your account.",
        )
        places = await _list_places(request, session, member)
        nodes = await _list_nodes(request, session, territory)
        return _confirmation_page(
            request, places, nodes, 422, form_errors(request, error_of_tick)
        )
    places = await _list_places(request, session, member)
    if any(place.territory.read_only for place in places):
        raise ConflictError(
            "A territory that knows you can only be read for the moment.",
            remedy="Nothing was deleted. Try again later.",
        )
    if not await _note_departure(request, session, member):
        raise ConflictError(
            "Something must be handed over before your account is deleted.",
            remedy="The page “Delete my account” says what, and to whom.",
        )
    await request_deletion(session, member, language=request.scope["state"]["locale"])
    return Redirect(DONE, status_code=303)


@get(DONE)
async def show_deleted(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[str]:
    """What follows, for anybody: the account is not known any more."""
    async with site_of(request).database.session(territory.id) as session:
        nodes = await _list_nodes(request, session, territory)
    return render(
        request,
        "identity/account-deleted.html",
        nodes=nodes,
        backup_days=site_of(request).settings.backup_days,
    )


def _confirmation_page(
    request: AnyRequest,
    places: Sequence[KnownPlace],
    nodes: Sequence[OtherPlace],
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response[str]:
    return render(
        request,
        "identity/account-delete-confirm.html",
        status=status,
        places=places,
        nodes=nodes,
        errors=errors or {},
        action=CONFIRM,
        back=PATH,
        backup_days=site_of(request).settings.backup_days,
    )


def _is_recent(member: Actor) -> bool:
    return (
        member.authenticated_at is not None
        and now() - member.authenticated_at <= RECENT
    )


async def _list_places(
    request: AnyRequest, session: AsyncSession, member: Actor
) -> list[KnownPlace]:
    return await list_known_places(
        site_of(request), *await _read_account(session, member)
    )


async def _note_departure(
    request: AnyRequest, session: AsyncSession, member: Actor
) -> bool:
    return await note_departure(site_of(request), *await _read_account(session, member))


async def _read_account(session: AsyncSession, member: Actor) -> tuple[str, str]:
    """Issuer and subject of the person who asks."""
    query = select(Person.issuer, Person.subject).where(Person.id == member.person_id)
    row = (await session.execute(query)).one()
    return row.issuer, row.subject


async def _list_nodes(
    request: AnyRequest, session: AsyncSession, territory: CurrentTerritory
) -> Sequence[OtherPlace]:
    list_nodes = site_of(request).services.find(OTHER_PLACES)
    return await list_nodes(session, territory) if list_nodes else []


def _sum_up(places: Sequence[KnownPlace]) -> dict[str, dict[str, int]]:
    """Rows by what becomes of them, then by what they are."""
    fates: dict[str, dict[str, int]] = {fate.value: {} for fate in AtDeletion}
    for place in places:
        for subject in place.subjects:
            for kind in subject.kinds:
                rows = kind.declaration
                counts = fates[rows.at_deletion.value]
                counts[rows.what] = counts.get(rows.what, 0) + kind.count
    return fates


routes: Routes = [show_deletion, show_confirmation, delete_account, show_deleted]
