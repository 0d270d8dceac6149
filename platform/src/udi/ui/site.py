"""The frame of both programs: territory by host, who asks, language, safe headers, errors in plain words."""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.types import ControllerRouterHandler, Guard, LifespanHook
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import Database
from udi.kit.errors import NotFoundError, UnauthenticatedError
from udi.kit.http import OutgoingClient
from udi.kit.identity import Actor
from udi.kit.service_registry import Services
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.settings import Role, Settings
from udi.ui import problems
from udi.ui.body_timeout import BodyTimeoutMiddleware
from udi.ui.compression import CompressionMiddleware
from udi.ui.errors import EXCEPTION_HANDLERS
from udi.ui.metrics import Metrics
from udi.ui.middleware import FRAME, put_headers
from udi.ui.pages import PageRenderer
from udi.ui.request_log import RequestLogMiddleware
from udi.ui.request_targets import RequestTargetMiddleware
from udi.ui.routes import common_routes

Navigation = Callable[["Site", Request[Any, Any, State]], Sequence[tuple[str, str]]]
FindActor = Callable[[Request[Any, Any, State]], Awaitable[Actor | None]]
MAX_FORM = 1024 * 1024


@dataclass
class Site:
    """One program: what it is made of, shared by every request (`request.app.state.site`)."""

    program: str
    settings: Settings
    database: Database
    registry: TerritoryRegistry
    outgoing: OutgoingClient
    templates: Mapping[str, Path]
    """Domain name to its `templates` folder."""
    locales: Sequence[Path]
    find_actor: FindActor
    navigation: Navigation
    form_targets: Sequence[str] = ()
    """Origins that a form or its redirect may reach, besides this one (Keycloak)."""
    confined: bool = False
    """Whether a request is kept to the spaces of who asks, by the database."""
    services: Services = field(default_factory=Services)
    """What domains provide to each other for the life of the process (search index, object store, signer)."""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers of every response, made for the first one."""
    metrics: Metrics = field(default_factory=Metrics)
    pages: PageRenderer = field(init=False)

    def __post_init__(self) -> None:
        self.pages = PageRenderer(self.templates, self.locales)


def site_of(request: Request[Any, Any, State]) -> Site:
    """The program that answers this request."""
    site: Site = request.app.state.site
    return site


def render(
    request: Request[Any, Any, State],
    template: str,
    *,
    status: int = 200,
    **context: Any,
) -> Response[str]:
    """An HTML page in the reader's language; `template` is "<domain>/<page>.html"."""
    return site_of(request).pages.render(request, template, status=status, **context)


async def provide_territory(request: Request[Any, Any, State]) -> Territory:
    """The territory of the host.

    Raises:
        NotFoundError: the host is the installation's own, which belongs to no territory.
    """
    territory: Territory | None = request.scope["state"].get("territory")
    if territory is None:
        raise NotFoundError(
            "This page belongs to a territory; choose one on the home page."
        )
    return territory


async def provide_actor(request: Request[Any, Any, State]) -> Actor | None:
    """Who asks, or None for a passer-by."""
    actor: Actor | None = request.scope["state"].get("actor")
    return actor


async def provide_member(request: Request[Any, Any, State]) -> Actor:
    """Who asks; a page leads a passer-by to the login first.

    Raises:
        UnauthenticatedError: nobody is logged in.
    """
    actor: Actor | None = request.scope["state"].get("actor")
    if actor is None:
        raise UnauthenticatedError("Log in to see this page.")
    return actor


async def provide_session(
    request: Request[Any, Any, State],
    territory: NamedDependency[Territory],
    actor: NamedDependency[Actor | None],
) -> AsyncIterator[AsyncSession]:
    """One transaction for the request; a passer-by who only reads uses the role that sees public rows only."""
    reads = request.method in {"GET", "HEAD"}
    role: Role = "public" if actor is None and reads else "app"
    person: UUID | None = actor.person_id if actor else None
    async with site_of(request).database.session(
        territory.id, role=role, person=person
    ) as session:
        yield session


def create_app(
    site: Site,
    handlers: Sequence[ControllerRouterHandler],
    *,
    guards: Sequence[Guard] = (),
    on_shutdown: Sequence[LifespanHook] = (),
) -> Litestar:
    """The ASGI application of a program; `guards` look at every request."""

    async def close() -> None:
        await site.services.close()
        await site.outgoing.close()
        await site.database.close()

    app = Litestar(
        route_handlers=[*common_routes(), *problems.routes, *handlers],
        dependencies={
            "territory": Provide(provide_territory),
            "actor": Provide(provide_actor),
            "member": Provide(provide_member),
            "session": Provide(provide_session),
        },
        guards=list(guards),
        middleware=FRAME,
        before_send=[put_headers],
        exception_handlers=EXCEPTION_HANDLERS,
        on_shutdown=[*on_shutdown, close],
        state=State({"site": site}),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=MAX_FORM,
        debug=False,
    )
    app.asgi_handler = RequestTargetMiddleware(
        RequestLogMiddleware(
            CompressionMiddleware(BodyTimeoutMiddleware(app.asgi_handler)), site
        )
    )
    return app


def freeze_loaded_objects(app: Litestar) -> Litestar:
    """Tell the collector that what a web worker has loaded stays: to look at it all took a tenth of a second each time."""
    gc.collect()
    gc.freeze()
    return app
