"""What happens around every request: whose host, which language, who asks, what may be posted, which headers leave."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Message, Middleware, Receive, Scope, Send

from udi.kit.errors import (
    ForbiddenError,
    NotFoundError,
    ReadOnlyError,
    SuspendedError,
)
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory, space_context
from udi.ui.dependencies import AnyRequest
from udi.ui.header_count import COUNT_FOR_HEADER
from udi.ui.locale import LANGUAGES, choose_language, in_languages, requested_language
from udi.ui.newcomers import find_login

SAFE = {"GET", "HEAD", "OPTIONS"}
ANY_HOST = (
    "/health",
    "/ready",
    "/metrics",
    "/static/",
    "/logout/back-channel",
    "/subjects/logout/back-channel",
)
LOOKS = ("/theme.css", "/icon.svg", "/language/", "/problems")
"""What the page of a suspended territory needs, and the page that explains the refusal to programs."""
OPERATOR_PATHS = ("/installation", "/my-space/my-data", "/login", "/logout")
"""On the installation's own host, what its operators log in for, and what it knows of them."""
LOGIN = ("/login", "/subjects/login")
"""What writes who logged in, although it is only asked for."""
READING_POSTS = (
    "/mcp",
    "/api/3/action/",
    "/api/action/",
    "/dsp/2025-1/catalog/request",
    "/logout",
    "/subjects/logout",
    "/oauth/token",
    "/oauth2/token",
    "/language/",
)
"""What is sent and changes nothing of a territory that is read only: questions, tokens, and the end of one's own session."""
FROM_ELSEWHERE = "from_elsewhere"
"""The option of a route whose form may be posted from anywhere: its address alone gives the right, no cookie does."""
WRITES = "writes"
"""The option of a route that changes something although it is only asked for: refused while a territory is read only."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
}


async def put_headers(message: Message, scope: Scope) -> None:
    """Put the safe headers on every answer that has not set its own (ASVS 5.0, 3.4), addresses without a page included."""
    if message["type"] != "http.response.start":
        return
    site = scope["litestar_app"].state.site
    headers = list(message.get("headers", ()))
    named = {name.lower() for name, _ in headers}
    usual = {**_usual_headers(site), **scope["state"].get("limits", {})}
    territory = scope["state"].get("territory")
    if territory and territory.login_providers:
        policy = content_security_policy(_list_targets(site, territory))
        usual["Content-Security-Policy"] = policy
    missing = [(name.lower().encode(), value.encode()) for name, value in usual.items()]
    message["headers"] = [
        *headers,
        *(header for header in missing if header[0] not in named),
    ]


def _usual_headers(site: Any) -> dict[str, str]:
    """The headers of a program, made once."""
    headers: dict[str, str] = site.headers
    if not headers:
        headers |= HEADERS
        headers["Content-Security-Policy"] = content_security_policy(site.form_targets)
        if site.settings.portal_url.startswith("https://"):
            headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def list_form_targets(request: AnyRequest) -> list[str]:
    """Origins that a form of a page, or its redirect, may reach: a logout passes by the identity services of others too."""
    return _list_targets(request.app.state.site, request.scope["state"]["territory"])


def _list_targets(site: Any, territory: Territory) -> list[str]:
    origins = {provider.origin for provider in territory.login_providers}
    return [*site.form_targets, *sorted(origins)]


def content_security_policy(
    form_targets: Sequence[str],
    *,
    scripts: bool = False,
    frames: Sequence[str] = (),
    framed: bool = False,
    images: Sequence[str] = (),
    connections: Sequence[str] = (),
) -> str:
    """Nothing runs (with `scripts`, only a file of ours), nothing comes from elsewhere; a form may lead to the identity service.

    `frames` are the origins of what a page frames; a page that is `framed` may be by any other. `images` are origins of
    pictures, and `connections` of what a script asks for, beside our own: those of a map that is shown.
    """
    run = "'self'" if scripts else "'none'"
    ancestors = "*" if framed else "'none'"
    frame_directive = f"frame-src {' '.join(frames)}; " if frames else ""
    targets = " ".join(["'self'", *form_targets])
    pictures = " ".join(["'self'", "data:", *images])
    destinations = " ".join(["'self'", *connections])
    return (
        f"default-src 'none'; style-src 'self'; img-src {pictures}; font-src 'none'; script-src {run}; "
        f"{frame_directive}connect-src {destinations}; form-action {targets}; base-uri 'none'; frame-ancestors {ancestors}"
    )


class TerritoryMiddleware(ASGIMiddleware):
    """Finds the territory by the host name, then the language and the person."""

    scopes = (ScopeType.HTTP,)

    async def handle(
        self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp
    ) -> None:
        request: AnyRequest = Request(scope, receive, send)
        site = scope["litestar_app"].state.site
        state = scope["state"]
        state["locale"] = choose_language(
            _requested_language(request), _accept_language(request), tuple(LANGUAGES)
        )
        if scope["path"].startswith(ANY_HOST):
            await next_app(scope, receive, send)
            return
        host = request.headers.get("host", "")
        installation = site.settings.installation_host
        territory = await site.registry.find(host, installation_host=installation)
        if (
            territory is None
            and (suspended := site.registry.find_suspended(host)) is not None
        ):
            state["territory"] = territory = suspended
            state["locale"] = choose_language(
                _requested_language(request),
                _accept_language(request),
                suspended.languages,
            )
            if not scope["path"].startswith(LOOKS):
                raise SuspendedError(
                    "Its pages are closed for the moment; its data are kept.",
                    remedy="Write to the territory’s team to know when it opens again.",
                    headers={"Retry-After": "3600"},
                )
            await next_app(scope, receive, send)
            return
        if (
            territory is None
            and host.rpartition(":")[0] != installation
            and host != installation
        ):
            raise NotFoundError(
                "No territory answers at this address.",
                remedy="Check the address, or ask the person who gave it to you.",
            )
        state["territory"] = territory
        if territory is None and _is_for_operators(site, scope["path"]):
            state["login_scope"] = site.installation
            state["actor"] = await site.find_actor(request)
        if territory is not None and (address := await _enter(request, territory)):
            await _redirect(address)(scope, receive, send)
            return
        if territory is not None and territory.read_only and _may_write(request):
            raise ReadOnlyError(
                "Everything can be read meanwhile, and nothing can be changed.",
                remedy="Nothing was changed. Send it again in a few minutes.",
                headers={"Retry-After": "60"},
            )
        languages = territory.languages if territory is not None else ()
        with in_languages(languages), _limit_to_spaces(site, state.get("actor")):
            await next_app(scope, receive, send)


async def _enter(request: AnyRequest, territory: Territory) -> str:
    """Find language, person and counts on a territory; where the request is to be led first, or nothing."""
    state = request.scope["state"]
    site = request.app.state.site
    state["login_scope"] = territory
    state["locale"] = choose_language(
        _requested_language(request), _accept_language(request), territory.languages
    )
    state["actor"] = await site.find_actor(request)
    if territory.read_only:
        address = ""  # who joined an organisation meanwhile logs in again later
    else:
        address = await find_login(request)
    count_for_header = site.services.find(COUNT_FOR_HEADER)
    if not address and count_for_header is not None:
        await count_for_header(request)
    return address


def _may_write(request: AnyRequest) -> bool:
    """Whether a request could change something of its territory."""
    path: str = request.scope["path"]
    if request.method in SAFE:
        writes: bool = request.scope["route_handler"].opt.get(WRITES, False)
        return writes or path.startswith(LOGIN)
    return not path.startswith(READING_POSTS)


def _redirect(address: str) -> ASGIApp:
    headers = {"location": address, "cache-control": "no-store"}
    return ASGIResponse(status_code=303, headers=headers)


def _is_for_operators(site: Any, path: str) -> bool:
    """Whether an address of the installation's own host is one that its operators log in for."""
    return site.program == "portal" and path.startswith(OPERATOR_PATHS)


def _limit_to_spaces(site: Any, actor: Actor | None) -> AbstractContextManager[None]:
    """On the node, what a request reads and writes is kept to the spaces of the person who asks."""
    if site.confined:
        return space_context(actor.memberships if actor else ())
    return nullcontext()


def _requested_language(request: AnyRequest) -> str | None:
    return requested_language(request) or request.cookies.get("lang")


def _accept_language(request: AnyRequest) -> str:
    return request.headers.get("accept-language", "")


class SameSiteMiddleware(ASGIMiddleware):
    """Refuses a form posted from another site (ASVS 5.0, 3.5.1): Fetch Metadata first, Origin where it is absent.

    A request with a bearer token carries no cookie's authority, and back-channel calls come from no page.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(
        self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp
    ) -> None:
        request: AnyRequest = Request(scope, receive, send)
        anywhere = scope["route_handler"].opt.get(FROM_ELSEWHERE, False)
        if (
            request.method not in SAFE
            and not anywhere
            and "cookie" in request.headers
            and not _same_site(request)
        ):
            raise ForbiddenError(
                "This form was sent from another site.",
                remedy="Open the page here and send it again.",
            )
        await next_app(scope, receive, send)


def _same_site(request: AnyRequest) -> bool:
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")


FRAME: list[Middleware] = [TerritoryMiddleware(), SameSiteMiddleware()]
