"""Visits by kind of page, the heaviest of each: what the eco-design statement says."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from bench.load.visits import Visit

KINDS = {
    "home": r"/",
    "search": r"/data(?:\?.*)?",
    "producers": r"/producers",
    "producer": r"/producers/[^/]+",
    "history": r"/data/[^/]+/history",
    "dataset": r"/data/[^/]+(?:/[^/]+)?",
    "projects": r"/(?:projects|calls|data-requests|agreements|services)(?:/[^/]+)?(?:\?.*)?",
    "text": r"/(?:charter|legal|accessibility|eco-design|help|status|my-data(?:/.+)?|(?:news|pages)(?:/[^/]+)?)(?:\?.*)?",
    "programs": r"/(?:api|problems)",
}
"""Patterns of the portal's addresses, the first that fits."""
NODE = {"table": r"/datasets/[^/]+/data", "publish": r"/"}
"""Those of the node's, which are told with their host."""


def kind_of(path: str) -> str:
    """The kind of a page, as `udi bench pages` names it.

    Raises:
        ValueError: no kind has such an address.
    """
    parts = urlsplit(path)
    patterns, local = (NODE, parts.path) if parts.netloc else (KINDS, path)
    page_kind = next(
        (kind for kind, pattern in patterns.items() if re.fullmatch(pattern, local)), ""
    )
    if not page_kind:
        msg = f"no kind of page is at {path}"
        raise ValueError(msg)
    return page_kind


def weigh_kinds(visits: Sequence[Visit]) -> dict[str, dict[str, Any]]:
    """For each kind, how many pages were visited and the most that one of them cost."""
    by_kind: dict[str, list[Visit]] = {}
    for visit in visits:
        by_kind.setdefault(kind_of(visit.path), []).append(visit)
    order = [*KINDS, *NODE]
    return {kind: _heaviest(by_kind[kind]) for kind in sorted(by_kind, key=order.index)}


def _heaviest(visits: Sequence[Visit]) -> dict[str, Any]:
    worst = min(visits, key=lambda visit: visit.score)
    return {
        "pages": len({visit.path for visit in visits}),
        "first_bytes": max(visit.wire_bytes for visit in visits),
        "first_requests": max(visit.requests for visit in visits),
        "next_bytes": max(visit.again_bytes for visit in visits),
        "next_requests": max(visit.again_requests for visit in visits),
        "elements": max(visit.elements for visit in visits),
        "score": worst.score,
        "grade": worst.grade,
    }
