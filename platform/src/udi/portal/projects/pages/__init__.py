"""Pages of projects."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.portal.projects.pages import (
    editing,
    listing,
    moderation,
    pictures,
    project,
    reuse,
    team,
)

routes: Sequence[ControllerRouterHandler] = [
    *listing.routes,
    *reuse.routes,
    *project.routes,
    *editing.routes,
    *team.routes,
    *pictures.routes,
    *moderation.routes,
]
