"""The OpenAPI 3.1 document of the portal's API: its schemas are those of the types that answer."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins
from msgspec.json import schema_components

from udi.kit.errors import (
    TooManyRequestsError,
    UdiError,
    UnauthenticatedError,
)
from udi.kit.tenancy import Territory
from udi.portal.catalogue.documentation.examples import REQUEST_BODIES, make_examples
from udi.portal.catalogue.documentation.operations import OPERATIONS, Chapter, Operation
from udi.portal.catalogue.documentation.parameters import PATH
from udi.ui import problems
from udi.ui.locale import localise

Say = Callable[[str], str]
ADDRESS = "/api/openapi.json"
REFERENCE = "#/components/schemas/{name}"
VERSION = "1.0.0"
"""Of the API: the first number changes only with the address, `/api/v1`."""


class RequestFault(Struct, kw_only=True):
    """One thing that is wrong in a request."""

    field: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    remedy: str | UnsetType = UNSET
    code: str | UnsetType = UNSET


class Problem(Struct, kw_only=True):
    """Why a request was refused (RFC 9457), in the reader’s language."""

    type: Annotated[
        str, Meta(description="Address of a page that explains this type of problem.")
    ]
    title: str
    status: int
    detail: str
    remedy: str | UnsetType = UNSET
    errors: list[RequestFault] | UnsetType = UNSET


ALWAYS: tuple[type[UdiError], ...] = (UnauthenticatedError, TooManyRequestsError)
"""What every operation may refuse: a token that is not good, and too much in little time."""


def build_document(
    territory: Territory, say: Say, language: str, chapters: Sequence[Chapter] = ()
) -> dict[str, Any]:
    """The document for one territory, its words in one language (OpenAPI Specification 3.1.1)."""
    own = Chapter(OPERATIONS, PATH, REQUEST_BODIES, make_examples)
    book = [
        (operation, chapter)
        for chapter in (own, *chapters)
        for operation in chapter.operations
    ]
    examples = {
        name: example
        for chapter in (own, *chapters)
        for name, example in chapter.make_examples(territory.origin).items()
    }
    struct_types = [
        kind
        for operation, _ in book
        for kind in (operation.answer, operation.asks)
        if kind is not None
    ]
    _, schemas = schema_components([*struct_types, Problem], ref_template=REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for operation, chapter in book:
        described = _operation(operation, chapter, say, examples.get(operation.name))
        paths.setdefault(operation.path, {})[operation.method] = described
    return {
        "openapi": "3.1.1",
        "info": {
            "title": localise(territory.name, language),
            "summary": say("The catalogue, for programs: no key, no account."),
            "version": VERSION,
            **({"contact": {"email": territory.contact}} if territory.contact else {}),
        },
        "servers": [{"url": territory.origin}],
        "externalDocs": {"url": f"{territory.origin}/api"},
        "paths": paths,
        "components": {
            "schemas": {
                name: _translate_schema(schema, say) for name, schema in schemas.items()
            },
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": say(
                        "A token that a person created on «my space». Open data need no token."
                    ),
                }
            },
        },
    }


def _operation(
    operation: Operation, chapter: Chapter, say: Say, example: Any
) -> dict[str, Any]:
    return {
        "operationId": operation.name,
        "summary": say(operation.summary),
        "description": say(operation.detail),
        "parameters": _parameters(operation, chapter, say),
        "security": [{"token": [operation.scope]}]
        if operation.scope
        else [{}, {"token": []}],
        **(
            {"requestBody": _request_body(operation.asks, chapter)}
            if operation.asks
            else {}
        ),
        "responses": {
            **{
                str(status): _success_response(operation, say, example)
                for status in operation.statuses
            },
            **(
                {}
                if operation.scope and not operation.dated
                else {
                    "304": {
                        "description": say(
                            "Nothing changed since the answer of this ETag."
                        )
                    }
                }
            ),
            **{
                str(kind.status): _error_response(kind, say)
                for kind in operation.refusals + ALWAYS
            },
        },
    }


def _parameters(
    operation: Operation, chapter: Chapter, say: Say
) -> list[dict[str, Any]]:
    named = [
        (name, "path", place)
        for name, place in chapter.places.items()
        if f"{{{name}}}" in operation.path
    ]
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


def _request_body(asks: type[Struct], chapter: Chapter) -> dict[str, Any]:
    media_type = {
        "schema": {"$ref": REFERENCE.format(name=asks.__name__)},
        "example": to_builtins(chapter.body_examples[asks]),
    }
    return {"required": True, "content": {"application/json": media_type}}


def _success_response(operation: Operation, say: Say, example: Any) -> dict[str, Any]:
    if operation.answer is None:
        content: dict[str, Any] = (
            {"content": {operation.media_type: {}}} if operation.media_type else {}
        )
        return {"description": say(operation.summary), **content}
    body = {
        "schema": {"$ref": REFERENCE.format(name=operation.answer.__name__)},
        "example": example,
    }
    links = {
        name: {
            "operationId": name,
            "parameters": {parameter: f"$response.body#{pointer}"},
        }
        for name, parameter, pointer in operation.leads_to
    }
    described = {
        "description": say(operation.summary),
        "content": {"application/json": body},
    }
    return described | ({"links": links} if links else {})


def _error_response(kind: type[UdiError], say: Say) -> dict[str, Any]:
    example = {
        "type": f"{problems.PATH}/{kind.slug}",
        "title": say(kind.title),
        "status": kind.status,
        "detail": "",
    }
    body = {
        "schema": {"$ref": REFERENCE.format(name=Problem.__name__)},
        "example": example,
    }
    return {
        "description": say(kind.meaning),
        "content": {"application/problem+json": body},
    }


def _translate_schema(schema: Any, say: Say) -> Any:
    """The schema with its descriptions in the reader's language."""
    if isinstance(schema, list):
        return [_translate_schema(part, say) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: say(part)
        if key == "description" and isinstance(part, str)
        else _translate_schema(part, say)
        for key, part in schema.items()
    }
