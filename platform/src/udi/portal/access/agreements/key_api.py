"""`/api/v1/projects/{id}/key`: the public key for which nodes encrypt what a project reads, for programs of whoever leads it."""

from datetime import datetime
from functools import partial
from typing import Annotated

from litestar import Response, delete, get, put
from litestar.di import NamedDependency
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, InvalidError, NotFoundError
from udi.portal.access.agreements import schemas
from udi.portal.access.agreements.encryption import (
    FIELD,
    find_key,
    remove_key,
    save_key,
)
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import PRIVATE, ApiRequest, program_router
from udi.portal.projects.models import Project
from udi.portal.projects.queries import get_led_project
from udi.portal.projects.request_bodies import read_body
from udi.portal.projects.schemas import ProjectPath
from udi.ui.dependencies import Routes, Session

BASE = "/api/v1/projects/{project_id:uuid}/key"
PublicKeyText = Annotated[
    str,
    Meta(
        description="A public RSA key in PEM, of 2,048 to 8,192 bits.",
        examples=["-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----"],
    ),
]


class PublicKey(Struct, frozen=True, kw_only=True):
    """The public key that a project gave."""

    public_key: PublicKeyText
    sha256: Annotated[
        str, Meta(description="Of the key in DER, in hexadecimal, to compare it.")
    ]
    bits: Annotated[int, Meta(ge=0)]
    registered: Annotated[datetime, Meta(tz=True)]


class ProjectPublicKey(Struct, frozen=True, kw_only=True):
    """The key of a project."""

    key: Annotated[PublicKey | None, Meta(description="Null: the project gave none.")]


class PublicKeyInput(Struct, kw_only=True):
    """A key to give, in the place of the former."""

    public_key: PublicKeyText


key_operation = partial(api_operation, tag=schemas.TAG, scope=schemas.READING_SCOPE)


@get(
    "/",
    **key_operation(
        "readProjectKey",
        summary="Read the public key of a project",
        description="For whoever leads it: the key for which RUDI nodes encrypt the files that the project reads.",
        answer=ProjectPublicKey,
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def read_key(
    session: Session, bearer: NamedDependency[Bearer], project_id: ProjectPath
) -> Response[ProjectPublicKey]:
    """That of a project that I lead."""
    project = await get_led_project(session, bearer.member, project_id)
    return await _respond(session, project)


@put(
    "/",
    **key_operation(
        "giveProjectKey",
        summary="Give the public key of a project",
        description="It takes the place of the former. Nothing of a private key is kept.",
        answer=ProjectPublicKey,
        errors=(ForbiddenError, NotFoundError, InvalidError),
        body=PublicKeyInput,
    ),
)
async def give_key(
    request: ApiRequest,
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
) -> Response[ProjectPublicKey]:
    """Give one, in the place of the former."""
    payload = read_body(await request.body(), PublicKeyInput)
    project = await get_led_project(session, bearer.member, project_id, lock=True)
    await save_key(session, bearer.member, project, payload[FIELD])
    return await _respond(session, project)


@delete(
    "/",
    **key_operation(
        "removeProjectKey",
        summary="Remove the public key of a project",
        description="Nodes that ask find none from now on; once more changes nothing.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def delete_key(
    session: Session, bearer: NamedDependency[Bearer], project_id: ProjectPath
) -> None:
    """Forget it."""
    project = await get_led_project(session, bearer.member, project_id, lock=True)
    await remove_key(session, bearer.member, project)


async def _respond(
    session: AsyncSession, project: Project
) -> Response[ProjectPublicKey]:
    row = await find_key(session, project.id)
    key = None
    if row is not None:
        key = PublicKey(
            public_key=row.pem,
            sha256=row.sha256,
            bits=row.bits,
            registered=row.registered_at,
        )
    return Response(ProjectPublicKey(key=key), headers=PRIVATE)


routes: Routes = [
    program_router(BASE, [read_key, give_key, delete_key], schemas.READING_SCOPE)
]
