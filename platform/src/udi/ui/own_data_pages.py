"""«My data»: what this program knows of the person who asks, in words, and to take along as JSON or CSV."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, Router, get
from litestar.di import Provide
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.csv_writer import write_csv
from udi.kit.identity import Actor
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import Territory, space_context
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.downloads import csv_response
from udi.ui.login import sessions_of
from udi.ui.personal_rows import (
    MOST_DOWNLOADED,
    OwnRows,
    OwnSubject,
    PersonalRegister,
    PersonKeys,
    describe_rows,
    list_cells,
    read_own_rows,
    read_register,
    write_cell,
)
from udi.ui.site import Site, render, site_of

PATH = "/my-space/my-data"
JSON_PATH = f"{PATH}.json"
CSV_PATH = f"{PATH}.csv"
DELETION = "/my-space/account/delete"
MOST_LISTED = 50
"""Rows of one kind on the page; the downloads have all."""


@dataclass(frozen=True)
class OtherPlace:
    """Another program that may know something of the same person, with its own page."""

    name: str
    address: str
    is_away: bool = False
    """Whether it did not ask anything for some minutes."""


ListPlaces = Callable[[AsyncSession, Territory], Awaitable[Sequence[OtherPlace]]]
OTHER_PLACES = ServiceKey[ListPlaces]("other programs that know people", "nodes")


@dataclass(frozen=True)
class Cell:
    """A value on the page: a moment, or a text."""

    text: str
    moment: datetime | None = None


@dataclass(frozen=True)
class KindLines:
    """The rows of one kind as the page lists them."""

    rows: OwnRows
    labels: Sequence[str]
    lines: Sequence[Sequence[Cell]]


def register_of(request: AnyRequest) -> PersonalRegister:
    """What the domains of this program declare."""
    return read_register(site_of(request).domains)


async def read_person_keys(
    request: AnyRequest, session: AsyncSession, member: Actor
) -> PersonKeys:
    """How the person who asks is named in this database."""
    person = sessions_of(request).tables.person
    query = select(person).where(person.id == member.person_id)
    return PersonKeys.read_from((await session.scalars(query)).one())


async def provide_own_session(
    request: AnyRequest, login_scope: CurrentTerritory, member: Member
) -> AsyncIterator[AsyncSession]:
    """One transaction among the rows of the host: those of its territory, or on the installation's own host its own."""
    async with site_of(request).database.session(
        login_scope.id, role="app", person=member.person_id
    ) as session:
        yield session


@get(PATH)
async def show_own_data(
    request: AnyRequest,
    own_session: Session,
    login_scope: CurrentTerritory,
    member: Member,
) -> Response[str]:
    """All that this program knows of the person, by subject, and where else something may be known."""
    site = site_of(request)
    territory: Territory | None = request.scope["state"]["territory"]
    subjects = await _read(request, login_scope, member, most=MOST_LISTED)
    return render_own_data(
        request,
        subjects,
        home=None,
        places=await _list_places(site, own_session, territory),
        portal_page=find_portal_page(site, territory),
        delete_page=DELETION if territory and site.program == "portal" else "",
        json_path=JSON_PATH,
        csv_path=CSV_PATH,
    )


def render_own_data(
    request: AnyRequest, subjects: Sequence[OwnSubject], **context: Any
) -> Response[str]:
    """The page of what a program knows of somebody: where its downloads are, and the page above it (`home`), if any of its own."""
    say = site_of(request).pages.translator(request)
    counts = [(say(subject.subject.value), subject.count) for subject in subjects]
    return render(
        request,
        "ui/own-data.html",
        subjects=[(subject, _lines(subject, say)) for subject in subjects],
        counts=counts,
        most=max((count for _, count in counts), default=0),
        total=sum(count for _, count in counts),
        most_listed=MOST_LISTED,
        **context,
    )


@get(JSON_PATH)
async def download_own_json(
    request: AnyRequest, login_scope: CurrentTerritory, member: Member
) -> Response[bytes]:
    """The same for a program."""
    subjects = await _read(request, login_scope, member, most=MOST_DOWNLOADED)
    return write_own_json(request, subjects)


def write_own_json(
    request: AnyRequest, subjects: Sequence[OwnSubject]
) -> Response[bytes]:
    """All rows, for a program."""
    document = {"program": site_of(request).program, "kinds": describe_rows(subjects)}
    headers = {
        "Content-Disposition": 'attachment; filename="my-data.json"',
        "Cache-Control": "no-store",
    }
    content = json.dumps(document, ensure_ascii=False, indent=1).encode()
    return Response(content, media_type="application/json", headers=headers)


@get(CSV_PATH)
async def download_own_csv(
    request: AnyRequest, login_scope: CurrentTerritory, member: Member
) -> Response[bytes]:
    """The same for a spreadsheet: a line for each value."""
    subjects = await _read(request, login_scope, member, most=MOST_DOWNLOADED)
    return write_own_csv(request, subjects)


def write_own_csv(
    request: AnyRequest, subjects: Sequence[OwnSubject]
) -> Response[bytes]:
    """All rows, for a spreadsheet."""
    say = site_of(request).pages.translator(request)
    header = [
        say("Subject"),
        say("What"),
        say("Number"),
        say("Column"),
        say("Value"),
    ]
    rows = [
        (say(subject), say(what), number, say(column), value)
        for subject, what, number, column, value in list_cells(subjects)
    ]
    locale: str = request.scope["state"]["locale"]
    return csv_response(write_csv(header, rows, locale), "my-data.csv")


async def _list_places(
    site: Site, session: AsyncSession, territory: Territory | None
) -> Sequence[OtherPlace]:
    list_places = site.services.find(OTHER_PLACES)
    if list_places is None or territory is None:
        return []
    return await list_places(session, territory)


def find_portal_page(site: Site, territory: Territory | None) -> str:
    """Where the portal says the same of itself; empty on the portal, and where none is known."""
    portal = territory.links.get("portal") if territory else ""
    if site.program == "portal" or not portal:
        return ""
    return f"{portal}{PATH}"


async def _read(
    request: AnyRequest, login_scope: Territory, member: Actor, *, most: int
) -> list[OwnSubject]:
    """The person's rows, those in the spaces of producers that they left too: each condition names the person."""
    database = site_of(request).database
    with space_context(None):
        async with database.session(
            login_scope.id, person=member.person_id
        ) as unconfined:
            person = await read_person_keys(request, unconfined, member)
            return await read_own_rows(
                unconfined, register_of(request), person, most=most
            )


def _lines(subject: OwnSubject, say: Callable[[str], str]) -> list[KindLines]:
    return [
        KindLines(
            kind,
            [say(label) for label in kind.declaration.labels.values()],
            [_cells(row, say) for row in kind.values],
        )
        for kind in subject.kinds
    ]


def _cells(row: Mapping[str, Any], say: Callable[[str], str]) -> list[Cell]:
    return [_cell(value, say) for value in row.values()]


def _cell(value: Any, say: Callable[[str], str]) -> Cell:
    if isinstance(value, datetime):
        return Cell("", value)
    if isinstance(value, bool):
        return Cell(say("Yes") if value else say("No"))
    return Cell(write_cell(value))


routes: Routes = [
    Router(
        "/",
        route_handlers=[show_own_data, download_own_json, download_own_csv],
        dependencies={"own_session": Provide(provide_own_session)},
    )
]
