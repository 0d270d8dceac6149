"""All addresses of the catalogue that are for machines of others."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.portal.catalogue.open import (
    ckan_api,
    crawlers,
    dcat,
    documents,
    ogc,
    well_known,
)

routes: Sequence[ControllerRouterHandler] = [
    *dcat.routes,
    *documents.routes,
    *ogc.routes,
    *ckan_api.routes,
    *crawlers.routes,
    *well_known.routes,
]
