"""Figures on requests about one's own data: for the team on a page, for everybody as JSON and CSV."""

from typing import Any

from litestar import Response, get

from udi.kit.csv_writer import write_csv
from udi.portal.organisations.team.queries import require_team_member
from udi.portal.selfdata.forms import RIGHT_NAMES
from udi.portal.selfdata.punctuality.queries import (
    list_late_producers,
    list_punctuality,
    list_request_figures,
)
from udi.portal.selfdata.requests.pages import STATE_NAMES
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.downloads import csv_response
from udi.ui.site import render, site_of

TEAM_PATH = "/territory/subject-requests"
CSV_PATH = "/my-data/punctuality.csv"


@get(TEAM_PATH)
async def show_team_figures(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """Where requests stand, in groups; producers that are late; how punctual each is."""
    await require_team_member(session, member)
    return render(
        request,
        "selfdata/team-figures.html",
        figures=await list_request_figures(session),
        late_producers=await list_late_producers(session),
        punctuality=await list_punctuality(session),
        right_names=RIGHT_NAMES,
        state_names=STATE_NAMES,
        csv_url=CSV_PATH,
    )


@get(CSV_PATH)
async def export_punctuality(request: AnyRequest, session: Session) -> Response[Any]:
    """How punctually each producer answers, as open data."""
    say = site_of(request).pages.translator(request)
    header = [
        say("Producer"),
        say("Requests counted"),
        say("Answered in time"),
        say("In time, after two months more"),
        say("Late"),
        say("Published"),
    ]
    rows = [
        [
            organisation.name,
            figure.received,
            figure.on_time,
            figure.extended,
            figure.late,
            figure.published_on.isoformat(),
        ]
        for organisation, figure in await list_punctuality(session)
    ]
    locale: str = request.scope["state"]["locale"]
    return csv_response(write_csv(header, rows, locale), "punctuality.csv")


routes: Routes = [show_team_figures, export_punctuality]
