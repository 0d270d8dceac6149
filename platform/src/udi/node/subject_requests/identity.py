"""Who asks about themselves: a login of its own, whose client at the identity service knows people by pairwise subjects."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.kit.oidc import SUBJECTS_PATH
from udi.kit.service_registry import ServiceKey
from udi.kit.sessions import Sessions
from udi.kit.tenancy import Territory, space_context
from udi.node.subject_requests.forms import load_form, receive_form
from udi.protocol.subject_tickets import SUBJECT_REQUESTS_PATH
from udi.ui.dependencies import AnyRequest, CurrentTerritory
from udi.ui.login import LoginArea
from udi.ui.site import site_of

SUBJECT_SESSIONS = ServiceKey[Sessions](
    "sessions of people who ask about themselves", "subject_requests"
)
SUBJECT_AREA = LoginArea(
    SUBJECTS_PATH, "udi-subject", SUBJECT_SESSIONS, home=SUBJECT_REQUESTS_PATH
)
FRESH = timedelta(minutes=5)
"""How old the login may be of somebody who opens an answer."""
NO_VALUES: Mapping[str, str] = {}
Subject = NamedDependency[Actor]
"""Who asks about themselves; `person_id` is that of `subject_person`."""


class SubjectLoginDueError(Exception):
    """Somebody is to log in first, or again (`fresh`), and then comes to an address."""

    def __init__(
        self, back: str, *, fresh: bool = False, values: Mapping[str, str] = NO_VALUES
    ) -> None:
        super().__init__()
        self.back = back
        self.fresh = fresh
        self.values = values
        """The texts of the form that they sent, which is not taken before."""


async def find_subject(request: AnyRequest, territory: Territory) -> Actor | None:
    """Who asks, by the cookie of this login."""
    token = SUBJECT_AREA.find_token(request, territory)
    if not token:
        return None
    return await SUBJECT_AREA.sessions_of(request).find_actor(territory, token)


async def provide_subject(request: AnyRequest, territory: CurrentTerritory) -> Actor:
    """Who asks; anybody else is led to the login.

    Raises:
        SubjectLoginDueError: nobody is logged in here.
    """
    subject = await find_subject(request, territory)
    if subject is None:
        if request.method != "GET":
            values = (await receive_form(request)).values
            raise SubjectLoginDueError(SUBJECT_REQUESTS_PATH, values=values)
        query = f"?{request.url.query}" if request.url.query else ""
        raise SubjectLoginDueError(f"{request.url.path}{query}")
    return subject


def require_fresh(
    subject: Actor, back: str, values: Mapping[str, str] = NO_VALUES
) -> None:
    """Lead to the login whoever did not prove who they are a moment ago: a browser may be left open.

    Raises:
        SubjectLoginDueError: the login is older than five minutes.
    """
    if subject.authenticated_at is None or now() - subject.authenticated_at > FRESH:
        raise SubjectLoginDueError(back, fresh=True, values=values)


@asynccontextmanager
async def subject_session(
    request: AnyRequest, territory: Territory, subject: Actor
) -> AsyncIterator[AsyncSession]:
    """One transaction among the rows of this person: the database keeps those of others apart."""
    with space_context(None):
        async with site_of(request).database.session(
            territory.id, person=subject.person_id
        ) as session:
            yield session


async def provide_subject_session(
    request: AnyRequest, territory: CurrentTerritory, subject: Subject
) -> AsyncIterator[AsyncSession]:
    """The same for as long as the request; a form was received before, so that whoever sends slowly holds no connection."""
    if request.method != "GET":
        await load_form(request)
    async with subject_session(request, territory, subject) as session:
        yield session
