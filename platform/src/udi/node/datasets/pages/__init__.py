"""Pages of a producer: its space, the three steps of a publication, one dataset."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.node.datasets.pages import (
    archive,
    catalogue,
    cells,
    data,
    dataset,
    describe,
    difference,
    drop,
    elsewhere,
    embed,
    erase,
    figures,
    history,
    keys,
    link,
    people,
    personal,
    place,
    remove,
    schema,
    space,
    understood,
)

routes: Sequence[ControllerRouterHandler] = [
    *catalogue.routes,
    *space.routes,
    *archive.routes,
    *drop.routes,
    *understood.routes,
    *cells.routes,
    *schema.routes,
    *personal.routes,
    *describe.routes,
    *dataset.routes,
    *elsewhere.routes,
    *difference.routes,
    *link.routes,
    *erase.routes,
    *remove.routes,
    *data.routes,
    *embed.routes,
    *history.routes,
    *people.routes,
    *figures.routes,
    *place.routes,
    *keys.routes,
]
