"""The chart and the map of a table as files: the same questions as the page of the data, under the same right."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.errors import NotFoundError
from udi.node.datasets.pages.explore.charts import answer_chart
from udi.node.datasets.pages.explore.drawn_views import has_places, read_drawn_map
from udi.node.datasets.pages.explore.picture_responses import (
    answer_picture,
    request_picture,
)
from udi.node.datasets.pages.messages import PageRequest
from udi.ui.dependencies import CurrentTerritory, Routes, Visitor
from udi.ui.site import render

ADDRESS = "/datasets/{dataset_id:uuid}"
ADDRESSES = (ADDRESS, f"{ADDRESS}/tables/{{table_name:str}}")
"""Of the main table of a dataset, and of another one."""
KINDS = ("svg", "png")


@get([f"{path}/chart.{kind}" for path in ADDRESSES for kind in KINDS])
async def show_chart_picture(
    request: PageRequest,
    territory: CurrentTerritory,
    actor: Visitor,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """The chart of a table, in the reader's language; what the address says is that of the page of the data."""
    table_request, context = await request_picture(
        request, territory, actor, dataset_id
    )
    answer = await answer_chart(context)
    if answer.view is None:
        raise NotFoundError("No column of this table makes a chart.")
    page = render(
        request, "datasets/explore/picture.html", view=answer.view, table=context.table
    )
    return await answer_picture(table_request, actor, page.content)


@get([f"{path}/map.{kind}" for path in ADDRESSES for kind in KINDS])
async def show_map_picture(
    request: PageRequest,
    territory: CurrentTerritory,
    actor: Visitor,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """The map of a table, of its places or by area, in the reader's language."""
    table_request, context = await request_picture(
        request, territory, actor, dataset_id
    )
    if not has_places(context.table, territory):
        raise NotFoundError("This table has no such view.")
    values = await read_drawn_map(context)
    if values["drawing"] is None and values["area_map"] is None:
        raise NotFoundError("This table has no such view.")
    page = render(
        request, "datasets/explore/map-picture.html", table=context.table, **values
    )
    return await answer_picture(table_request, actor, page.content)


routes: Routes = [show_chart_picture, show_map_picture]
