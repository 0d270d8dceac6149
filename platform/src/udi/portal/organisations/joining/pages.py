"""«Join as a producer»: the page for everybody, the request of a person, what the territory's team reads and decides."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.organisations.joining import decisions, queries
from udi.portal.organisations.joining.applications import (
    ApplicationInput,
    correct_application,
    submit_application,
    withdraw_application,
)
from udi.portal.organisations.joining.identity_checks import (
    find_home_country,
    list_identity_checks,
)
from udi.portal.organisations.joining.transitions import (
    APPLICATION,
    ApplicationEvent,
    ApplicationSide,
)
from udi.portal.organisations.members.queries import list_own_entries
from udi.portal.organisations.models import (
    Application,
    ApplicationState,
    HostingChoice,
    Organisation,
)
from udi.portal.organisations.queries import find_organisation
from udi.portal.tenants.texts import find_text
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, Member, Routes, Session, Visitor
from udi.ui.errors import form_errors
from udi.ui.site import render, site_of

HOME = "/join"
ONE = f"{HOME}/{{application_id:uuid}}"


@get(HOME)
async def show_home(
    request: AnyRequest, session: Session, actor: Visitor
) -> Response[str]:
    """How to join, and what the person asked already."""
    if actor:
        applications = await queries.list_own_applications(session, actor)
    else:
        applications = []
    if actor and actor.moderator:
        waiting = await queries.count_waiting(session)
    else:
        waiting = 0
    entries = await list_own_entries(session, actor) if actor else []
    return render(
        request,
        "organisations/join.html",
        applications=applications,
        waiting=waiting,
        entries=entries,
    )


@get(f"{HOME}/new")
async def show_form(
    request: AnyRequest,
    session: Session,
    member: Member,  # noqa: ARG001 - a passer-by is led to the login first
) -> Response[str]:
    """The form; filled in for an organisation that nobody has claimed, where the person comes from its page."""
    home_country = find_home_country(request.scope["state"]["territory"].time_zone)
    claims = await queries.find_unclaimed(
        session, request.query_params.get("organisation", "")
    )
    if claims is None:
        blank = ApplicationInput(country=home_country)
        return await _form(request, session, blank)
    application_input = ApplicationInput(
        name=claims.name,
        country=claims.country or home_country,
        registry_number=claims.registry_number,
        url=claims.url,
        choice=HostingChoice.EXISTING,
    )
    return await _form(request, session, application_input, claims=claims)


@post(f"{HOME}/new", status_code=303)
async def send_application(
    request: AnyRequest, session: Session, member: Member
) -> Response[Any]:
    """Ask; first, whether the organisation is one of those that look like it."""
    application_input, form = await _read(request)
    tidy = application_input.tidy()
    claims = await queries.find_unclaimed(session, str(form.get("organisation") or ""))
    if tidy.name and not claims:
        similar_organisations = await queries.find_similar_organisations(
            session, tidy.name, tidy.country, tidy.registry_number
        )
    else:
        similar_organisations = []
    if similar_organisations and not form.get("apart"):
        return await _form(
            request,
            session,
            application_input,
            status=422,
            similar_organisations=similar_organisations,
        )
    try:
        application = await submit_application(
            session,
            member,
            application_input,
            language=request.scope["state"]["locale"],
            claims=claims,
        )
    except InvalidError as error:
        return await _form(
            request,
            session,
            application_input,
            status=422,
            error=error,
            apart=bool(form.get("apart")),
            claims=claims,
        )
    return Redirect(f"{HOME}/{application.id}", status_code=303)


@get(f"{HOME}/requests")
async def show_requests(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """Every request, for the territory's team."""
    return render(
        request,
        "organisations/requests.html",
        rows=await queries.list_applications(session, member),
    )


@get(ONE)
async def show_application(
    request: AnyRequest,
    session: Session,
    member: Member,
    application_id: FromPath[UUID],
) -> Response[str]:
    """How a request stands, and what may be done with it."""
    application = await queries.get_application(session, member, application_id)
    return await _show(request, session, member, application)


@get(f"{ONE}/correct")
async def show_correction(
    request: AnyRequest,
    session: Session,
    member: Member,
    application_id: FromPath[UUID],
) -> Response[str]:
    """The form, as it was sent."""
    application = await queries.get_own_application(session, member, application_id)
    return await _form(request, session, _asked_of(application), of=application)


@post(f"{ONE}/correct", status_code=303)
async def send_correction(
    request: AnyRequest,
    session: Session,
    member: Member,
    application_id: FromPath[UUID],
) -> Response[Any]:
    """Send it again."""
    application = await queries.get_own_application(
        session, member, application_id, lock=True
    )
    application_input, _ = await _read(request)
    try:
        async with session.begin_nested():
            await correct_application(
                session,
                member,
                application,
                application_input,
                language=request.scope["state"]["locale"],
            )
    except InvalidError as error:
        await session.refresh(application)
        return await _form(
            request, session, application_input, status=422, error=error, of=application
        )
    return Redirect(f"{HOME}/{application.id}", status_code=303)


@post(f"{ONE}/withdraw", status_code=303)
async def send_withdrawal(
    session: Session, member: Member, application_id: FromPath[UUID]
) -> Redirect:
    """Take it back."""
    application = await queries.get_own_application(
        session, member, application_id, lock=True
    )
    await withdraw_application(session, member, application)
    return Redirect(f"{HOME}/{application.id}", status_code=303)


@post(f"{ONE}/decide", status_code=303, guards=[require_confirmation()])
async def decide_application(
    request: AnyRequest,
    session: Session,
    member: Member,
    application_id: FromPath[UUID],
) -> Response[Any]:
    """The team approves, refuses or asks for more."""
    queries.require_team(member)
    application = await queries.get_application(
        session, member, application_id, lock=True
    )
    form = await request.form()
    words = str(form.get("words") or "")
    decision = str(form.get("decision") or "")
    revision = str(form.get("revision") or "")
    if revision.isascii() and revision.isdigit() and len(revision) < 9:  # noqa: PLR2004 - a small number
        revision_number = int(revision)
    else:
        revision_number = 0
    try:
        if decision == ApplicationEvent.APPROVE:
            await decisions.approve_application(
                session, member, application, revision=revision_number
            )
        elif decision == ApplicationEvent.REQUEST_INFORMATION:
            await decisions.request_information(
                session, member, application, words, revision=revision_number
            )
        else:
            await decisions.refuse_application(
                session, member, application, words, revision=revision_number
            )
    except InvalidError as error:
        return await _show(
            request,
            session,
            member,
            application,
            status=422,
            words=words,
            errors=form_errors(request, error),
        )
    return Redirect(f"{HOME}/{application.id}", status_code=303)


async def _read(request: AnyRequest) -> tuple[ApplicationInput, Mapping[str, Any]]:
    form = await request.form()
    texts = {
        name: str(form.get(name) or "")
        for name in ("name", "registry_number", "kind", "email", "url", "choice")
    }
    country = str(form.get("country", ApplicationInput.country))
    return ApplicationInput(
        **texts, country=country, charter=bool(form.get("charter"))
    ), form


def _asked_of(application: Application) -> ApplicationInput:
    names = ("name", "country", "registry_number", "kind", "email", "url", "choice")
    return ApplicationInput(
        **{name: getattr(application, name) for name in names}, charter=True
    )


def _list_countries(request: AnyRequest) -> dict[str, str]:
    """The countries whose registers are known, by code, as a form calls them."""
    say = site_of(request).pages.translator(request)
    checks = list_identity_checks()
    return {code: say(identity_check.label) for code, identity_check in checks.items()}


async def _form(
    request: AnyRequest,
    session: AsyncSession,
    application_input: ApplicationInput,
    *,
    status: int = 200,
    error: InvalidError | None = None,
    of: Application | None = None,
    similar_organisations: Sequence[Any] = (),
    apart: bool = False,
    claims: Organisation | None = None,
) -> Response[str]:
    territory: Territory = request.scope["state"]["territory"]
    charter = await find_text(
        session, territory.id, "charter", request.scope["state"]["locale"]
    )
    facts = {
        "application_input": application_input,
        "errors": form_errors(request, error),
        "of": of,
        "similar_organisations": similar_organisations,
        "apart": apart,
        "claims": claims,
        "countries": _list_countries(request),
    }
    return render(
        request, "organisations/join-form.html", status=status, charter=charter, **facts
    )


async def _show(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    application: Application,
    *,
    status: int = 200,
    words: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    organisation = await find_organisation(session, application.organisation_id)
    change = organisation and await queries.find_waiting_change(
        session, organisation.id, application.person_id
    )
    return render(
        request,
        "organisations/request.html",
        status=status,
        application=application,
        is_applicant=application.person_id == member.person_id,
        who=await queries.find_person(session, application),
        organisation=organisation,
        claims=await find_organisation(session, application.claims_id),
        change=change,
        possible=APPLICATION.events(application.state),
        decides=member.moderator
        and bool(APPLICATION.events(application.state, ApplicationSide.TEAM)),
        words=words,
        errors=errors or {},
        approved=application.state == ApplicationState.APPROVED,
        countries=_list_countries(request),
    )


routes: Routes = [
    show_home,
    show_form,
    send_application,
    show_requests,
    show_application,
    show_correction,
    send_correction,
    send_withdrawal,
    decide_application,
]
