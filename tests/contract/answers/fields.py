"""The fields of an answer and of an OpenAPI document, one line each: what a program that reads them relies on."""

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pyoxigraph
from pyoxigraph import BlankNode, NamedNode

TYPES = {
    "NoneType": "null",
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "str": "string",
    "dict": "object",
    "list": "array",
}
RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
REFUSED = "4"
"""How statuses of refusals begin; their body is a problem."""
METHODS = ("get", "post", "put", "patch", "delete")


def describe_answer(response: httpx.Response) -> Iterator[str]:
    """Status, media type, who may keep and read it, and each field of the body with its type."""
    headers = response.headers
    kind = headers.get("content-type", "").partition(";")[0]
    yield f"{response.status_code} {kind}"
    for name in ("cache-control", "access-control-allow-origin"):
        if name in headers:
            yield f"{name}: {headers[name]}"
    if "json" in kind:
        yield from json_fields(response.json())
    elif kind == "text/turtle":
        yield from rdf_fields(response.content)
    elif kind.endswith("xml"):
        yield from xml_fields(ET.fromstring(response.content))  # noqa: S314 - our own answer


def json_fields(value: Any, path: str = "") -> Iterator[str]:
    """A field a line, lists as one entry; what holds others is named by them."""
    if isinstance(value, dict) and value:
        for name, child in value.items():
            yield from json_fields(child, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for child in value:
            yield from json_fields(child, f"{path}[]")
    else:
        yield f"{path or '.'}: {TYPES[type(value).__name__]}"


def xml_fields(element: ET.Element, path: str = "") -> Iterator[str]:
    """Elements and attributes, by their local names; a link by its relation."""
    name = element.tag.rpartition("}")[2]
    relation = element.get("rel")
    element_path = f"{path}/{name}" + (f"[{relation}]" if relation else "")
    attributes = sorted(key.rpartition("}")[2] for key in element.attrib)
    yield f"{element_path}: {' '.join(attributes)}".rstrip()
    for child in element:
        yield from xml_fields(child, element_path)


def rdf_fields(content: bytes) -> Iterator[str]:
    """For each class, its properties and the kind of their values."""
    triples = list(pyoxigraph.parse(content, format=pyoxigraph.RdfFormat.TURTLE))
    classes: dict[Any, list[str]] = {}
    for triple in triples:
        if triple.predicate == RDF_TYPE:
            classes.setdefault(triple.subject, []).append(str(triple.object.value))
    for triple in triples:
        if triple.predicate != RDF_TYPE:
            kind = rdf_kind(triple.object)
            for name in classes.get(triple.subject, ["no class"]):
                yield f"{name} {triple.predicate.value}: {kind}"


def rdf_kind(term: Any) -> str:
    """A node, or the datatype of a literal."""
    if isinstance(term, NamedNode | BlankNode):
        return "node"
    return str(term.datatype.value.rpartition("#")[2])


def describe_operations(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What an OpenAPI document says: each operation or schema, with a line of it."""
    for path, methods in document["paths"].items():
        for method in METHODS:
            for line in _describe_operation(methods.get(method)):
                yield f"{method.upper()} {path}", line
    for name, schema in document["components"]["schemas"].items():
        for line in _describe_schema(schema, ""):
            yield f"schema {name}", line


def _describe_operation(operation: dict[str, Any] | None) -> Iterator[str]:
    """Its name, parameters, bodies and answers."""
    if operation is None:
        return
    yield f"is {operation['operationId']}"
    yield from (f"answers {status}" for status in operation["responses"])
    for parameter in operation.get("parameters", []):
        name = f"{parameter['in']} {parameter['name']}"
        mark = "" if parameter.get("required") else "?"
        yield f"takes {name}{mark}: {_name_type(parameter['schema'])}"
        yield from _describe_values(parameter["schema"], f"takes {name}")
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        yield f"receives {kind}: {_name_type(body.get('schema', {}))}"
    for status, response in operation["responses"].items():
        if status < REFUSED:
            for kind, body in response.get("content", {}).items():
                yield f"answers {status} {kind}: {_name_type(body.get('schema', {}))}"


def _describe_schema(schema: dict[str, Any], path: str) -> Iterator[str]:
    """Its fields, or its type where it has none."""
    fields = schema.get("properties", {})
    if not fields:
        yield f"{path or '.'}: {_name_type(schema)}"
        yield from _describe_values(schema, path)
    required = schema.get("required", ())
    for name, child in fields.items():
        mark = "" if name in required else "?"
        yield from _describe_schema(child, f"{path}.{name}{mark}")


def _name_type(schema: dict[str, Any]) -> str:
    """A type in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return " or ".join(sorted(_name_type(option) for option in options))
    types = schema.get("type", "anything")
    name = types if isinstance(types, str) else " or ".join(sorted(types))
    if "items" in schema:
        return f"{name} of {_name_type(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"{name} of {_name_type(schema['additionalProperties'])}"
    return name


def _describe_values(schema: dict[str, Any], path: str) -> Iterator[str]:
    """The values that it may have, or that each of a list may have."""
    for value in schema.get("items", schema).get("enum", ()):
        yield f"{path or '.'} = {json.dumps(value, ensure_ascii=False)}"
