"""What schemathesis is told of a document: where nobody is let in, one request is refused as the other; limits are alike."""

import json
from pathlib import Path
from typing import Any

from tests.depth import thorough

COVERED_ONE_IN = 4
"""Of how many open operations a usual run tries the limits of one: all read their parameters by the same code."""
ALLOW = "allow_header_conformance"
"""The check of the methods that an address says that it has."""


def write_configuration(
    base: Path, document: dict[str, Any], folder: Path, *phases: str
) -> Path:
    """Write `base` for a run without a credential: by default some phases are of a few operations that are open.

    Limits of parameters and of bodies are most of what the tester would send; where nobody is let in, each is answered 401.
    """
    text = base.read_text(encoding="utf-8")
    closed = list_closed(document)
    assert closed
    if not thorough():
        left = [*closed, *list_uncovered(document, closed)]
        text += _write_section(left, *(f"phases.{phase}" for phase in phases))
        text += _write_section(list_beside(document, closed), f"checks.{ALLOW}")
    target = folder / base.name
    target.write_text(text, encoding="utf-8")
    return target


def _write_section(operations: list[str], *settings: str) -> str:
    if not operations:
        return ""  # a section that names none would be of all
    lines = "".join(f"{setting}.enabled = false\n" for setting in settings)
    return f"\n[[operations]]\ninclude-operation-id = {json.dumps(operations)}\n{lines}"


def list_beside(document: dict[str, Any], closed: list[str]) -> list[str]:
    """The open operations of paths that have closed ones too: the tester would take the methods of those for unknown."""
    operations_by_path = [
        {operation["operationId"] for operation in methods.values()}
        for methods in document["paths"].values()
    ]
    mixed = [names for names in operations_by_path if names & {*closed}]
    return sorted({name for names in mixed for name in names} - {*closed})


def list_uncovered(document: dict[str, Any], closed: list[str]) -> list[str]:
    """The open operations whose limits are left to a run of everything."""
    open_operations = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
        if operation["operationId"] not in closed
    ]
    return [name for rank, name in enumerate(open_operations) if rank % COVERED_ONE_IN]


def list_closed(document: dict[str, Any]) -> list[str]:
    """The operations that want a credential, by their identifiers."""
    operations = (
        operation
        for methods in document["paths"].values()
        for operation in methods.values()
    )
    return [
        operation["operationId"]
        for operation in operations
        if operation.get("security") and {} not in operation["security"]
    ]
