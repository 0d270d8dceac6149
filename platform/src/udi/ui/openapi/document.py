"""The OpenAPI 3.1 document of a program: what Litestar's plugin reads of its handlers, with the schemas of msgspec.

Litestar knows addresses, methods, parameters of paths, answers, errors and security; msgspec writes the schemas of its
types whole (Litestar's own reading of them leaves enumerations and formats out). The document is made once in the
words of the source, then once for each territory and language.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from litestar import Litestar
from litestar._openapi.plugin import OpenAPIPlugin
from litestar._openapi.schema_generation import SchemaCreator
from litestar.config.app import AppConfig
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Schema, Tag
from litestar.plugins import OpenAPISchemaPlugin
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition
from msgspec import Struct
from msgspec.json import schema_components

from udi.kit.tenancy import Territory
from udi.ui import problems
from udi.ui.locale import localise
from udi.ui.openapi.agent_tools import EXTENSION
from udi.ui.openapi.examples import make_example
from udi.ui.openapi.operations import (
    DETAILS,
    JSON,
    PROBLEM_JSON,
    OperationDetails,
    Problem,
)

Document = dict[str, Any]
Say = Callable[[str], str]
Kinds = Mapping[Any, Document]
"""The schema of each type of msgspec."""
ADDRESS = "/api/openapi.json"
PAGE = "/api"
REFERENCE = "#/components/schemas/{name}"
VERSION = "1.0.0"
"""Of the API: the first number changes only with the address, `/api/v1`."""
MOST_DOCUMENTS = 64
"""How many territories and languages a process keeps the document of, each of some 200 kB."""
TRANSLATED = {"summary", "description"}
EXAMPLES = {"example", "examples", "default", "enum"}
"""What is not said in a language of ours."""


class StructReferencePlugin(OpenAPISchemaPlugin):
    """Has Litestar refer to a type of msgspec by its name, which `build_template` describes."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Whether this is a type of msgspec."""
        return not field_definition.is_union and field_definition.is_subclass_of(Struct)

    def to_openapi_schema(
        self, field_definition: FieldDefinition, schema_creator: SchemaCreator
    ) -> Schema:
        """An object without fields, which Litestar puts among the components."""
        return schema_creator.create_component_schema(
            field_definition, required=[], property_fields={}
        )


class ApiDocuments:
    """The documents of a program, by territory and language."""

    def __init__(
        self,
        app: Litestar,
        summary: str,
        first: Tag,
        gettext: Callable[[str, str], str],
    ) -> None:
        self._app = app
        self._first = first
        self._summary = summary
        self._gettext = gettext
        self._template: Document | None = None
        self._read = lru_cache(MOST_DOCUMENTS)(self._write)

    def read(self, territory: Territory, language: str, origin: str) -> Document:
        """The document as a territory gives it at `origin`, in one language; not to be changed."""
        title = localise(territory.name, language)
        return self._read(origin, title, territory.contact, language)

    def _write(self, origin: str, title: str, contact: str, language: str) -> Document:
        if self._template is None:
            self._template = build_template(self._app, self._first)

        def say(message: str) -> str:
            return self._gettext(language, message)

        info = {"title": title, "summary": say(self._summary), "version": VERSION}
        return {
            **translate(self._template, say),
            "info": info | ({"contact": {"email": contact}} if contact else {}),
            "servers": [{"url": origin}],
            "externalDocs": {"url": f"{origin}{PAGE}"},
        }


def build_template(app: Litestar, first: Tag) -> Document:
    """The document of an application in the words of the source; the part `first` comes before the others."""
    config = OpenAPIConfig(
        title="", version=VERSION, render_plugins=[JsonRenderPlugin()]
    )
    # Litestar's plugin has no addresses of its own here: it would give one document, in one language.
    app.plugins.get(OpenAPIPlugin).on_app_init(AppConfig(openapi_config=config))
    document: Document = app.openapi_schema.to_schema()
    details = dict(list_details(app))
    kinds, schemas = _schemas(details.values())
    paths: dict[str, Document] = {}
    for path, path_item in document["paths"].items():
        for method, operation in path_item.items():
            if (method, path) in details:
                described = _complete(operation, details[method, path], kinds, schemas)
                paths.setdefault(path, {})[method] = described
    queries = {
        kind.__name__
        for one in details.values()
        for kind in (one.query, one.headers)
        if kind is not None
    }
    return {
        **document,
        "tags": _tags(details.values(), first),
        "paths": paths,
        "components": {
            "schemas": {
                name: schema for name, schema in schemas.items() if name not in queries
            },
            "securitySchemes": _security_schemes(details.values()),
        },
    }


def list_details(app: Litestar) -> Iterator[tuple[tuple[str, str], OperationDetails]]:
    """(method, path) of each operation of the API, with what its handler declares; HEAD only where there is no GET."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for method, (handler, _) in route.route_handler_map.items():
            is_head_of_get = method == "HEAD" and "GET" in handler.http_methods
            details = _find_details(handler)
            if details is not None and not is_head_of_get:
                yield (method.lower(), route.path_format), details


def _find_details(handler: HTTPRouteHandler) -> OperationDetails | None:
    details: OperationDetails | None = handler.opt.get(DETAILS)
    return details


def _schemas(details: Any) -> tuple[Kinds, dict[str, Document]]:
    """The schema of each type, and the components that they name."""
    kinds: dict[Any, None] = {Problem: None}
    for one in details:
        for kind in (one.answer, one.query, one.headers, one.body):
            if kind is not None:
                kinds[kind] = None
    by_kind, schemas = schema_components(kinds, ref_template=REFERENCE)
    return dict(zip(kinds, by_kind, strict=True)), dict(sorted(schemas.items()))


def _tags(details: Any, first: Tag) -> list[Document]:
    tags = {one.tag.name: one.tag.description for one in details}
    tags = {first.name: first.description, **tags}
    return [
        {"name": name, "description": description} for name, description in tags.items()
    ]


def _security_schemes(details: Any) -> Document:
    return {
        scheme.name: {
            "type": "http",
            "scheme": "bearer",
            "description": scheme.description,
        }
        for one in details
        for scheme in one.schemes
    }


def _complete(
    operation: Document,
    details: OperationDetails,
    kinds: Kinds,
    schemas: Mapping[str, Document],
) -> Document:
    """An operation of Litestar's with what its handler reads by itself, and examples."""
    parameters = [
        _complete_parameter(parameter, schemas)
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "path"
    ]
    parameters += _struct_parameters(details.query, "query", schemas)
    parameters += _struct_parameters(details.headers, "header", schemas)
    completed = {**operation, "parameters": parameters}
    completed.pop("deprecated", None)
    if details.tools:
        completed[EXTENSION] = [tool.extension for tool in details.tools]
    if details.body_media_type:
        completed["requestBody"] = _request_body(details, schemas)
    declared = {*details.statuses, *details.empty, *details.errors}
    completed["responses"] = {
        status: _complete_response(int(status), response, details, kinds, schemas)
        for status, response in operation["responses"].items()
        if int(status) in declared
    }
    return completed


def _complete_parameter(
    parameter: Document, schemas: Mapping[str, Document]
) -> Document:
    """A parameter of a path: its description stands beside its schema, its example is one."""
    schema = {
        key: value
        for key, value in parameter["schema"].items()
        if key not in {"description", "examples"}
    }
    examples = [entry["value"] for entry in parameter.get("examples", {}).values()]
    return {
        "name": parameter["name"],
        "in": "path",
        "required": True,
        "description": parameter.get("description", ""),
        "schema": schema,
        "example": make_example({**schema, "examples": examples}, schemas),
    }


def _struct_parameters(
    kind: type[Struct] | None, place: str, schemas: Mapping[str, Document]
) -> list[Document]:
    """The fields of a type as parameters of a query, or as headers; one of a query that may be left out may be empty."""
    if kind is None:
        return []
    struct_schema = schemas[kind.__name__]
    parameters = []
    for name, field in struct_schema["properties"].items():
        schema = {
            key: value
            for key, value in field.items()
            if key not in {"description", "examples"}
            and not (key == "default" and value in ("", [], None))
        }
        required = name in struct_schema.get("required", ())
        allows_empty = place == "query" and not required
        parameters.append(
            {
                "name": name,
                "in": place,
                "required": required,
                **({"allowEmptyValue": True} if allows_empty else {}),
                "description": field.get("description", ""),
                "schema": schema,
                "example": make_example(field, schemas),
            }
        )
    return parameters


def _request_body(
    details: OperationDetails, schemas: Mapping[str, Document]
) -> Document:
    if details.body is None:
        return {"required": True, "content": {details.body_media_type: {}}}
    schema = {"$ref": REFERENCE.format(name=details.body.__name__)}
    body = {"schema": schema, "example": make_example(schema, schemas)}
    return {"required": True, "content": {details.body_media_type: body}}


def _complete_response(
    status: int,
    response: Document,
    details: OperationDetails,
    kinds: Kinds,
    schemas: Mapping[str, Document],
) -> Document:
    completed = {"description": response["description"]}
    if error := details.errors.get(status):
        example = {
            "type": f"{problems.PATH}/{error.slug}",
            "title": error.title,
            "status": error.status,
            "detail": "",
        }
        schema = {"$ref": REFERENCE.format(name=Problem.__name__)}
        problem = {"schema": schema, "example": example}
        return completed | {"content": {PROBLEM_JSON: problem}}
    if status in details.empty:
        return completed
    if details.answer is None:
        content: Document = {media_type: {} for media_type in details.media_types}
    else:
        schema = kinds[details.answer]
        body = {"schema": schema, "example": make_example(schema, schemas)}
        content = dict.fromkeys(details.media_types or (JSON,), body)
    links = {
        link.operation: {
            "operationId": link.operation,
            "parameters": {link.parameter: f"$response.body#{link.pointer}"},
        }
        for link in details.links
    }
    completed |= {"content": content} if content else {}
    return completed | ({"links": links} if links else {})


def translate(part: Any, say: Say) -> Any:
    """A part of the document with its sentences in another language; its examples are as they are, but for titles of errors."""
    if isinstance(part, list):
        return [translate(entry, say) for entry in part]
    if not isinstance(part, dict):
        return part
    translated: Document = {}
    for key, value in part.items():
        if key in TRANSLATED and isinstance(value, str):
            translated[key] = say(value)
        elif key == PROBLEM_JSON:
            example = {**value["example"], "title": say(value["example"]["title"])}
            translated[key] = {**value, "example": example}
        elif key in EXAMPLES:
            translated[key] = value
        else:
            translated[key] = translate(value, say)
    return translated
