"""`/my-data`: who may hold data about me, what for, and a letter to them; nothing of who reads or writes is kept."""

from dataclasses import replace

from litestar import Response, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.calendar_entries import MEDIA_TYPE as CALENDAR
from udi.kit.calendar_entries import DayEntry, write_days
from udi.kit.clock import now, today
from udi.kit.errors import NotFoundError
from udi.kit.paging import Page
from udi.kit.tenancy import Territory
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.organisations.queries import get_producer
from udi.portal.selfdata.choice import (
    CARDS,
    LETTER,
    PATH,
    Choice,
    ChoiceFilters,
    choose,
)
from udi.portal.selfdata.forms import (
    BASIS_NAMES,
    MOMENT_NAMES,
    RIGHT_HINTS,
    RIGHT_NAMES,
)
from udi.portal.selfdata.punctuality.queries import find_punctuality, map_punctuality
from udi.portal.selfdata.queries import list_public_registers, read_register
from udi.portal.selfdata.requests.drafts import MOST_AT_ONCE
from udi.portal.selfdata.rights_requests import Letter, write_letter
from udi.protocol.subject_requests import SubjectRight
from udi.protocol.subject_rights import LegalBasis, scope_of_right
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.site import render, site_of

PRODUCER = f"{PATH}/producers/{{slug:str}}"
RIGHTS = f"{PATH}/rights"


@get(PATH)
async def show_my_data(request: AnyRequest, session: Session) -> Response[str]:
    """Every producer: whether it holds personal data, for which services, and whom to write to."""
    filters = ChoiceFilters.of(read_pairs(request))
    choice = choose(await list_public_registers(session), filters)
    return await render_choice(request, session, choice)


@get(LETTER)
async def show_letters(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[str]:
    """The letters to the chosen organisations, to be printed, copied or mailed."""
    choice = await _read_choice(request, session)
    missing = list_missing(choice)
    if missing:
        return await render_choice(request, session, choice, missing)
    letters = _write_letters(request, territory, choice)
    right = SubjectRight(choice.filters.right)
    return render(
        request,
        "selfdata/letters.html",
        choice=choice,
        letters=letters,
        right_name=RIGHT_NAMES[right],
        calendar=choice.filters.with_changes(
            page=letters.number,
            chosen=tuple(choice.chosen_slugs),
            is_all=choice.filters.is_all,
        ).address(f"{LETTER}.ics"),
    )


@get(f"{LETTER}.ics")
async def send_due_days(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[bytes]:
    """The days by which these letters, received today, are to be answered, for a calendar."""
    choice = await _read_choice(request, session)
    if list_missing(choice):
        raise NotFoundError("This address names no organisation, or no right.")
    say = site_of(request).pages.translator(request)
    written_on = today(territory.zone)
    entries = [
        DayEntry(
            uid=f"my-data-{choice.filters.right}-{letter.register.organisation.id}-{written_on}",
            sequence=0,
            day=letter.due_on,
            title=say("Last day to answer: %(name)s")
            % {"name": letter.register.organisation.name},
            url=f"{territory.origin}{PATH}/producers/{letter.register.organisation.slug}",
        )
        for letter in _write_letters(request, territory, choice).items
    ]
    body = write_days(entries, program="my-data", written_at=now())
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="my-data.ics"',
    }
    return Response(body, media_type=CALENDAR, headers=headers)


@get(PRODUCER)
async def show_producer_data(
    request: AnyRequest, session: Session, slug: FromPath[str]
) -> Response[str]:
    """Which personal data one producer holds, why, how long, who receives it, and which rights apply."""
    organisation = await get_producer(session, slug)
    register = (await read_register(session, organisation)).public()
    scopes = {
        basis: {right: scope_of_right(right, basis) for right in SubjectRight}
        for basis in LegalBasis
    }
    return render(
        request,
        "selfdata/producer.html",
        register=register,
        organisation=organisation,
        punctuality=await find_punctuality(session, organisation.id),
        basis_names=BASIS_NAMES,
        right_names=RIGHT_NAMES,
        right_hints=RIGHT_HINTS,
        scopes=scopes,
    )


@get(RIGHTS)
async def show_rights(request: AnyRequest) -> Response[str]:
    """Your rights, in plain words."""
    return render(request, "selfdata/rights.html", right_names=RIGHT_NAMES)


async def _read_choice(request: AnyRequest, session: AsyncSession) -> Choice:
    filters = ChoiceFilters.of(read_pairs(request))
    return choose(await list_public_registers(session), filters)


def list_missing(choice: Choice) -> list[str]:
    """What an address lacks for letters and requests: `org`, `right`."""
    missing = []
    if not choice.chosen:
        missing.append("org")
    if not choice.filters.right:
        missing.append("right")
    return missing


def _write_letters(
    request: AnyRequest, territory: Territory, choice: Choice
) -> Page[Letter]:
    """The letters of one page, to be received today."""
    say = site_of(request).pages.translator(request)
    whole = Page(list(choice.chosen), len(choice.chosen), 1, CARDS)
    asked_page = ChoiceFilters.of(read_pairs(request)).page
    number = min(asked_page, whole.last)
    start = (number - 1) * CARDS
    right = SubjectRight(choice.filters.right)
    day = today(territory.zone)
    letters = [
        write_letter(register, right, territory, day, say)
        for register in whole.items[start : start + CARDS]
    ]
    return Page(letters, whole.total, number, CARDS)


async def render_choice(
    request: AnyRequest,
    session: AsyncSession,
    choice: Choice,
    missing: list[str] | None = None,
) -> Response[str]:
    """The page on which organisations and a right are chosen; with what is missing, where something is."""
    if missing:
        choice = replace(choice, filters=choice.filters.with_changes(page=1))
    page_ids = [register.organisation.id for register in choice.page.items]
    return render(
        request,
        "selfdata/my-data.html",
        status=422 if missing else 200,
        choice=choice,
        punctuality=await map_punctuality(session, page_ids),
        missing=missing or [],
        most=MOST_AT_ONCE,
        moment_names=MOMENT_NAMES,
        right_names=RIGHT_NAMES,
        right_hints=RIGHT_HINTS,
    )


routes: Routes = [
    show_my_data,
    show_letters,
    send_due_days,
    show_producer_data,
    show_rights,
]
