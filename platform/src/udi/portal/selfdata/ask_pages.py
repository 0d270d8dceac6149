"""`/my-data/ask`: how each of the chosen organisations is asked, and beginning the requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.selfdata.choice import LETTER, PATH, Choice, ChoiceFilters, choose
from udi.portal.selfdata.forms import RIGHT_NAMES
from udi.portal.selfdata.my_data import list_missing, render_choice
from udi.portal.selfdata.queries import Register, list_public_registers
from udi.portal.selfdata.requests.drafts import MOST_AT_ONCE, draft_requests
from udi.portal.selfdata.requests.pages import HOME
from udi.portal.selfdata.requests.queries import OwnRequest, list_open_requests
from udi.portal.selfdata.requests.request_nodes import (
    list_at_own_nodes,
    map_request_nodes,
)
from udi.protocol.subject_requests import SubjectRight
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.site import render

ASK = f"{PATH}/ask"


@dataclass(frozen=True)
class AskChoice:
    """The chosen organisations: those that are asked here, those by letter, and requests that are open already."""

    choice: Choice
    takers: Sequence[Register]
    by_letter: Sequence[Register]
    open_requests: Sequence[OwnRequest]
    at_own_nodes: frozenset[UUID]
    """Organisations that publish from a node of their own."""

    @property
    def letter_address(self) -> str:
        """The letters to those that take no requests here."""
        slugs = tuple(register.organisation.slug for register in self.by_letter)
        filters = self.choice.filters.with_changes(chosen=slugs, is_all=False)
        return filters.address(LETTER)


async def sort_choice(
    session: AsyncSession, member: Actor, choice: Choice
) -> AskChoice:
    """How each of the chosen organisations is asked."""
    ids = [register.organisation.id for register in choice.chosen]
    nodes = await map_request_nodes(session, ids)
    open_requests = await list_open_requests(
        session, member, SubjectRight(choice.filters.right), ids
    )
    open_at = {own_request.producer.id for own_request in open_requests}
    takers = [
        register
        for register in choice.chosen
        if register.organisation.id in nodes and register.organisation.id not in open_at
    ]
    by_letter = [
        register for register in choice.chosen if register.organisation.id not in nodes
    ]
    at_own_nodes = await list_at_own_nodes(session, ids)
    return AskChoice(choice, takers, by_letter, open_requests, at_own_nodes)


@get(ASK)
async def show_ask(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """What happens with the chosen organisations, before anything is made."""
    filters = ChoiceFilters.of(read_pairs(request))
    choice = choose(await list_public_registers(session), filters)
    missing = list_missing(choice)
    if missing:
        return await render_choice(request, session, choice, missing)
    return render(
        request,
        "selfdata/ask.html",
        ask=await sort_choice(session, member, choice),
        right_name=RIGHT_NAMES[SubjectRight(filters.right)],
        most=MOST_AT_ONCE,
    )


@post(HOME, status_code=303)
async def submit_requests(
    request: AnyRequest, session: Session, member: Member
) -> Response[Any]:
    """Draft a request to each of the chosen organisations that takes them and has none open."""
    form = await request.form()
    pairs = [(name, str(value)) for name, value in form.multi_items()]
    filters = ChoiceFilters.of(pairs)
    choice = choose(await list_public_registers(session), filters)
    missing = list_missing(choice)
    if missing:
        return await render_choice(request, session, choice, missing)
    ask = await sort_choice(session, member, choice)
    producers = [register.organisation for register in ask.takers]
    right = SubjectRight(filters.right)
    drafts = await draft_requests(session, member, right, producers)
    if not drafts and not ask.open_requests:
        raise ConflictError(
            "None of these organisations takes requests here yet.",
            remedy="Write the letter: they must answer it too.",
        )
    return Redirect(HOME, status_code=303)


routes: Routes = [show_ask, submit_requests]
