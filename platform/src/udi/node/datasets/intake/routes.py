"""Every address by which files come in, beside the form."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.node.datasets.intake import (
    parts,
    progress,
    put,
    remote_files,
    remove,
    resumable,
    sources,
)

routes: Sequence[ControllerRouterHandler] = [
    *resumable.routes,
    *progress.routes,
    *put.routes,
    *parts.routes,
    *sources.routes,
    *remove.routes,
    *remote_files.routes,
]
