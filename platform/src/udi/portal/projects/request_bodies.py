"""Bodies of JSON that describe projects, read field by field: each that is wrong is named."""

from typing import Any
from uuid import UUID

from msgspec import MsgspecError, Struct, json, structs

from udi.kit.errors import InvalidError, Refusal

MOST_ITEMS = 100


def read_body(body: bytes, kind: type[Struct]) -> dict[str, Any]:
    """The fields of an object of JSON: texts, numbers, lists of texts and texts by name, as the type says.

    Raises:
        InvalidError: it is no object, a field is missing, unknown or of another kind.
    """
    try:
        payload = json.decode(body)
    except (MsgspecError, ValueError, RecursionError) as error:
        raise InvalidError(
            refusals=[
                Refusal("", "This is not JSON.", "Send one JSON object.", "not-json")
            ]
        ) from error
    if not isinstance(payload, dict):
        raise InvalidError(
            refusals=[
                Refusal("", "This is not JSON.", "Send one JSON object.", "not-json")
            ]
        )
    fields = {field.name: field for field in structs.fields(kind)}
    refusals = [
        Refusal(
            str(name)[:100],
            "This field does not exist.",
            "Use %(names)s.",
            "unknown-field",
            {"names": ", ".join(fields)},
        )
        for name in payload
        if name not in fields
    ]
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if callable(field.default_factory):
            usual = field.default_factory()
        else:
            usual = field.default
        values[name] = value = payload.get(name, None if field.required else usual)
        if (refusal := _check_field(name, value, usual)) is not None:
            refusals.append(refusal)
    if refusals:
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    return values


def _check_field(name: str, value: Any, usual: Any) -> Refusal | None:
    if isinstance(usual, list):
        sound = (
            isinstance(value, list)
            and len(value) <= MOST_ITEMS
            and all(isinstance(text, str) for text in value)
        )
        if sound:
            return None
        return Refusal(
            name, "A list of texts is expected here.", 'Send ["…"].', "no-list"
        )
    if isinstance(usual, dict):
        sound = (
            isinstance(value, dict)
            and len(value) <= MOST_ITEMS
            and all(isinstance(text, str) for text in value.values())
        )
        if sound:
            return None
        return Refusal(
            name, "Texts by name are expected here.", 'Send {"…": "…"}.', "no-object"
        )
    if isinstance(usual, int):
        sound = (
            isinstance(value, int)
            and not isinstance(value, bool)
            and 0 <= value < 10**9
        )
        if sound:
            return None
        return Refusal(
            name, "This is not a number in range.", "Send a whole number.", "no-number"
        )
    if isinstance(value, str):
        return None
    return Refusal(
        name, "A text is expected here.", "Send it between quotes.", "no-text"
    )


def read_identifiers(texts: list[str]) -> list[UUID]:
    """Identifiers of datasets.

    Raises:
        InvalidError: one is none.
    """
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        refusal = Refusal(
            "datasets",
            "This is not an identifier.",
            "Send those that are in the list of datasets.",
            "no-uuid",
        )
        raise InvalidError(refusals=[refusal]) from None
