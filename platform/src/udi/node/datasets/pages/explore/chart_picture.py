"""The picture of a chart as a file: the same question as the page of the data, under the same right."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.file_names import content_disposition
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.charts import answer_chart
from udi.node.datasets.pages.explore.page import localise_table
from udi.node.datasets.pages.explore.query_words import (
    ExploredColumns,
    read_explore_query,
)
from udi.node.datasets.pages.explore.versions import find_own_version
from udi.node.datasets.pages.explore.view_registry import list_offered
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.datasets.pages.messages import PageRequest, locale_of
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.files.restricted import RestrictedError
from udi.node.tables.requests import open_table, request_table
from udi.tabular.queries.query_string import parse_parameters
from udi.tabular.queries.table import DatasetTable
from udi.ui.site import render, site_of

COST = 5
SEALED = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
KEPT = "public, max-age=300"
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML 1.0 cannot hold (2.2), and cells of a table may."""


@get("/datasets/{dataset_id:uuid}/chart.svg")
async def show_picture(
    request: PageRequest,
    territory: NamedDependency[Territory],
    actor: NamedDependency[Actor | None],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """The chart of a table as SVG, in the reader's language; what the address says is that of the page of the data."""

    async def find_table(session: AsyncSession) -> DatasetTable:
        tables = site_of(request).services[DATASET_TABLES]
        number = request.query_params.get("version")
        version = await find_own_version(session, actor, dataset_id, number)
        if version is None:
            table = await tables(session, actor, dataset_id, let=True)
        else:
            table = await tables.of_version(version)
        return localise_table(request, table)

    table_request = await request_table(
        request, territory, actor, dataset_id, find_table, cost=COST
    )
    if table_request.table.is_restricted:
        raise RestrictedError(dataset_id)
    await open_table(table_request, territory)
    table = table_request.table
    columns = ExploredColumns(
        table.columns, table.hidden, list_offered(table, territory)
    )
    query = await table_request.parse_query(
        partial(
            read_explore_query, parse_parameters(table_request.query_string), columns
        )
    )
    locale = locale_of(request)
    path = f"/datasets/{dataset_id}/data"
    answer = await answer_chart(
        ExploreContext(request, territory, dataset_id, table, query, locale, path)
    )
    if answer.view is None:
        raise NotFoundError("No column of this table makes a chart.")
    page = render(
        request, "datasets/explore/picture.html", view=answer.view, table=table
    )
    content = encode_picture(page.content)
    await table_request.charge_bytes(len(content))
    is_cacheable = table.is_open and actor is None and table_request.passage is None
    return Response(
        content,
        media_type="image/svg+xml",
        headers={
            "Content-Disposition": content_disposition(f"{table.name}.svg"),
            "Content-Security-Policy": SEALED,
            "Cache-Control": KEPT if is_cacheable else "private, no-store",
            "Vary": "Accept-Language, Cookie, Authorization",
        },
    )


def encode_picture(text: str) -> bytes:
    """A picture without the characters that XML cannot hold."""
    return FORBIDDEN.sub("", text).encode()


routes: Sequence[ControllerRouterHandler] = [show_picture]
