"""What addresses for programs share: the bearer of a token, a transaction that sees what they see, the answer."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from litestar import Request, Response, Router
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.serialization import encode_json
from litestar.types import ControllerRouterHandler
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.responses import Document, Validators, send_document
from udi.portal.identity.credentials.bearers import PROGRAMS, require_scope
from udi.portal.identity.credentials.tokens import Bearer
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.site import site_of

JSON = "application/json"
PRIVATE = {"Cache-Control": "no-store"}
ApiRequest = Request[Any, Any, State]


def find_bearer(request: ApiRequest, scope: str) -> Bearer | None:
    """Whose token this is, where it has the right to what is the person's own."""
    bearer: Bearer | None = request.scope["state"].get("bearer")
    if bearer is not None and scope in bearer.scopes:
        return bearer
    return None


def session_provider(scope: str) -> Callable[..., AsyncIterator[AsyncSession]]:
    """What provides one transaction that sees what the bearer does on their pages; without one, what everybody sees."""

    async def provide(
        request: ApiRequest, territory: NamedDependency[Territory]
    ) -> AsyncIterator[AsyncSession]:
        bearer = find_bearer(request, scope)
        database = site_of(request).database
        if bearer is None:
            async with database.session(territory.id, role="public") as session:
                yield session
        else:
            async with database.session(
                territory.id, role="app", person=bearer.actor.person_id
            ) as session:
                yield session

    return provide


def dependencies(scope: str) -> dict[str, Provide]:
    """The bearer, and the transaction, of addresses of one right."""
    bearer = Provide(require_scope(scope), sync_to_thread=False)
    return {"bearer": bearer, "session": Provide(session_provider(scope))}


def program_router(
    base: str, handlers: Sequence[ControllerRouterHandler], scope: str
) -> Router:
    """Addresses of one right, for programs: open to pages of other sites, with the bearer and a transaction of theirs."""
    return Router(
        base,
        route_handlers=handlers,
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
        dependencies=dependencies(scope),
    )


def json_response(
    request: ApiRequest, content: Struct, *, private: bool = False
) -> Response[Any]:
    """The answer with validators made of all its bytes; what is not public is kept by nobody."""
    body = encode_json(content)
    if private:
        return Response(body, media_type=JSON, headers=PRIVATE)
    return send_document(
        request,
        Document(
            JSON,
            lambda: body,
            Validators((body,)),
            vary="Accept-Encoding, Authorization",
        ),
    )
