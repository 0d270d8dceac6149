"""The OpenAPI document as the page for people shows it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from udi.ui.openapi.examples import find_schema
from udi.ui.openapi.operations import JSON

Say = Callable[[str], str]
COMMON_STATUSES = {"200", "201", "204", "401", "429"}
"""Statuses that the page does not say again at each operation."""
REFUSED = "400"


@dataclass(frozen=True)
class ParameterDescription:
    """One parameter: where it stands, what it does and takes, an example."""

    name: str
    place: str
    words: str
    example: str
    is_required: bool
    is_list: bool
    choices: tuple[str, ...]


@dataclass(frozen=True)
class OperationDescription:
    """One operation: its parameters, each field and refusal as (name, words)."""

    name: str
    method: str
    path: str
    summary: str
    detail: str
    parameters: list[ParameterDescription]
    sends: list[tuple[str, str]]
    """The fields of its body, and `sent`, an example of one."""
    sent: str
    fields: list[tuple[str, str]]
    same: str
    """The summary of an operation above that answers the same; empty for the first."""
    refusals: list[tuple[str, str]]
    example: str
    is_open: bool
    """Whether it is answered to whoever shows nothing."""
    scopes: tuple[str, ...]

    @property
    def is_tried(self) -> bool:
        """Whether a browser can open what it answers."""
        return self.method == "GET" and self.is_open


def list_operations(
    document: Mapping[str, Any], tag: str, say: Say
) -> list[OperationDescription]:
    """The operations of a part of the document, in its order."""
    operations: list[OperationDescription] = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if tag not in operation["tags"]:
                continue
            described = _describe_operation(
                method, path, operation, document["components"]["schemas"], say
            )
            same = next(
                (
                    earlier.summary
                    for earlier in operations
                    if described.fields and earlier.fields == described.fields
                ),
                "",
            )
            operations.append(replace(described, same=same))
    return operations


def _describe_operation(
    method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any], say: Say
) -> OperationDescription:
    responses = operation["responses"]
    sends, sent = _describe_body(operation.get("requestBody", {}), schemas)
    fields, example = _describe_body(
        next(answer for status, answer in responses.items() if status < REFUSED),
        schemas,
    )
    security = operation["security"]
    return OperationDescription(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        detail=operation["description"],
        parameters=[
            _describe_parameter(parameter, say) for parameter in operation["parameters"]
        ],
        sends=sends,
        sent=sent,
        fields=fields,
        same="",
        refusals=[
            (status, response["description"])
            for status, response in responses.items()
            if status not in COMMON_STATUSES
        ],
        example=example,
        is_open={} in security or not security,
        scopes=tuple(
            scope
            for requirement in security
            for scopes in requirement.values()
            for scope in scopes
        ),
    )


def _describe_body(
    part: dict[str, Any], schemas: dict[str, Any]
) -> tuple[list[tuple[str, str]], str]:
    """The fields of a body or of an answer, and its example; nothing where it has none."""
    body = part.get("content", {}).get(JSON)
    if not body:
        return [], ""
    example = json.dumps(body["example"], ensure_ascii=False, indent=2)
    return list(_fields(find_schema(body["schema"], schemas), schemas)), example


def _describe_parameter(parameter: dict[str, Any], say: Say) -> ParameterDescription:
    example = parameter["example"]
    is_list = isinstance(example, list)
    schema = parameter["schema"]
    limits = _describe_limits(schema, say)
    return ParameterDescription(
        name=parameter["name"],
        place=parameter["in"],
        words=f"{parameter['description']} {limits}".strip(),
        example=", ".join(example) if is_list else str(example),
        is_required=parameter["required"],
        is_list=is_list,
        choices=() if is_list else tuple(schema.get("enum", ())),
    )


def _describe_limits(schema: dict[str, Any], say: Say) -> str:
    value_schema = schema.get("items", schema)
    if "enum" in value_schema:
        return say("One of: %(values)s.") % {"values": ", ".join(value_schema["enum"])}
    if "maximum" in schema:
        return say("From %(least)s to %(most)s.") % {
            "least": schema["minimum"],
            "most": schema["maximum"],
        }
    if "maxLength" in value_schema:
        return say("At most %(most)s characters.") % {"most": value_schema["maxLength"]}
    return ""


def _fields(
    schema: Mapping[str, Any], schemas: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """The fields of an answer; what one says of itself, else what its type says."""
    for name, field in schema.get("properties", {}).items():
        type_schema = find_schema(field.get("items", field), schemas)
        yield name, field.get("description") or type_schema.get("description", "")
