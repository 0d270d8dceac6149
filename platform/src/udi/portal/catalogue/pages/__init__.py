"""Pages of the catalogue: search, datasets, producers, services, and the territory's own texts."""

from udi.portal.catalogue.pages import (
    atom,
    dataset,
    files,
    producers,
    search,
    services,
    suggest,
    texts,
)
from udi.ui.dependencies import Routes

routes: Routes = [
    *search.routes,
    *suggest.routes,
    *atom.routes,
    *dataset.routes,
    *files.routes,
    *producers.routes,
    *services.routes,
    *texts.routes,
]
