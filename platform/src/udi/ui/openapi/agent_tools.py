"""What an operation of the API declares to be a tool for programs that reason (Model Context Protocol)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct
from msgspec.json import schema_components

EXTENSION = "x-mcp-tools"
"""Of an operation in the document."""
REFERENCE = "#/components/schemas/"
WORDS = {"title", "description"}
"""What a schema says of itself; in the place of a reference, the argument says what it is."""


@dataclass(frozen=True)
class ToolResponse:
    """What an operation answered to a call."""

    body: Any
    address: str
    """Where anyone may ask the same."""
    arguments: Mapping[str, Any]
    record: Any = None
    """The record of the dataset that it is about, where the tool cites one."""


Present = Callable[[ToolResponse], dict[str, Any]]


def show_body(response: ToolResponse) -> dict[str, Any]:
    """The answer as the operation has it."""
    return {"result": response.body}


@dataclass(frozen=True)
class AgentTool:
    """An operation as a tool."""

    name: str
    description: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The operation's parameter behind each argument."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Parameters that each call sends alike."""
    arguments: type[Struct] | None = None
    """More arguments; `write_query` makes parameters of them."""
    write_query: Callable[[Mapping[str, Any]], Sequence[tuple[str, str]]] | None = None
    named_operation: str = ""
    """The operation of a table beside the main one, for calls with an argument `table`."""
    record_operation: str = ""
    """The operation that answers with the record of the dataset, for the citation."""
    present: Present = show_body

    @property
    def extension(self) -> dict[str, Any]:
        """The tool as the document has it."""
        return {
            "name": self.name,
            "description": self.description,
            "parameters": dict(self.parameters),
            "arguments": describe_arguments(self.arguments),
        }


def describe_arguments(arguments: type[Struct] | None) -> dict[str, Any]:
    """The schema of the arguments that are no parameters: their properties, and which are needed."""
    if arguments is None:
        return {"properties": {}, "required": []}
    _, schemas = schema_components([arguments], ref_template=f"{REFERENCE}{{name}}")
    schema = inline(schemas[arguments.__name__], schemas)
    return {
        "properties": schema["properties"],
        "required": schema.get("required", []),
    }


def inline(schema: Any, components: Mapping[str, Any]) -> Any:
    """A schema with what it refers to in its place."""
    if isinstance(schema, list):
        return [inline(entry, components) for entry in schema]
    if not isinstance(schema, Mapping):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        referred = inline(components[reference.removeprefix(REFERENCE)], components)
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return {
            **{key: value for key, value in referred.items() if key not in WORDS},
            **beside,
        }
    return {key: inline(value, components) for key, value in schema.items()}


def write_value(value: object) -> str:
    """A value of JSON as a query has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
