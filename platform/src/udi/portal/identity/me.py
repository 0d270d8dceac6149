"""`/api/v1/me`: who a token belongs to, and what it may do."""

from datetime import datetime
from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from msgspec import Meta, Struct

from udi.kit.errors import ForbiddenError
from udi.portal.identity.credentials.bearers import PROGRAMS, require_scope
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import ACCOUNT, api_operation
from udi.portal.identity.pages import name_organisations_of
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import AnyRequest, Routes, Session
from udi.ui.openapi.agent_tools import AgentTool

PATH = "/api/v1/me"
MY_ACCESS = AgentTool(
    "my_access",
    "Whose token is shown, in which organisations, and what it may do. Without a token everything public can be read.",
)
Named = Annotated[
    str, Meta(description="As people named it.", examples=["Ville de Portelune"])
]
Readable = Annotated[str, Meta(description="Readable name, as addresses have it.")]


class MyOrganisation(Struct, kw_only=True):
    """An organisation that somebody belongs to, with their groups in it, as the identity service said last."""

    slug: Readable
    name: Named
    groups: list[str]


class MyToken(Struct, kw_only=True):
    """The token that was shown: its name, what it may do, until when."""

    name: Named
    scopes: list[str]
    expires: datetime


class Me(Struct, kw_only=True):
    """Who a token belongs to."""

    name: Annotated[str, Meta(description="As the account says it.")]
    email: Annotated[str, Meta(description="Where mails to this person go.")]
    organisations: list[MyOrganisation]
    token: MyToken


@get(
    "/me",
    **api_operation(
        "readMe",
        tag=ACCOUNT,
        summary="Read who a token belongs to",
        description="Whose token this is, with their organisations, and what it may do. Tokens are made on «my space».",
        answer=Me,
        scope="profile",
        errors=(ForbiddenError,),
        tools=(MY_ACCESS,),
    ),
)
async def read_me(
    request: AnyRequest, session: Session, bearer: NamedDependency[Bearer]
) -> Response[Me]:
    """Who I am."""
    names = await name_organisations_of(request)(
        session, list(bearer.member.memberships)
    )
    organisations = [
        MyOrganisation(slug=slug, name=names.get(slug, slug), groups=sorted(groups))
        for slug, groups in sorted(bearer.member.memberships.items())
    ]
    token = MyToken(
        name=bearer.name, scopes=sorted(bearer.scopes), expires=bearer.expires_at
    )
    me = Me(
        name=bearer.actor.name,
        email=bearer.actor.email,
        organisations=organisations,
        token=token,
    )
    return Response(me, headers={"Cache-Control": "no-store"})


routes: Routes = [
    Router(
        "/api/v1",
        route_handlers=[read_me],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
        dependencies={
            "bearer": Provide(require_scope("profile"), sync_to_thread=False)
        },
    )
]
