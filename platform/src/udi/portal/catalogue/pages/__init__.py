"""Pages of the catalogue: search, datasets, producers, and the territory's own texts."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.portal.catalogue.pages import (
    atom,
    dataset,
    files,
    producers,
    search,
    suggest,
    texts,
)

routes: Sequence[ControllerRouterHandler] = [
    *search.routes,
    *suggest.routes,
    *atom.routes,
    *dataset.routes,
    *files.routes,
    *producers.routes,
    *texts.routes,
]
