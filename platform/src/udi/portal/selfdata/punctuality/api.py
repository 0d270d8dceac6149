"""`/api/v1/organisations/{id}/punctuality`: how punctually an organisation answers requests about one's own data."""

from datetime import date
from typing import Annotated, Any

from litestar import Response, get
from msgspec import Meta, Struct

from udi.kit.errors import NotFoundError
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import (
    ApiRequest,
    json_response,
    program_router,
)
from udi.portal.selfdata.punctuality.models import PunctualityFigure
from udi.portal.selfdata.punctuality.queries import find_punctuality
from udi.portal.selfdata.queries import get_organisation_by_id
from udi.portal.selfdata.schemas import BASE, SCOPE, TAG, OrganisationPath
from udi.ui.dependencies import Routes, Session


class Punctuality(Struct, frozen=True, kw_only=True):
    """Answers to requests about one's own data, counted in groups of five or more; all zero while they are too few."""

    received: Annotated[
        int, Meta(description="Requests that were answered, or are late.")
    ]
    on_time: Annotated[
        int, Meta(description="Those answered within the month of the law.")
    ]
    extended: Annotated[
        int, Meta(description="Those answered in time after two months more.")
    ]
    late: int
    published_on: Annotated[
        date | None,
        Meta(description="When the last group was added; null while there is none."),
    ]

    @classmethod
    def of(cls, figure: PunctualityFigure | None) -> "Punctuality":
        """As a row says; nothing is said of too few."""
        if figure is None:
            return cls(received=0, on_time=0, extended=0, late=0, published_on=None)
        return cls(
            received=figure.received,
            on_time=figure.on_time,
            extended=figure.extended,
            late=figure.late,
            published_on=figure.published_on,
        )


@get(
    "/{organisation_id:uuid}/punctuality",
    **api_operation(
        "readPunctuality",
        tag=TAG,
        summary="Read how punctually an organisation answers people about their data",
        description="Sums of groups of five requests or more, so that nobody can single out a request.",
        answer=Punctuality,
        errors=(NotFoundError,),
    ),
)
async def read_punctuality(
    request: ApiRequest, session: Session, organisation_id: OrganisationPath
) -> Response[Any]:
    """The figures that everybody reads."""
    organisation = await get_organisation_by_id(session, organisation_id)
    figure = await find_punctuality(session, organisation.id)
    return json_response(request, Punctuality.of(figure), private=False)


routes: Routes = [
    program_router(BASE, [read_punctuality], SCOPE),
]
