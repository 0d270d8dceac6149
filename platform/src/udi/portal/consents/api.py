"""`/api/v1/projects/{id}/consent-changes`: what changed in the consents of a project, for a program of who leads it."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter
from msgspec import Meta, Struct

from udi.kit.errors import ForbiddenError, InvalidError, NotFoundError
from udi.portal.access.agreements.schemas import SCOPE, TAG
from udi.portal.catalogue.open.query_parameters import QueryParameters
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.consents.changes import ChangedConsent, list_changes
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import PRIVATE, program_router
from udi.portal.projects.queries import get_led_project
from udi.protocol.consent import ConsentState
from udi.ui.dependencies import AnyRequest, Routes, Session
from udi.ui.openapi.parameters import page_size

BASE = "/api/v1/projects"
USUAL_SIZE = 100
LARGEST_SIZE = 100
LARGEST_REVISION = 10**8
ProjectPath = Annotated[UUID, PathParameter(description="Identifier of the project.")]
Revision = Annotated[
    int,
    Meta(
        description="The last revision that was read; 0: from the beginning.",
        ge=0,
        le=LARGEST_REVISION,
    ),
]


class ConsentChangeParameters(Struct, kw_only=True):
    """The query of the list of changes."""

    after: Revision = 0
    size: Annotated[int, page_size("Changes a page.")] = USUAL_SIZE


class ConsentChangeItem(Struct, frozen=True, kw_only=True):
    """Somebody lends, or no more; nobody is named."""

    id: UUID
    revision: Annotated[
        int, Meta(description="Its place: a later change has a higher one.")
    ]
    state: Annotated[
        str,
        Meta(
            description="What became of one consent.",
            extra_json_schema={"enum": list(ConsentState)},
        ),
    ]
    changed: Annotated[datetime, Meta(tz=True, description="The hour, no more.")]
    agreement: UUID
    dataset: UUID
    notice: Annotated[UUID, Meta(description="The version of the question.")]
    notice_version: int

    @classmethod
    def of(cls, changed: ChangedConsent) -> Self:
        """As a row says."""
        change = changed.change
        return cls(
            id=change.id,
            revision=change.revision,
            state=change.state,
            changed=change.changed_at,
            agreement=change.agreement_id,
            dataset=UUID(changed.version.document["dataset"]),
            notice=changed.version.id,
            notice_version=changed.version.version,
        )


class ConsentChanges(Struct, frozen=True, kw_only=True):
    """What changed after a revision, the first change first."""

    after: Annotated[int, Meta(description="To ask for what comes next.")]
    more: Annotated[bool, Meta(description="Whether more is known already.")]
    items: list[ConsentChangeItem]


@get(
    "/{project_id:uuid}/consent-changes",
    **api_operation(
        "listConsentChanges",
        tag=TAG,
        scope=SCOPE,
        summary="List the changes in the consents of my project",
        description=(
            "Nobody is named. After a consent ended, read the data again and erase what came before."
            " Changes are kept for 400 days."
        ),
        answer=ConsentChanges,
        errors=(ForbiddenError, NotFoundError, InvalidError),
        query=ConsentChangeParameters,
    ),
)
async def list_consent_changes(
    request: AnyRequest,
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
) -> Response[ConsentChanges]:
    """What changed since a revision, for who leads the project."""
    parameters = QueryParameters(read_pairs(request), ("after", "size"))
    after = parameters.read_integer("after", 0, least=0, most=LARGEST_REVISION)
    size = parameters.read_integer("size", USUAL_SIZE, most=LARGEST_SIZE)
    parameters.check()
    project = await get_led_project(session, bearer.member, project_id)
    changes = await list_changes(session, project.id, after=after, limit=size + 1)
    items = [ConsentChangeItem.of(changed) for changed in changes[:size]]
    return Response(
        ConsentChanges(
            after=items[-1].revision if items else after,
            more=len(changes) > size,
            items=items,
        ),
        headers=PRIVATE,
    )


routes: Routes = [program_router(BASE, [list_consent_changes], SCOPE)]
