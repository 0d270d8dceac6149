"""All addresses of the catalogue that are for machines of others."""

from udi.portal.catalogue.open import (
    ckan_api,
    crawlers,
    dcat,
    documents,
    ogc,
    well_known,
)
from udi.ui.dependencies import Routes

routes: Routes = [
    *dcat.routes,
    *documents.routes,
    *ogc.routes,
    *ckan_api.routes,
    *crawlers.routes,
    *well_known.routes,
]
