"""A small language to say what a JSON value must be: each shape checks a value at a path and yields its faults.

A missing field and a null field are the same thing.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from udi.protocol import kinds
from udi.protocol.faults import Fault, Kind
from udi.protocol.languages import LANGUAGES
from udi.protocol.scan import LARGEST_WHOLE, join, received

Shape = Callable[[object, str], Iterator[Fault]]
Fields = Mapping[str, Shape]

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
EMAIL = re.compile(r"[^@\s<>()\[\]\\,;:\"]{1,200}@[^@\s<>()\[\]\\,;:\"]+\.[^@\s<>()\[\]\\,;:\".]{2,}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)
MEDIA_TYPE = re.compile(
    r"(application|audio|chemical|font|image|message|model|multipart|text|video)/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}",
    re.IGNORECASE | re.ASCII,
)
BLANKS = re.compile(r"\s")
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of the characters that nobody sees, and that may make a sentence read otherwise than it is."""
LONGEST_URL = 2000
LONGEST_EMAIL = 254


def text(limit: int, *, blank: bool = False) -> Shape:
    """Text of at most `limit` characters; `blank` where an empty one is the same as none."""

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield kinds.NOT_TEXT.at(path, received=received(value))
        elif len(value) > limit:
            yield kinds.TOO_LONG.at(path, length=len(value), limit=limit)
        elif not blank and not value.strip():
            yield kinds.BLANK.at(path)

    return check


def line(limit: int, *, blank: bool = False) -> Shape:
    """Text that stays on one line and shows all that it holds: no break, no control, no invisible character."""
    as_text = text(limit, blank=blank)

    def check(value: object, path: str) -> Iterator[Fault]:
        yield from as_text(value, path)
        if isinstance(value, str):
            hidden = next((char for char in value[:limit] if unicodedata.category(char) in HIDDEN), None)
            if hidden is not None:
                yield kinds.ILLEGAL_CHARACTERS.at(path, value=f"U+{ord(hidden):04X}")

    return check


def form(is_right: Callable[[str], object], kind: Kind, limit: int = 200) -> Shape:
    """Text that `is_right` recognises."""
    as_text = text(limit)

    def check(value: object, path: str) -> Iterator[Fault]:
        faults = list(as_text(value, path))
        yield from faults
        if not faults and isinstance(value, str) and not is_right(value):
            yield kind.at(path, value=value)

    return check


def choice(allowed: Collection[str]) -> Shape:
    """One word of a closed list."""

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield kinds.NOT_TEXT.at(path, received=received(value))
        elif value not in allowed:
            yield kinds.NOT_IN_VOCABULARY.at(path, value=value, allowed=allowed)

    return check


def whole(least: int = 0, most: int = LARGEST_WHOLE) -> Shape:
    """A whole number; true and 1.0 are none."""

    def check(value: object, path: str) -> Iterator[Fault]:
        if type(value) is not int:
            yield kinds.NOT_WHOLE.at(path, received=received(value))
        elif not least <= value <= most:
            yield kinds.OUT_OF_RANGE.at(path, value=value, minimum=least, maximum=most)

    return check


def number(least: float, most: float) -> Shape:
    """A number between two bounds, included."""

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            yield kinds.NOT_NUMBER.at(path, received=received(value))
        elif not least <= value <= most:
            yield kinds.OUT_OF_RANGE.at(path, value=value, minimum=least, maximum=most)

    return check


def flag(value: object, path: str) -> Iterator[Fault]:
    """True or false."""
    if not isinstance(value, bool):
        yield kinds.NOT_FLAG.at(path, received=received(value))


def anything(value: object, path: str) -> Iterator[Fault]:  # noqa: ARG001 - a shape has two arguments
    """Whatever JSON can say."""
    yield from ()


def listed(item: Shape, most: int, *, least: int = 0) -> Shape:
    """A list whose entries all have this shape."""

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield kinds.NOT_LIST.at(path, received=received(value))
            return
        if len(value) < least:
            yield kinds.TOO_FEW.at(path)
        if len(value) > most:
            yield kinds.TOO_MANY.at(path, length=len(value), limit=most)
        for place, entry in enumerate(value[:most]):
            where = f"{path}[{place}]"
            if entry is None:
                yield kinds.MISSING.at(where)
            else:
                yield from item(entry, where)

    return check


def group(required: Fields, optional: Fields | None = None) -> Shape:
    """An object; fields that are not named are accepted as they are, as RUDI does."""
    known = {**required, **(optional or {})}

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield kinds.NOT_OBJECT.at(path, received=received(value))
            return
        for name, shape in known.items():
            where, content = join(path, name), value.get(name)
            if content is not None:
                yield from shape(content, where)
            elif name in required:
                yield kinds.MISSING.at(where)

    return check


def closed(required: Fields, optional: Fields | None = None) -> Shape:
    """An object of these fields alone: for what would mean something else, were one of its fields left aside."""
    as_group, known = group(required, optional), {*required, *(optional or {})}

    def check(value: object, path: str) -> Iterator[Fault]:
        yield from as_group(value, path)
        for name in value if isinstance(value, dict) else ():
            if name not in known:
                yield kinds.UNKNOWN_FIELD.at(join(path, str(name)), allowed=sorted(known))

    return check


def distinct(entries: Shape, name: str = "") -> Shape:
    """A list that says nothing twice; with `name`, where no two objects have the same value in that field."""

    def check(value: object, path: str) -> Iterator[Fault]:
        faults = list(entries(value, path))
        yield from faults
        if faults or not isinstance(value, list):
            return
        said = [entry[name] if name else entry for entry in value]
        for place, entry in enumerate(said):
            if entry in said[:place]:
                where = f"{path}[{place}]"
                yield kinds.REPEATED.at(join(where, name) if name else where, value=entry)

    return check


def by_language(limit: int, *, least: int = 0) -> Shape:
    """A text in several languages: an object whose fields are their codes."""
    words = text(limit)

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield kinds.NOT_OBJECT.at(path, received=received(value))
            return
        if len(value) < least:
            yield kinds.TOO_FEW.at(path)
        for language, content in value.items():
            where = join(path, str(language))
            if language not in LANGUAGES:
                yield kinds.NOT_IN_VOCABULARY.at(where, value=language, allowed=list(LANGUAGES))
            else:
                yield from words(content, where)

    return check


def tagged(tag: str, variants: Mapping[str, Shape]) -> Shape:
    """An object whose shape depends on the word in one of its fields."""
    as_group = group({tag: choice(list(variants))})

    def check(value: object, path: str) -> Iterator[Fault]:
        faults = list(as_group(value, path))
        yield from faults
        if not faults and isinstance(value, dict):
            yield from variants[value[tag]](value, path)

    return check


def absolute(address: str) -> str:
    """The address with the scheme that people leave out before `www.`, as RUDI's own samples do."""
    return f"https://{address}" if address.startswith("www.") else address


def url(value: object, path: str) -> Iterator[Fault]:
    """An http or https address without credentials; the scheme may be missing before `www.`."""
    faults = list(_url(value, path))
    yield from faults
    if not faults and isinstance(value, str) and "@" in urlsplit(value).netloc:
        yield kinds.URL_WITH_PASSWORD.at(path)


def is_url(value: str) -> bool:
    """Whether a browser would follow it to a web server."""
    try:
        parts = urlsplit(absolute(value))
        to_the_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return to_the_web and not BLANKS.search(value)


def read_moment(value: str) -> datetime | None:
    """The instant in UTC that an ISO 8601 date-time names, or None; fractions are kept to the microsecond."""
    if not MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_url = form(is_url, kinds.BAD_URL, LONGEST_URL)
uuid = form(UUID.fullmatch, kinds.BAD_UUID)
email = form(EMAIL.fullmatch, kinds.BAD_EMAIL, LONGEST_EMAIL)
moment = form(read_moment, kinds.BAD_MOMENT, 40)
media_type = form(MEDIA_TYPE.fullmatch, kinds.BAD_MEDIA_TYPE)
