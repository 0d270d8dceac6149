"""Reading JSON of others, where a field may be missing, of another type, or JSON inside a text."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.outcomes import Outcome, finalise_draft
from udi.portal.nodes.harvest.record import OriginalRecord, RefusedRecord
from udi.portal.nodes.harvest.statements import list_json_statements
from udi.portal.nodes.harvest.untrusted_documents import sanitise_value
from udi.portal.nodes.harvest.vocabulary import find_language
from udi.protocol.scan import json_type
from udi.protocol.texts import Texts

Item = dict[str, Any]
JSON = "application/json"
NAMES = (
    "display_name",
    "title",
    "name",
    "label",
    "prefLabel",
    "value",
    "uri",
    "url",
    "@id",
    "id",
)
MOST_ITEMS = 2000


def text_value(item: Any, *names: str) -> str:
    """The first of these fields that says something in one text or number."""
    for name in names:
        value = item.get(name) if isinstance(item, dict) else None
        if (
            isinstance(value, (str, int, float))
            and not isinstance(value, bool)
            and str(value).strip()
        ):
            return str(value).strip()
    return ""


def text_values(value: Any) -> list[str]:
    """The texts of a list, whether of texts, of objects with a name, or written as JSON; of one text, itself."""
    value = parse_nested_json(value)
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        value = [value]
    wordings = [
        text_value(entry, *NAMES) if isinstance(entry, dict) else _plain(entry)
        for entry in value[:MOST_ITEMS]
    ]
    return [wording for wording in wordings if wording]


def _plain(value: Any) -> str:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value).strip()
    return ""


def list_objects(value: Any) -> list[Item]:
    """The objects of a list, of one object, or of either written as JSON."""
    value = parse_nested_json(value)
    entries = value if isinstance(value, list) else [value]
    return [entry for entry in entries[:MOST_ITEMS] if isinstance(entry, dict)]


def parse_nested_json(value: Any) -> Any:
    """The value of a text that holds JSON, any other as it is."""
    if isinstance(value, str) and value.strip()[:1] in {"[", "{"}:
        try:
            return sanitise_value(json.loads(value))
        except (ValueError, RecursionError):
            return value
    return value


def localised_texts(item: Item, *names: str) -> list[tuple[str, str]]:
    """(words, language) of fields that are a text, a map by language or a list of `{lang, text}`; translations first."""
    pairs: list[tuple[str, str]] = []
    for name in names:
        for value in (
            parse_nested_json(item.get(f"{name}_translated")),
            item.get(name),
        ):
            pairs += _read_localised(value)
    return pairs


def _read_localised(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        inside = parse_nested_json(value) if value.startswith("{") else value
        if isinstance(inside, dict) and all(find_language(key) for key in inside):
            yield from _read_localised(inside)
        else:
            yield value, ""
    elif isinstance(value, dict) and "@value" in value:
        yield _plain(value["@value"]), str(value.get("@language") or "")
    elif isinstance(value, dict):
        yield from (
            (words_, tag)
            for tag, words_ in value.items()
            if isinstance(words_, str) and find_language(tag)
        )
    elif isinstance(value, list):
        for entry in value[:MOST_ITEMS]:
            if isinstance(entry, dict) and ("lang" in entry or "language" in entry):
                yield (
                    text_value(entry, "text", "value", "@value"),
                    text_value(entry, "lang", "language"),
                )
            else:
                yield from _read_localised(entry)


def nested_object(item: Any, name: str) -> Item:
    """The object under a name, empty where there is none."""
    value = item.get(name) if isinstance(item, dict) else None
    if isinstance(value, dict):
        return value
    return {}


def put_texts(draft: Draft, item: Item, *fields: tuple[str, Texts]) -> None:
    """Read texts into the record."""
    for name, into in fields:
        for wording, tag in localised_texts(item, name):
            draft.add_text(into, name, wording, tag)


def put_languages(draft: Draft, names: Iterable[str], where: str = "language") -> None:
    """Read the languages of the data; a single one is also that of the texts."""
    for name in names:
        draft.add_language(where, name)
    if len(draft.languages) == 1:
        draft.language = draft.languages[0]
        draft.language_stated = True


def put_keywords(draft: Draft, item: Item, name: str) -> None:
    """Read keywords."""
    for keyword in text_values(item.get(name)):
        draft.add_keyword(name, keyword)


def put_links(draft: Draft, item: Item, name: str, into: list[str]) -> None:
    """Read web addresses."""
    for link in text_values(item.get(name)):
        draft.add_once(into, draft.parse_url(name, link))


def put_terms(draft: Draft, item: Item, name: str, into: list[str]) -> None:
    """Read words or addresses as they are."""
    for term in text_values(item.get(name)):
        draft.add_once(into, term)


def keep_unknown_fields(
    draft: Draft, item: Item, known_fields: Iterable[str], prefix: str = ""
) -> None:
    """Keep every field that is not among those read."""
    known_names = set(known_fields)
    for name, value in item.items():
        if name not in known_names and not name.startswith("@"):
            draft.keep_extra(f"{prefix}{name}", value)


def read_items(
    values: Iterable[Any],
    read_one: Callable[[Item, Draft], None],
    *,
    base_url: str,
    language: str,
) -> Iterator[Outcome]:
    """What becomes of each object of a list; one of another shape is refused and the others read."""
    for value in values:
        original = OriginalRecord(
            JSON,
            json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"),
            list_json_statements(value),
        )
        if not isinstance(value, dict):
            yield RefusedRecord(
                faults=(kinds.ITEM_SHAPELESS.at("", value=json_type(value)),),
                source_record=original,
            )
            continue
        draft = Draft(base_url, language)
        try:
            read_one(value, draft)
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
            RecursionError,
        ) as error:
            fault = kinds.RECORD_UNREADABLE.at(
                "", cause=str(error) or type(error).__name__
            )
            yield RefusedRecord(
                faults=(fault, *draft.faults),
                identifier=draft.identifier,
                source_record=original,
            )
            continue
        yield finalise_draft(draft, original)
