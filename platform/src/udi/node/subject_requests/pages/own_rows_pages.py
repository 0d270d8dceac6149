"""`/subjects/my-data`: all that this node knows of somebody by the pairwise subject, which no other page of it leads to."""

from collections.abc import Sequence
from dataclasses import replace

from litestar import Response, Router, get
from litestar.di import Provide

from udi.kit.identity import Actor
from udi.kit.oidc import SUBJECTS_PATH
from udi.kit.personal_data import PersonLink
from udi.node.files.restricted import PRIVATE
from udi.node.subject_requests.identity import (
    Subject,
    SubjectLoginDueError,
    provide_subject,
    provide_subject_session,
)
from udi.node.subject_requests.pages.unsent_words import lead_to_login
from udi.protocol.subject_tickets import SUBJECT_REQUESTS_PATH
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.own_data_pages import (
    MOST_LISTED,
    find_portal_page,
    register_of,
    render_own_data,
    write_own_csv,
    write_own_json,
)
from udi.ui.personal_rows import (
    MOST_DOWNLOADED,
    OwnSubject,
    PersonKeys,
    read_own_rows,
)
from udi.ui.site import site_of

OWN_ROWS_PATH = f"{SUBJECTS_PATH}/my-data"


async def _read(
    request: AnyRequest, own_session: Session, subject: Actor, most: int
) -> Sequence[OwnSubject]:
    """The rows that a pairwise subject names: those that an account names are on another page."""
    register = register_of(request)
    pairwise = [rows for rows in register.rows if rows.link is PersonLink.PAIRWISE]
    person = PersonKeys(subject.person_id, email="", subject="")
    return await read_own_rows(
        own_session, replace(register, rows=pairwise), person, most=most
    )


@get(OWN_ROWS_PATH)
async def show_own_rows(
    request: AnyRequest,
    territory: CurrentTerritory,
    own_session: Session,
    subject: Subject,
) -> Response[str]:
    """What is kept of who asks or lends here: why, until when, what becomes of it."""
    site = site_of(request)
    say = site.pages.translator(request)
    page = render_own_data(
        request,
        await _read(request, own_session, subject, MOST_LISTED),
        home=(say("My requests about my data"), SUBJECT_REQUESTS_PATH),
        places=[],
        portal_page=find_portal_page(site, territory),
        delete_page="",
        json_path=f"{OWN_ROWS_PATH}.json",
        csv_path=f"{OWN_ROWS_PATH}.csv",
    )
    page.headers.update(PRIVATE)
    return page


@get(f"{OWN_ROWS_PATH}.json")
async def download_own_rows_json(
    request: AnyRequest, own_session: Session, subject: Subject
) -> Response[bytes]:
    """The same for a program."""
    subjects = await _read(request, own_session, subject, MOST_DOWNLOADED)
    return write_own_json(request, subjects)


@get(f"{OWN_ROWS_PATH}.csv")
async def download_own_rows_csv(
    request: AnyRequest, own_session: Session, subject: Subject
) -> Response[bytes]:
    """The same for a spreadsheet."""
    subjects = await _read(request, own_session, subject, MOST_DOWNLOADED)
    return write_own_csv(request, subjects)


routes: Routes = [
    Router(
        "/",
        route_handlers=[show_own_rows, download_own_rows_json, download_own_rows_csv],
        dependencies={
            "subject": Provide(provide_subject),
            "own_session": Provide(provide_subject_session),
        },
        exception_handlers={SubjectLoginDueError: lead_to_login},
    ),
]
