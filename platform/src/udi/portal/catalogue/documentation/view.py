"""The OpenAPI document as the page for people shows it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

Say = Callable[[str], str]
Row = tuple[str, str, str]
JSON = "application/json"
COMMON_STATUSES = {"200", "201", "204", "401", "429"}
"""Statuses that the page does not say again at each operation."""
REFUSED = "400"


@dataclass(frozen=True)
class OperationDescription:
    """One operation: each parameter as (name, what it does and takes, example), each field and refusal as (name, words)."""

    name: str
    method: str
    path: str
    summary: str
    detail: str
    parameters: list[Row]
    sends: list[tuple[str, str]]
    """The fields of its body, and `sent`, an example of one."""
    sent: str
    fields: list[tuple[str, str]]
    same: str
    """The summary of an operation above that answers the same; empty for the first."""
    refusals: list[tuple[str, str]]
    example: str


def list_operations(document: dict[str, Any], say: Say) -> list[OperationDescription]:
    """Every operation of the document, in its order."""
    operations: list[OperationDescription] = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            described = _describe_operation(
                method, path, operation, document["components"]["schemas"], say
            )
            same = next(
                (
                    earlier_operation.summary
                    for earlier_operation in operations
                    if described.fields and earlier_operation.fields == described.fields
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
    )


def _describe_body(
    part: dict[str, Any], schemas: dict[str, Any]
) -> tuple[list[tuple[str, str]], str]:
    """The fields of a body or of an answer, and its example; nothing where it has none."""
    if JSON not in part.get("content", {}):
        return [], ""
    body = part["content"][JSON]
    example = json.dumps(body["example"], ensure_ascii=False, indent=2)
    return list(_fields(_resolve_reference(body["schema"], schemas), schemas)), example


def _describe_parameter(parameter: dict[str, Any], say: Say) -> Row:
    example = parameter["example"]
    if isinstance(example, list):
        example_text = ", ".join(example)
    else:
        example_text = str(example)
    return (
        parameter["name"],
        f"{parameter['description']} {_describe_limits(parameter['schema'], say)}".strip(),
        example_text,
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
    schema: dict[str, Any], schemas: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """The fields of an answer; what one says of itself, else what its type says."""
    for name, field in schema["properties"].items():
        typed = _resolve_reference(field.get("items", field), schemas)
        yield name, field.get("description") or typed.get("description", "")


def _resolve_reference(
    schema: dict[str, Any], schemas: dict[str, Any]
) -> dict[str, Any]:
    """The schema that is referred to, else itself."""
    target_schema: dict[str, Any] = schemas.get(
        schema.get("$ref", "").rpartition("/")[2], schema
    )
    return target_schema
