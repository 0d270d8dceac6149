"""Addresses that both programs have: style sheets, language, health, metrics."""

from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get
from litestar.datastructures import Cookie
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from sqlalchemy import text

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.ui import assets, metrics, motif, theme
from udi.ui.content_encodings import choose_encoding
from udi.ui.dependencies import AnyRequest, Routes
from udi.ui.locale import LANGUAGES
from udi.ui.pending_revisions import find_pending

FOREVER = "public, max-age=31536000, immutable"
YEAR = 365 * 24 * 3600


@get("/static/{digest:str}/{name:str}", sync_to_thread=False)
def send_static_file(
    request: AnyRequest, digest: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    """A style sheet or image of the interface; its address changes with its content."""
    asset = assets.find_asset(digest, name)
    if asset is None:
        raise NotFoundError
    encoding = choose_encoding(request.headers.get("accept-encoding", ""))
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"} | (
        {"Content-Encoding": encoding} if encoding else {}
    )
    return Response(
        asset.packed.get(encoding, asset.content),
        media_type=asset.media_type,
        headers=headers,
    )


@get("/theme.css", sync_to_thread=False)
def show_theme_css(request: AnyRequest) -> Response[str]:
    """The territory's colours."""
    territory: Territory | None = request.scope["state"].get("territory")
    if territory:
        css = theme.style_sheet(territory.theme, territory.theme_css)
    else:
        css = theme.neutral_style_sheet()
    return Response(
        css, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"}
    )


@get("/icon.svg", sync_to_thread=False)
def show_icon(request: AnyRequest) -> Response[str]:
    """The territory's tile, which signs its pages."""
    territory: Territory | None = request.scope["state"].get("territory")
    drawn = motif.icon_svg(
        territory.slug if territory else "udi", territory.theme if territory else {}
    )
    return Response(
        drawn,
        media_type="image/svg+xml",
        headers={"Cache-Control": "public, max-age=3600"},
    )


@get(["/logo.svg", "/logo.png"])
async def show_logo(request: AnyRequest) -> Response[bytes]:
    """The territory's logo, where it has one of this kind."""
    state = request.scope["state"]
    territory: Territory | None = state.get("territory")
    logo = territory.theme.get("logo") if territory else None
    is_of_this_kind = (
        logo is not None
        and territory is not None
        and territory.logo_path.startswith(f"{request.scope['path']}?")
    )
    if territory is None or logo is None or not is_of_this_kind:
        raise NotFoundError
    content = await request.app.state.site.registry.read_logo(territory.id)
    if content is None:
        raise NotFoundError
    return Response(
        content,
        media_type=logo["type"],
        headers={"Cache-Control": "public, max-age=3600"},
    )


@get("/language/{code:str}", sync_to_thread=False)
def set_language(code: FromPath[str], back: FromQuery[str] = "/") -> Redirect:
    """Remember the reader's language and go back to the page."""
    if code not in LANGUAGES:
        raise NotFoundError
    cookie = Cookie("lang", value=code, max_age=YEAR, httponly=True, samesite="lax")
    return Redirect(local_path(back), status_code=303, cookies=[cookie])


def local_path(address: str) -> str:
    """The path to go back to, never another site."""
    parts = urlsplit(address)
    if (
        parts.scheme
        or parts.netloc
        or not address.startswith("/")
        or address.startswith(("//", "/\\"))
    ):
        return "/"
    return address


@get("/health")
async def show_health(request: AnyRequest) -> Response[dict[str, Any]]:
    """Whether the program and its database answer, and for which territory at this host; 503 when they do not."""
    site = request.app.state.site
    host = request.headers.get("host", "")
    installation = site.settings.installation_host
    try:
        async with site.database.platform_session() as session:
            await session.execute(text("SELECT 1"))
        territory = await site.registry.find(host, installation_host=installation)
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is the same
        body = {
            "status": "down",
            "program": site.program,
            "database": type(error).__name__,
        }
        return Response(body, status_code=503)
    slug = territory.slug if territory else ""
    body = {
        "status": "up",
        "program": site.program,
        "database": "up",
        "territory": slug,
    }
    return Response(body)


@get("/ready")
async def show_readiness(request: AnyRequest) -> Response[dict[str, Any]]:
    """Whether requests may be sent here: 503 while public pages have no database, or it lacks a migration."""
    site = request.app.state.site
    try:
        async with site.database.platform_session(role="public") as session:
            pending = await find_pending(session, site.program, site.domains)
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is the same
        return Response(
            {"ready": False, "program": site.program, "database": type(error).__name__},
            status_code=503,
        )
    body = {"ready": not pending, "program": site.program, "pending": pending}
    return Response(body, status_code=503 if pending else 200)


@get("/metrics")
async def show_metrics(request: AnyRequest) -> Response[str]:
    """Numbers for whoever watches the installation; nothing is here for anybody else."""
    if not metrics.may_read(request):
        raise NotFoundError
    return Response(
        await metrics.measure_site(request.app.state.site),
        media_type=metrics.CONTENT_TYPE,
    )


def common_routes() -> Routes:
    """The handlers above."""
    return [
        send_static_file,
        show_theme_css,
        show_icon,
        show_logo,
        set_language,
        show_health,
        show_readiness,
        show_metrics,
    ]
