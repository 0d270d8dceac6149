"""Pages of a producer: its space, the three steps of a publication, one dataset."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.node.datasets.pages import (
    archive,
    catalogue,
    cells,
    corrections,
    data,
    dataset,
    describe,
    difference,
    embed,
    erase,
    figures,
    files,
    further_portals,
    history,
    inbox,
    keys,
    link,
    outlines,
    parts,
    people,
    personal_data,
    remove,
    schema,
    space,
    storage,
    upload,
)
from udi.node.datasets.pages.explore import page as explore_page
from udi.node.datasets.pages.explore import role_choice, view_choice, view_pictures

routes: Sequence[ControllerRouterHandler] = [
    *catalogue.routes,
    *space.routes,
    *inbox.routes,
    *archive.routes,
    *upload.routes,
    *corrections.routes,
    *cells.routes,
    *schema.routes,
    *personal_data.routes,
    *describe.routes,
    *dataset.routes,
    *parts.routes,
    *files.routes,
    *further_portals.routes,
    *difference.routes,
    *link.routes,
    *erase.routes,
    *remove.routes,
    *data.routes,
    *explore_page.routes,
    *view_pictures.routes,
    *view_choice.routes,
    *role_choice.routes,
    *embed.routes,
    *outlines.routes,
    *history.routes,
    *people.routes,
    *figures.routes,
    *storage.routes,
    *keys.routes,
]
