"""`/api/v1/projects/{id}/connectors`: the connectors of a project and their secrets, for programs of whoever leads it."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter
from msgspec import Meta, Struct

from udi.kit.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from udi.portal.access.agreements.schemas import READING_SCOPE, TAG
from udi.portal.dataspace.connectors import (
    ConnectorInput,
    add_connector,
    get_connector,
    list_connectors,
    renew_connector,
    revoke_connector,
)
from udi.portal.dataspace.messages import OUTGOING
from udi.portal.dataspace.models import Connector
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import PRIVATE, ApiRequest, program_router
from udi.portal.projects.queries import get_led_project
from udi.portal.projects.request_bodies import read_body
from udi.portal.projects.schemas import ProjectPath
from udi.protocol.terms import Purpose
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import Routes, Session
from udi.ui.site import site_of

BASE = "/api/v1/projects/{project_id:uuid}/connectors"
ConnectorPath = Annotated[
    UUID, PathParameter(description="Identifier of the connector.")
]
Instant = Annotated[datetime, Meta(tz=True)]
Name = Annotated[str, Meta(description="Which machine it is.")]
Participant = Annotated[
    str,
    Meta(description="How it is called in its data space: an address, a DID, a URN."),
]
ConnectorAddress = Annotated[
    str,
    Meta(
        description="At which address it takes messages; all that it says of itself lies below it.",
        examples=["https://connector.example/dsp"],
    ),
]
Use = Annotated[
    str,
    Meta(
        description="What the data are to be used for.",
        extra_json_schema={"enum": list(Purpose)},
    ),
]


class ConnectorItem(Struct, frozen=True, kw_only=True):
    """A connector, without any secret."""

    id: UUID
    name: Name
    participant: Participant
    address: ConnectorAddress
    purpose: Use
    words: str
    interest: str
    created: Instant
    revoked: Annotated[
        Instant | None, Meta(description="When it was revoked; null: it was not.")
    ]
    last_used: Annotated[
        Instant | None, Meta(description="When it last sent a message.")
    ]

    @classmethod
    def of(cls, row: Connector) -> "ConnectorItem":
        """A row of a project."""
        return cls(
            id=row.id,
            name=row.name,
            participant=row.participant,
            address=row.address,
            purpose=row.purpose,
            words=row.words,
            interest=row.interest,
            created=row.created_at,
            revoked=row.revoked_at,
            last_used=row.last_used_at,
        )


class ProjectConnectors(Struct, frozen=True, kw_only=True):
    """The connectors of a project, the living first."""

    items: list[ConnectorItem]


class NewConnector(Struct, frozen=True, kw_only=True):
    """A connector with its secret, which is told this once."""

    connector: ConnectorItem
    secret: Annotated[
        str, Meta(description="The connector sends it after the word Bearer.")
    ]


class NewConnectorInput(Struct, kw_only=True):
    """A connector to add."""

    name: Name
    participant: Participant
    address: ConnectorAddress
    purpose: Use
    words: Annotated[str, Meta(description="What would be done with the data.")]
    interest: Annotated[
        str, Meta(description="How the project serves the general interest.")
    ] = ""
    token: Annotated[
        str, Meta(description="The secret to send to the connector, if it wants one.")
    ] = ""


connector_operation = partial(api_operation, tag=TAG, scope=READING_SCOPE)


@get(
    "/",
    **connector_operation(
        "listConnectors",
        summary="List the connectors of a project",
        description="For whoever leads it: the machines of data spaces with which it speaks.",
        answer=ProjectConnectors,
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def list_project_connectors(
    session: Session, bearer: NamedDependency[Bearer], project_id: ProjectPath
) -> Response[ProjectConnectors]:
    """Those of a project that I lead."""
    project = await get_led_project(session, bearer.member, project_id)
    rows = await list_connectors(session, project)
    return Response(
        ProjectConnectors(items=[ConnectorItem.of(row) for row in rows]),
        headers=PRIVATE,
    )


@post(
    "/",
    guards=[require_confirmation()],
    **connector_operation(
        "addConnector",
        summary="Add a connector to a project",
        description="The secret that it shows here is in this answer and nowhere else.",
        answer=NewConnector,
        statuses=(201,),
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=NewConnectorInput,
    ),
)
async def create_connector(
    request: ApiRequest,
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
) -> Response[NewConnector]:
    """Add one."""
    payload = read_body(await request.body(), NewConnectorInput)
    project = await get_led_project(session, bearer.member, project_id, lock=True)
    connector_input = ConnectorInput(
        **{name: text.strip() for name, text in payload.items()}
    )
    plain = site_of(request).services[OUTGOING].is_private(connector_input.address)
    connector, secret = await add_connector(
        session, bearer.member, project, connector_input, plain=plain
    )
    return _new_connector(connector, secret)


@post(
    "/{connector_id:uuid}/renewal",
    guards=[require_confirmation()],
    **connector_operation(
        "renewConnector",
        summary="Renew the secret of a connector",
        description="A new secret in its place; the former is refused at once.",
        answer=NewConnector,
        statuses=(201,),
        errors=(ForbiddenError, NotFoundError, ConflictError),
    ),
)
async def renew_project_connector(
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
    connector_id: ConnectorPath,
) -> Response[NewConnector]:
    """A new secret in the place of the former."""
    project = await get_led_project(session, bearer.member, project_id)
    connector = await get_connector(session, project, connector_id)
    return _new_connector(
        connector, await renew_connector(session, bearer.member, connector)
    )


@delete(
    "/{connector_id:uuid}",
    **connector_operation(
        "revokeConnector",
        summary="Revoke a connector",
        description="It gets no message any more, and what its transfers were given is refused; once more changes nothing.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def revoke_project_connector(
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
    connector_id: ConnectorPath,
) -> None:
    """Speak with it no more."""
    project = await get_led_project(session, bearer.member, project_id)
    connector = await get_connector(session, project, connector_id)
    await revoke_connector(session, bearer.member, connector)


def _new_connector(connector: Connector, secret: str) -> Response[NewConnector]:
    return Response(
        NewConnector(connector=ConnectorItem.of(connector), secret=secret),
        status_code=201,
        headers=PRIVATE,
    )


routes: Routes = [
    program_router(
        BASE,
        [
            list_project_connectors,
            create_connector,
            renew_project_connector,
            revoke_project_connector,
        ],
        READING_SCOPE,
    )
]
