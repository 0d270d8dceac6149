"""What a client sends, put into what is kept: RUDI's clients drop the fields that they do not know, and nothing is lost."""

from typing import Any

Document = dict[str, Any]
NAMED_BY = ("media_id", "contact_id", "lang", "key", "code")
"""Fields by which an entry of a list is known again."""
VARIANTS = ("licence_type", "media_type")
"""Fields that say which others an object has: one of another kind replaces it."""
RENAMED = {"number_of_records": "numbers_of_records"}
"""RUDI's own misspelling, which its client corrects."""


def merge(kept: Any, sent: Any) -> Any:
    """The new value of a field: what was not sent stays, what was sent as null goes.

    Entries of a list are put together by their identifier, language or code; those that are not sent go.
    """
    if isinstance(sent, dict):
        return _object(kept if isinstance(kept, dict) else {}, _renamed(sent))
    if isinstance(sent, list):
        return [merge(_same(kept, entry), entry) for entry in sent]
    return sent


def _object(kept: Document, sent: Document) -> Document:
    if any(name in kept and name in sent and kept[name] != sent[name] for name in VARIANTS):
        kept = {}
    new = {name: merge(kept.get(name), value) for name, value in sent.items() if value is not None}
    merged = {name: value for name, value in {**kept, **new}.items() if name not in sent or sent[name] is not None}
    if "html" in kept and "html" not in sent and kept.get("text") != merged.get("text"):
        del merged["html"]
    return merged


def _renamed(sent: Document) -> Document:
    return {RENAMED.get(name, name): value for name, value in sent.items()}


def _same(kept: Any, entry: Any) -> Any:
    """The entry of a kept list that is about the same thing."""
    if not isinstance(kept, list) or not isinstance(entry, dict):
        return None
    name = next((name for name in NAMED_BY if name in entry), None)
    return next((each for each in kept if isinstance(each, dict) and name and each.get(name) == entry[name]), None)
