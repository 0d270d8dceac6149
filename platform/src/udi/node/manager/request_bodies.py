"""What RUDI's clients send, read: an object with an identifier of its own."""

from typing import Any
from uuid import UUID

from udi.kit.errors import field_error
from udi.protocol import fault_kinds
from udi.protocol.faults import InvalidRecord
from udi.protocol.scan import read_json, scan
from udi.ui.dependencies import AnyRequest

Document = dict[str, Any]


async def read_body(request: AnyRequest) -> object:
    """The JSON of a body, whatever its type is said to be.

    Raises:
        InvalidDocument: it is none, or nothing that can be stored.
    """
    body = read_json(await request.body())
    if faults := scan(body):
        raise InvalidRecord(faults)
    return body


def read_object(body: object) -> Document:
    """An object; some clients put one in a list.

    Raises:
        InvalidError: it is something else.
    """
    if isinstance(body, list) and len(body) == 1:
        document = body[0]
    else:
        document = body
    if not isinstance(document, dict):
        raise field_error("body", "This is not one object.", "Send one JSON object.")
    return document


def read_id(document: Document, name: str) -> UUID:
    """The identifier of an object.

    Raises:
        InvalidRecord: it has none, or no UUID.
    """
    value = document.get(name)
    if value is None:
        raise InvalidRecord([fault_kinds.MISSING.at(name)])
    return parse_id(value, name)


def parse_id(value: object, name: str) -> UUID:
    """An identifier.

    Raises:
        InvalidRecord: it is no UUID.
    """
    try:
        return UUID(str(value))
    except ValueError as error:
        raise InvalidRecord(
            [fault_kinds.BAD_UUID.at(name, value=str(value))]
        ) from error
