"""The producer's choice of the view with which the page of its data opens: one click on that page."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from litestar import post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import InvalidError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.default_view import LONGEST_VIEW, set_default_view
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.pages.explore.default_view import (
    SAVED_VIEWS,
    DefaultView,
    explored_columns,
    view_pairs,
)
from udi.node.datasets.pages.explore.explore_query import ExploreQuery
from udi.node.datasets.pages.explore.query_words import read_explore_query
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.queries import find_dataset, get_dataset
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.spaces.queries import DatasetPermission, list_permissions
from udi.tabular.queries.query_string import parse_parameters
from udi.ui.dependencies import CurrentTerritory, Member, Routes, Session
from udi.ui.site import site_of


@post("/datasets/{dataset_id:uuid}/view")
async def save_view(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Redirect:
    """Open the page of the data with the view of the form, or as the page chooses again.

    Raises:
        NotFoundError: no table of it is published.
        InvalidError: the view names what the published table has not, or may not be kept.
    """
    form = await request.form()
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    text = ""
    if not form.get("remove"):
        tables = site_of(request).services[DATASET_TABLES]
        table = await tables(session, member, dataset_id)
        query = read_explore_query(
            parse_parameters(str(form.get("query") or "")[: LONGEST_VIEW + 1]),
            explored_columns(table, territory),
        )
        if query.refusals:
            raise InvalidError(refusals=query.refusals)
        text = write_view(query)
    set_default_view(member, dataset, text)
    return Redirect(f"/datasets/{dataset_id}/data", status_code=303)


def write_view(query: ExploreQuery) -> str:
    """What is kept of a view, as a query string; empty for the plain table, and for one row or one column.

    The panel of a column and the pages of rows are places in a view, not views.
    """
    if query.view not in SAVED_VIEWS:
        return ""
    return urlencode(view_pairs(query), quote_via=quote)


async def list_view_choices(
    request: PageRequest,
    territory: Territory,
    actor: Actor | None,
    dataset_id: UUID,
    query: ExploreQuery,
    default_view: DefaultView,
    version: Version | None,
) -> Mapping[str, Any]:
    """What the page of the published table offers to whoever publishes the dataset; nothing for everybody else.

    `version` is the one that the page is of, where its address names it.
    """
    nothing = {"view_state": "", "view_text": "", "view_refusals": ()}
    if actor is None or not actor.memberships:
        return nothing
    async with site_of(request).database.session(
        territory.id, person=actor.person_id
    ) as session:
        dataset = await find_dataset(session, dataset_id)
        if dataset is None or not _is_public(dataset, version):
            return nothing
        allowed = await list_permissions(session, actor, dataset.space, dataset_id)
    if DatasetPermission.PUBLISH not in allowed:
        return nothing
    is_savable = not query.refusals
    return {
        "view_state": str(default_view.find_state(query)),
        "view_text": write_view(query) if is_savable else "",
        "view_refusals": default_view.refusals,
    }


def _is_public(dataset: Dataset, version: Version | None) -> bool:
    """Whether the page of this version, or of none in particular, is of the table that everybody reads."""
    public = next((one for one in dataset.versions if one.published_at), None)
    return version is None or (public is not None and version.id == public.id)


routes: Routes = [save_view]
