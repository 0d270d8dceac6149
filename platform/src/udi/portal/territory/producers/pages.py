"""The table of producers on a page and as CSV, for the territory's team."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now, today
from udi.kit.csv_writer import write_csv
from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.organisations.team.queries import require_team_member
from udi.portal.territory.assessments import ASSESSMENTS
from udi.portal.territory.producers.queries import (
    SORT_KEYS,
    ProducerStatus,
    list_producer_status,
    sort_producers,
)
from udi.portal.territory.producers.reminders import (
    PAUSE,
    list_last_reminders,
    remind_producer,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.downloads import csv_response
from udi.ui.site import render, site_of

PATH = "/territory/producers"
CSV_PATH = "/territory/producers.csv"
DESCENDING_FIRST = {"datasets", "late", "last"}
"""Columns whose first click puts the largest first."""
KIND_NAMES = {
    "public_body": "A public body",
    "research": "A research body",
    "association": "An association",
    "company": "A company",
}


@dataclass(frozen=True)
class ProducerOrder:
    """The column that a table is sorted by, and which way."""

    column: str
    is_descending: bool

    def state_of(self, column: str) -> str:
        """The value of `aria-sort` of a column, empty where the table is not sorted by it."""
        if column != self.column:
            return ""
        return "descending" if self.is_descending else "ascending"

    def address(self, path: str, column: str) -> str:
        """Where a click on the head of a column leads: to its order, or the other way round."""
        if column == self.column:
            is_descending = not self.is_descending
        else:
            is_descending = column in DESCENDING_FIRST
        return f"{path}?sort={column}&order={'desc' if is_descending else 'asc'}"

    @property
    def query(self) -> str:
        """The query of an address that asks for this order."""
        return f"sort={self.column}&order={'desc' if self.is_descending else 'asc'}"


def read_order(sort: str, order: str) -> ProducerOrder:
    """The order of an address; by name where it asks for none that there is."""
    if sort not in SORT_KEYS:
        return ProducerOrder("name", is_descending=False)
    return ProducerOrder(sort, is_descending=order == "desc")


@get(PATH)
async def show_producers(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    sort: FromQuery[str] = "",
    order: FromQuery[str] = "",
) -> Response[str]:
    """Every producer; `sort` and `order` (`asc`, `desc`) say how."""
    await require_team_member(session, member)
    sort_order = read_order(sort, order)
    return render(
        request,
        "territory/producers.html",
        producers=await _list_sorted(request, session, territory, sort_order),
        order=sort_order,
        kind_names=KIND_NAMES,
        reminders=await list_last_reminders(session),
        remind_after=now() - PAUSE,
        path=PATH,
        csv_url=f"{CSV_PATH}?{sort_order.query}",
    )


@get(CSV_PATH)
async def export_producers(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    sort: FromQuery[str] = "",
    order: FromQuery[str] = "",
) -> Response[bytes]:
    """The same table as CSV."""
    await require_team_member(session, member)
    producers = await _list_sorted(request, session, territory, read_order(sort, order))
    say = site_of(request).pages.translator(request)
    header = [
        say("Producer"),
        say("Type"),
        say("Node"),
        say("Datasets"),
        say("Late datasets"),
        say("Last publication (UTC)"),
        say("Mail address"),
        say("People"),
    ]
    rows = [_row(status, say) for status in producers]
    locale: str = request.scope["state"]["locale"]
    return csv_response(write_csv(header, rows, locale), "producers.csv")


@post(f"{PATH}/{{slug:str}}/reminder", status_code=303)
async def submit_reminder(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    slug: FromPath[str],
) -> Redirect:
    """Send a producer a mail about its late datasets."""
    await require_team_member(session, member)
    producers = await _list_sorted(request, session, territory, read_order("", ""))
    for status in producers:
        if status.organisation.slug == slug:
            await remind_producer(session, member, status)
            return Redirect(PATH, status_code=303)
    raise NotFoundError("No producer has this name.")


def _row(status: ProducerStatus, say: Callable[[str], str]) -> Sequence[object]:
    organisation = status.organisation
    last = status.last_published_at
    return (
        organisation.name,
        say(KIND_NAMES.get(organisation.kind, "")),
        ", ".join(node.name for node in status.nodes),
        status.datasets,
        status.late,
        last.isoformat(timespec="seconds") if last else "",
        organisation.email,
        status.people,
    )


async def _list_sorted(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    order: ProducerOrder,
) -> list[ProducerStatus]:
    zone = ZoneInfo(territory.time_zone)
    datasets = await site_of(request).services[ASSESSMENTS].list_datasets(session)
    producers = await list_producer_status(session, datasets, today(zone), zone)
    return sort_producers(producers, order.column, descending=order.is_descending)


routes: Routes = [
    show_producers,
    export_producers,
    submit_reminder,
]
