"""`/api/v1/suggestions`: what is suggested to a person or an organisation, and what they declare, for their programs."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.spec import Tag
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PreconditionFailedError,
    TooManyRequestsError,
)
from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.query_parameters import QueryParameters
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.search.index import SEARCH_INDEXES
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import PRIVATE, ApiRequest, program_router
from udi.portal.projects.listing import is_identifier
from udi.portal.projects.request_bodies import read_body
from udi.portal.projects.suggestions.actions import (
    SUPPORTS,
    InterestInput,
    declare_interest,
    mark_suggestion,
    turn_off,
)
from udi.portal.projects.suggestions.messages import create_message
from udi.portal.projects.suggestions.models import SuggestionOutcome
from udi.portal.projects.suggestions.queries import (
    SuggestionSettings,
    get_suggestion_settings,
)
from udi.portal.projects.suggestions.search import (
    find_suggested_party,
    find_suggestions,
)
from udi.portal.projects.suggestions.suggestion import (
    Suggestion,
    SuggestionKind,
    SuggestionTarget,
)
from udi.portal.projects.suggestions.transitions import SuggestionState
from udi.protocol.themes import THEMES
from udi.ui.dependencies import CurrentTerritory, Routes, Session
from udi.ui.site import site_of

BASE = "/api/v1/suggestions"
SCOPE = "projects"
LONGEST_SLUG = 100
TAG = Tag("suggestions", "Suggestions for you")
Organisation = Annotated[
    str,
    Meta(
        description="Readable name of an organisation for which I publish; empty: for myself."
    ),
]
Supports = Annotated[
    list[str], Meta(extra_json_schema={"items": {"enum": list(SUPPORTS)}})
]
Themes = Annotated[list[str], Meta(extra_json_schema={"items": {"enum": list(THEMES)}})]


class SuggestionParameters(Struct, kw_only=True):
    """The query of suggestions."""

    organisation: Organisation = ""


class SuggestedThing(Struct, frozen=True, kw_only=True):
    """Something that may be of use."""

    kind: Annotated[
        str,
        Meta(
            description="What it is good for.",
            extra_json_schema={"enum": list(SuggestionKind)},
        ),
    ]
    thing: Annotated[
        str,
        Meta(
            description="What it is.",
            extra_json_schema={"enum": list(SuggestionTarget)},
        ),
    ]
    id: UUID
    title: str
    by: Annotated[str, Meta(description="Its producer, or who leads it.")]
    page: Annotated[str, Meta(extra_json_schema={"format": "uri"})]
    common_words: Annotated[
        list[str], Meta(description="Words that both have in common.")
    ]
    mark: Annotated[str, Meta(description="What was answered to it; empty: nothing.")]

    @classmethod
    def of(cls, suggestion: Suggestion, origin: str) -> "SuggestedThing":
        """A suggestion, on the portal at `origin`."""
        words = dict.fromkeys(
            word for reason in suggestion.why for word in reason.words
        )
        return cls(
            kind=suggestion.kind.value,
            thing=suggestion.thing.value,
            id=suggestion.id,
            title=suggestion.title,
            by=suggestion.by,
            page=f"{origin}{suggestion.path}",
            common_words=list(words),
            mark=suggestion.mark,
        )


class DeclaredInterests(Struct, kw_only=True):
    """What somebody says of themselves for suggestions."""

    looks_for: str = ""
    has: str = ""
    themes: Themes = []
    offers: Supports = []
    seeks: Supports = []
    discoverable: Annotated[
        bool, Meta(description="Whether others find whoever declares it.")
    ] = False
    name: Annotated[str, Meta(description="Shown to others, where they do.")] = ""
    mailed: Annotated[bool, Meta(description="Whether new ones come by mail.")] = False


class InterestsInput(DeclaredInterests, kw_only=True):
    """What will be declared, in whole; it turns suggestions on."""

    organisation: Organisation = ""
    revision: Annotated[
        str, Meta(description="The one that was read; empty: there was none.")
    ] = ""


class SuggestionOwner(Struct, kw_only=True):
    """For whom suggestions are turned off."""

    organisation: Organisation = ""


class SuggestionAnswer(Struct, kw_only=True):
    """What is answered to a suggestion."""

    thing: Annotated[str, Meta(extra_json_schema={"enum": list(SuggestionTarget)})]
    id: Annotated[str, Meta(description="Identifier of what was suggested.")]
    mark: Annotated[
        str,
        Meta(
            extra_json_schema={
                "enum": [SuggestionOutcome.USEFUL, SuggestionOutcome.NEVER]
            }
        ),
    ]
    organisation: Organisation = ""


class SuggestionMessageInput(Struct, kw_only=True):
    """A few words to somebody who is suggested."""

    to: Annotated[str, Meta(description="Identifier of a suggestion “interest”.")]
    words: str
    organisation: Organisation = ""


class SuggestionOverview(Struct, frozen=True, kw_only=True):
    """How suggestions stand, and what is suggested now."""

    organisation: Organisation
    state: Annotated[str, Meta(extra_json_schema={"enum": list(SuggestionState)})]
    revision: Annotated[str, Meta(description="Sent back with what will be declared.")]
    interests: DeclaredInterests | None
    items: list[SuggestedThing]


suggestion_operation = partial(api_operation, tag=TAG, scope=SCOPE)


@get(
    "/",
    **suggestion_operation(
        "listSuggestions",
        summary="List what is suggested",
        description="Datasets, requests, projects, calls and people that fit the projects and interests of a person or an organisation.",
        answer=SuggestionOverview,
        errors=(ForbiddenError, NotFoundError, InvalidError),
        query=SuggestionParameters,
    ),
)
async def list_suggestions(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
) -> Response[SuggestionOverview]:
    """What is suggested to me, or to an organisation for which I publish."""
    parameters = QueryParameters(read_pairs(request), ("organisation",))
    slug = parameters.read_text("organisation", longest=LONGEST_SLUG)
    parameters.check()
    standing = await get_suggestion_settings(session, bearer.member, slug)
    return await _respond(request, session, territory, standing)


@put(
    "/interests",
    **suggestion_operation(
        "declareInterests",
        summary="Turn suggestions on, or change what is declared",
        description="The whole of what is declared, with the revision that was read.",
        answer=SuggestionOverview,
        errors=(
            ForbiddenError,
            NotFoundError,
            ConflictError,
            PreconditionFailedError,
            InvalidError,
        ),
        body=InterestsInput,
    ),
)
async def write_interests(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
) -> Response[SuggestionOverview]:
    """Turn them on, or say more."""
    payload = read_body(await request.body(), InterestsInput)
    slug = payload.pop("organisation")
    revision = payload.pop("revision")
    codes: dict[str, Any] = {
        name: tuple(payload.pop(name)) for name in ("themes", "offers", "seeks")
    }
    standing = await get_suggestion_settings(session, bearer.member, slug, lock=True)
    await declare_interest(
        session,
        standing,
        InterestInput(**payload, **codes),
        revision=revision,
        language=request.scope["state"]["locale"],
    )
    standing = await get_suggestion_settings(session, bearer.member, slug)
    return await _respond(request, session, territory, standing)


@post(
    "/off",
    **suggestion_operation(
        "turnSuggestionsOff",
        summary="Turn suggestions off",
        description="What was declared and answered is forgotten; once more changes nothing.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError, InvalidError),
        body=SuggestionOwner,
    ),
)
async def disable_suggestions(
    request: ApiRequest, session: Session, bearer: NamedDependency[Bearer]
) -> None:
    """Off, for ever."""
    payload = read_body(await request.body(), SuggestionOwner)
    standing = await get_suggestion_settings(
        session, bearer.member, payload["organisation"], lock=True
    )
    await turn_off(session, standing)


@post(
    "/marks",
    **suggestion_operation(
        "answerSuggestion",
        summary="Answer a suggestion",
        description="That it was useful, or is not to come again.",
        statuses=(204,),
        errors=(
            ForbiddenError,
            NotFoundError,
            ConflictError,
            InvalidError,
            TooManyRequestsError,
        ),
        body=SuggestionAnswer,
    ),
)
async def answer_suggestion(
    request: ApiRequest, session: Session, bearer: NamedDependency[Bearer]
) -> None:
    """Say that one was useful, or not to come again."""
    payload = read_body(await request.body(), SuggestionAnswer)
    standing = await get_suggestion_settings(
        session, bearer.member, payload["organisation"], lock=True
    )
    identifier = payload["id"]
    id_ = UUID(identifier) if is_identifier(identifier) else UUID(int=0)
    await mark_suggestion(session, standing, payload["thing"], id_, payload["mark"])


@post(
    "/messages",
    **suggestion_operation(
        "writeToSuggested",
        summary="Write to somebody who is suggested",
        description="A few words by mail; they see the address of whoever writes.",
        statuses=(204,),
        errors=(
            ForbiddenError,
            NotFoundError,
            ConflictError,
            InvalidError,
            TooManyRequestsError,
        ),
        body=SuggestionMessageInput,
    ),
)
async def send_message(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
) -> None:
    """Send a few words."""
    payload = read_body(await request.body(), SuggestionMessageInput)
    standing = await get_suggestion_settings(
        session, bearer.member, payload["organisation"], lock=True
    )
    reader = site_of(request).services[SEARCH_INDEXES].find(territory.id)
    to = await find_suggested_party(session, reader, standing, payload["to"])
    await create_message(session, standing, to, payload["words"])


async def _respond(
    request: ApiRequest,
    session: AsyncSession,
    territory: Territory,
    standing: SuggestionSettings,
) -> Response[SuggestionOverview]:
    reader = site_of(request).services[SEARCH_INDEXES].find(territory.id)
    items: list[SuggestedThing] = []
    if standing.receiver:
        by_kind = await find_suggestions(session, reader, standing.receiver)
        items = [
            SuggestedThing.of(suggestion, territory.origin)
            for suggestions in by_kind.values()
            for suggestion in suggestions
        ]
    interest = standing.interest
    interests = None
    if interest:
        names = DeclaredInterests.__struct_fields__
        interests = DeclaredInterests(
            **{name: getattr(interest, name) for name in names}
        )
    overview = SuggestionOverview(
        organisation=standing.slug,
        state=standing.state.value,
        revision=standing.revision,
        interests=interests,
        items=items,
    )
    return Response(overview, headers=PRIVATE)


routes: Routes = [
    program_router(
        BASE,
        [
            list_suggestions,
            write_interests,
            disable_suggestions,
            answer_suggestion,
            send_message,
        ],
        SCOPE,
    )
]
