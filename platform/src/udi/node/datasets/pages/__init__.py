"""Pages of a producer: its space, the three steps of a publication, one dataset."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.node.datasets.pages import dataset, describe, drop, space

routes: Sequence[ControllerRouterHandler] = [*space.routes, *drop.routes, *describe.routes, *dataset.routes]
