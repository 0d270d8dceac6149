"""The overview of the territory for its team: what waits, then figures, each with its table and its CSV."""

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from udi.kit.clock import today
from udi.kit.csv_writer import write_csv
from udi.kit.errors import NotFoundError
from udi.portal.identity.inbox import InboxRole, count, list_inbox
from udi.portal.identity.inbox_pages import INBOX_PATH
from udi.portal.organisations.team.queries import require_team_member
from udi.portal.territory.assessments import ASSESSMENTS
from udi.portal.territory.figures.drawings import HEIGHT, draw_stock, draw_usage
from udi.portal.territory.figures.tables import CSV_TABLES, TABLES
from udi.portal.territory.figures.territory_figures import (
    TerritoryFigures,
    gather_figures,
)
from udi.portal.territory.figures.usage import PERIODS
from udi.protocol.quality_wording import BAR_NAMES
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.downloads import csv_response
from udi.ui.forms import read_number
from udi.ui.site import render, site_of

PATH = "/territory"
CSV_PATH = "/territory/figures/{name:str}"
CSV = ".csv"
MOST_LISTED = 10
"""Rows that a picture shows; the table below it has them all."""


@get(PATH)
async def show_overview(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    period: FromQuery[str] = "",
) -> Response[str]:
    """What waits for the team, and the figures of its territory; `period` is the days of uses (30, 90 or 365)."""
    await require_team_member(session, member)
    services = site_of(request).services
    items = await list_inbox(services, session, member)
    of_team = [item for item in items if item.role == InboxRole.TEAM]
    days = read_period(period)
    figures = await gather_figures(
        session, services[ASSESSMENTS], territory.zone, days=days
    )
    say = site_of(request).pages.translator(request)
    locale: str = request.scope["state"]["locale"]
    return render(
        request,
        "territory/overview.html",
        waiting=count(of_team, today(territory.zone)),
        inbox_url=f"{INBOX_PATH}?role={InboxRole.TEAM}",
        figures=figures,
        has_stock=any(line.datasets for line in figures.stock),
        bar_names=BAR_NAMES,
        weak_tones=_mark_weakest(figures),
        most_high_value=max(line.datasets for line in figures.high_value),
        tables={name: write(figures, say, locale) for name, write in TABLES.items()},
        stock_drawing=draw_stock(figures.stock, locale),
        stock_height=HEIGHT,
        usage_drawing=draw_usage(figures.usage, locale),
        days=days,
        periods=PERIODS,
        period_query=f"?period={days}",
        most=MOST_LISTED,
    )


def read_period(text: str) -> int:
    """The days of an address; the shortest period where it names none that there is."""
    days = read_number(text)
    return days if days in PERIODS else PERIODS[0]


def _mark_weakest(figures: TerritoryFigures) -> dict[int, str]:
    """The tone of the weakest bar, by its place."""
    return {
        place: "warn"
        for place, line in enumerate(figures.quality)
        if line == figures.weakest
    }


@get(CSV_PATH)
async def export_figure(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    name: FromPath[str],
    period: FromQuery[str] = "",
) -> Response[bytes]:
    """The table of one figure; its address ends with `.csv`."""
    await require_team_member(session, member)
    write = CSV_TABLES.get(name.removesuffix(CSV))
    if write is None or not name.endswith(CSV):
        raise NotFoundError("No figure has this address.")
    assessments = site_of(request).services[ASSESSMENTS]
    figures = await gather_figures(
        session, assessments, territory.zone, days=read_period(period)
    )
    say = site_of(request).pages.translator(request)
    locale: str = request.scope["state"]["locale"]
    table = write(figures, say, locale)
    return csv_response(write_csv(table.header, table.rows, locale), name)


routes: Routes = [show_overview, export_figure]
