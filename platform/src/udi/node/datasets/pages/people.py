"""Who works on a dataset without publishing for its space, and what is shared with somebody."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError
from udi.kit.identity import MANAGERS, PUBLISHERS
from udi.node.datasets.actions.rights import grant_right, revoke_right
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.messages import (
    ROLE_NAMES,
    PageRequest,
    field_errors,
    translator,
)
from udi.node.datasets.queries import get_dataset, list_rights, list_shared
from udi.node.identity.queries import list_members
from udi.node.spaces.models import DatasetRole
from udi.node.spaces.queries import get_members_space
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import Member, Routes, Session
from udi.ui.site import render


@get("/datasets/{dataset_id:uuid}/people")
async def show_people(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[str]:
    """Who may read or change a dataset, and the form that lets one more."""
    return await people_page(
        request, session, await get_dataset(session, member, dataset_id), {}
    )


@post("/datasets/{dataset_id:uuid}/people", guards=[require_confirmation()])
async def add_person(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[Any]:
    """Give a right, or another one."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    form = await request.form()
    person = str(form.get("person") or "")
    role = str(form.get("role") or "")
    try:
        await grant_right(session, member, dataset, person, role)
    except InvalidError as error:
        return await people_page(
            request,
            session,
            dataset,
            field_errors(request, error.refusals),
            person,
            role,
        )
    return Redirect(f"/datasets/{dataset_id}/people", status_code=303)


@post("/datasets/{dataset_id:uuid}/people/remove")
async def remove_person(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Redirect:
    """Take a right back."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    await revoke_right(
        session, member, dataset, str((await request.form()).get("person") or "")
    )
    return Redirect(f"/datasets/{dataset_id}/people", status_code=303)


@get("/spaces/{slug:str}/shared")
async def show_shared(
    request: PageRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[str]:
    """The datasets of an organisation that are shared with one of its members."""
    space = await get_members_space(session, member, slug)
    say = translator(request)
    shared = [
        (dataset, say(ROLE_NAMES[role]))
        for dataset, role in await list_shared(session, member, space)
    ]
    return render(request, "datasets/shared.html", space=space, shared=shared)


async def people_page(
    request: PageRequest,
    session: AsyncSession,
    dataset: Dataset,
    errors: dict[str, str],
    person: str = "",
    role: str = "",
) -> Response[str]:
    """Those who have a right, those who publish anyway, and those who could be given one."""
    say = translator(request)
    members = await list_members(session, dataset.space.slug)
    rights = await list_rights(session, dataset)
    publish = [
        member for member, groups in members if {MANAGERS, PUBLISHERS} & set(groups)
    ]
    others = [member for member, _ in members if member not in publish]
    if errors and not others:
        errors = {"person": next(iter(errors.values()))}
    return render(
        request,
        "datasets/people.html",
        status=422 if errors else 200,
        dataset=dataset,
        rights=[
            (right, member, say(ROLE_NAMES[right.role]), member in others)
            for right, member in rights
        ],
        publishers=[member.name for member in publish],
        others=[
            (str(member.id), f"{member.name} ({member.email})") for member in others
        ],
        roles=[(code.value, say(ROLE_NAMES[code])) for code in DatasetRole],
        person=person,
        role=role or DatasetRole.READER.value,
        errors=errors,
    )


routes: Routes = [
    show_people,
    add_person,
    remove_person,
    show_shared,
]
