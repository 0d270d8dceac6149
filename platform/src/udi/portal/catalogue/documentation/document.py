"""The OpenAPI 3.1 document of the portal's API: its schemas are those of the types that answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins
from msgspec.json import schema_components

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooManyError,
    UdiError,
    UnauthenticatedError,
)
from udi.kit.tenancy import Territory
from udi.portal.catalogue.documentation.examples import ASKED, make_examples
from udi.portal.catalogue.documentation.operation import More, Operation
from udi.portal.catalogue.documentation.parameters import PATH, SEARCH, WALK, Parameter
from udi.portal.catalogue.queries import WithdrawnError
from udi.portal.catalogue.shapes import BASE, Dataset, DatasetBatch, DatasetPage, Producer, ProducerList
from udi.portal.identity import me
from udi.portal.notifications import api as following
from udi.ui import problems
from udi.ui.locale import localised

Say = Callable[[str], str]
ADDRESS = "/api/openapi.json"
REFERENCE = "#/components/schemas/{name}"
VERSION = "1.0.0"
"""Of the API: the first number changes only with the address, `/api/v1`."""


class WrongThing(Struct, kw_only=True):
    """One thing that is wrong in a request."""

    field: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    remedy: str | UnsetType = UNSET
    code: str | UnsetType = UNSET


class Problem(Struct, kw_only=True):
    """Why a request was refused (RFC 9457), in the reader’s language."""

    type: Annotated[str, Meta(description="Address of a page that explains this type of problem.")]
    title: str
    status: int
    detail: str
    remedy: str | UnsetType = UNSET
    errors: list[WrongThing] | UnsetType = UNSET


OPERATIONS = (
    Operation(
        name="searchDatasets",
        path=f"{BASE}/datasets",
        summary="Search the datasets",
        detail="The same search as on the pages, with how many datasets each value of a filter would leave.",
        answer=DatasetPage,
        refusals=(InvalidError,),
        takes=SEARCH,
        leads_to=(("readDataset", "id", "/items/0/id"), ("readProducer", "slug", "/items/0/producer/slug")),
    ),
    Operation(
        name="walkDatasets",
        path=f"{BASE}/datasets/all",
        summary="Walk through all the datasets",
        detail="Every dataset once, batch after batch, however many come or go meanwhile: follow the link “next”.",
        answer=DatasetBatch,
        refusals=(InvalidError,),
        takes=WALK,
        leads_to=(("readDataset", "id", "/items/0/id"),),
    ),
    Operation(
        name="readDataset",
        path=f"{BASE}/datasets/{{id}}",
        summary="Read a dataset",
        detail="A dataset in our words, with its files and services, and its producer’s record as it was sent.",
        answer=Dataset,
        refusals=(NotFoundError, WithdrawnError),
        leads_to=(("readProducer", "slug", "/producer/slug"),),
    ),
    Operation(
        name="listProducers",
        path=f"{BASE}/producers",
        summary="List the producers",
        detail="Everyone who publishes on this territory, with how many datasets.",
        answer=ProducerList,
        refusals=(),
        leads_to=(("readProducer", "slug", "/items/0/slug"),),
    ),
    Operation(
        name="readProducer",
        path=f"{BASE}/producers/{{slug}}",
        summary="Read a producer",
        detail="Who it is, and how to reach it.",
        answer=Producer,
        refusals=(NotFoundError,),
    ),
    Operation(
        name="readMe",
        path=me.PATH,
        summary="Read who a token belongs to",
        detail="Whose token this is, with their organisations, and what it may do. Tokens are made on «my space».",
        answer=me.Me,
        refusals=(ForbiddenError,),
        scope="profile",
    ),
    Operation(
        name="listFollowed",
        path=following.PATH,
        summary="List what I follow",
        detail="Datasets, producers, themes and searches that the person of the token follows, the newest first.",
        answer=following.FollowedList,
        refusals=(ForbiddenError,),
        scope=following.SCOPE,
    ),
    Operation(
        name="follow",
        path=following.PATH,
        summary="Follow",
        detail="Follow a dataset, a producer, a theme or a search. Once more changes nothing: 200 instead of 201.",
        answer=following.Followed,
        refusals=(ForbiddenError, NotFoundError, ConflictError, WithdrawnError, InvalidError),
        method="post",
        asks=following.ToFollow,
        statuses=(201, 200),
        scope=following.SCOPE,
    ),
    Operation(
        name="stopFollowing",
        path=f"{following.PATH}/{{following_id}}",
        summary="Follow no more",
        detail="Follow one thing no more.",
        answer=None,
        refusals=(ForbiddenError, NotFoundError),
        method="delete",
        statuses=(204,),
        scope=following.SCOPE,
    ),
    Operation(
        name="readRhythm",
        path=f"{following.PATH}/rhythm",
        summary="Read how often I am told",
        detail="How often mails may leave that tell what changed, and when the next one may.",
        answer=following.HowOften,
        refusals=(ForbiddenError,),
        scope=following.SCOPE,
    ),
    Operation(
        name="chooseRhythm",
        path=f"{following.PATH}/rhythm",
        summary="Choose how often I am told",
        detail="Be told by mail each day, each Monday, or never; what is followed is kept.",
        answer=following.HowOften,
        refusals=(ForbiddenError, InvalidError),
        method="put",
        asks=following.ToldAs,
        scope=following.SCOPE,
    ),
)
ALWAYS: tuple[type[UdiError], ...] = (UnauthenticatedError, TooManyError)
"""What every operation may refuse: a token that is not good, and too much in little time."""


@dataclass(frozen=True)
class Whole:
    """The operations of all domains, with what describes them."""

    operations: tuple[Operation, ...]
    path: Mapping[str, Parameter]
    asked: Mapping[type[Struct], Struct]
    examples: Mapping[str, Any]


def build_document(territory: Territory, say: Say, language: str, more: Sequence[More] = ()) -> dict[str, Any]:
    """The document for one territory, its words in one language (OpenAPI Specification 3.1.1); `more` of higher domains."""
    whole = gather(territory.origin, more)
    said = [kind for operation in whole.operations for kind in (operation.answer, operation.asks) if kind is not None]
    _, schemas = schema_components([*said, Problem], ref_template=REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for operation in whole.operations:
        described = _operation(operation, say, whole)
        paths.setdefault(operation.path, {})[operation.method] = described
    return {
        "openapi": "3.1.1",
        "info": {
            "title": localised(territory.name, language),
            "summary": say("The catalogue, for programs: no key, no account."),
            "version": VERSION,
            **({"contact": {"email": territory.contact}} if territory.contact else {}),
        },
        "servers": [{"url": territory.origin}],
        "externalDocs": {"url": f"{territory.origin}/api"},
        "paths": paths,
        "components": {
            "schemas": {name: _translated(schema, say) for name, schema in schemas.items()},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": say("A token that a person made on «my space». What is open needs none."),
                }
            },
        },
    }


def gather(origin: str, more: Sequence[More]) -> Whole:
    """All that is described."""
    examples, path, asked = make_examples(origin), dict(PATH), dict(ASKED)
    for each in more:
        examples |= each.examples(origin)
        path |= each.path
        asked |= each.asked
    return Whole((*OPERATIONS, *(operation for each in more for operation in each.operations)), path, asked, examples)


def _operation(operation: Operation, say: Say, whole: Whole) -> dict[str, Any]:
    example = whole.examples.get(operation.name)
    return {
        "operationId": operation.name,
        "summary": say(operation.summary),
        "description": say(operation.detail),
        "parameters": _parameters(operation, say, whole.path),
        "security": [{"token": [operation.scope]}] if operation.scope else [{}, {"token": []}],
        **({"requestBody": _body(operation.asks, whole.asked)} if operation.asks else {}),
        "responses": {
            **{str(status): _answer(operation, say, example) for status in operation.statuses},
            **({} if operation.scope else {"304": {"description": say("Nothing changed since the answer of this ETag.")}}),
            **{str(kind.status): _refusal(kind, say) for kind in operation.refusals + ALWAYS},
        },
    }  # fmt: skip


def _parameters(operation: Operation, say: Say, path: Mapping[str, Parameter]) -> list[dict[str, Any]]:
    named = [(name, "path", path[name]) for name in path if f"{{{name}}}" in operation.path]
    named += [(name, "query", entry) for name, entry in operation.takes.items()]
    return [
        {
            "name": name,
            "in": place,
            "required": place == "path",
            "description": say(description),
            "schema": schema,
            "example": example,
        }
        for name, place, (description, schema, example) in named
    ]


def _body(asks: type[Struct], asked: Mapping[type[Struct], Struct]) -> dict[str, Any]:
    said = {"schema": {"$ref": REFERENCE.format(name=asks.__name__)}, "example": to_builtins(asked[asks])}
    return {"required": True, "content": {"application/json": said}}


def _answer(operation: Operation, say: Say, example: Any) -> dict[str, Any]:
    if operation.answer is None:
        return {"description": say(operation.summary)}
    body = {"schema": {"$ref": REFERENCE.format(name=operation.answer.__name__)}, "example": example}
    links = {
        name: {"operationId": name, "parameters": {parameter: f"$response.body#{pointer}"}}
        for name, parameter, pointer in operation.leads_to
    }
    described = {"description": say(operation.summary), "content": {"application/json": body}}
    return described | ({"links": links} if links else {})


def _refusal(kind: type[UdiError], say: Say) -> dict[str, Any]:
    example = {"type": f"{problems.PATH}/{kind.slug}", "title": say(kind.title), "status": kind.status, "detail": ""}
    body = {"schema": {"$ref": REFERENCE.format(name=Problem.__name__)}, "example": example}
    return {"description": say(kind.meaning), "content": {"application/problem+json": body}}


def _translated(schema: Any, say: Say) -> Any:
    """The schema with its descriptions in the reader's language."""
    if isinstance(schema, list):
        return [_translated(part, say) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: say(part) if key == "description" and isinstance(part, str) else _translated(part, say)
        for key, part in schema.items()
    }
