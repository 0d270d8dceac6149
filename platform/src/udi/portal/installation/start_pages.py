"""Starting a territory: the form, and the page that shows how far it is."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, NotFoundError
from udi.portal.installation.actions import request_start
from udi.portal.installation.alerts import check_worker
from udi.portal.installation.new_territory import (
    FIELDS,
    LANGUAGE_SETS,
    NewTerritory,
    StartStage,
    TakenNames,
    fill_in,
    read_new_territory,
)
from udi.portal.installation.queries import (
    TerritoryStart,
    get_files,
    get_start,
    list_status,
)
from udi.ui import theme as colours
from udi.ui.contrast import list_contrasts
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.refresh import refreshing
from udi.ui.site import render, site_of

NEW = "/installation/territories/new"
PREVIEW_CSS = f"{NEW}/preview.css"
START = "/installation/requests/{start:uuid}"
FILES = f"{START}/files.zip"
AGAIN = f"{START}/again"
PREVIEW = "preview"
STAGE_NAMES = {
    StartStage.FILES: "Files",
    StartStage.DATABASES: "Database",
    StartStage.IDENTITY: "Login",
    StartStage.INVITATION: "Invitation of the first person",
    StartStage.ONLINE: "Addresses",
}
DEFAULTS = {"hue": "178", "languages": "fr,en"}
Operator = Member
InstallationSession = Session


def start_path(request: UUID) -> str:
    """The page of a start."""
    return START.replace("{start:uuid}", str(request))


@get(NEW)
async def show_form(
    request: AnyRequest,
    operator: Operator,  # noqa: ARG001 - its provider refuses everybody else
    installation_session: InstallationSession,
    start: FromQuery[UUID | None] = None,
) -> Response[str]:
    """The form of a new territory; with `start`, the answers of a start that was refused."""
    if start is None:
        return _render_form(request, DEFAULTS)
    refused = await get_start(installation_session, start)
    values = {key: str(value) for key, value in _read_answers(refused).items()}
    return _render_form(request, values, InvalidError(refusals=refused.refusals))


@post(NEW, guards=[require_confirmation()])
async def ask_for_start(
    request: AnyRequest, operator: Operator, installation_session: InstallationSession
) -> Response[Any]:
    """Ask the worker of the installation to start a territory; with `preview`, show its colours and ask nothing."""
    form = await request.form()
    values = {name: str(form.get(name) or "").strip() for name in FIELDS}
    if form.get(PREVIEW):
        return _render_form(request, values)
    settings = site_of(request).settings
    statuses = await list_status(installation_session)
    own_hosts = [settings.installation_host, urlsplit(settings.keycloak_url).hostname]
    taken = TakenNames.of(
        (status.tenant for status in statuses), [host for host in own_hosts if host]
    )
    try:
        new = read_new_territory(values, settings.wildcard_domain, taken)
    except InvalidError as error:
        return _render_form(request, values, error)
    act = await request_start(installation_session, operator, new)
    return Redirect(start_path(act.id), status_code=303)


@get(PREVIEW_CSS)
async def send_preview_css(
    operator: Operator,  # noqa: ARG001 - its provider refuses everybody else
    hue: FromQuery[int] = 178,
) -> Response[str]:
    """The colours of the preview."""
    css = colours.scoped_style_sheet(PREVIEW, {"hue": hue})
    return Response(css, media_type="text/css", headers={"Cache-Control": "no-store"})


@get(START)
async def show_start(
    request: AnyRequest,
    operator: Operator,  # noqa: ARG001 - its provider refuses everybody else
    installation_session: InstallationSession,
    start: FromPath[UUID],
) -> Response[Any]:
    """How far a start is: its stages, then where the territory is and what is left to do."""
    progress = await get_start(installation_session, start)
    statuses = await list_status(installation_session)
    gathered = [status.gathered_at for status in statuses if status.gathered_at]
    worker_alerts = check_worker(max(gathered), now()) if gathered else []
    response = render(
        request,
        "installation/start.html",
        start=progress,
        new=progress.territory,
        origins=_list_origins(request, progress.territory),
        stage_names=[STAGE_NAMES[stage] for stage in StartStage],
        worker_alerts=worker_alerts,
        page_path=start_path(start),
        form_path=NEW,
        errors=form_errors(request, InvalidError(refusals=progress.refusals)),
    )
    if not progress.is_waiting:
        return response
    return refreshing(request, response)


@post(AGAIN, guards=[require_confirmation()])
async def start_again(
    operator: Operator,
    installation_session: InstallationSession,
    start: FromPath[UUID],
) -> Response[Any]:
    """Take up a start that failed on the way, or look again at the addresses of one that is done."""
    progress = await get_start(installation_session, start)
    if not progress.is_done and not progress.can_continue:
        raise ConflictError(
            "There is nothing to take up here.",
            remedy="Correct the answers, then start the territory.",
        )
    act = await request_start(
        installation_session,
        operator,
        progress.territory,
        continues=progress.is_registered,
        only_looks=progress.is_done,
    )
    return Redirect(start_path(act.id), status_code=303)


@get(FILES)
async def send_files(
    operator: Operator,  # noqa: ARG001 - its provider refuses everybody else
    installation_session: InstallationSession,
    start: FromPath[UUID],
) -> Response[bytes]:
    """The files of a territory, as ZIP, that a request collected."""
    territory, content = await get_files(installation_session, start)
    statuses = await list_status(installation_session)
    slugs = {status.tenant.id: status.tenant.slug for status in statuses}
    if territory not in slugs:
        raise NotFoundError
    headers = {
        "Content-Disposition": f'attachment; filename="{slugs[territory]}.zip"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="application/zip", headers=headers)


def _read_answers(start: TerritoryStart) -> Mapping[str, Any]:
    answers: Mapping[str, Any] = start.request.details["territory"]
    return answers


def _list_origins(request: AnyRequest, new: NewTerritory) -> dict[str, str]:
    settings = site_of(request).settings
    return {
        "portal": settings.origin("portal", new.host),
        "node": settings.origin("node", new.node_host),
    }


def _render_form(
    request: AnyRequest, values: Mapping[str, str], error: InvalidError | None = None
) -> Response[str]:
    domain = site_of(request).settings.wildcard_domain
    hue = values.get("hue", "")
    is_hue = (
        hue.isascii() and hue.isdigit() and int(hue[:4]) <= colours.LIMITS["hue"][1]
    )
    preview_hue = int(hue) if is_hue else int(DEFAULTS["hue"])
    contrasts = list_contrasts({"hue": preview_hue})
    return render(
        request,
        "installation/new.html",
        status=422 if error else 200,
        values={name: values.get(name, "") for name in FIELDS},
        errors=form_errors(request, error),
        domain=domain,
        hosts=fill_in(values, domain),
        hue=preview_hue,
        least_contrast=min(
            contrast.ratio or 0 for contrast in contrasts if contrast.name != "edge"
        ),
        language_sets=LANGUAGE_SETS,
        form_path=NEW,
        css_path=PREVIEW_CSS,
    )


routes: Routes = [
    show_form,
    ask_for_start,
    send_preview_css,
    show_start,
    start_again,
    send_files,
]
