"""What schemathesis is told of a document: where nobody is let in, one request is refused as the other."""

import json
from pathlib import Path
from typing import Any

from tests.depth import thorough


def write_configuration(
    base: Path, document: dict[str, Any], folder: Path, *phases: str
) -> Path:
    """Write `base` for a run without a credential: by default without some phases at what opens to nobody.

    Limits of its parameters and of its body are most of what the tester would send, and each is answered 401.
    """
    text = base.read_text(encoding="utf-8")
    closed = list_closed(document)
    assert closed
    if not thorough():
        text += f"\n[[operations]]\ninclude-operation-id = {json.dumps(closed)}\n"
        text += "".join(f"phases.{phase}.enabled = false\n" for phase in phases)
    target = folder / base.name
    target.write_text(text, encoding="utf-8")
    return target


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
