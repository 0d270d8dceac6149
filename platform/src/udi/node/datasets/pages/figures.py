"""Uses of a producer's datasets and what its space cost, by month; and the switch that tells the uses to everybody."""

import json
from dataclasses import asdict

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.csv_writer import write_csv
from udi.node.datasets.actions.figures import set_figures_publication
from udi.node.datasets.figures import (
    HEADER,
    HEIGHT,
    WIDTH,
    UsageFigure,
    count_by_client,
    draw_bars,
    find_figures_dataset,
    list_figures,
    sum_by_dataset,
)
from udi.node.datasets.pages.messages import PageRequest
from udi.node.spaces.costs import Month, list_costs
from udi.node.spaces.models import Space
from udi.node.spaces.queries import get_space
from udi.ui.dependencies import Member, Routes, Session
from udi.ui.downloads import csv_response
from udi.ui.site import render


@get("/spaces/{slug:str}/figures")
async def show_figures(
    request: PageRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[str]:
    """One month of uses, drawn and in tables."""
    space = await get_space(session, member, slug)
    month = requested_month(request)
    figures = await _list_month_figures(session, space, month)
    top, bars = draw_bars(figures, month.days)
    [cost] = await list_costs(session, month, space)
    return render(
        request,
        "datasets/figures.html",
        space=space,
        month=month,
        later=month.next if month.first < Month.current().first else None,
        bars=bars,
        top=top,
        drawing=(WIDTH, HEIGHT),
        totals=sum_by_dataset(figures),
        clients=count_by_client(figures),
        cost=cost,
        figures_dataset=await find_figures_dataset(session, space),
    )


@get("/spaces/{slug:str}/figures.csv")
async def export_figures(
    request: PageRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[bytes]:
    """The same as a table."""
    space = await get_space(session, member, slug)
    month = requested_month(request)
    figures = await _list_month_figures(session, space, month)
    return csv_response(
        write_csv(HEADER, (figure.row for figure in figures)),
        f"uses-{slug}-{month}.csv",
    )


@get("/spaces/{slug:str}/figures.json")
async def export_figures_json(
    request: PageRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[bytes]:
    """The same for a program, with the sheet of costs."""
    space = await get_space(session, member, slug)
    month = requested_month(request)
    uses = [
        dict(zip(HEADER, figure.row, strict=True))
        for figure in await _list_month_figures(session, space, month)
    ]
    [cost] = await list_costs(session, month, space)
    body = json.dumps(
        {"month": str(month), "uses": uses, "costs": asdict(cost)}, ensure_ascii=False
    ).encode()
    return Response(
        body, media_type="application/json", headers={"Cache-Control": "no-store"}
    )


@post("/spaces/{slug:str}/figures/publication")
async def switch_publication(
    request: PageRequest, session: Session, member: Member, slug: FromPath[str]
) -> Redirect:
    """Tell everybody the uses, or stop."""
    space = await get_space(session, member, slug, lock=True)
    await set_figures_publication(
        session, space, on=(await request.form()).get("on") == "1"
    )
    return Redirect(f"/spaces/{slug}/figures", status_code=303)


async def _list_month_figures(
    session: AsyncSession, space: Space, month: Month
) -> list[UsageFigure]:
    return await list_figures(session, space, month.first, month.next.first)


def requested_month(request: PageRequest) -> Month:
    """The month of the address, or this one when it names none."""
    try:
        return Month.read(request.query_params.get("month", ""))
    except (ValueError, OverflowError):
        return Month.current()


routes: Routes = [
    show_figures,
    export_figures,
    export_figures_json,
    switch_publication,
]
