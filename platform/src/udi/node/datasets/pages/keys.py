"""Keys for scripts, on a page of the space."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import InvalidError, field_error
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.descriptions.description import clean_text, read_day
from udi.node.datasets.pages.messages import PageRequest, field_errors
from udi.node.datasets.queries import list_datasets
from udi.node.identity.queries import list_names
from udi.node.spaces.keys import (
    LONGEST_NAME,
    list_keys,
    make_key,
    require_key_manager,
    revoke_key,
)
from udi.node.spaces.models import Space
from udi.node.spaces.queries import get_space
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import CurrentTerritory, Member, Routes, Session
from udi.ui.site import render

WHOLE = "space"
MOST_OFFERED = 200


@get("/spaces/{slug:str}/keys")
async def show_keys(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
) -> Response[str]:
    """The keys, and the form that makes one."""
    space = await _get_managed_space(session, member, slug)
    return await _page(request, session, space, territory)


@post("/spaces/{slug:str}/keys", status_code=201, guards=[require_confirmation()])
async def add_key(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
) -> Response[str]:
    """Make a key and show it, this once."""
    space = await _get_managed_space(session, member, slug)
    form = await request.form()
    name = clean_text(str(form.get("name") or ""))[:LONGEST_NAME]
    day = str(form.get("expires") or "")
    selection = [str(value) for value in form.getall("dataset", [])]
    try:
        allowed = await _read_allowed_datasets(session, space, selection)
        _, token = await make_key(
            session, member, space, name=name, datasets=allowed, expires_at=_end_of(day)
        )
    except InvalidError as error:
        errors = field_errors(request, error.refusals)
        form_values = {"name": name, "expires": day, "chosen": selection}
        return await _page(
            request,
            session,
            space,
            territory,
            status=422,
            errors=errors,
            form_values=form_values,
        )
    return await _page(request, session, space, territory, status=201, token=token)


@post("/spaces/{slug:str}/keys/{key_id:uuid}/revoke")
async def revoke_script_key(
    session: Session, member: Member, slug: FromPath[str], key_id: FromPath[UUID]
) -> Redirect:
    """Refuse it from now on."""
    await revoke_key(
        session, member, await _get_managed_space(session, member, slug), key_id
    )
    return Redirect(f"/spaces/{slug}/keys", status_code=303)


async def _get_managed_space(session: AsyncSession, member: Actor, slug: str) -> Space:
    space = await get_space(session, member, slug)
    require_key_manager(member, space)
    return space


async def _read_allowed_datasets(
    session: AsyncSession, space: Space, selection: list[str]
) -> list[UUID] | None:
    """The datasets chosen, None for all of the space."""
    if WHOLE in selection:
        return None
    offered = {
        str(dataset.id): dataset.id
        for dataset in (await list_datasets(session, space, size=MOST_OFFERED)).items
    }
    dataset_ids = [offered[value] for value in selection if value in offered]
    if not dataset_ids:
        raise field_error("dataset", "Choose what the script may send.")
    return dataset_ids


def _end_of(day: str) -> datetime | None:
    """The end of a key's last day; None without one."""
    if not day:
        return None
    last_day = read_day(day)
    if last_day is None:
        raise field_error("expires", "This is not a day.", "Write it as 2026-12-31.")
    return datetime.combine(last_day, time(), UTC) + timedelta(days=1)


async def _page(
    request: PageRequest,
    session: AsyncSession,
    space: Space,
    territory: Territory,
    *,
    status: int = 200,
    token: str = "",
    errors: dict[str, str] | None = None,
    form_values: dict[str, Any] | None = None,
) -> Response[str]:
    datasets = (await list_datasets(session, space, size=MOST_OFFERED)).items
    return render(
        request,
        "datasets/keys.html",
        status=status,
        space=space,
        keys=await list_keys(session, space),
        names=await list_names(session, space.slug),
        titles={dataset.id: dataset.title for dataset in datasets},
        token=token,
        origin=territory.origin,
        errors=errors or {},
        form_values=form_values or {"name": "", "expires": "", "chosen": []},
        moment=now(),
    )


routes: Routes = [show_keys, add_key, revoke_script_key]
