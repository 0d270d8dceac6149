"""The ways to log in of a territory: identity services of others and directories, to see, add, change and take away."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import InvalidError, NotFoundError, field_error
from udi.kit.login_providers import provider_alias
from udi.portal.installation.actions import request_act
from udi.portal.installation.login_entries import (
    KINDS,
    PROVIDER,
    TABLES,
    LoginService,
    fill_form,
    list_fields,
    list_rights,
    list_services,
    read_entry,
    refuse_moved,
)
from udi.portal.installation.models import OperatorAct, RequestState
from udi.portal.installation.queries import (
    RequestEntry,
    TerritoryStatus,
    get_status,
    list_requests,
)
from udi.portal.installation.territory_pages import (
    REFRESH_SECONDS,
    TERRITORY,
    territory_path,
)
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.locale import LANGUAGES
from udi.ui.site import render, site_of

LOGIN = f"{TERRITORY}/login"
ENTRY = f"{LOGIN}/{{table:str}}/{{name:str}}"
NEW = "new"
"""In place of a name: an entry that is not there yet."""
Changes = dict[tuple[str, str], RequestEntry]
"""Requests by the table and the name of what they are about."""
Operator = Member
InstallationSession = Session


def login_path(slug: str) -> str:
    """The page of the ways to log in of a territory."""
    return f"{territory_path(slug)}/login"


@get(LOGIN)
async def show_services(
    request: AnyRequest,
    operator: Operator,  # noqa: ARG001 - its provider refuses everybody else
    installation_session: InstallationSession,
    slug: FromPath[str],
) -> Response[str]:
    """Those that are online, and those of a change that is under way or failed, with what to exchange."""
    status = await get_status(installation_session, slug)
    changes = await _list_changes(installation_session, status)
    issuer = site_of(request).settings.issuer
    response = render(
        request,
        "installation/login.html",
        territory_status=status,
        services=_join(status, changes),
        failures=[change for change in changes.values() if _has_failed(change)],
        warnings=[change for change in changes.values() if _has_warning(change)],
        redirect=lambda name: f"{issuer}/broker/{provider_alias(slug, name)}/endpoint",
        page_path=territory_path(slug),
        login_path=login_path(slug),
    )
    if any(_is_pending(change, status) for change in changes.values()):
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


@get(ENTRY)
async def show_entry(
    request: AnyRequest,
    operator: Operator,  # noqa: ARG001 - its provider refuses everybody else
    installation_session: InstallationSession,
    slug: FromPath[str],
    table: FromPath[str],
    name: FromPath[str],
) -> Response[str]:
    """The form of one: as it is online, or as it was asked for and is not done."""
    _check_table(table)
    status = await get_status(installation_session, slug)
    if name == NEW:
        return _render_form(request, status, table, name, {})
    changes = await _list_changes(installation_session, status)
    service = _find(_join(status, changes), table, name)
    if service is None:
        raise NotFoundError("No way to log in has this name.")
    values = fill_form(table, service.entry)
    return _render_form(request, status, table, name, values)


@post(ENTRY, guards=[require_confirmation()])
async def change_entry(
    request: AnyRequest,
    operator: Operator,
    installation_session: InstallationSession,
    slug: FromPath[str],
    table: FromPath[str],
    name: FromPath[str],
) -> Response[Any]:
    """Ask the worker of the installation to add one, or to change it."""
    _check_table(table)
    status = await get_status(installation_session, slug)
    languages = status.tenant.languages
    form = await request.form()
    fields = list_fields(table, languages)
    values = {field: str(form.get(field, "")).strip() for field in fields}
    if name != NEW:
        values["name"] = name
    try:
        entry = read_entry(table, values, languages)
        if name == NEW:
            _refuse_taken(status, entry["name"])
        elif known := _find(list_services(status.figures), table, name):
            refuse_moved(known.entry, entry)
    except InvalidError as error:
        return _render_form(request, status, table, name, values, error)
    await _request_change(
        installation_session, operator, status, table, entry["name"], entry
    )
    return Redirect(login_path(slug), status_code=303)


@post(f"{ENTRY}/remove", guards=[require_confirmation()])
async def remove_entry(
    operator: Operator,
    installation_session: InstallationSession,
    slug: FromPath[str],
    table: FromPath[str],
    name: FromPath[str],
) -> Response[Any]:
    """Ask the worker of the installation to take one away: it is disabled, and its people keep their accounts."""
    _check_table(table)
    status = await get_status(installation_session, slug)
    if _find(list_services(status.figures), table, name) is None:
        raise NotFoundError("No way to log in has this name.")
    await _request_change(
        installation_session, operator, status, table, name, entry=None
    )
    return Redirect(login_path(slug), status_code=303)


async def _request_change(
    session: Session,
    operator: Operator,
    status: TerritoryStatus,
    table: str,
    name: str,
    entry: Mapping[str, Any] | None,
) -> None:
    """Ask the worker to put an entry under a name, or to take that away."""
    details = {"table": table, "name": name, "entry": entry}
    await request_act(session, operator, status, OperatorAct.LOGIN, **details)


def _check_table(table: str) -> None:
    if table not in TABLES:
        raise NotFoundError


def _refuse_taken(status: TerritoryStatus, name: str) -> None:
    if name in {NEW, *(service.name for service in list_services(status.figures))}:
        reason = "“%(name)s” is taken already: choose another short name."
        raise field_error("name", reason, values={"name": name})


async def _list_changes(session: Session, status: TerritoryStatus) -> Changes:
    """The last request about each way to log in, until its territory is applied anew after its end."""
    last: Changes = {}
    for entry in await list_requests(session, status):
        if entry.request.act == OperatorAct.LOGIN:
            details = entry.request.details
            last.setdefault((details["table"], details["name"]), entry)
    applied_at = status.tenant.applied_at
    return {
        key: entry
        for key, entry in last.items()
        if _is_pending(entry, status)
        or (entry.request.finished_at or applied_at) >= applied_at
    }


def _is_pending(entry: RequestEntry, status: TerritoryStatus) -> bool:
    """Whether it is under way, or the figures do not have it yet."""
    request = entry.request
    if request.state != RequestState.DONE:
        return bool(request.state == RequestState.REQUESTED)
    if request.finished_at is None or status.gathered_at is None:
        return True
    return bool(request.finished_at > status.gathered_at)


def _has_failed(entry: RequestEntry) -> bool:
    return bool(entry.request.state == RequestState.FAILED)


def _has_warning(entry: RequestEntry) -> bool:
    request = entry.request
    return bool(request.state == RequestState.DONE and request.outcome)


def _join(status: TerritoryStatus, changes: Changes) -> list[LoginService]:
    """What is online, as the changes that are under way would have it; of what failed, only what is not online."""
    services = list_services(status.figures)
    joined = {(service.table, service.name): service for service in services}
    for (table, name), change in changes.items():
        known = joined.get((table, name))
        entry = change.request.details["entry"]
        is_shown = known is None if _has_failed(change) else _is_pending(change, status)
        if not is_shown:
            continue
        if entry is None and known is not None:
            entry = known.entry
        if entry is not None:
            has_secret = known.has_secret if known else False
            state = RequestState(change.request.state)
            joined[table, name] = LoginService(table, entry, has_secret, state)
    return list(joined.values())


def _find(
    services: Sequence[LoginService], table: str, name: str
) -> LoginService | None:
    for service in services:
        if (service.table, service.name) == (table, name):
            return service
    return None


def _render_form(
    request: AnyRequest,
    status: TerritoryStatus,
    table: str,
    name: str,
    values: Mapping[str, str],
    error: InvalidError | None = None,
) -> Response[str]:
    slug = status.tenant.slug
    online = _find(list_services(status.figures), table, name)
    say = site_of(request).pages.translator(request)
    return render(
        request,
        "installation/login-entry.html",
        status=422 if error else 200,
        territory_status=status,
        is_provider=table == PROVIDER,
        name="" if name == NEW else name,
        kinds=[(kind, say(label)) for kind, label in KINDS[table].items()],
        values=values,
        errors=form_errors(request, error),
        is_online=online is not None,
        rights=list_rights(online.entry) if online else [],
        codes=status.tenant.languages,
        languages=LANGUAGES,
        page_path=territory_path(slug),
        login_path=login_path(slug),
        form_path=f"{login_path(slug)}/{table}/{name}",
    )


routes: Routes = [show_services, show_entry, change_entry, remove_entry]
