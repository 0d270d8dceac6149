"""Every territory of the installation on a page and as CSV: what is to be settled first, then figures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery

from udi.kit.clock import now
from udi.kit.csv_writer import write_csv
from udi.kit.paging import Page, page_number
from udi.portal.installation.alerts import (
    OperatorAlert,
    list_installation_alerts,
    sort_alerts,
)
from udi.portal.installation.models import InstallationUnit
from udi.portal.installation.queries import (
    SORT_KEYS,
    TerritoryStatus,
    filter_status,
    find_heartbeat,
    list_status,
)
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.downloads import csv_response
from udi.ui.locale import localise
from udi.ui.site import render, site_of

PATH = "/installation"
CSV_PATH = "/installation/territories.csv"
PAGE_SIZE = 100
STATES = (
    ("", "All"),
    ("alert", "To settle"),
    ("active", "Online"),
    ("read_only", "Read only"),
    ("suspended", "Suspended"),
)
ASCENDING_FIRST = {"name", "state", "certificate_days"}
"""Columns whose first click puts the smallest first."""
FIGURES = (
    "people",
    "team",
    "datasets",
    "files",
    "stored_bytes",
    "quota_bytes",
    "downloads",
    "api_calls",
    "bytes_sent",
    "gigabyte_days",
    "job_seconds",
    "waiting_jobs",
    "failed_jobs",
    "refused_addresses",
    "share",
    "certificate_days",
    "backup_at",
    "drill_at",
    "version",
)
"""Figures of the CSV, under these names."""
InstallationSession = Session


@dataclass(frozen=True)
class TerritoryList:
    """The query of a list: words, state and order."""

    words: str
    state: str
    column: str
    is_descending: bool

    def select(self, statuses: Sequence[TerritoryStatus]) -> list[TerritoryStatus]:
        """The territories that are asked for, in the order that is asked for."""
        return sorted(
            filter_status(statuses, self.words, self.state),
            key=SORT_KEYS[self.column],
            reverse=self.is_descending,
        )

    def state_of(self, column: str) -> str:
        """The value of `aria-sort` of a column, empty where the table is not sorted by it."""
        if column != self.column:
            return ""
        return "descending" if self.is_descending else "ascending"

    def address(self, column: str) -> str:
        """Where a click on the head of a column leads: to its order, or the other way round."""
        if column == self.column:
            is_descending = not self.is_descending
        else:
            is_descending = column not in ASCENDING_FIRST
        return self._address(PATH, column, is_descending=is_descending)

    @property
    def csv_url(self) -> str:
        """The same list as CSV."""
        return self._address(CSV_PATH, self.column, is_descending=self.is_descending)

    def page_address(self, number: int) -> str:
        """Another page of the list."""
        address = self._address(PATH, self.column, is_descending=self.is_descending)
        return f"{address}&page={number}"

    def _address(self, path: str, column: str, *, is_descending: bool) -> str:
        query = {
            "q": self.words,
            "show": self.state,
            "sort": column,
            "order": "desc" if is_descending else "asc",
        }
        return f"{path}?{urlencode(query)}"


def read_list(words: str, state: str, sort: str, order: str) -> TerritoryList:
    """The list of an address; by name where it asks for no order that there is."""
    if state not in {value for value, _ in STATES}:
        state = ""
    if sort not in SORT_KEYS:
        return TerritoryList(words, state, "name", is_descending=False)
    return TerritoryList(words, state, sort, is_descending=order == "desc")


@get(PATH)
async def show_installation(
    request: AnyRequest,
    operator: Member,
    installation_session: InstallationSession,
    q: FromQuery[str] = "",
    show: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    order: FromQuery[str] = "",
    page: FromQuery[str] = "1",
) -> Response[str]:
    """Every territory; `q` and `show` filter, `sort` and `order` (`asc`, `desc`) sort."""
    statuses = await list_status(installation_session)
    selection = read_list(q, show, sort, order)
    rows = selection.select(statuses)
    number = page_number(page, last=max(1, -(-len(rows) // PAGE_SIZE)))
    start = (number - 1) * PAGE_SIZE
    return render(
        request,
        "installation/list.html",
        operator=operator,
        totals=sum_up(statuses),
        alerts=list_all_alerts(
            statuses,
            await find_heartbeat(installation_session, InstallationUnit.ARCHIVER),
        ),
        selection=selection,
        states=STATES,
        listing=Page(rows[start : start + PAGE_SIZE], len(rows), number, PAGE_SIZE),
        names={status.tenant.slug: status.tenant.name for status in statuses},
    )


@get(CSV_PATH)
async def export_territories(
    request: AnyRequest,
    operator: Member,  # noqa: ARG001 - its provider refuses everybody else
    installation_session: InstallationSession,
    q: FromQuery[str] = "",
    show: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    order: FromQuery[str] = "",
) -> Response[bytes]:
    """The same list as CSV, whole, with every figure."""
    rows = read_list(q, show, sort, order).select(
        await list_status(installation_session)
    )
    locale: str = request.scope["state"]["locale"]
    header = ["territory", "name", "host", "state", *FIGURES, "gathered_at"]
    say = site_of(request).pages.translator(request)
    content = write_csv(header, [_row(status, locale, say) for status in rows], locale)
    return csv_response(content, "territories.csv")


def _row(
    status: TerritoryStatus, locale: str, say: Callable[[str], str]
) -> Sequence[object]:
    figures = [getattr(status.figures, name, "") for name in FIGURES]
    return [
        status.tenant.slug,
        localise(status.tenant.name, locale),
        status.host,
        say(_state_words(status)),
        *(_cell(value) for value in figures),
        _cell(status.gathered_at),
    ]


def _state_words(status: TerritoryStatus) -> str:
    if status.is_read_only:
        return "Read only"
    return "Suspended" if status.is_suspended else "Online"


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value


@dataclass(frozen=True)
class InstallationTotals:
    """All territories together, and when their figures were gathered last."""

    territories: int
    online: int
    people: int
    datasets: int
    stored_bytes: int
    quota_bytes: int
    version: str
    backup_at: datetime | None
    drill_at: datetime | None
    gathered_at: datetime | None


def sum_up(statuses: Sequence[TerritoryStatus]) -> InstallationTotals:
    """The figures of all territories together."""
    figures = [status.figures for status in statuses if status.figures]
    gathered = [status.gathered_at for status in statuses if status.gathered_at]
    return InstallationTotals(
        territories=len(statuses),
        online=sum(not status.is_suspended for status in statuses),
        people=sum(territory_figures.people for territory_figures in figures),
        datasets=sum(territory_figures.datasets for territory_figures in figures),
        stored_bytes=sum(
            territory_figures.stored_bytes for territory_figures in figures
        ),
        quota_bytes=sum(territory_figures.quota_bytes for territory_figures in figures),
        version=max(
            (territory_figures.version for territory_figures in figures), default=""
        ),
        backup_at=max(
            (
                territory_figures.backup_at
                for territory_figures in figures
                if territory_figures.backup_at
            ),
            default=None,
        ),
        drill_at=max(
            (
                territory_figures.drill_at
                for territory_figures in figures
                if territory_figures.drill_at
            ),
            default=None,
        ),
        gathered_at=max(gathered, default=None),
    )


def list_all_alerts(
    statuses: Sequence[TerritoryStatus], archiver_at: datetime | None
) -> list[OperatorAlert]:
    """What is to be settled: of the installation, then of each territory; the worst first."""
    if not statuses:
        return []
    totals = sum_up(statuses)
    of_all = list_installation_alerts(
        totals.backup_at, totals.drill_at, totals.gathered_at, archiver_at, now()
    )
    of_each = [alert for status in statuses for alert in status.alerts]
    return sort_alerts([*of_all, *of_each])


routes: Routes = [show_installation, export_territories]
