"""For search engines: which addresses to read (sitemaps.org 0.9) and which to spare (RFC 9309)."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from litestar import Response, get
from litestar.params import FromPath
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.service_registry import Hook
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.open.order import BY_PUBLICATION_DATE
from udi.portal.catalogue.queries import IS_PUBLISHED, list_shown_producers
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Session
from udi.ui.site import site_of

XML = "application/xml"
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
MOST = 10_000
"""Addresses in one file; the standard allows 50,000."""
PAGES = (
    "/",
    "/data",
    "/producers",
    "/services",
    "/charter",
    "/legal",
    "/accessibility",
    "/eco-design",
    "/api",
)
SPARED = (
    "/data?*",
    "/data.atom",
    "/data/suggest",
    "/producers/*?*",
    "/language/",
    "/login",
    "/my-data?*",
    "/my-data/letter",
    "/my-space",
    "/services?*",
    "/projects?*",
    "/projects.atom",
    "/api/v1/projects?*",
    "/api/v1/datasets?*",
    "/api/3/",
    "/api/action/",
    "/ogc/",
    "/catalog",
    "/konsult/",
)
"""`?*` says no more than `?`, but readers of before RFC 9309 would drop a bare `?` and spare the page itself."""
OFFERED = ("/data?lang=", "/producers/*?lang=")
FindAddresses = Callable[
    [AsyncSession], Awaitable[Sequence[tuple[str, datetime | None]]]
]
SITEMAP = Hook[FindAddresses]("sitemap")
HOUR = {"Cache-Control": "public, max-age=3600"}


@get("/robots.txt")
async def show_robots(request: AnyRequest) -> Response[str]:
    """What to leave alone: searches, whose number has no end, and what is made for other programs."""
    territory: Territory | None = request.scope["state"].get("territory")
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in SPARED),
        *(f"Allow: {path}" for path in OFFERED),
    ]
    if territory is not None:
        lines += ["", f"Sitemap: {territory.origin}/sitemap.xml"]
    return Response("\n".join(lines) + "\n", media_type="text/plain", headers=HOUR)


@get("/sitemap.xml")
async def show_sitemap_index(
    session: Session, territory: CurrentTerritory
) -> Response[str]:
    """The files, each with its newest change."""
    number = (func.row_number().over(order_by=BY_PUBLICATION_DATE.clauses) - 1) // MOST
    numbered = (
        select(number.label("part"), Dataset.described_at.label("changed"))
        .where(IS_PUBLISHED)
        .subquery()
    )
    parts = (
        select(numbered.c.part, func.max(numbered.c.changed))
        .group_by(numbered.c.part)
        .order_by(numbered.c.part)
    )
    base = f"{territory.origin}/sitemaps"
    files: list[tuple[str, datetime | None]] = [(f"{base}/pages.xml", None)]
    files += [
        (f"{base}/{int(part) + 1}.xml", changed)
        for part, changed in await session.execute(parts)
    ]
    return _xml_response("sitemapindex", "sitemap", files)


@get("/sitemaps/{name:str}")
async def show_sitemap(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    name: FromPath[str],
) -> Response[str]:
    """One file: the pages and producers, or up to ten thousand datasets in the order in which they came."""
    origin = territory.origin
    number = name.removesuffix(".xml")
    if name == "pages.xml":
        producers = [
            f"/producers/{producer.slug}"
            for producer in await list_shown_producers(session)
        ]
        more = await list_mapped_addresses(request, session)
        return _xml_response(
            "urlset",
            "url",
            [*((origin + path, None) for path in (*PAGES, *producers)), *more],
        )
    if not (
        name.endswith(".xml")
        and number.isascii()
        and number.isdigit()
        and 1 <= int(number[:6]) <= MOST
    ):
        raise NotFoundError
    rows = (
        select(Dataset.id, Dataset.slug, Dataset.described_at)
        .where(IS_PUBLISHED)
        .order_by(*BY_PUBLICATION_DATE.clauses)
    )
    datasets = (
        await session.execute(rows.limit(MOST).offset((int(number) - 1) * MOST))
    ).all()
    if not datasets:
        raise NotFoundError
    addresses = (
        (
            f"{origin}/data/{row.id}" + (f"/{row.slug}" if row.slug else ""),
            row.described_at,
        )
        for row in datasets
    )
    return _xml_response("urlset", "url", addresses)


async def list_mapped_addresses(
    request: AnyRequest, session: AsyncSession
) -> list[tuple[str, datetime | None]]:
    """Addresses that other domains contribute, each with its last change."""
    origin = request.scope["state"]["territory"].origin
    addresses: list[tuple[str, datetime | None]] = []
    for find_addresses in site_of(request).services.contributions(SITEMAP):
        addresses += [
            (origin + path, changed) for path, changed in await find_addresses(session)
        ]
    return addresses


def _xml_response(
    root: str, name: str, entries: Iterable[tuple[str, datetime | None]]
) -> Response[str]:
    lines = [f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">']
    for address, changed in entries:
        if changed:
            moment = f"<lastmod>{changed.astimezone(UTC).isoformat(timespec='seconds')}</lastmod>"
        else:
            moment = ""
        lines.append(f"<{name}><loc>{escape(address)}</loc>{moment}</{name}>")
    return Response("\n".join([*lines, f"</{root}>\n"]), media_type=XML, headers=HOUR)


routes = [show_robots, show_sitemap_index, show_sitemap]
