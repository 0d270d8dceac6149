"""What the pictures of a table have in common: who may see them, what they are asked with, and the files that they are."""

import re
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.file_names import content_disposition
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.default_view import explored_columns
from udi.node.datasets.pages.explore.query_words import read_explore_query
from udi.node.datasets.pages.explore.versions import find_explored_table
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.datasets.pages.messages import PageRequest, locale_of
from udi.node.files.restricted import RestrictedError
from udi.node.tables.addresses import TableAddresses
from udi.node.tables.requests import TableRequest, open_table, request_table
from udi.tabular.queries.query_string import parse_parameters
from udi.tabular.queries.table import DatasetTable
from udi.ui.picture_files import PICTURES
from udi.ui.site import site_of

COST = 5
PNG_COST = 20
"""What a picture counts of a reader's budget, in pages of rows of the API."""
WIDTH = 800
"""Pixels of CSS of every picture."""
SEALED = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
SHARED_CACHE = "public, max-age=300"
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML 1.0 cannot hold (2.2), and cells of a table may."""
PNG = ".png"


def is_png(request: PageRequest) -> bool:
    """Whether the address is that of a PNG."""
    return request.url.path.endswith(PNG)


async def request_picture(
    request: PageRequest, territory: Territory, actor: Actor | None, dataset_id: UUID
) -> tuple[TableRequest, ExploreContext]:
    """The table and the view that a picture is asked of, once it is known that this reader may see it.

    Raises:
        RestrictedError, NotGrantedError: the table is restricted, and no agreement lets this through.
        TooManyRequestsError: this reader asked too much.
    """
    table_name = str(request.path_params.get("table_name", ""))

    async def find_table(session: AsyncSession) -> DatasetTable:
        table, _ = await find_explored_table(
            request, session, actor, dataset_id, table_name
        )
        return table

    cost = PNG_COST if is_png(request) else COST
    table_request = await request_table(
        request, territory, actor, dataset_id, find_table, cost=cost
    )
    if table_request.table.is_restricted:
        raise RestrictedError(dataset_id)
    await open_table(table_request, territory)
    table = table_request.table
    query = await table_request.parse_query(
        partial(
            read_explore_query,
            parse_parameters(table_request.query_string),
            explored_columns(table, territory),
        )
    )
    context = ExploreContext(
        request=request,
        territory=territory,
        dataset_id=dataset_id,
        table=table,
        query=query,
        locale=locale_of(request),
        path=TableAddresses.of(dataset_id, table).page,
    )
    return table_request, context


async def answer_picture(
    table_request: TableRequest, actor: Actor | None, text: str
) -> Response[bytes]:
    """A drawing as the file that the address asks for: SVG, or PNG of twice as many pixels.

    Raises:
        UnavailableError: no PNG can be made of it now.
    """
    request = table_request.request
    table = table_request.table
    content = encode_picture(text)
    media_type = "image/svg+xml"
    extension = ".svg"
    if is_png(request):
        pictures = site_of(request).services[PICTURES]
        content = await pictures.draw_png(content.decode(), WIDTH)
        media_type = "image/png"
        extension = PNG
    await table_request.charge_bytes(len(content))
    is_cacheable = table.is_open and actor is None and table_request.passage is None
    headers: dict[str, Any] = {
        "Content-Disposition": content_disposition(f"{table.name}{extension}"),
        "Content-Security-Policy": SEALED,
        "Cache-Control": SHARED_CACHE if is_cacheable else "private, no-store",
        "Vary": "Accept-Language, Cookie, Authorization",
    }
    return Response(content, media_type=media_type, headers=headers)


def encode_picture(text: str) -> bytes:
    """A picture without the characters that XML cannot hold."""
    return FORBIDDEN.sub("", text).encode()
