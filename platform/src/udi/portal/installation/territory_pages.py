"""One territory for an operator: how it stands, what failed, and what can be done to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.clock import now
from udi.kit.errors import InvalidError, NotFoundError, Refusals
from udi.portal.installation.actions import request_act, request_archive
from udi.portal.installation.alerts import (
    OperatorAlert,
    check_archiver,
    check_worker,
)
from udi.portal.installation.archives import (
    ARCHIVE_RETENTION,
    find_archive,
    read_progress,
)
from udi.portal.installation.figures import SpaceFigures
from udi.portal.installation.models import InstallationUnit, OperatorAct
from udi.portal.installation.queries import (
    RequestEntry,
    TerritoryStatus,
    find_heartbeat,
    get_status,
    list_requests,
)
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.site import render

TERRITORY = "/installation/territories/{slug:str}"
LIMITS = f"{TERRITORY}/spaces/{{space:str}}"
GIGABYTE = 10**9
MOST = 1_000_000
"""Of a limit; of the storage, in gigabytes."""
REFRESH_SECONDS = 3
SLOW_REFRESH_SECONDS = 60
"""Where only an archive is waited for, which may take hours, or what does it does not run."""
SIMPLE_ACTS = {
    OperatorAct.SUSPEND,
    OperatorAct.RESUME,
    OperatorAct.SYNC,
    OperatorAct.RETRY,
    OperatorAct.GATHER,
    OperatorAct.FILES,
    OperatorAct.ARCHIVE,
}
ACT_NAMES = {
    OperatorAct.SUSPEND: "Suspend",
    OperatorAct.RESUME: "Resume",
    OperatorAct.SYNC: "Read memberships from Keycloak",
    OperatorAct.RETRY: "Do the failed jobs again",
    OperatorAct.LIMITS: "Change the limits of a producer",
    OperatorAct.GATHER: "Gather the figures",
    OperatorAct.FILES: "Collect its files",
    OperatorAct.ARCHIVE: "Create a full archive",
    OperatorAct.LOGIN: "Change a way to log in",
    OperatorAct.START: "Start the territory",
}
LIMIT_NAMES = ("requests_per_minute", "jobs_at_once", "uploads_at_once")
Operator = Member
InstallationSession = Session


@dataclass(frozen=True)
class WaitingRequests:
    """What was asked for a territory and is not done yet, by who does it, and whether they run."""

    entries: Sequence[RequestEntry]
    has_worker: bool
    has_archiver: bool

    @property
    def refresh_seconds(self) -> int | None:
        """After how long the page is asked for again by itself; None where nothing waits."""
        acts = {entry.request.act for entry in self.entries if entry.is_waiting}
        if not acts:
            return None
        if acts == {OperatorAct.ARCHIVE} or not self.is_under_way:
            return SLOW_REFRESH_SECONDS
        return REFRESH_SECONDS

    @property
    def is_under_way(self) -> bool:
        """Whether somebody does any of it."""
        return any(self.is_done_now(entry) for entry in self.entries)

    def is_done_now(self, entry: RequestEntry) -> bool:
        """Whether what does this request runs."""
        if not entry.is_waiting:
            return False
        if entry.request.act == OperatorAct.ARCHIVE:
            return self.has_archiver
        return self.has_worker


def territory_path(slug: str) -> str:
    """The page of a territory."""
    return TERRITORY.replace("{slug:str}", slug)


@get(TERRITORY)
async def show_territory(
    request: AnyRequest,
    operator: Operator,
    installation_session: InstallationSession,
    slug: FromPath[str],
) -> Response[str]:
    """How a territory stands; while something is being done to it, the page is asked for again by itself."""
    status = await get_status(installation_session, slug)
    entries = await list_requests(installation_session, status)
    worker_alerts: list[OperatorAlert] = []
    if status.gathered_at is not None:
        worker_alerts = check_worker(status.gathered_at, now())
    archiver_at = await find_heartbeat(installation_session, InstallationUnit.ARCHIVER)
    archiver_alerts = check_archiver(archiver_at, now())
    waiting = WaitingRequests(
        entries, has_worker=not worker_alerts, has_archiver=not archiver_alerts
    )
    response = render(
        request,
        "installation/territory.html",
        operator=operator,
        territory_status=status,
        figures=status.figures,
        entries=entries,
        alerts=[*worker_alerts, *archiver_alerts, *status.alerts],
        waiting=waiting,
        act_names=ACT_NAMES,
        read_progress=read_progress,
        find_archive=find_archive,
        retention=ARCHIVE_RETENTION.days,
        page_path=territory_path(slug),
    )
    if waiting.refresh_seconds is not None:
        response.headers["Refresh"] = str(waiting.refresh_seconds)
    return response


@post(f"{TERRITORY}/{{act:str}}", guards=[require_confirmation()])
async def ask_for_act(
    operator: Operator,
    installation_session: InstallationSession,
    slug: FromPath[str],
    act: FromPath[str],
) -> Response[Any]:
    """Ask the worker of the installation to suspend, resume, synchronise, retry, gather, or collect what a territory has."""
    if act not in SIMPLE_ACTS:
        raise NotFoundError
    status = await get_status(installation_session, slug)
    if act == OperatorAct.ARCHIVE:
        await request_archive(installation_session, operator, status)
    else:
        await request_act(installation_session, operator, status, OperatorAct(act))
    return Redirect(territory_path(slug), status_code=303)


@get(LIMITS)
async def show_limits(
    request: AnyRequest,
    operator: Operator,  # noqa: ARG001 - its provider refuses everybody else
    installation_session: InstallationSession,
    slug: FromPath[str],
    space: FromPath[str],
) -> Response[str]:
    """What a producer may use of the hosted node, to be changed."""
    status = await get_status(installation_session, slug)
    return _render_limits(request, status, _get_space(status, space))


@post(LIMITS, guards=[require_confirmation()])
async def change_limits(
    request: AnyRequest,
    operator: Operator,
    installation_session: InstallationSession,
    slug: FromPath[str],
    space: FromPath[str],
) -> Response[Any]:
    """Ask the worker of the installation to change the limits of a producer."""
    status = await get_status(installation_session, slug)
    current_space = _get_space(status, space)
    form = await request.form()
    values = {
        name: str(form.get(name, "")).strip() for name in ("storage", *LIMIT_NAMES)
    }
    try:
        limits = read_limits(values)
    except InvalidError as error:
        return _render_limits(request, status, current_space, error, values)
    await request_act(
        installation_session,
        operator,
        status,
        OperatorAct.LIMITS,
        space=current_space.slug,
        **limits,
    )
    return Redirect(territory_path(slug), status_code=303)


def read_limits(values: dict[str, str]) -> dict[str, int]:
    """The limits of a form, as `set_limits` of the node takes them: 0 brings back the installation's.

    Raises:
        InvalidError: some are no numbers, or out of bounds.
    """
    refusals = Refusals()
    limits = {}
    for name, value in values.items():
        least = 1 if name == "storage" else 0
        number = _read_number(value or ("" if name == "storage" else "0"))
        if number is None or not least <= number <= MOST:
            refusals.refuse(
                name,
                "This is not a whole number between %(least)s and %(most)s.",
                values={"least": least, "most": MOST},
            )
        elif name == "storage":
            limits["quota_bytes"] = number * GIGABYTE
        else:
            limits[name] = number
    refusals.check()
    return limits


def _read_number(value: str) -> int | None:
    if value.isascii() and value.isdigit() and len(value) <= len(str(MOST)):
        return int(value)
    return None


def _get_space(status: TerritoryStatus, slug: str) -> SpaceFigures:
    spaces = status.figures.spaces if status.figures else ()
    for space in spaces:
        if space.slug == slug:
            return space
    raise NotFoundError("No producer has this short name.")


def _render_limits(
    request: AnyRequest,
    status: TerritoryStatus,
    space: SpaceFigures,
    error: InvalidError | None = None,
    values: dict[str, str] | None = None,
) -> Response[str]:
    current = {
        "storage": str(space.quota_bytes // GIGABYTE),
        **{name: str(getattr(space, name) or "") for name in LIMIT_NAMES},
    }
    return render(
        request,
        "installation/limits.html",
        status=422 if error else 200,
        territory_status=status,
        space=space,
        values=values or current,
        errors=form_errors(request, error),
        page_path=territory_path(status.tenant.slug),
    )


routes: Routes = [
    show_territory,
    ask_for_act,
    show_limits,
    change_limits,
]
