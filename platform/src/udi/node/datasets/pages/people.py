"""Who works on a dataset without publishing for its space, and what is shared with somebody."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError
from udi.kit.identity import MANAGERS, PUBLISHERS, Actor
from udi.node.datasets.actions.rights import give_right, take_right
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.saying import ROLE_NAMES, PageRequest, field_errors, speaker
from udi.node.datasets.queries import get_dataset, list_rights, list_shared
from udi.node.identity.queries import list_members
from udi.node.spaces.models import Role
from udi.node.spaces.queries import get_members_space
from udi.ui.decisions import decides
from udi.ui.site import render


@get("/datasets/{dataset_id:uuid}/people")
async def show_people(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """Who may read or change a dataset, and the form that lets one more."""
    return await people_page(request, session, await get_dataset(session, member, dataset_id), {})


@post("/datasets/{dataset_id:uuid}/people", guards=[decides()])
async def let_in(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Give a right, or another one."""
    dataset, form = await get_dataset(session, member, dataset_id, lock=True), await request.form()
    person, role = str(form.get("person") or ""), str(form.get("role") or "")
    try:
        await give_right(session, member, dataset, person, role)
    except InvalidError as error:
        return await people_page(request, session, dataset, field_errors(request, error.refusals), person, role)
    return Redirect(f"/datasets/{dataset_id}/people", status_code=303)


@post("/datasets/{dataset_id:uuid}/people/remove")
async def let_go(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Redirect:
    """Take a right back."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    await take_right(session, member, dataset, str((await request.form()).get("person") or ""))
    return Redirect(f"/datasets/{dataset_id}/people", status_code=303)


@get("/spaces/{slug:str}/shared")
async def show_shared(
    request: PageRequest, session: NamedDependency[AsyncSession], member: NamedDependency[Actor], slug: FromPath[str]
) -> Response[str]:
    """The datasets of an organisation that are shared with one of its members."""
    space, say = await get_members_space(session, member, slug), speaker(request)
    shared = [(dataset, say(ROLE_NAMES[role])) for dataset, role in await list_shared(session, member, space)]
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
    say, members = speaker(request), await list_members(session, dataset.space.slug)
    rights = await list_rights(session, dataset)
    publish = [each for each, groups in members if {MANAGERS, PUBLISHERS} & set(groups)]
    others = [each for each, _ in members if each not in publish]
    return render(
        request,
        "datasets/people.html",
        status=422 if errors else 200,
        dataset=dataset,
        rights=[(right, each, say(ROLE_NAMES[right.role]), each in others) for right, each in rights],
        publishers=[each.name for each in publish],
        others=[(str(each.id), f"{each.name} ({each.email})") for each in others],
        roles=[(code.value, say(ROLE_NAMES[code])) for code in Role],
        person=person,
        role=role or Role.READER.value,
        errors=errors,
    )


routes: Sequence[ControllerRouterHandler] = [show_people, let_in, let_go, show_shared]
