"""`/api/v1/organisations/{id}/processing`: the register of an organisation, read by all, written with a token of its managers."""

from collections.abc import Collection
from typing import Any

from litestar import Response, get, put
from litestar.di import NamedDependency
from msgspec import MsgspecError, ValidationError, json

from udi.kit.clock import today
from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PreconditionFailedError,
    Refusal,
    field_error,
)
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.json_bodies import NotJsonError
from udi.portal.identity.operations import api_operation
from udi.portal.organisations.members.queries import get_member_organisation
from udi.portal.projects.api_dependencies import (
    PRIVATE,
    ApiRequest,
    find_bearer,
    json_response,
    program_router,
)
from udi.portal.selfdata.actions import replace_register
from udi.portal.selfdata.queries import get_organisation_by_id, read_register
from udi.portal.selfdata.register_input import TEXTS
from udi.portal.selfdata.schemas import (
    BASE,
    SCOPE,
    TAG,
    OrganisationPath,
    ProcessingRegister,
    ProcessingRegisterInput,
)
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import CurrentTerritory, Routes, Session

PATH = "/{organisation_id:uuid}/processing"
MAX_BODY = 1024 * 1024


@get(
    PATH,
    **api_operation(
        "readProcessing",
        tag=TAG,
        summary="Read which personal data an organisation holds",
        description="Its published services; drafts too, for its managers, with a token that has the right “access”.",
        answer=ProcessingRegister,
        errors=(NotFoundError,),
    ),
)
async def read_processing(
    request: ApiRequest, session: Session, organisation_id: OrganisationPath
) -> Response[Any]:
    """The register; drafts too, for its managers."""
    organisation = await get_organisation_by_id(session, organisation_id)
    register = await read_register(session, organisation)
    bearer = find_bearer(request, SCOPE)
    manages = bearer is not None and bearer.member.may_manage(organisation.slug)
    if not manages:
        register = register.public()
    return json_response(
        request, ProcessingRegister.of(register), private=bearer is not None
    )


@put(
    PATH,
    guards=[require_confirmation()],
    **api_operation(
        "writeProcessing",
        tag=TAG,
        summary="Write which personal data an organisation holds",
        description="The whole register, in the place of what there is: services that are left out go. Nothing is kept where something is wrong.",
        answer=ProcessingRegister,
        scope=SCOPE,
        errors=(
            ForbiddenError,
            NotFoundError,
            ConflictError,
            PreconditionFailedError,
            InvalidError,
        ),
        body=ProcessingRegisterInput,
        largest_body=MAX_BODY,
    ),
)
async def write_processing(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    organisation_id: OrganisationPath,
) -> Response[ProcessingRegister]:
    """Put a whole register in its place."""
    organisation = await get_organisation_by_id(session, organisation_id)
    organisation = await get_member_organisation(
        session, bearer.member, organisation.slug, managing=True, lock=True
    )
    content = read_register_body(await request.body(), territory.languages)
    register = await read_register(session, organisation)
    if content.revision != ProcessingRegister.of(register).revision:
        raise PreconditionFailedError(
            "The register changed since you read it.",
            remedy="Read it again, then send your change with its revision.",
        )
    await replace_register(
        session,
        bearer.member,
        organisation,
        content.describe(),
        [
            (entry.id, entry.describe(territory.languages[0]))
            for entry in content.entries
        ],
        today(territory.zone),
    )
    written = await read_register(session, organisation)
    return Response(ProcessingRegister.of(written), headers=PRIVATE)


def read_register_body(
    body: bytes, languages: Collection[str]
) -> ProcessingRegisterInput:
    """The register of a body of JSON.

    Raises:
        InvalidError: it is no JSON, or a part of it is not what it should be; the refusal names the part.
    """
    try:
        content = json.decode(body, type=ProcessingRegisterInput)
    except ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise field_error(
            path.rstrip("`").lstrip("."),
            "This part is not as expected: %(what)s.",
            "See the schema of this address in the document of the API.",
            "wrong-shape",
            {"what": message},
        ) from None
    except (MsgspecError, ValueError, RecursionError):
        raise NotJsonError from None
    refusals = [
        Refusal(
            f"entries[{position}].{name}",
            "The territory does not have this language, or there is no such text.",
            "Use %(names)s.",
            "unknown-language",
            {"names": ", ".join([*languages, *TEXTS])},
        )
        for position, entry in enumerate(content.entries)
        for name, is_known in (
            ("language", entry.language in {"", *languages}),
            (
                "translations",
                set(entry.translations) <= set(TEXTS)
                and all(
                    set(texts) <= set(languages)
                    for texts in entry.translations.values()
                ),
            ),
        )
        if not is_known
    ]
    if refusals:
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    return content


routes: Routes = [
    program_router(BASE, [read_processing, write_processing], SCOPE),
]
