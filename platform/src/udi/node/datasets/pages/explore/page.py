"""The page of the data: read by everybody once it is published, by its producer before, by a project as its agreement says."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi import __version__
from udi.kit.errors import InvalidError, NotFoundError, Refusal
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Version
from udi.node.datasets.pages.explore.controls import list_controls
from udi.node.datasets.pages.explore.default_view import (
    asks_nothing,
    explored_columns,
    read_default_view,
)
from udi.node.datasets.pages.explore.explore_query import (
    CARDS,
    GROUP,
    ROW,
    ExploreQuery,
    join_query,
)
from udi.node.datasets.pages.explore.forms import FilterForm, read_forms
from udi.node.datasets.pages.explore.query_words import (
    ExploredColumns,
    find_refusal,
    read_explore_query,
)
from udi.node.datasets.pages.explore.sharing import file_address, share_view
from udi.node.datasets.pages.explore.versions import (
    OpenFiles,
    find_explored_table,
    list_open_files,
)
from udi.node.datasets.pages.explore.view_choice import list_view_choices
from udi.node.datasets.pages.explore.view_registry import VIEWS
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.datasets.pages.messages import PageRequest, locale_of
from udi.node.datasets.versions.table_list import list_tables_of
from udi.node.datasets.versions.table_places import TablePlace
from udi.node.files.restricted import RestrictedError
from udi.node.tables.addresses import TableAddresses
from udi.node.tables.requests import TableRequest, open_table, request_table
from udi.protocol.licences import LICENCES
from udi.tabular.exports.exports import FORMATS, formats_of
from udi.tabular.overviews.overview import READY_ROWS, SHOWING
from udi.tabular.profiles.repairs import Repair
from udi.tabular.queries.pool import QueryTooHeavyError
from udi.tabular.queries.query_string import parse_parameters
from udi.tabular.queries.table import DatasetTable
from udi.ui.locale import localise
from udi.ui.middleware import content_security_policy, list_form_targets
from udi.ui.site import render, site_of

COST = 5
"""What a page counts of a reader's budget, in pages of rows of the API."""
FRAGMENT = "X-Fragment"
REGION = "explore"
"""The header, and its value, of a script that asks for the region of the page that changes."""
VARY = f"Accept-Language, Cookie, {FRAGMENT}"
FILES = {
    "csv": "CSV",
    "xlsx": "XLSX",
    "parquet": "Parquet",
    "arrow": "Arrow",
    "json": "JSON",
    "geojson": "GeoJSON",
    "pmtiles": "PMTiles",
}
"""What people take away, in the order of how many can open it."""
WITHOUT_FIGURES = frozenset({CARDS, GROUP, ROW})
"""Views that show nothing of what is prepared beside a table."""
WHOLE_ONLY = frozenset({"pmtiles"})
"""What is made of whole tables alone."""


@get("/datasets/{dataset_id:uuid}/data")
async def show_data(
    request: PageRequest,
    territory: NamedDependency[Territory],
    actor: NamedDependency[Actor | None],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """A table as its address says: rows, groups, one row or column, a chart, a map; `version` is for its producer.

    Of an open archive without a main table, it leads to its first table.
    The database is let go before the table is read. Restricted data are described here, and read at the page of an
    agreement.
    """
    try:
        table_request, version = await _request_explored(
            request, territory, actor, dataset_id
        )
    except NotFoundError:
        if "version" in request.query_params:
            raise
        listed = await list_open_files(request, territory, dataset_id, None)
        if not listed.tables or not listed.tables[0].table_name:
            raise
        return Redirect(listed.tables[0].address, status_code=303)
    if table_request.table.is_restricted:
        return _render_restricted(request, territory, dataset_id, table_request.table)
    await open_table(table_request, territory)
    return await ExplorePage(table_request, territory, actor, version).respond()


@get("/datasets/{dataset_id:uuid}/tables/{table_name:str}")
async def show_named_data(
    request: PageRequest,
    territory: NamedDependency[Territory],
    actor: NamedDependency[Actor | None],
    dataset_id: FromPath[UUID],
    table_name: FromPath[str],
) -> Response[Any]:
    """The same page of a table beside the main one; of a restricted dataset it says nothing.

    Raises:
        RestrictedError: it is restricted, whether there is such a table or not.
    """
    table_request, version = await _request_explored(
        request, territory, actor, dataset_id, table_name
    )
    if table_request.table.is_restricted:
        raise RestrictedError(dataset_id)
    await open_table(table_request, territory)
    return await ExplorePage(table_request, territory, actor, version).respond()


async def _request_explored(
    request: PageRequest,
    territory: Territory,
    actor: Actor | None,
    dataset_id: UUID,
    table_name: str = "",
) -> tuple[TableRequest, Version | None]:
    """The table of an address before it is read, and the version that is named."""
    own_version: list[Version | None] = []

    async def find_table(session: AsyncSession) -> DatasetTable:
        table, version = await find_explored_table(
            request, session, actor, dataset_id, table_name
        )
        own_version.append(version)
        return table

    table_request = await request_table(
        request, territory, actor, dataset_id, find_table, cost=COST
    )
    return table_request, own_version[0]


class ExplorePage:
    """One page about a table that the request may read."""

    def __init__(
        self,
        table_request: TableRequest,
        territory: Territory,
        actor: Actor | None,
        version: Version | None = None,
        *,
        path: str = "",
    ) -> None:
        """`path` is the address of the page, where it is not that of the dataset's data."""
        self.table_request = table_request
        self.request: PageRequest = table_request.request
        self.table = table_request.table
        self.territory = territory
        self.actor = actor
        self.version = version
        self.is_personal = bool(path)
        addresses = TableAddresses.of(table_request.dataset_id, self.table)
        self.path = path or addresses.page
        self.default_view = read_default_view(self.table, territory)
        self._is_opening = False
        """Whether the dataset's own view is shown because the address has no words."""
        self._is_given_up = False
        """Whether the table stands in for that view, which took too much."""
        self._is_moving = False
        self._has_figures = False
        """Of a longer table: before the view is read, since they may come too late for it."""

    async def respond(self) -> Response[Any]:
        """The page, the address that it has in canonical form, or the news that the reader's copy is still good.

        Raises:
            NotGrantedError: a column is named that the agreement does not open.
        """
        parameters = parse_parameters(self.table_request.query_string)
        explored = explored_columns(self.table, self.territory)
        opening = self.default_view.query
        if opening is not None and asks_nothing(parameters):
            return await self._open(replace(opening, settings=tuple(parameters)))
        names = [column.name for column in self.table.columns]
        row_parameters, form = read_forms(parameters, names)
        query = await self.table_request.parse_query(
            partial(self._read_query, row_parameters, explored)
        )
        if form is not None:
            refusal = await self.table_request.parse_query(
                partial(find_refusal, form, explored)
            )
            if refusal is not None:
                return await self._render(query, form, refusal)
            query = await self.table_request.parse_query(
                partial(self._read_query, [*row_parameters, form.parameter], explored)
            )
        if not query.refusals and list(query.pairs) != parameters:
            return Redirect(
                join_query(self.path, query.pairs),
                status_code=303,
                headers=self._headers(),
            )
        return await self._answer(query)

    async def _open(self, opening: ExploreQuery) -> Response[Any]:
        """The dataset's own view; its plain table where that view takes too much, and its publisher learns of it."""
        self._is_opening = True
        try:
            return await self._answer(opening)
        except QueryTooHeavyError as error:
            refusal = Refusal("", error.detail, error.remedy or error.advice)
        self._is_opening = False
        self._is_given_up = True
        self.default_view = replace(self.default_view, query=None, refusals=(refusal,))
        return await self._answer(
            ExploreQuery(settings=opening.settings, has_default=True)
        )

    def _read_query(
        self, parameters: Sequence[tuple[str, str]], explored: ExploredColumns
    ) -> ExploreQuery:
        """What an address says; the plain table has a word of its own where the dataset opens with another view."""
        query = read_explore_query(parameters, explored)
        return replace(query, has_default=self.default_view.query is not None)

    async def _answer(self, query: ExploreQuery) -> Response[Any]:
        """The page of a view, or the news that the reader's copy is still good."""
        self._is_moving = query.at is not None
        self._has_figures = self._find_figures(query)
        if self._is_fresh:
            return Response(None, status_code=304, headers=self._headers())
        return await self._render(query)

    async def _render(
        self,
        query: ExploreQuery,
        form: FilterForm | None = None,
        refusal: Refusal | None = None,
    ) -> Response[Any]:
        """The page; with the form of a filter that cannot be, and why."""
        view = VIEWS[query.view]
        context = ExploreContext(
            request=self.request,
            territory=self.territory,
            dataset_id=self.table_request.dataset_id,
            table=self.table,
            query=query,
            locale=locale_of(self.request),
            path=self.path,
        )
        status = InvalidError.status if refusal else 200
        try:
            values = {**await view.read(context), "too_heavy": None}
        except QueryTooHeavyError as error:
            if self._is_opening:
                raise
            values = {"too_heavy": error}
            status = error.status
        if self.table.rows <= READY_ROWS:
            self._has_figures = self._find_figures(query)
        values = {
            **list_controls(query, self.table, self.territory, self.path),
            **await self._list_surroundings(query),
            **values,
        }
        is_fragment = self.request.headers.get(FRAGMENT) == REGION
        template = "datasets/explore.html"
        if is_fragment:
            template = "datasets/explore-part.html"
        page = render(
            self.request,
            template,
            status=status,
            query=query,
            form=form or FilterForm(),
            form_refusal=refusal,
            table=self.table,
            dataset_id=self.table_request.dataset_id,
            addresses=TableAddresses.of(self.table_request.dataset_id, self.table),
            framed=False,
            page_path=self.path,
            view=view,
            **values,
        )
        page.headers.update(self._headers())
        if is_fragment:
            page.headers["Content-Location"] = join_query(self.path, query.pairs)
        await self.table_request.charge_bytes(len(page.content.encode()))
        return page

    def _list_repairs(self) -> list[Repair]:
        """What differs between the producer's file and the files to take away."""
        stored = self.table.profile.get("repairs")
        if not isinstance(stored, list):
            return []
        return [Repair.from_json(repair) for repair in stored]

    async def _list_surroundings(self, query: ExploreQuery) -> Mapping[str, Any]:
        """What stands around the view: files, versions, licence."""
        licence = LICENCES.get(self.table.licence)
        place = TablePlace.parse(self.table.table_name)
        listed = OpenFiles()
        if self.version is not None:
            listed = OpenFiles(
                tables=list_tables_of(self.version.dataset, self.version)
            )
        elif self.table.is_open or place.is_series:
            listed = await list_open_files(
                self.request,
                self.territory,
                self.table_request.dataset_id,
                place.part_id,
                is_restricted=not self.table.is_open,
            )
        is_series = (
            place.is_series and self.version is None and not listed.series.has_namesake
        )
        tables = () if is_series else listed.tables
        view_choices = await list_view_choices(
            self.request,
            self.territory,
            None if self.is_personal or not self.table.is_main else self.actor,
            self.table_request.dataset_id,
            query,
            self.default_view,
            self.version,
        )
        return {
            **view_choices,
            "version": self.version,
            "repairs": self._list_repairs(),
            "is_open": self.is_shared,
            "versions": () if place.sheet else listed.versions,
            "tables": tables if len(tables) > 1 else (),
            "series": listed.series,
            "is_series": is_series,
            "licence_name": localise(licence.name, locale_of(self.request))
            if licence
            else "",
            "files": self._list_files(query) if self.is_shared else [],
            "share": share_view(
                query,
                self.table,
                self.territory,
                self.table_request.dataset_id,
                locale_of(self.request),
            )
            if self.is_shared
            else None,
            "portal_url": f"{self.territory.links.get('portal', '')}/data",
        }

    def _list_files(self, query: ExploreQuery) -> list[tuple[str, str]]:
        """(format, address) of the files of this view; tiles are of whole tables."""
        whole = not query.api_pairs
        return [
            (name, file_address(self.table_request.dataset_id, self.table, kind, query))
            for kind, name in FILES.items()
            if kind in formats_of(self.table)
            and (whole or kind not in WHOLE_ONLY)
            and not (query.view == GROUP and FORMATS[kind].placed)
        ]

    @property
    def is_shared(self) -> bool:
        """Whether the addresses of the view work for whoever they are given to, within their rights."""
        return self.version is None and not self.is_personal

    @property
    def _etag(self) -> str:
        cache_key = (
            f"{self.table_request.etag} {self.table.title} {self.table.licence} {self.table.described}"
            f" {locale_of(self.request)} {self.request.headers.get(FRAGMENT, '')}"
            f" {__version__} {self.territory!r} {self.table.default_view}"
        )
        return f'"{hashlib.sha256(cache_key.encode()).hexdigest()[:32]}"'

    @property
    def _is_kept(self) -> bool:
        """Whether a reader may keep the page, and ask whether it is still good: not while its figures are missing."""
        return (
            self.actor is None
            and self.version is None
            and self.table_request.passage is None
            and self._has_figures
            and not self._is_given_up
        )

    @property
    def _is_fresh(self) -> bool:
        tags = self.request.headers.get("if-none-match", "")
        return self._is_kept and self._etag in tags

    @property
    def _images(self) -> list[str]:
        """The origin of the base map of the installation, on the page of the map that moves alone."""
        origin = site_of(self.request).settings.base_map_origin
        if origin and self._is_moving and not self.is_personal:
            return [origin]
        return []

    def _find_figures(self, query: ExploreQuery) -> bool:
        """Whether the figures that the view shows are there now."""
        showing = site_of(self.request).services[SHOWING]
        return query.view in WITHOUT_FIGURES or showing.is_ready(self.table)

    def _headers(self) -> dict[str, str]:
        rates = {
            name: value
            for name, value in self.table_request.headers.items()
            if name.startswith("RateLimit")
        }
        policy = content_security_policy(
            list_form_targets(self.request), scripts=True, images=self._images
        )
        headers = {**rates, "Vary": VARY, "Content-Security-Policy": policy}
        if self._is_kept:
            headers["ETag"] = self._etag
        else:
            headers["Cache-Control"] = "private, no-store"
        if self.is_personal:
            headers["Referrer-Policy"] = "no-referrer"
        if self.table_request.query_string:
            headers["X-Robots-Tag"] = "noindex"
        return headers


def _render_restricted(
    request: PageRequest, territory: Territory, dataset_id: UUID, table: DatasetTable
) -> Response[str]:
    """What a table that is not shown is of, and where to ask for it."""
    portal = f"{territory.links.get('portal', '')}/data"
    return render(
        request,
        "datasets/restricted.html",
        dataset_id=dataset_id,
        table=table,
        portal_url=portal,
        page=f"{portal}/{dataset_id}",
    )


routes: Sequence[ControllerRouterHandler] = [show_data, show_named_data]
