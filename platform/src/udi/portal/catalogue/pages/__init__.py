"""Pages of the catalogue: search, datasets, producers, services, and the territory's own texts."""

from udi.portal.catalogue.pages import (
    atom,
    data_services,
    dataset,
    files,
    producers,
    search,
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
    *data_services.routes,
    *texts.routes,
]
