"""Bodies of JSON that describe projects, read field by field: each that is wrong is named."""

import base64
import binascii
from collections.abc import Collection
from typing import Any
from uuid import UUID

from msgspec import Struct, structs

from udi.kit.errors import InvalidError, Refusal, field_error
from udi.portal.identity.json_bodies import decode_object
from udi.portal.projects.translated_texts import merge_translations, offered_languages
from udi.ui.translated_texts import Translations

MOST_ITEMS = 100
TEXT_FIELDS = {
    "titles": "title",
    "summaries": "summary",
    "words_by_language": "words",
    "impact_by_language": "impact",
    "alternatives": "alternative",
}
"""Fields that have a text by language, and the field of its main one."""


def read_body(body: bytes, kind: type[Struct]) -> dict[str, Any]:
    """The fields of an object of JSON: texts, numbers, lists of texts and texts by name, as the type says.

    Raises:
        InvalidError: it is no object, a text cannot be kept, a field is missing, unknown or of another kind.
    """
    payload = decode_object(body)
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
    """What is wrong with a field whose usual value is of the right kind; a text, where there is none."""
    if _is_sound(value, usual):
        return None
    if isinstance(usual, list):
        refusal = Refusal(
            name, "A list of texts is expected here.", 'Send ["…"].', "no-list"
        )
    elif isinstance(usual, dict):
        refusal = Refusal(
            name, "Texts by name are expected here.", 'Send {"…": "…"}.', "no-object"
        )
    elif isinstance(usual, bool):
        refusal = Refusal(
            name, "This is not yes or no.", "Send true or false.", "no-bool"
        )
    elif isinstance(usual, int):
        refusal = Refusal(
            name, "This is not a number in range.", "Send a whole number.", "no-number"
        )
    else:
        refusal = Refusal(
            name, "A text is expected here.", "Send it between quotes.", "no-text"
        )
    return refusal


def _is_sound(value: Any, usual: Any) -> bool:
    if isinstance(usual, list):
        return (
            isinstance(value, list)
            and len(value) <= MOST_ITEMS
            and all(isinstance(text, str) for text in value)
        )
    if isinstance(usual, dict):
        return (
            isinstance(value, dict)
            and len(value) <= MOST_ITEMS
            and all(isinstance(text, str) for text in value.values())
        )
    if isinstance(usual, bool) or isinstance(value, bool):
        return isinstance(usual, bool) and isinstance(value, bool)
    if isinstance(usual, int):
        return isinstance(value, int) and 0 <= value < 10**9
    return isinstance(value, str)


def decode_base64(text: str, field: str) -> bytes:
    """The bytes that a field has in base64.

    Raises:
        InvalidError: it is something else.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise field_error(field, "This is not base64.", code="no-base64") from None


def read_identifiers(texts: list[str]) -> list[UUID]:
    """Identifiers of datasets.

    Raises:
        InvalidError: one is none.
    """
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        raise field_error(
            "datasets",
            "This is not an identifier.",
            "Send those that are in the list of datasets.",
            "no-uuid",
        ) from None


def read_languages(
    fields: dict[str, Any],
    languages: Collection[str],
    written: str,
    existing: Translations,
) -> tuple[str, Translations]:
    """The main language of a body, and its texts in others, which are taken out of `fields`.

    `written` is the language in which the texts are, or begin. Those in languages that the territory does not have any
    more stay, as they do in the form.

    Raises:
        InvalidError: a language is none of the territory's.
    """
    offered = offered_languages(languages)
    known = {
        *offered,
        written,
        *(code for texts in existing.values() for code in texts),
    }
    main_language = fields.pop("language") or written
    texts = {name: fields.pop(name) for name in TEXT_FIELDS if name in fields}
    unknown = [] if main_language in known else ["language"]
    unknown += [name for name in texts if not known >= texts[name].keys()]
    if unknown:
        raise InvalidError(
            "Nothing was kept yet.",
            refusals=[
                Refusal(
                    name,
                    "The territory does not have this language.",
                    "Use %(names)s.",
                    "unknown-language",
                    {"names": ", ".join(sorted(known))},
                )
                for name in unknown
            ],
        )
    translations = {
        TEXT_FIELDS[name]: by_language for name, by_language in texts.items()
    }
    return main_language, merge_translations(
        existing, translations, offered, main_language
    )
