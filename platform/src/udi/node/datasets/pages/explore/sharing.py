"""What is taken away of a view: its files, its address, a frame, lines for programs."""

from dataclasses import dataclass
from uuid import UUID

from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.explore_query import (
    CHART,
    MAP,
    TABLE,
    ExploreQuery,
    join_query,
)
from udi.node.datasets.pages.explore.snippets import Snippet, write_snippets
from udi.node.tables.addresses import TableAddresses
from udi.tabular.exports.exports import FORMATS
from udi.tabular.queries.table import DatasetTable
from udi.ui.embedding import LANGUAGE, iframe_html

HEIGHTS = {TABLE: 640, MAP: 560, CHART: 480}
"""Pixels of each frame, in a narrow column."""


@dataclass(frozen=True)
class SharedView:
    """The addresses of a view; `frame` is empty where the view is not for the pages of others."""

    address: str
    api: str
    frame: str
    snippets: tuple[Snippet, ...]


def share_view(
    query: ExploreQuery,
    table: DatasetTable,
    territory: Territory,
    dataset_id: UUID,
    locale: str,
) -> SharedView:
    """The addresses of a view for other people, other pages and programs."""
    addresses = TableAddresses.of(dataset_id, table)
    frame = ""
    if table.is_open:
        part = query.view if query.view in HEIGHTS else TABLE
        pairs = [pair for pair in query.pairs if pair[0] not in {"view", LANGUAGE}]
        address = join_query(
            f"{territory.origin}/embed{addresses.folder}/{part}",
            [*pairs, (LANGUAGE, locale)],
        )
        frame = iframe_html(address, table.title, HEIGHTS[part])
    pages = tuple(pair for pair in query.pairs if pair[0] in {"page", "page_size"})
    return SharedView(
        address=join_query(f"{territory.origin}{addresses.page}", query.pairs),
        api=join_query(
            f"{territory.origin}{addresses.api}/data/", (*query.api_pairs, *pages)
        ),
        frame=frame,
        snippets=write_snippets(
            query, table, territory.origin, file_address_of(table, dataset_id)
        ),
    )


def file_address(
    dataset_id: UUID, table: DatasetTable, kind: str, query: ExploreQuery
) -> str:
    """The path of a file of this view, which ends in the name of the file."""
    path = f"{file_address_of(table, dataset_id)}.{FORMATS[kind].extension}"
    return join_query(path, query.api_pairs)


def file_address_of(table: DatasetTable, dataset_id: UUID) -> str:
    """The same without extension."""
    return f"{TableAddresses.of(dataset_id, table).folder}/{file_stem(table.name)}"


def file_stem(name: str) -> str:
    """The name of a table's files in an address: letters, digits and hyphens."""
    words = "".join(
        sign if sign.isascii() and sign.isalnum() else "-" for sign in name.lower()
    )
    return "-".join(filter(None, words.split("-"))) or "data"
