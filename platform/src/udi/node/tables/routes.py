"""The addresses of this domain, and what only web workers have of it."""

from udi.node.tables import api, features, named_api, named_features
from udi.ui.dependencies import Routes
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses of tables and of their places."""
    return [
        *api.routes,
        *named_api.routes,
        *features.routes,
        *named_features.routes,
    ]
