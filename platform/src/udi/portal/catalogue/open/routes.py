"""All addresses of the catalogue that are for machines of others."""

from udi.portal.catalogue.open import (
    catalogues,
    ckan_api,
    crawlers,
    documents,
    ogc,
    well_known,
)
from udi.ui.dependencies import Routes

routes: Routes = [
    *catalogues.routes,
    *documents.routes,
    *ogc.routes,
    *ckan_api.routes,
    *crawlers.routes,
    *well_known.routes,
]
