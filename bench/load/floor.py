"""The least that an answer costs here: the framework alone, which figures of another machine are compared by."""

import sys
from pathlib import Path
from typing import Any

from litestar import Litestar, Response, get
from litestar.config.compression import CompressionConfig
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template.config import TemplateConfig

from udi.ui.content_encodings import QUALITY

KIND = "a handler alone"
PAGE_KIND = "a page of the framework alone"
PATHS = {KIND: "/", PAGE_KIND: "/page"}
"""What is asked of the framework alone: bytes that are there, and results rendered by a template and compressed."""
LENGTH = 12_000
"""Bytes, about those of a page of results."""
BODY = b"x" * LENGTH
TEMPLATES = Path(__file__).parent / "templates"
RESULTS = 20
FILTERS = 6
OPTIONS = 6
"""Values of each filter. With twenty results they make the search page's parts; it has more to say of each."""
WORDS = "Trees of the streets and squares, with their species, height and year of planting, as the service counts them."


@get(["/", "/health"])
async def answer() -> Response[bytes]:
    """The same bytes each time."""
    return Response(BODY, media_type="application/json")


PACKED = DefineMiddleware(
    CompressionMiddleware,
    config=CompressionConfig(backend="gzip", gzip_compress_level=QUALITY),
)


@get("/page", sync_to_thread=False, middleware=[PACKED])
def show_page() -> Template:
    """A page of results: no middleware of ours, no database, no translation."""
    return Template("page.html", context=_write_context())


def _write_context() -> dict[str, Any]:
    lines = [
        {
            "id": rank, "slug": f"trees-{rank}", "title": f"Trees {rank}", "synopsis": WORDS, "producer": "Town",
            "licence": "Licence Ouverte", "formats": ["CSV", "GeoJSON"], "modified": "2026-11-29",
        }
        for rank in range(RESULTS)
    ]  # fmt: skip
    options = [
        {"value": f"v{rank}", "label": f"Value {rank}", "count": rank, "checked": False}
        for rank in range(OPTIONS)
    ]
    return {
        "language": "en",
        "title": "Data",
        "menu": [("Data", "/data"), ("Projects", "/projects")],
        "filters": [
            {"name": f"filter{rank}", "options": options} for rank in range(FILTERS)
        ],
        "lines": lines,
    }


def create() -> Litestar:
    """A program with two handlers: no middleware of ours, no database."""
    return Litestar(
        [answer, show_page],
        openapi_config=None,
        template_config=TemplateConfig(directory=TEMPLATES, engine=JinjaTemplateEngine),
    )


def command(workers: int) -> list[str]:
    """What serves it; the port is to be added."""
    served = [
        "--interface",
        "asgi",
        "--no-ws",
        "--factory",
        "--workers",
        str(workers),
        "bench.load.floor:create",
    ]
    return [sys.executable, "-P", "-m", "granian", *served]
