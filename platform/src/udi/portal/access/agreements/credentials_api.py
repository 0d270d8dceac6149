"""`/api/v1/projects/{id}/credentials`: the secrets of a project's machines, for programs of whoever leads it."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter
from msgspec import Meta, Struct

from udi.kit.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from udi.portal.access.agreements import schemas
from udi.portal.access.agreements.credentials import (
    DAYS,
    list_credentials,
    list_nodes,
    make_credential,
    renew_credential,
    revoke_credential,
)
from udi.portal.access.models import ProjectCredential
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import PRIVATE, ApiRequest, program_router
from udi.portal.projects.queries import get_led_project
from udi.portal.projects.request_bodies import read_body
from udi.portal.projects.schemas import ProjectPath
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import Routes, Session

BASE = "/api/v1/projects/{project_id:uuid}/credentials"
CredentialPath = Annotated[
    UUID, PathParameter(description="Identifier of the credential.")
]
Instant = Annotated[datetime, Meta(tz=True)]


class CredentialNode(Struct, frozen=True, kw_only=True):
    """A node at which the project has an agreement."""

    id: UUID
    name: str


class CredentialItem(Struct, frozen=True, kw_only=True):
    """A credential, without its secret."""

    id: UUID
    node: UUID
    name: Annotated[str, Meta(description="Which machine uses it.")]
    created: Instant
    expires: Instant
    revoked: Annotated[
        Instant | None, Meta(description="When it was revoked; null: it was not.")
    ]
    last_used: Annotated[
        Instant | None, Meta(description="When a machine last read with it.")
    ]

    @classmethod
    def of(cls, row: ProjectCredential) -> "CredentialItem":
        """A row of a project."""
        return cls(
            id=row.id,
            node=row.node_id,
            name=row.name,
            created=row.created_at,
            expires=row.expires_at,
            revoked=row.revoked_at,
            last_used=row.last_used_at,
        )


class ProjectCredentials(Struct, frozen=True, kw_only=True):
    """The credentials of a project, and the nodes for which it may have some."""

    nodes: list[CredentialNode]
    items: list[CredentialItem]


class NewCredential(Struct, frozen=True, kw_only=True):
    """A credential with its secret, which is told this once."""

    credential: CredentialItem
    secret: Annotated[
        str, Meta(description="Send it to the node after the word Bearer.")
    ]


class CredentialInput(Struct, kw_only=True):
    """A credential to make."""

    node: Annotated[str, Meta(description="Identifier of one of the project’s nodes.")]
    name: Annotated[str, Meta(description="Which machine uses it.")]
    days: Annotated[
        int,
        Meta(
            description="For how many days.",
            extra_json_schema={"enum": list(DAYS)},
        ),
    ] = DAYS[0]


credential_operation = partial(
    api_operation, tag=schemas.TAG, scope=schemas.READING_SCOPE
)


@get(
    "/",
    **credential_operation(
        "listCredentials",
        summary="List the credentials of a project",
        description="For whoever leads it; the secrets are kept nowhere.",
        answer=ProjectCredentials,
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def list_project_credentials(
    session: Session, bearer: NamedDependency[Bearer], project_id: ProjectPath
) -> Response[ProjectCredentials]:
    """Those of a project that I lead."""
    project = await get_led_project(session, bearer.member, project_id)
    nodes = [
        CredentialNode(id=node.id, name=node.name)
        for node in await list_nodes(session, project)
    ]
    items = [CredentialItem.of(row) for row in await list_credentials(session, project)]
    return Response(ProjectCredentials(nodes=nodes, items=items), headers=PRIVATE)


@post(
    "/",
    guards=[require_confirmation()],
    **credential_operation(
        "makeCredential",
        summary="Make a credential of a project",
        description="Its secret is in this answer and nowhere else. The node is informed at once.",
        answer=NewCredential,
        statuses=(201,),
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=CredentialInput,
    ),
)
async def add_credential(
    request: ApiRequest,
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
) -> Response[NewCredential]:
    """Make one."""
    payload = read_body(await request.body(), CredentialInput)
    project = await get_led_project(session, bearer.member, project_id, lock=True)
    node = next(
        (
            project_node.id
            for project_node in await list_nodes(session, project)
            if str(project_node.id) == payload["node"].lower()
        ),
        None,
    )
    row, secret = await make_credential(
        session,
        bearer.member,
        project,
        node=node,
        name=payload["name"],
        days=payload["days"],
    )
    return _new_credential(row, secret)


@post(
    "/{credential_id:uuid}/renewal",
    guards=[require_confirmation()],
    **credential_operation(
        "renewCredential",
        summary="Renew a credential",
        description="A new secret in its place, for as long; the former is refused at once.",
        answer=NewCredential,
        statuses=(201,),
        errors=(ForbiddenError, NotFoundError, ConflictError),
    ),
)
async def replace_credential(
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
    credential_id: CredentialPath,
) -> Response[NewCredential]:
    """A new secret in its place."""
    project = await get_led_project(session, bearer.member, project_id, lock=True)
    return _new_credential(
        *await renew_credential(session, bearer.member, project, credential_id)
    )


@delete(
    "/{credential_id:uuid}",
    **credential_operation(
        "revokeCredential",
        summary="Revoke a credential",
        description="The node refuses it from now on; once more changes nothing.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def end_credential(
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
    credential_id: CredentialPath,
) -> None:
    """Refuse it from now on."""
    project = await get_led_project(session, bearer.member, project_id, lock=True)
    await revoke_credential(session, bearer.member, project, credential_id)


def _new_credential(row: ProjectCredential, secret: str) -> Response[NewCredential]:
    return Response(
        NewCredential(credential=CredentialItem.of(row), secret=secret),
        status_code=201,
        headers=PRIVATE,
    )


routes: Routes = [
    program_router(
        BASE,
        [
            list_project_credentials,
            add_credential,
            replace_credential,
            end_credential,
        ],
        schemas.READING_SCOPE,
    )
]
