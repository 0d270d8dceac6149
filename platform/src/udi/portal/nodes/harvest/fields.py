"""Reading JSON of others, where a field may be missing, of another type, or JSON inside a text."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.finish import Outcome, finish
from udi.portal.nodes.harvest.opening import storable
from udi.portal.nodes.harvest.record import Original, Refused
from udi.portal.nodes.harvest.vocabulary import find_language
from udi.protocol.scan import received
from udi.protocol.texts import Texts

Item = dict[str, Any]
JSON = "application/json"
NAMES = ("display_name", "title", "name", "label", "prefLabel", "value", "uri", "url", "@id", "id")
MOST_ITEMS, TAG_LENGTH = 2000, 3


def word(item: Any, *names: str) -> str:
    """The first of these fields that says something in one text or number."""
    for name in names:
        value = item.get(name) if isinstance(item, dict) else None
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def words(value: Any) -> list[str]:
    """The texts of a list, whether of texts, of objects with a name, or written as JSON; of one text, itself."""
    value = unfolded(value)
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        value = [value]
    found = [word(each, *NAMES) if isinstance(each, dict) else _plain(each) for each in value[:MOST_ITEMS]]
    return [each for each in found if each]


def _plain(value: Any) -> str:
    return str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def items(value: Any) -> list[Item]:
    """The objects of a list, of one object, or of either written as JSON."""
    value = unfolded(value)
    found = value if isinstance(value, list) else [value]
    return [each for each in found[:MOST_ITEMS] if isinstance(each, dict)]


def unfolded(value: Any) -> Any:
    """The value of a text that holds JSON, any other as it is."""
    if isinstance(value, str) and value.strip()[:1] in {"[", "{"}:
        try:
            return storable(json.loads(value))
        except (ValueError, RecursionError):
            return value
    return value


def texts(item: Item, *names: str) -> list[tuple[str, str]]:
    """(words, language) of fields that are a text, a map by language or a list of `{lang, text}`; translations first."""
    found: list[tuple[str, str]] = []
    for name in names:
        for value in (unfolded(item.get(f"{name}_translated")), item.get(name)):
            found += _spoken(value)
    return found


def _spoken(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        inside = unfolded(value) if value.startswith("{") else value
        if isinstance(inside, dict) and all(find_language(key) for key in inside):
            yield from _spoken(inside)
        else:
            yield value, ""
    elif isinstance(value, dict) and "@value" in value:
        yield _plain(value["@value"]), str(value.get("@language") or "")
    elif isinstance(value, dict):
        yield from ((words_, tag) for tag, words_ in value.items() if isinstance(words_, str) and find_language(tag))
    elif isinstance(value, list):
        for each in value[:MOST_ITEMS]:
            if isinstance(each, dict) and ("lang" in each or "language" in each):
                yield word(each, "text", "value", "@value"), word(each, "lang", "language")
            else:
                yield from _spoken(each)


def inside(item: Any, name: str) -> Item:
    """The object under a name, empty where there is none."""
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, dict) else {}


def put_texts(draft: Draft, item: Item, *fields: tuple[str, Texts]) -> None:
    """Read texts into the record."""
    for name, into in fields:
        for said, tag in texts(item, name):
            draft.text(into, name, said, tag)


def put_languages(draft: Draft, names: Iterable[str], where: str = "language") -> None:
    """Read the languages of the data; a single one is also that of the texts."""
    for each in names:
        draft.spoken(where, each)
    if len(draft.languages) == 1:
        draft.language = draft.languages[0]


def put_keywords(draft: Draft, item: Item, name: str) -> None:
    """Read keywords."""
    for each in words(item.get(name)):
        draft.keyword(name, each)


def put_links(draft: Draft, item: Item, name: str, into: list[str]) -> None:
    """Read web addresses."""
    for each in words(item.get(name)):
        draft.add(into, draft.url(name, each))


def put_terms(draft: Draft, item: Item, name: str, into: list[str]) -> None:
    """Read words or addresses as they are."""
    for each in words(item.get(name)):
        draft.add(into, each)


def rest(draft: Draft, item: Item, known: Iterable[str], prefix: str = "") -> None:
    """Keep every field that is not among those read."""
    said = set(known)
    for name, value in item.items():
        if name not in said and not name.startswith("@"):
            draft.keep(f"{prefix}{name}", value)


def read_items(
    values: Iterable[Any], read_one: Callable[[Item, Draft], None], *, base_url: str, language: str
) -> Iterator[Outcome]:
    """What becomes of each object of a list; one of another shape is refused and the others read."""
    for value in values:
        original = Original(JSON, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
        if not isinstance(value, dict):
            yield Refused(faults=(kinds.ITEM_SHAPELESS.at("", value=received(value)),), source_record=original)
            continue
        draft = Draft(base_url, language)
        try:
            read_one(value, draft)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            fault = kinds.RECORD_UNREADABLE.at("", cause=str(error) or type(error).__name__)
            yield Refused(faults=(fault, *draft.faults), identifier=draft.identifier, source_record=original)
            continue
        yield finish(draft, original)
