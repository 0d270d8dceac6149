"""What a client sends, put into what is kept: RUDI's clients drop the fields that they do not know, and nothing is lost."""

from typing import Any

Document = dict[str, Any]
NAMED_BY = ("media_id", "contact_id", "lang", "key", "code")
"""Fields by which an entry of a list is known again."""
VARIANTS = ("licence_type", "media_type")
"""Fields that say which others an object has: one of another kind replaces it."""
RENAMED = {"number_of_records": "numbers_of_records"}
"""RUDI's own misspelling, which its client corrects."""


def merge(existing: Any, sent: Any) -> Any:
    """The new value of a field: what was not sent stays, what was sent as null goes.

    Entries of a list are put together by their identifier, language or code; those that are not sent go.
    """
    if isinstance(sent, dict):
        return _merge_object(
            existing if isinstance(existing, dict) else {}, _rename_fields(sent)
        )
    if isinstance(sent, list):
        return [merge(_find_same_entry(existing, entry), entry) for entry in sent]
    return sent


def _merge_object(existing: Document, sent: Document) -> Document:
    if any(
        name in existing and name in sent and existing[name] != sent[name]
        for name in VARIANTS
    ):
        existing = {}
    new = {
        name: merge(existing.get(name), value)
        for name, value in sent.items()
        if value is not None
    }
    merged = {
        name: value
        for name, value in {**existing, **new}.items()
        if name not in sent or sent[name] is not None
    }
    if (
        "html" in existing
        and "html" not in sent
        and existing.get("text") != merged.get("text")
    ):
        del merged["html"]
    return merged


def _rename_fields(sent: Document) -> Document:
    return {RENAMED.get(name, name): value for name, value in sent.items()}


def _find_same_entry(existing: Any, entry: Any) -> Any:
    """The entry of a kept list that is about the same thing."""
    if not isinstance(existing, list) or not isinstance(entry, dict):
        return None
    name = next((name for name in NAMED_BY if name in entry), None)
    return next(
        (
            existing_entry
            for existing_entry in existing
            if isinstance(existing_entry, dict)
            and name
            and existing_entry.get(name) == entry[name]
        ),
        None,
    )
